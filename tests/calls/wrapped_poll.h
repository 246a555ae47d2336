/* SPDX-License-Identifier: ISC
 *
 * The linker replaces poll(2) and ppoll(2) with the functions named __wrap, which a test defines.
 * Those named __real are the C library's.
 */
#ifndef TESTS_WRAPPED_POLL_H
#define TESTS_WRAPPED_POLL_H

#include <poll.h>
#include <signal.h>
#include <time.h>

int __real_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);
int __real_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                 const sigset_t *sigmask);
int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);
int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                 const sigset_t *sigmask);

#endif
