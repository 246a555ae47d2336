/* SPDX-License-Identifier: ISC
 *
 * The part of the embedding examples that depends on neither loop.
 */
#include "embed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOT_PAIR, SLOTS = 64 };
enum { PATIENCE_SECONDS = 120 };

static void fail(struct pair *pair, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    pair->failed = true;
}

/* The interest changes all the time, and the outer loop must notice that. */
int pair_on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct pair *pair = arg;
    if (index != SLOT_PAIR)
        return 0;
    if ((revents & POLLIN) != 0) {
        if (recv(fd, &pair->number, sizeof pair->number, 0) != sizeof pair->number)
            fail(pair, "recv");
        fdslots_set_events(pair->s, index, POLLOUT);
    } else if ((revents & POLLOUT) != 0) {
        pair->number++;
        if (send(fd, &pair->number, sizeof pair->number, MSG_NOSIGNAL) != sizeof pair->number)
            fail(pair, "send");
        fdslots_set_events(pair->s, index, POLLIN);
    }
    return 0;
}

static void send_round(struct pair *pair)
{
    if (send(pair->other, &pair->rounds, sizeof pair->rounds, MSG_NOSIGNAL) != sizeof pair->rounds)
        fail(pair, "send");
}

bool pair_other_ready(struct pair *pair)
{
    uint32_t number;
    ssize_t n = recv(pair->other, &number, sizeof number, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n != sizeof number || number != pair->rounds + 1)
        fail(pair, "recv");
    else if (++pair->rounds < ROUNDS)
        send_round(pair);
    return !pair->failed && pair->rounds < ROUNDS;
}

static int open_pair(struct pair *pair)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    pair->other = ends[1];
    int rc = fdslots_create(SLOTS, 0, &pair->s);
    if (rc < 0)
        close(ends[0]);
    else
        fdslots_set_index(pair->s, SLOT_PAIR, ends[0], POLLIN);
    return rc;
}

/* Returns the exit status of the program. */
static int run(const char *name, const char *mode, int (*embed)(struct pair *))
{
    struct pair pair = {.other = -1};
    int rc = open_pair(&pair);
    if (rc == 0) {
        send_round(&pair); /* the first number */
        rc = embed(&pair);
    }
    if (pair.s != NULL)
        fdslots_close_index(pair.s, SLOT_PAIR);
    fdslots_destroy(pair.s);
    if (pair.other >= 0)
        close(pair.other);
    if (rc < 0) {
        fprintf(stderr, "%s: fdslots %s: %s\n", name, mode, strerror(-rc));
        return rc == -ENOTSUP ? EXIT_SUCCESS : EXIT_FAILURE; /* built without epoll */
    }
    printf("%s: fdslots %s: %" PRIu32 " numbers there and back, %" PRIu32 " ticks of a timer\n",
           name, mode, pair.rounds, pair.ticks);
    return pair.failed || pair.rounds < ROUNDS ? EXIT_FAILURE : EXIT_SUCCESS;
}

int embed_main(const char *name, int argc, char **argv, int (*inside)(struct pair *),
               int (*outside)(struct pair *))
{
    if (argc > 1) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(help ? stdout : stderr,
                "Usage: %s (it takes no arguments)\n"
                "Let fdslots and another loop work together, nested in either direction.\n",
                name);
        return help ? EXIT_SUCCESS : EXIT_USAGE;
    }
    alarm(PATIENCE_SECONDS); /* if one of the two loops does not run, nothing moves */
    int status = run(name, "inside", inside);
    if (status == EXIT_SUCCESS)
        status = run(name, "outside", outside);
    return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}
