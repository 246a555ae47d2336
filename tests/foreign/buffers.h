/* SPDX-License-Identifier: ISC
 *
 * A buffer for each thread that polls, in whose slots stands what it asked for last; and the one
 * rule across all of them: before a thread closes an fd, every buffer that may hold it is told.
 * Not covered: a program that hands an fd to poll(2) in one thread while another one closes it, or
 * that closes one in a signal handler while it waits. A buffer lasts as long as the process.
 */
#ifndef TESTS_BUFFERS_H
#define TESTS_BUFFERS_H

#include "compare.h"

/* Answer as poll(2), by this entry point; with `asked`, which is poll(2) itself, compare the two.
 */
int buffers_poll(const struct entry *e, struct pollfd *fds, nfds_t nfds, int timeout_ms,
                 poll_function *asked);

/* Tell all buffers that this fd closes. */
void buffers_tell(int fd);

/* In a child: its only thread is the one that forked. */
void buffers_be_child(void);

/* Whether this thread is in a call of the library, which means the C library's functions. */
bool buffers_are_busy(void);

#endif
