/* SPDX-License-Identifier: ISC
 *
 * What the embedding examples have in common: two ends of a socket, one served by fdslots and one
 * by the other loop. Number after number crosses it and comes back as the next one, so that neither
 * loop gets anywhere unless the other turns, too.
 */
#ifndef EMBED_H
#define EMBED_H

#include <fdslots.h>

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, ROUNDS = 1000 };

struct pair {
    struct fdslots *s;
    uint32_t number; /* that the end in the slot has to send back */
    int other;       /* the fd for the other loop */
    uint32_t rounds; /* that the other end has completed */
    uint32_t ticks;  /* of a timer in the other loop */
    bool failed;
};

/* The end in a slot: for fdslots_iter_ready(), with a struct pair. */
int pair_on_ready(void *arg, uint32_t index, int fd, uint32_t revents);
/* The other end can be read. Returns false once it is all over. */
bool pair_other_ready(struct pair *pair);

/* A program that does both, one after the other:
 *     inside    the slots in the other loop, by fdslots_epoll_fd()
 *     outside   the other loop in slots, from 1 up
 * Each returns 0, or a negative errno value. Returns the exit status. */
int embed_main(const char *name, int argc, char **argv, int (*inside)(struct pair *),
               int (*outside)(struct pair *));

#endif
