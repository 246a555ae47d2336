/* SPDX-License-Identifier: ISC
 *
 * The generation of a slot has 32 bits. After that many owners, an old ghost would have the same
 * name as the current owner. No test can set a slot so often, so these tests change the generation
 * inside.
 */
#include "kernel/epoll.h"
#include "kept.h"

static void setup(void)
{
    kept_setup(0);
}

/* Set the slot until its generation is that of the ghost again, after a full wrap-around. */
static void go_round(uint32_t generation)
{
    s->slots[1].generation = UINT32_MAX - 1;
    while (s->slots[1].generation != generation)
        EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
}

START_TEST(a_ghost_of_the_same_generation)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    const uint32_t generation = s->slots[1].generation;
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(lost); /* its file stays open */
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    go_round(generation);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_get_revents(s, 1), 0);
    event_set(idle);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
}
END_TEST

START_TEST(the_set_is_made_anew_once)
{
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    s->slots[1].generation = UINT32_MAX;
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
    EXPECT(fdslots_get_generation(s, 1), 0);
    for (int again = 0; again < 3; again++)
        EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
}
END_TEST

/* Slots that a smaller buffer has cut off begin with the highest generation of theirs. They do not
 * wrap around one after another. */
START_TEST(cut_slots_wrap_around_once)
{
    EXPECT(fdslots_resize(&s, 256), 0);
    EXPECT(fdslots_set_index(s, 200, idle, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    s->slots[200].generation = UINT32_MAX - 1;
    EXPECT(fdslots_invalidate_index(s, 200), 0);
    EXPECT(fdslots_resize(&s, 64), 0);
    EXPECT(fdslots_resize(&s, 256), 0);
    for (uint32_t i = 100; i < 200; i++) {
        EXPECT(fdslots_set_index(s, i, idle, POLLIN), 0);
        EXPECT(fdslots_epoll_wait(s, 0), 0);
    }
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
}
END_TEST

Suite *suite_generation(void)
{
    Suite *suite = suite_create("generation");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "generation");
    tcase_add_checked_fixture(tcase, setup, kept_teardown);
    tcase_add_loop_test(tcase, a_ghost_of_the_same_generation, 0, entry_count());
    tcase_add_test(tcase, the_set_is_made_anew_once);
    tcase_add_test(tcase, cut_slots_wrap_around_once);
    return suite;
}
