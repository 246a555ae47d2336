/* SPDX-License-Identifier: ISC
 *
 * The ready set, and callbacks that change it during an iteration.
 */
#include "common.h"

#include <unistd.h>

#define NSLOTS 6

static struct fdslots *s;
static int full[NSLOTS][2];
static int empty[2];
static const struct entry *e; /* the entry point of the current test */

/* Every slot is ready. */
static void setup(void)
{
    s = make_slots(NSLOTS);
    make_pipe(empty, false);
    for (uint32_t i = 0; i < NSLOTS; i++) {
        make_pipe(full[i], true);
        ck_assert_int_eq(fdslots_set_index(s, i, full[i][0], POLLIN), 0);
    }
}

static void teardown(void)
{
    fdslots_destroy(s);
    for (uint32_t i = 0; i < NSLOTS; i++)
        close_pipe(full[i]);
    close_pipe(empty);
}

/* What the callback saw, and an action that its first call applies to the slot that is listed
 * last. */
struct walk {
    uint32_t seen[4 * NSLOTS];
    uint32_t calls;
    void (*act)(uint32_t victim);
    uint32_t victim;
    int stop_at; /* number of the call that returns 42 */
};

static int visit(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct walk *walk = arg;
    ck_assert_uint_lt(walk->calls, 4 * NSLOTS);
    ck_assert_uint_lt(index, NSLOTS);
    ck_assert_int_eq(fd, full[index][0]); /* a report belongs to the fd that it was made for */
    ck_assert_uint_eq(revents, POLLIN);
    walk->seen[walk->calls++] = index;
    if (walk->calls == 1 && walk->act != NULL)
        walk->act(walk->victim);
    return walk->calls == (uint32_t)walk->stop_at ? 42 : 0;
}

/* Wait, then iterate with an action on the slot that is listed last. */
static struct walk walk_with(void (*act)(uint32_t victim))
{
    uint32_t count;
    ck_assert_int_eq(e->wait(s, 0, NULL), NSLOTS);
    const uint32_t *ready = fdslots_ready(s, &count);
    ck_assert_uint_eq(count, NSLOTS);
    struct walk walk = {.act = act, .victim = ready[NSLOTS - 1]};
    EXPECT(fdslots_iter_ready(s, visit, &walk), 0);
    return walk;
}

static void all_but_the_victim(const struct walk *walk)
{
    ck_assert_uint_eq(walk->calls, NSLOTS - 1);
    for (uint32_t c = 0; c < walk->calls; c++)
        ck_assert_uint_ne(walk->seen[c], walk->victim);
}

START_TEST(walks_in_the_order_of_the_list)
{
    e = entry_at(_i);
    struct walk walk = walk_with(NULL);
    const uint32_t *ready = fdslots_ready(s, NULL);
    ck_assert_uint_eq(walk.calls, NSLOTS);
    for (uint32_t c = 0; c < NSLOTS; c++)
        ck_assert_uint_eq(walk.seen[c], ready[c]);
    struct walk again = {0}; /* the ready set stays valid until the next wait */
    EXPECT(fdslots_iter_ready(s, visit, &again), 0);
    ck_assert_uint_eq(again.calls, NSLOTS);
}
END_TEST

START_TEST(stops_where_the_callback_says)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    for (int stop = 1; stop <= NSLOTS; stop++) {
        struct walk walk = {.stop_at = stop};
        EXPECT(fdslots_iter_ready(s, visit, &walk), 42);
        ck_assert_uint_eq(walk.calls, (unsigned)stop);
    }
}
END_TEST

static int negative(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)index, (void)fd, (void)revents;
    return -7;
}

START_TEST(returns_what_the_callback_returned)
{
    e = entry_at(_i);
    EXPECT(fdslots_iter_ready(s, negative, NULL), 0); /* without a wait, nothing is ready */
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    EXPECT(fdslots_iter_ready(s, negative, NULL), -7);
}
END_TEST

/* ---- changes from inside a callback ---- */

static void invalidate(uint32_t victim)
{
    EXPECT(fdslots_invalidate_index(s, victim), 0);
}

static void set_other(uint32_t victim)
{
    EXPECT(fdslots_set_index(s, victim, empty[0], POLLIN), 0);
}

static void set_same(uint32_t victim)
{
    EXPECT(fdslots_set_index(s, victim, full[victim][0], POLLIN), 0);
}

static void set_negative(uint32_t victim)
{
    EXPECT(fdslots_set_index(s, victim, -1, 0), 0);
}

static void pause_it(uint32_t victim)
{
    EXPECT(fdslots_pause_index(s, victim), 0);
}

static void pause_and_resume(uint32_t victim)
{
    pause_it(victim);
    EXPECT(fdslots_resume_index(s, victim), 0);
}

static void want_nothing(uint32_t victim)
{
    EXPECT(fdslots_set_events(s, victim, POLLPRI), 0);
}

/* Another file takes the number at once, as happens with an accept(2) in a callback. */
static void close_it(uint32_t victim)
{
    int fd = full[victim][0];
    EXPECT(fdslots_close_index(s, victim), 0);
    full[victim][0] = dup(empty[0]);
    ck_assert_int_eq(full[victim][0], fd);
    EXPECT(fdslots_set_index(s, victim, fd, POLLIN), 0);
}

static void (*const changes[])(uint32_t victim) = {
    invalidate, set_other,        set_same,     set_negative,
    pause_it,   pause_and_resume, want_nothing, close_it,
};

START_TEST(changed_slots_are_skipped)
{
    e = entry_at(_i % entry_count());
    struct walk walk = walk_with(changes[_i / entry_count()]);
    all_but_the_victim(&walk);
    EXPECT(fdslots_get_revents(s, walk.victim), 0);
    uint32_t count;
    fdslots_ready(s, &count); /* the slots stay listed, with revents 0 */
    ck_assert_uint_eq(count, NSLOTS);
}
END_TEST

static void clear(uint32_t victim)
{
    (void)victim;
    EXPECT_QUIET(fdslots_clear_ready(s));
}

START_TEST(clearing_ends_the_walk)
{
    e = entry_at(_i);
    ck_assert_uint_eq(walk_with(clear).calls, 1);
}
END_TEST

static void wait_again(uint32_t victim)
{
    (void)victim;
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
}

static void wait_for_less(uint32_t victim)
{
    for (uint32_t i = 0; i < NSLOTS; i++)
        if (i != victim)
            EXPECT(fdslots_invalidate_index(s, i), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
}

START_TEST(a_wait_ends_the_walk)
{
    e = entry_at(_i);
    ck_assert_uint_eq(walk_with(wait_again).calls, 1);
    struct walk walk = walk_with(wait_for_less);
    ck_assert_uint_eq(walk.calls, 1);
    ck_assert_int_eq(fdslots_get_revents(s, walk.victim), POLLIN);
    ck_assert_uint_eq(fdslots_ready(s, NULL)[0], walk.victim);
}
END_TEST

static void empty_all(uint32_t victim)
{
    (void)victim;
    for (uint32_t i = 0; i < NSLOTS; i++)
        EXPECT(fdslots_invalidate_index(s, i), 0);
}

START_TEST(emptying_all_ends_the_walk)
{
    e = entry_at(_i);
    ck_assert_uint_eq(walk_with(empty_all).calls, 1);
}
END_TEST

static int walk_inside(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct walk inner = {0};
    (void)index, (void)fd, (void)revents;
    EXPECT(fdslots_iter_ready(s, visit, &inner), 0);
    ck_assert_uint_eq(inner.calls, NSLOTS);
    ++*(uint32_t *)arg;
    return 0;
}

START_TEST(walks_nest)
{
    uint32_t calls = 0;
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    EXPECT(fdslots_iter_ready(s, walk_inside, &calls), 0);
    ck_assert_uint_eq(calls, NSLOTS);
}
END_TEST

/* ---- the set itself ---- */

static void nothing_is_ready(void)
{
    uint32_t count = 17;
    struct walk walk = {0};
    ck_assert_ptr_nonnull(fdslots_ready(s, &count));
    ck_assert_uint_eq(count, 0);
    for (uint32_t i = 0; i < NSLOTS; i++)
        EXPECT(fdslots_get_revents(s, i), 0);
    EXPECT(fdslots_iter_ready(s, visit, &walk), 0);
    ck_assert_uint_eq(walk.calls, 0);
}

START_TEST(clear_ready_clears)
{
    e = entry_at(_i);
    nothing_is_ready();
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    EXPECT_QUIET(fdslots_clear_ready(s));
    nothing_is_ready();
    EXPECT_QUIET(fdslots_clear_ready(s));
    EXPECT(e->wait(s, 0, NULL), NSLOTS); /* the slots are still there */
}
END_TEST

START_TEST(a_timeout_leaves_nothing_ready)
{
    char byte;
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    for (uint32_t i = 0; i < NSLOTS; i++)
        ck_assert_int_eq(read(full[i][0], &byte, 1), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    nothing_is_ready();
}
END_TEST

START_TEST(the_view_stays_in_place)
{
    e = entry_at(_i);
    const struct pollfd *view = fdslots_view(s);
    const uint32_t *ready = fdslots_ready(s, NULL);
    ck_assert_ptr_nonnull(view);
    EXPECT(e->wait(s, 0, NULL), NSLOTS);
    ck_assert_ptr_eq(fdslots_view(s), view);
    ck_assert_ptr_eq(fdslots_ready(s, NULL), ready);
    ck_assert_int_eq(view[3].revents, POLLIN);
    pause_it(3);
    ck_assert_int_lt(view[3].fd, 0);
    ck_assert_int_eq(view[3].revents, 0);
    invalidate(4);
    ck_assert_int_lt(view[4].fd, 0);
    ck_assert_int_eq(view[4].revents, 0);
}
END_TEST

Suite *suite_ready(void)
{
    Suite *suite = suite_create("ready");
    TCase *tcase = add_case(suite, "walk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, walks_in_the_order_of_the_list, 0, entry_count());
    tcase_add_loop_test(tcase, stops_where_the_callback_says, 0, entry_count());
    tcase_add_loop_test(tcase, returns_what_the_callback_returned, 0, entry_count());
    tcase = add_case(suite, "traps");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, changed_slots_are_skipped, 0, LENGTH(changes) * entry_count());
    tcase_add_loop_test(tcase, clearing_ends_the_walk, 0, entry_count());
    tcase_add_loop_test(tcase, a_wait_ends_the_walk, 0, entry_count());
    tcase_add_loop_test(tcase, emptying_all_ends_the_walk, 0, entry_count());
    tcase_add_loop_test(tcase, walks_nest, 0, entry_count());
    tcase = add_case(suite, "set");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, clear_ready_clears, 0, entry_count());
    tcase_add_loop_test(tcase, a_timeout_leaves_nothing_ready, 0, entry_count());
    tcase_add_loop_test(tcase, the_view_stays_in_place, 0, entry_count());
    return suite;
}
