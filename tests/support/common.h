/* SPDX-License-Identifier: ISC
 *
 * What every suite needs.
 */
#ifndef TESTS_COMMON_H
#define TESTS_COMMON_H

#include "entry.h"

#include <check.h>
#include <errno.h>
#include <fdslots.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A call gives `want` and leaves errno alone, which holds for every call of the library. */
#define EXPECT(call, want)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        intmax_t got_ = (call);                                                                    \
        int errno_ = errno;                                                                        \
        ck_assert_msg(got_ == (want), "%s gave %jd, not %jd (%s)", #call, got_, (intmax_t)(want),  \
                      #want);                                                                      \
        ck_assert_msg(errno_ == ERRNO_BEFORE, "%s changed errno to %d", #call, errno_);            \
    } while (0)
#define ERRNO_BEFORE 4711

/* The same for calls that return nothing. */
#define EXPECT_QUIET(call)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        call;                                                                                      \
        ck_assert_int_eq(errno, ERRNO_BEFORE);                                                     \
    } while (0)

/* A buffer that does not learn: what fdslots_wait() does with it can be foreseen. */
struct fdslots *make_slots(uint32_t nslots);
int64_t now_ns(void);

/* A pipe, with a byte in it or not; all ends are non-blocking. */
void make_pipe(int p[2], bool with_data);
void close_pipe(const int p[2]);

/* A small repeatable generator of random numbers, so that failures can be run again. */
uint32_t next_random(uint64_t *seed);

/* No index is twice in the list. One assertion for all: each of them is a write to a file. */
void expect_distinct(const uint32_t *list, uint32_t count);

/* A new test case of a suite. */
TCase *add_case(Suite *suite, const char *name);

Suite *suite_bad_input(void);
Suite *suite_check(void);
Suite *suite_check_kept(void);
Suite *suite_child_fds(void);
Suite *suite_edge(void);
Suite *suite_epoll_calls(void);
Suite *suite_epoll_files(void);
Suite *suite_epoll_limits(void);
Suite *suite_epoll_time(void);
Suite *suite_exclusive(void);
Suite *suite_fairness(void);
Suite *suite_fork(void);
Suite *suite_generation(void);
Suite *suite_ghosts(void);
Suite *suite_hostile(void);
Suite *suite_hostile_fds(void);
Suite *suite_index_set(void);
Suite *suite_limits(void);
Suite *suite_many(void);
Suite *suite_memory(void);
Suite *suite_nesting(void);
Suite *suite_no_epoll(void);
Suite *suite_odd_askers(void);
Suite *suite_odd_files(void);
Suite *suite_one_time(void);
Suite *suite_oneshot(void);
Suite *suite_own_fds(void);
Suite *suite_ready(void);
Suite *suite_rebuilds(void);
Suite *suite_refused_calls(void);
Suite *suite_revents(void);
Suite *suite_settled(void);
Suite *suite_signals(void);
Suite *suite_slots(void);
Suite *suite_growth(void);
Suite *suite_text(void);
Suite *suite_timeout(void);
Suite *suite_choice(void);
Suite *suite_few_changes(void);
Suite *suite_timeouts(void);
Suite *suite_waker(void);
Suite *suite_watches(void);
Suite *suite_one_time_wait(void);
Suite *suite_cancel(void);
Suite *suite_ghost_rent(void);
Suite *suite_edge_rearm(void);
Suite *suite_refusals(void);
Suite *suite_close_shared(void);
Suite *suite_low_fds(void);
Suite *suite_generations(void);
Suite *suite_waker_child(void);
Suite *suite_exclusive_ghost(void);
Suite *suite_shortage(void);
Suite *suite_refused(void);
Suite *suite_no_wake(void);
Suite *suite_polled_sleep(void);
Suite *suite_polled_turns(void);
Suite *suite_polled(void);
Suite *suite_pressure(void);

#endif
