/* SPDX-License-Identifier: ISC
 *
 * Reads in /proc what the kernel's epoll sets hold. A test can thus find out whether an fd is
 * registered without looking into the library.
 */
#ifndef TESTS_SETS_H
#define TESTS_SETS_H

/* Return how often the epoll sets of this process hold this number, ghosts included. */
int sets_hold(int fd);
/* The same for one set, which is quicker where there are many. */
int set_holds(int set, int fd);

#endif
