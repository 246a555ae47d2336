/* SPDX-License-Identifier: ISC
 *
 * When ghosts make the library rebuild the set: normally not before dropping their reports has cost
 * as much as a rebuild, but at once if a ghost would hide other slots.
 */
#include "kept.h"

#include <unistd.h>

static void setup(void)
{
    kept_setup(0);
}

/* A set of n files is rebuilt after n dropped reports, because only then have they cost as much as
 * a rebuild. */
START_TEST(a_rebuild_is_rented_before_it_is_bought)
{
    enum { MANY = 24, GHOSTS = 3 };
    const int ghosts = _i % GHOSTS + 1; /* every ghost makes one report in every wait */
    struct fdslots *many = make_slots(MANY + GHOSTS);
    int keep[GHOSTS];
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_set_index(many, i, event_fd(i == 0), POLLIN), 0);
    for (int round = 1; round <= 3; round++) {
        for (int g = 0; g < ghosts; g++) {
            const int fd = event_fd(true);
            keep[g] = dup(fd);
            EXPECT(fdslots_set_index(many, (uint32_t)(MANY + g), fd, POLLIN), 0);
        }
        EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), ghosts + 1,
                       ghosts + (round == 1 ? MANY : 0));
        for (int g = 0; g < ghosts; g++) {
            const uint32_t slot = (uint32_t)(MANY + g);
            const int fd = fdslots_get_fd(many, slot);
            EXPECT(fdslots_invalidate_index(many, slot), 0);
            close(fd);
        }
        /* The DELs fail, because the fds are closed. */
        EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, ghosts);
        for (int report = 2; report <= MANY / ghosts; report++)
            EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, 0);
        ck_assert_uint_eq(stats_of(many).ghosts_dropped, (unsigned)(round * MANY));
        ck_assert_uint_eq(stats_of(many).rebuilds, (unsigned)round - 1);
        EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, MANY);
        ck_assert_uint_eq(stats_of(many).rebuilds, (unsigned)round);
        for (int again = 0; again < 5; again++)
            EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, 0);
        for (int g = 0; g < ghosts; g++)
            close(keep[g]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_close_index(many, i), 0);
    fdslots_destroy(many);
}
END_TEST

/* One wait sees many ghosts at once. They are gone after it, even if the wait may report only a few
 * slots. */
START_TEST(many_ghosts)
{
    enum { MANY = 40 };
    int keep[MANY];
    struct fdslots *many = make_slots(MANY + 1);
    for (uint32_t i = 0; i < MANY; i++) {
        int fd = event_fd(true);
        keep[i] = dup(fd);
        EXPECT(fdslots_set_index(many, i, fd, POLLIN), 0);
    }
    EXPECT(fdslots_epoll_wait(many, 0), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        int fd = fdslots_get_fd(many, i);
        EXPECT(fdslots_invalidate_index(many, i), 0);
        close(fd);
    }
    if (_i > 0)
        EXPECT(fdslots_set_max_ready(many, (uint32_t)_i), 0);
    EXPECT(fdslots_set_index(many, MANY, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(many, -1), 1);
    EXPECT(fdslots_get_revents(many, MANY), POLLIN);
    EXPECT(fdslots_epoll_wait(many, 0), 1);
    EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, 0);
    ck_assert_uint_ge(stats_of(many).ghosts_dropped, _i > 0 ? 1 : MANY);
    ck_assert_uint_eq(stats_of(many).rebuilds, 1);
    fdslots_destroy(many);
    for (uint32_t i = 0; i < MANY; i++)
        close(keep[i]);
}
END_TEST

/* If ghosts fill all the events that one wait takes from the kernel, they may hide ready slots.
 * That same wait rebuilds the set, even if it must not block. */
START_TEST(ghosts_keep_nobody_out)
{
    enum { GHOSTS = 3 }; /* one more than there are slots */
    const int ready_slots = _i;
    int keep[GHOSTS];
    struct fdslots *small = make_slots(2);
    for (int g = 0; g < GHOSTS; g++) {
        int fd = event_fd(false);
        keep[g] = dup(fd);
        EXPECT(fdslots_set_index(small, 0, fd, POLLIN), 0);
        EXPECT(fdslots_epoll_wait(small, 0), 0);
        EXPECT(fdslots_invalidate_index(small, 0), 0);
        close(fd);
        EXPECT(fdslots_epoll_wait(small, 0), 0);
    }
    for (int g = 0; g < GHOSTS; g++)
        event_set(keep[g]);
    int file = event_fd(ready_slots > 0);
    EXPECT(fdslots_set_index(small, 1, file, POLLIN), 0);
    struct fdslots_stats before = stats_of(small);
    EXPECT(fdslots_epoll_wait(small, 0), ready_slots);
    struct fdslots_stats after = stats_of(small);
    ck_assert_uint_eq(after.rebuilds - before.rebuilds, 1);
    ck_assert_uint_eq(after.epoll_calls - before.epoll_calls, 2);
    ck_assert_uint_ge(after.ghosts_dropped - before.ghosts_dropped, GHOSTS - 1);
    EXPECT_WAIT_OF(small, fdslots_epoll_wait(small, 0), ready_slots, 0);
    EXPECT(fdslots_close_index(small, 1), 0);
    fdslots_destroy(small);
    for (int g = 0; g < GHOSTS; g++)
        close(keep[g]);
}
END_TEST

/* Every slot of the buffer is ready, and a ghost comes before them. */
START_TEST(a_ghost_takes_the_place_of_nobody)
{
    struct fdslots *full = make_slots(2);
    int fds[] = {event_fd(true), event_fd(true), event_fd(true)};
    EXPECT(fdslots_set_index(full, 0, fds[2], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(full, 0), 1);
    int other = dup(fds[2]);
    EXPECT(fdslots_invalidate_index(full, 0), 0);
    close(fds[2]);
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_index(full, i, fds[i], POLLIN), 0);
    EXPECT(entry_at(_i)->wait(full, FDSLOTS_FOREVER, NULL), 2);
    fdslots_destroy(full);
    close(other);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

/* fdslots_rebuild() leaves no ghost, whether or not a wait has seen one. */
START_TEST(a_rebuild_leaves_no_ghost)
{
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(lost);
    event_set(kept);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
}
END_TEST

Suite *suite_rebuilds(void)
{
    Suite *suite = suite_create("rebuilds");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "rebuilds");
    tcase_add_checked_fixture(tcase, setup, kept_teardown);
    tcase_add_loop_test(tcase, a_rebuild_is_rented_before_it_is_bought, 0, 3);
    tcase_add_loop_test(tcase, many_ghosts, 0, 4);
    tcase_add_loop_test(tcase, ghosts_keep_nobody_out, 0, 2);
    tcase_add_loop_test(tcase, a_ghost_takes_the_place_of_nobody, 0, entry_count());
    tcase_add_test(tcase, a_rebuild_leaves_no_ghost);
    return suite;
}
