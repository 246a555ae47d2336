/* SPDX-License-Identifier: ISC
 *
 * The watches that a user may have, fs.epoll.max_user_watches: -ENOSPC, nothing lost, and
 * fdslots_wait() goes on by poll(2).
 */
#include "child.h"
#include "kernel.h"
#include "watches.h"

#include <stdio.h>
#include <unistd.h>

static struct fdslots *s;
static int ready;
static int idle;

static void setup(void)
{
    s = make_slots(4);
    ready = event_fd(true);
    idle = event_fd(false);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(ready);
    close(idle);
}

enum { MANY = 300 };
static int many[MANY];
static struct fdslots *wide;

/* Every hundredth is ready. */
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

static void no_watch_left(void)
{
    for (int again = 0; again < 3; again++) {
        CHILD_EXPECT(fdslots_epoll_wait(wide, 0), -ENOSPC);
        CHILD_EXPECT(fdslots_epoll_pwait(wide, NULL, NULL), -ENOSPC);
        CHILD_EXPECT(fdslots_rebuild(wide), -ENOSPC);
        CHILD_EXPECT(fdslots_epoll_fd(wide), -ENOSPC);
        CHILD_EXPECT(fdslots_poll(wide, MANY, 0), 3);
        watches_give_back(MANY / 4); /* still too few */
    }
    for (uint32_t i = 0; i < MANY; i++)
        CHILD_EXPECT(fdslots_get_fd(wide, i), many[i]);
    watches_give_back(MANY);
    CHILD_EXPECT(fdslots_epoll_wait(wide, 0), 3);
    for (uint32_t i = 0; i < MANY; i++)
        CHILD_EXPECT(fdslots_get_revents(wide, i), i % 100 == 0 ? POLLIN : 0);
    CHILD_EXPECT(fdslots_epoll_fd(wide) >= 0, true);
    uint64_t before = stats_of(wide).epoll_ctl_calls;
    CHILD_EXPECT(fdslots_epoll_wait(wide, 0), 3);
    CHILD_EXPECT(stats_of(wide).epoll_ctl_calls == before, true);
}

START_TEST(enospc)
{
    without_watches(no_watch_left);
}
END_TEST

/* It has waited by epoll, then the limit comes: nothing that was registered is lost. */
static void no_watch_left_later(void)
{
    int third = event_fd(true);
    watches_give_back(2);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    watches_use_up();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), -ENOSPC);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2); /* a MOD takes no watch */
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), -ENOSPC);
    CHILD_EXPECT(fdslots_pause_index(s, 3), 0); /* its DEL makes room, and comes first */
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(fdslots_resume_index(s, 3), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), -ENOSPC);
    watches_give_back(1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 3);
}

START_TEST(enospc_after_a_good_beginning)
{
    without_watches(no_watch_left_later);
}
END_TEST

/* An idle file that outlived its fd reports nothing, and takes a watch. */
static void ghosts_take_watches(void)
{
    watches_give_back(3);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    for (int again = 0; again < 10; again++) {
        int fd = event_fd(false);
        int kept = dup(fd);
        CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
        CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
        close(fd);
        CHILD_EXPECT(kept >= 0, true);
    }
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 9);
    CHILD_EXPECT(fdslots_set_index(s, 0, event_fd(true), POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, event_fd(true), POLLIN), 0);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), -ENOSPC);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 10); /* once, where it does not help */
}

START_TEST(enospc_for_ghosts)
{
    without_watches(ghosts_take_watches);
}
END_TEST

/* Right answers throughout, and epoll again when it can be had. */
static void waits_without_watches(void)
{
    for (int again = 0; again < 500; again++)
        CHILD_EXPECT(fdslots_wait(wide, 0, NULL), 3);
    CHILD_EXPECT(fdslots_wait(wide, FDSLOTS_FOREVER, NULL), 3);
    struct fdslots_stats before = stats_of(wide);
    CHILD_EXPECT(before.fallbacks > 0, true);
    CHILD_EXPECT(before.fallbacks < 250, true); /* what was refused is not tried every time */
    CHILD_EXPECT((intmax_t)before.poll_calls, 501);
    CHILD_EXPECT((intmax_t)before.epoll_calls, 0);
    watches_give_back(MANY);
    for (int again = 0; again < 500; again++)
        CHILD_EXPECT(fdslots_wait(wide, 0, NULL), 3);
    CHILD_EXPECT(stats_of(wide).epoll_calls > 0, true);
    CHILD_EXPECT(stats_of(wide).fallbacks == before.fallbacks, true);
}

START_TEST(wait_goes_on_by_poll)
{
    without_watches(waits_without_watches);
}
END_TEST

Suite *suite_watches(void)
{
    Suite *suite = suite_create("watches");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "watches");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, enospc);
    tcase_add_test(tcase, enospc_after_a_good_beginning);
    tcase_add_test(tcase, enospc_for_ghosts);
    tcase_add_test(tcase, wait_goes_on_by_poll);
    return suite;
}
