/* SPDX-License-Identifier: ISC
 *
 * What the embedding examples share: two ends of a socket, one served by fdslots and one by the
 * other loop. A number crosses the socket and comes back as the next one, so neither loop gets
 * anywhere unless the other runs, too.
 */
#ifndef EMBED_H
#define EMBED_H

#include <fdslots.h>

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, ROUNDS = 1000 };

struct pair {
    struct fdslots *s;
    uint32_t number; /* the number that the end in the slot has to send back */
    int other;       /* the fd for the other loop */
    uint32_t rounds; /* number of rounds that the other end has completed */
    uint32_t ticks;  /* ticks of a timer in the other loop */
    bool failed;
};

/* Serve the end in a slot. For fdslots_iter_ready(), with a struct pair. */
int pair_on_ready(void *arg, uint32_t index, int fd, uint32_t revents);
/* Serve the other end when it is readable. Returns false once all is over. */
bool pair_other_ready(struct pair *pair);

/* Run both modes, one after the other:
 *     inside    the slots in the other loop, by fdslots_epoll_fd()
 *     outside   the other loop in slots, from 1 up
 * Both functions return 0 or a negative errno value. Returns the exit status of the program. */
int embed_main(const char *name, int argc, char **argv, int (*inside)(struct pair *),
               int (*outside)(struct pair *));

#endif
