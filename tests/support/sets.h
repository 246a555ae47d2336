/* SPDX-License-Identifier: ISC
 *
 * What the kernel's epoll sets hold, as it tells in /proc: whoever wants to know whether an fd is
 * registered need not look into the library.
 */
#ifndef TESTS_SETS_H
#define TESTS_SETS_H

/* How often the epoll sets that this process has open hold this number, ghosts included. */
int sets_hold(int fd);

#endif
