/* SPDX-License-Identifier: ISC
 *
 * Reads from the counters of a buffer what it has asked of the kernel, for the tests of the epoll
 * entry points.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "common.h"

#include <stdbool.h>

bool have_epoll(void);
/* Return whether the library was built with EPOLLEXCLUSIVE. */
bool have_exclusive(void);

struct fdslots_stats stats_of(const struct fdslots *s);

/* Check that the wait returns `ready`, with one epoll wait and `ctls` epoll_ctl(2) calls. */
#define EXPECT_WAIT(wait, ready, ctls) EXPECT_WAIT_OF(s, wait, ready, ctls)
#define EXPECT_WAIT_OF(s, wait, ready, ctls)                                                       \
    do {                                                                                           \
        struct fdslots_stats before_ = stats_of(s);                                                \
        EXPECT(wait, ready);                                                                       \
        struct fdslots_stats after_ = stats_of(s);                                                 \
        ck_assert_int_eq((int)(after_.epoll_ctl_calls - before_.epoll_ctl_calls), ctls);           \
        ck_assert_int_eq((int)(after_.epoll_calls - before_.epoll_calls), 1);                      \
        ck_assert_int_eq((int)(after_.poll_calls - before_.poll_calls), 0);                        \
        ck_assert_int_eq((int)(after_.polled - before_.polled), 0);                                \
    } while (0)

/* Check that the wait returns `ready`, with one poll(2) of the polled slots and the set, `ctls`
 * epoll_ctl(2) calls, and `epolls` waits on the set: one if it reads as ready, else none. */
#define EXPECT_WAIT_BESIDE(wait, ready, ctls, epolls)                                              \
    EXPECT_WAIT_BESIDE_OF(s, wait, ready, ctls, epolls)
#define EXPECT_WAIT_BESIDE_OF(s, wait, ready, ctls, epolls)                                        \
    do {                                                                                           \
        struct fdslots_stats before_ = stats_of(s);                                                \
        EXPECT(wait, ready);                                                                       \
        struct fdslots_stats after_ = stats_of(s);                                                 \
        ck_assert_int_eq((int)(after_.epoll_ctl_calls - before_.epoll_ctl_calls), ctls);           \
        ck_assert_int_eq((int)(after_.epoll_calls - before_.epoll_calls), epolls);                 \
        ck_assert_int_eq((int)(after_.poll_calls - before_.poll_calls), 1);                        \
        ck_assert_int_eq((int)(after_.polled - before_.polled), 1);                                \
    } while (0)

/* Make an eventfd that is ready or not. */
int event_fd(bool ready);
/* Make it ready, or not ready again. */
void event_set(int fd);
void event_clear(int fd);

/* Make an empty regular file without a name. */
int regular_file(void);

/* Close a file, and open another one that gets the same number. */
int number_reused(int fd, bool ready);

/* Wait for a timeout and check that it does not end early. Returns what the wait returned. */
int wait_full_time(const struct entry *e, struct fdslots *s, int64_t timeout_ns);

#endif
