/* SPDX-License-Identifier: ISC
 *
 * A user that has used up all its watches (fs.epoll.max_user_watches). A user namespace has no
 * limit of its own. As root and outside of containers, the limit of the machine is lowered, but not
 * so far that other users of epoll would notice. Then all of it is used up under a user id that
 * nobody has.
 */
#ifndef TESTS_WATCHES_H
#define TESTS_WATCHES_H

#include <stdbool.h>

/* Run fn in a child as that user, with no watch left. The limit is restored however fn ends, even
 * if the caller ends first. If this is impossible, it does nothing and returns the reason. */
const char *watches_run(void (*fn)(void));

/* For tests that need many watches. Keeps the limit unchanged until the returned fd is closed.
 * Returns -1 on failure. */
int watches_hold(void);

/* In fn: give back `count` watches, or use up all that are left. */
void watches_give_back(int count);
void watches_use_up(void);

#endif
