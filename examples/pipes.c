/* SPDX-License-Identifier: ISC
 *
 * The smallest use of fdslots: the two ends of a pipe are in two slots. The slots are far apart,
 * because the caller is free to choose the index of a slot.
 */
#include <fdslots.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SLOT = 0, WRITE_SLOT = 7, SLOTS = 8 };

static int fail(const char *what, int rc)
{
    fprintf(stderr, "pipes: %s: %s\n", what, strerror(-rc));
    return EXIT_FAILURE;
}

static int say(void *arg, uint32_t index, int fd, uint32_t revents)
{
    FILE *out = arg;
    if (revents & POLLIN)
        fprintf(out, "fd %d (from index %u) can be read without blocking\n", fd, (unsigned)index);
    if (revents & POLLOUT)
        fprintf(out, "fd %d (from index %u) can be written without blocking\n", fd,
                (unsigned)index);
    return 0; /* go on with the next slot */
}

/* Wait without a timeout. The given number of slots must be ready. */
static int wait_for(struct fdslots *s, int expected)
{
    int ready = fdslots_wait(s, FDSLOTS_FOREVER, NULL);
    if (ready < 0)
        return fail("wait", ready);
    if (ready != expected) {
        fprintf(stderr, "pipes: %d ready, not %d\n", ready, expected);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int show(struct fdslots *s, int read_end, int write_end)
{
    /* An empty pipe is writable. */
    int rc = fdslots_set_index(s, WRITE_SLOT, write_end, POLLOUT);
    if (rc < 0)
        return fail("slot of the write end", rc);
    if (wait_for(s, 1) != EXIT_SUCCESS)
        return EXIT_FAILURE;

    /* With a byte in it, the pipe is readable as well. */
    if (write(write_end, "!", 1) != 1)
        return fail("write", -errno);
    rc = fdslots_set_index(s, READ_SLOT, read_end, POLLIN);
    if (rc < 0)
        return fail("slot of the read end", rc);
    if (wait_for(s, 2) != EXIT_SUCCESS)
        return EXIT_FAILURE;

    fdslots_iter_ready(s, say, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : fail("standard output", -errno);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("Usage: pipes\nShow which ends of a pipe are ready. Takes no arguments.");
        return fflush(stdout) == 0 ? EXIT_SUCCESS : fail("standard output", -errno);
    }
    if (argc > 1) {
        fprintf(stderr, "Usage: pipes (it takes no arguments)\n");
        return 2;
    }

    int ends[2];
    if (pipe(ends) < 0)
        return fail("pipe", -errno);
    struct fdslots *s = NULL;
    int rc = fdslots_create(SLOTS, 0, &s);
    int status = rc < 0 ? fail("slots", rc) : show(s, ends[0], ends[1]);
    fdslots_destroy(s); /* before its fds are closed */
    close(ends[0]);
    close(ends[1]);
    return status;
}
