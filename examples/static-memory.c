/* SPDX-License-Identifier: ISC
 *
 * For devices without a heap: merges the lines of many inputs (serial lines, FIFOs, files) into one
 * output. The slots and all line buffers are static. The memory that the program needs is therefore
 * known when it is linked, and no call can fail for lack of memory. stdio and fdslots_create() are
 * not used, because both allocate.
 */
#include <fdslots.h>

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { MOST_INPUTS = 32, LINE_SIZE = 128 };

/* At the start, this is compared with fdslots_size(), because a newer library may need more. */
enum { SLOTS_MEMORY = 8192 };
static alignas(max_align_t) unsigned char slots_memory[SLOTS_MEMORY];

/* Input i is in slot i. */
static struct input {
    const char *name;
    size_t length;
    char line[LINE_SIZE];
} inputs[MOST_INPUTS];

/* ---- Output ---- */

static bool output_failed;

static bool put(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
    return true;
}

static bool put_text(int fd, const char *text)
{
    return put(fd, text, strlen(text));
}

static void complain(const char *what, const char *why)
{
    (void)(put_text(STDERR_FILENO, "static-memory: ") && put_text(STDERR_FILENO, what) &&
           put_text(STDERR_FILENO, ": ") && put_text(STDERR_FILENO, why) &&
           put_text(STDERR_FILENO, "\n"));
}

/* strerror(3) may allocate, so the number is printed instead. */
static void complain_number(const char *what, int rc)
{
    char digits[] = "error 000";
    char *digit = digits + sizeof digits - 1;
    for (unsigned n = (unsigned)-rc; digit > digits + sizeof "error" && n > 0; n /= 10)
        *--digit = (char)('0' + n % 10);
    complain(what, digits);
}

static void put_line(struct input *input)
{
    output_failed =
        output_failed || !put_text(STDOUT_FILENO, input->name) || !put_text(STDOUT_FILENO, ": ") ||
        !put(STDOUT_FILENO, input->line, input->length) || !put_text(STDOUT_FILENO, "\n");
    input->length = 0;
}

/* ---- Input ---- */

/* A line that is longer than its buffer is printed in parts. */
static void take(struct input *input, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != '\n')
            input->line[input->length++] = bytes[i];
        if (bytes[i] == '\n' || input->length == LINE_SIZE)
            put_line(input);
    }
}

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct fdslots *s = arg;
    char bytes[LINE_SIZE];
    (void)revents; /* the read returns what an error or a hang-up means */
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n > 0) {
        take(&inputs[index], bytes, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        if (n < 0)
            complain_number(inputs[index].name, -errno);
        if (inputs[index].length > 0)
            put_line(&inputs[index]); /* the last line may lack its newline */
        fdslots_close_index(s, index);
    }
    return output_failed;
}

/* ---- The loop ---- */

static bool merge(struct fdslots *s)
{
    while (fdslots_next_used(s, 0) >= 0) {
        int n = fdslots_wait(s, FDSLOTS_FOREVER, NULL);
        if (n < 0 && n != -EINTR) {
            complain_number("wait", n);
            return false;
        }
        fdslots_iter_ready(s, on_ready, s);
        if (output_failed) {
            complain_number("output", -errno);
            return false;
        }
    }
    return true;
}

static bool open_inputs(struct fdslots *s, int count, char **names)
{
    for (int i = 0; i < count; i++) {
        int fd = open(names[i], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0) {
            complain_number(names[i], -errno);
            return false;
        }
        inputs[i].name = names[i];
        fdslots_set_index(s, (uint32_t)i, fd, POLLIN);
    }
    return true;
}

int main(int argc, char **argv)
{
    static const char usage[] =
        "Usage: static-memory INPUT...\n"
        "Print the lines of up to 32 inputs as they come, each after the name of its input.\n";
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return put_text(STDOUT_FILENO, usage) ? 0 : 1;
    if (argc < 2 || argc > MOST_INPUTS + 1) {
        put_text(STDERR_FILENO, usage);
        return 2;
    }
    struct fdslots *s;
    int rc = fdslots_init(slots_memory, sizeof slots_memory, MOST_INPUTS, 0, &s);
    if (rc < 0) {
        complain_number("slots", rc); /* EINVAL: SLOTS_MEMORY is too small */
        return 1;
    }
    /* fdslots_destroy() is not called, because it can free what fdslots_create() made, and would
     * therefore link free(3). */
    return open_inputs(s, argc - 1, argv + 1) && merge(s) ? 0 : 1;
}
