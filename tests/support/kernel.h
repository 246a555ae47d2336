/* SPDX-License-Identifier: ISC
 *
 * What a buffer has asked of the kernel, by its counters, for the tests of the epoll entry points.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "common.h"

#include <stdbool.h>

bool have_epoll(void);
/* Whether the library was built where epoll has EPOLLEXCLUSIVE. */
bool have_exclusive(void);

struct fdslots_stats stats_of(const struct fdslots *s);

/* The wait gives `ready`, by one epoll wait of the kernel and `ctls` calls of epoll_ctl(2). */
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

/* The wait gives `ready`, by one poll(2) of the polled slots and the set, `ctls` calls of
 * epoll_ctl(2), and `epolls` waits on the set: one where it reads ready, else none. */
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

/* A fixture: eventfds, the first of them ready, and a buffer of slots for them. */
int event_fd(bool ready);
/* Make it ready; take that back. */
void event_set(int fd);
void event_clear(int fd);

/* A regular file, empty, without a name. */
int regular_file(void);

/* Close one file and open another that gets the same number. */
int number_reused(int fd, bool ready);

/* Wait for a timeout and check that it is not early; gives what the wait gave. */
int wait_full_time(const struct entry *e, struct fdslots *s, int64_t timeout_ns);

#endif
