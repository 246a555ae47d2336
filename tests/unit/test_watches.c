/* SPDX-License-Identifier: ISC
 *
 * The watches that a user may have (fs.epoll.max_user_watches). If none is left, a slot is polled.
 * Nothing is lost, and the slot is registered when there are watches again.
 */
#include "child.h"
#include "keep_prices.h"
#include "pair.h"
#include "watches.h"

#include <stdio.h>
#include <unistd.h>

static void setup(void)
{
    pair_setup(4, 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0);
}

enum { MANY = 300 };
static int many[MANY];
static struct fdslots *wide;

/* Every hundredth fd is ready. */
static void fill_wide(void)
{
    wide = make_slots(MANY);
    for (int i = 0; i < MANY; i++) {
        many[i] = event_fd(i % 100 == 0);
        EXPECT(fdslots_set_index(wide, (uint32_t)i, many[i], POLLIN), 0);
    }
}

static void end_wide(void)
{
    fdslots_destroy(wide);
    for (int i = 0; i < MANY; i++)
        close(many[i]);
}

static void without_watches(void (*fn)(void))
{
    fill_wide();
    const char *obstacle = watches_run(fn);
    if (obstacle != NULL)
        printf("skipped: %s\n", obstacle);
    end_wide();
}

static void wide_is_right(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        CHILD_EXPECT(fdslots_get_fd(wide, i), many[i]);
        CHILD_EXPECT(fdslots_get_revents(wide, i), i % 100 == 0 ? POLLIN : 0);
    }
}

/* Wait by the set and check all slots. Returns how many epoll_ctl(2) calls the wait made. */
static int wide_wait(void)
{
    const uint64_t before = stats_of(wide).epoll_ctl_calls;
    CHILD_EXPECT(fdslots_epoll_wait(wide, 0), 3);
    wide_is_right();
    return (int)(stats_of(wide).epoll_ctl_calls - before);
}

static void no_watch_left(void)
{
    CHILD_EXPECT(wide_wait(), 1); /* where one is refused, so are the others */
    CHILD_EXPECT(wide_wait(), 1); /* tried again after 1, 2, 4, 8 waits and so on */
    CHILD_EXPECT(wide_wait(), 0);
    CHILD_EXPECT(fdslots_epoll_pwait(wide, NULL, NULL), 3);
    CHILD_EXPECT((intmax_t)stats_of(wide).epoll_ctl_calls, 3);
    watches_give_back(MANY / 4); /* too few for all, but not none */
    for (int again = 1; again < 4; again++)
        CHILD_EXPECT(wide_wait(), 0);
    CHILD_EXPECT(wide_wait(), MANY / 4 + 1);
    CHILD_EXPECT(fdslots_rebuild(wide), 0);
    CHILD_EXPECT(fdslots_epoll_fd(wide), -ENOSPC); /* the fd for nesting takes a watch itself */
    wide_is_right();
    watches_give_back(MANY);
    int waits = 0;
    while (wide_wait() == 0)
        CHILD_EXPECT(++waits < 8, true);
    CHILD_EXPECT(fdslots_epoll_fd(wide) >= 0, true);
    const struct fdslots_stats before = stats_of(wide);
    for (int again = 0; again < 10; again++)
        CHILD_EXPECT(wide_wait(), 0);
    CHILD_EXPECT(stats_of(wide).polled == before.polled, true); /* all slots are in the set */
    CHILD_EXPECT((intmax_t)stats_of(wide).fallbacks, 0);
}

START_TEST(enospc)
{
    without_watches(no_watch_left);
}
END_TEST

static void replace_first(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(wide, 0), 0);
    close(many[0]);
    many[0] = event_fd(true);
    CHILD_EXPECT(fdslots_set_index(wide, 0, many[0], POLLIN), 0);
}

/* Few slots have a watch, and one of them is closed and opened again before each wait. A new set
 * would be offered all others, too, so it does not pay yet. */
static void few_watches(void)
{
    replace_first(); /* the parent has the other file open, too */
    watches_give_back(8);
    CHILD_EXPECT(wide_wait(), 8 + 1);
    for (int again = 0; again < 100; again++) {
        replace_first();
        CHILD_EXPECT(fdslots_set_events(wide, MANY - 1, again % 2 == 0 ? POLLPRI : POLLIN), 0);
        wide_wait();
    }
    CHILD_EXPECT((intmax_t)stats_of(wide).rebuilds, 0);
}

START_TEST(no_new_set_for_few_watches)
{
    without_watches(few_watches);
}
END_TEST

/* Check the result of a wait by the set, and how many epoll_ctl(2) calls it made. */
static void waits(int ready_slots, int ctls)
{
    const uint64_t before = stats_of(s).epoll_ctl_calls;
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), ready_slots);
    CHILD_EXPECT((intmax_t)(stats_of(s).epoll_ctl_calls - before), ctls);
}

/* The limit is reached after waits by epoll. No registration is lost. */
static void no_watch_left_later(void)
{
    int third = event_fd(true);
    watches_give_back(2);
    waits(1, 2);
    watches_use_up();
    waits(1, 0);
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    waits(3, 2);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    waits(2, 0); /* a MOD takes no watch */
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 3), 0); /* the DEL comes first and frees a watch */
    waits(2, 2);
    CHILD_EXPECT((intmax_t)stats_of(s).polled, 1);
    CHILD_EXPECT(fdslots_resume_index(s, 3), 0);
    waits(3, 1); /* refused */
    CHILD_EXPECT((intmax_t)stats_of(s).polled, 2);
    watches_give_back(1);
    waits(3, 1);
    waits(3, 0);
    CHILD_EXPECT((intmax_t)stats_of(s).polled, 2);
}

START_TEST(enospc_after_a_good_beginning)
{
    without_watches(no_watch_left_later);
}
END_TEST

/* An idle file that outlived its fd reports nothing, but takes a watch. If a slot needs that watch,
 * the set is rebuilt without the ghost after a few waits. If that does not help, it is done only
 * once. */
static void ghosts_take_watches(void)
{
    watches_give_back(3);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    for (int again = 0; again < 10; again++) {
        int fd = event_fd(true);
        int kept = dup(fd);
        CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
        for (int waits = 0; waits < 8; waits++)
            CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
        CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, again);
        const uint64_t before = stats_of(s).polled;
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
        CHILD_EXPECT(stats_of(s).polled == before, true); /* the slot found a watch */
        event_clear(fd);
        CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
        close(fd);
        CHILD_EXPECT(kept >= 0, true);
    }
    CHILD_EXPECT(fdslots_set_index(s, 0, event_fd(true), POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, event_fd(true), POLLIN), 0);
    for (int again = 0; again < 20; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 3);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 10);
    CHILD_EXPECT(stats_of(s).polled >= 20, true); /* one of the two slots has no watch */
}

START_TEST(enospc_for_ghosts)
{
    without_watches(ghosts_take_watches);
}
END_TEST

/* All answers are right: by poll(2) on all slots, which is cheaper than both mechanisms together,
 * and by the set once it can be had. */
/* There are no ghosts, but the library cannot know that. To make the set anew costs more than to
 * poll the one slot that is refused again and again. */
static void one_too_many(void)
{
    watches_give_back(MANY + 1);
    CHILD_EXPECT(fdslots_resize(&wide, MANY + 2), 0);
    CHILD_EXPECT(wide_wait(), MANY);
    for (int again = 0; again < 50; again++) {
        const int fds[] = {event_fd(false), event_fd(false)};
        CHILD_EXPECT(fdslots_set_index(wide, MANY, fds[0], POLLIN), 0);
        CHILD_EXPECT(fdslots_set_index(wide, MANY + 1, fds[1], POLLIN), 0);
        CHILD_EXPECT(wide_wait() <= 3, true);
        CHILD_EXPECT(fdslots_invalidate_index(wide, MANY), 0);
        CHILD_EXPECT(fdslots_invalidate_index(wide, MANY + 1), 0);
        close(fds[0]);
        close(fds[1]);
    }
    CHILD_EXPECT((intmax_t)stats_of(wide).rebuilds, 0);
}

START_TEST(enospc_without_ghosts)
{
    without_watches(one_too_many);
}
END_TEST

static void waits_without_watches(void)
{
    for (int again = 0; again < 500; again++) {
        CHILD_EXPECT(fdslots_wait(wide, 0, NULL), 3);
        wide_is_right();
    }
    CHILD_EXPECT(fdslots_wait(wide, FDSLOTS_FOREVER, NULL), 3);
    const struct fdslots_stats refused = stats_of(wide);
    CHILD_EXPECT((intmax_t)refused.poll_calls, 501);
    CHILD_EXPECT((intmax_t)refused.epoll_calls, 0);
    CHILD_EXPECT((intmax_t)refused.fallbacks, 0);
    CHILD_EXPECT(refused.polled <= 501 / 5, true); /* trials, each of which costs little */
    CHILD_EXPECT(refused.epoll_ctl_calls <= 10 * MANY, true);
    watches_give_back(MANY);
    for (int again = 0; again < 1500; again++) {
        end_plans(wide); /* there is a choice before each wait */
        CHILD_EXPECT(fdslots_wait(wide, 0, NULL), 3);
        wide_is_right();
    }
    const struct fdslots_stats given_back = stats_of(wide);
    CHILD_EXPECT(given_back.epoll_calls > 0, true);
    CHILD_EXPECT(fdslots_wait(wide, 0, NULL), 3);
    CHILD_EXPECT((intmax_t)(stats_of(wide).epoll_calls - given_back.epoll_calls), 1);
    CHILD_EXPECT((intmax_t)(stats_of(wide).poll_calls - given_back.poll_calls), 0);
}

START_TEST(wait_goes_on_by_poll)
{
    without_watches(waits_without_watches);
}
END_TEST

/* The set for nesting holds the set with a watch, which the old set leaves to the new one. */
static void nested_without_watches(void)
{
    int fd = event_fd(false);
    CHILD_EXPECT(dup(fd) >= 0, true);
    watches_give_back(4);
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    const int nested = fdslots_epoll_fd(s);
    CHILD_EXPECT(nested >= 0, true);
    watches_use_up();
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    close(fd); /* an idle ghost stays, and takes the watch that slot 2 needs */
    CHILD_EXPECT(fdslots_set_index(s, 2, event_fd(true), POLLIN), 0);
    for (int waits = 0; waits < 8; waits++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 2);
    CHILD_EXPECT(fdslots_epoll_fd(s), nested);
    struct pollfd outer = {.fd = nested, .events = POLLIN};
    CHILD_EXPECT(poll(&outer, 1, 0), 1);
}

START_TEST(enospc_for_a_nested_set)
{
    without_watches(nested_without_watches);
}
END_TEST

Suite *suite_watches(void)
{
    Suite *suite = suite_create("watches");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "watches");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_test(tcase, enospc);
    tcase_add_test(tcase, no_new_set_for_few_watches);
    tcase_add_test(tcase, enospc_after_a_good_beginning);
    tcase_add_test(tcase, enospc_for_ghosts);
    tcase_add_test(tcase, enospc_without_ghosts);
    tcase_add_test(tcase, enospc_for_a_nested_set);
    tcase_add_test(tcase, wait_goes_on_by_poll);
    return suite;
}
