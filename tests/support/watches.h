/* SPDX-License-Identifier: ISC
 *
 * A user who has used up his watches (fs.epoll.max_user_watches). A user namespace has no limit of
 * its own: as root, outside of containers, the limit is lowered for the machine, but not so far
 * that others who use epoll would notice, and all of it is then used up under a user id that nobody
 * has.
 */
#ifndef TESTS_WATCHES_H
#define TESTS_WATCHES_H

#include <stdbool.h>

/* Run fn, in a child, as that user, with no watch left. The limit comes back however fn ends, and
 * also where the caller ends first. Does nothing and gives the reason where this is impossible. */
const char *watches_run(void (*fn)(void));

/* For who needs many watches himself: the limit stays as it is until the fd that this gives, or -1,
 * is closed. */
int watches_hold(void);

/* In fn: give back so many; use up what is left. */
void watches_give_back(int count);
void watches_use_up(void);

#endif
