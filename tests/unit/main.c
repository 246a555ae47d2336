/* SPDX-License-Identifier: ISC
 *
 * Runs all suites. Check's own variables choose among them: CK_RUN_SUITE, CK_RUN_CASE, CK_FORK=no,
 * CK_VERBOSITY=verbose; CK_EXCLUDE_TAGS=long leaves out long computations that never meet the
 * kernel.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const struct entry *e;
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        printf("entry point %d: %s\n", i, e->name);
    fflush(stdout);

    SRunner *runner = srunner_create(suite_memory());
    srunner_add_suite(runner, suite_slots());
    srunner_add_suite(runner, suite_bad_input());
    srunner_add_suite(runner, suite_revents());
    srunner_add_suite(runner, suite_ready());
    srunner_add_suite(runner, suite_oneshot());
    srunner_add_suite(runner, suite_timeouts());
    srunner_add_suite(runner, suite_signals());
    srunner_add_suite(runner, suite_limits());
    srunner_add_suite(runner, suite_many());
    srunner_add_suite(runner, suite_text());
    srunner_add_suite(runner, suite_index_set());
    srunner_add_suite(runner, suite_timeout());
    srunner_add_suite(runner, suite_waker());
    srunner_add_suite(runner, suite_epoll_calls());
    srunner_add_suite(runner, suite_epoll_files());
    srunner_add_suite(runner, suite_odd_files());
    srunner_add_suite(runner, suite_odd_askers());
    srunner_add_suite(runner, suite_generation());
    srunner_add_suite(runner, suite_ghosts());
    srunner_add_suite(runner, suite_rebuilds());
    srunner_add_suite(runner, suite_fork());
    srunner_add_suite(runner, suite_own_fds());
    srunner_add_suite(runner, suite_child_fds());
    srunner_add_suite(runner, suite_epoll_limits());
    srunner_add_suite(runner, suite_refused_calls());
    srunner_add_suite(runner, suite_choice());
    srunner_add_suite(runner, suite_few_changes());
    srunner_add_suite(runner, suite_settled());
    srunner_add_suite(runner, suite_epoll_time());
    srunner_add_suite(runner, suite_edge());
    srunner_add_suite(runner, suite_exclusive());
    srunner_add_suite(runner, suite_fairness());
    srunner_add_suite(runner, suite_nesting());
    srunner_add_suite(runner, suite_no_epoll());
    srunner_add_suite(runner, suite_check());
    srunner_add_suite(runner, suite_check_kept());
    srunner_add_suite(runner, suite_watches());
    srunner_add_suite(runner, suite_hostile());
    srunner_add_suite(runner, suite_hostile_fds());
    srunner_add_suite(runner, suite_one_time());
    srunner_add_suite(runner, suite_pressure());
    srunner_add_suite(runner, suite_polled());
    srunner_add_suite(runner, suite_polled_turns());
    srunner_add_suite(runner, suite_polled_sleep());
    srunner_add_suite(runner, suite_no_wake());
    srunner_add_suite(runner, suite_refused());
    srunner_add_suite(runner, suite_shortage());
    srunner_add_suite(runner, suite_exclusive_ghost());
    srunner_add_suite(runner, suite_waker_child());
    srunner_add_suite(runner, suite_generations());
    srunner_add_suite(runner, suite_low_fds());
    srunner_add_suite(runner, suite_close_shared());
    srunner_add_suite(runner, suite_refusals());
    srunner_add_suite(runner, suite_edge_rearm());
    srunner_add_suite(runner, suite_ghost_rent());
    srunner_add_suite(runner, suite_cancel());
    srunner_add_suite(runner, suite_one_time_wait());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
