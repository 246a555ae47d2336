/* SPDX-License-Identifier: ISC
 *
 * All suites. A suite that is missing here is not declared, which the compiler reports.
 *
 * The two halves take about the same time, under valgrind, too. Suites that take much memory come
 * last, because every later fork in the process becomes slower.
 */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* clang-format off */
#define SUITES_OF_FIRST_HALF(SUITE)                                                                \
    SUITE(slots) SUITE(bad_input) SUITE(ready) SUITE(timeouts) SUITE(index_set) SUITE(waker)       \
    SUITE(epoll_files) SUITE(generation) SUITE(fork) SUITE(own_fds) SUITE(child_fds)               \
    SUITE(few_changes) SUITE(exclusive) SUITE(nesting) SUITE(no_epoll) SUITE(check)                \
    SUITE(check_close) SUITE(check_kept) SUITE(close_shared) SUITE(pressure) SUITE(polled_turns)   \
    SUITE(refused) SUITE(generations) SUITE(ghost_rent) SUITE(cancel) SUITE(exclusive_ghost)       \
    SUITE(no_wake) SUITE(memory) SUITE(limits) SUITE(many) SUITE(epoll_limits) SUITE(watches)

#define SUITES_OF_SECOND_HALF(SUITE)                                                               \
    SUITE(revents) SUITE(oneshot) SUITE(signals) SUITE(text) SUITE(timeout) SUITE(epoll_calls)     \
    SUITE(odd_files) SUITE(odd_askers) SUITE(ghosts) SUITE(rebuilds) SUITE(refused_calls)          \
    SUITE(choice) SUITE(machines) SUITE(settled) SUITE(settled_changes) SUITE(epoll_time)          \
    SUITE(edge) SUITE(fairness) SUITE(hostile) SUITE(hostile_fds) SUITE(one_time) SUITE(polled)    \
    SUITE(polled_sleep) SUITE(low_fds) SUITE(refusals) SUITE(edge_rearm) SUITE(one_time_wait)      \
    SUITE(waker_child) SUITE(shortage) SUITE(growth) SUITE(iteration) SUITE(filters)               \
    SUITE(prices) SUITE(sandbox)
/* clang-format on */

#define DECLARE_SUITE(name) Suite *suite_##name(void);
SUITES_OF_FIRST_HALF(DECLARE_SUITE)
SUITES_OF_SECOND_HALF(DECLARE_SUITE)
#undef DECLARE_SUITE

#endif
