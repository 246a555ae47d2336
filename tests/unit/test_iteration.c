/* SPDX-License-Identifier: ISC
 *
 * A callback destroys, resizes or moves the buffer whose slots are iterated, or other buffers.
 */
#include "child.h"
#include "kernel.h"

#include <pthread.h>
#include <stdlib.h>

#define NSLOTS 4
#define GROWN  1000

static struct fdslots *s;
static int full[2];

/* Every slot is ready. */
static void setup(void)
{
    make_pipe(full, true);
    s = make_slots(NSLOTS);
    for (uint32_t i = 0; i < NSLOTS; i++)
        EXPECT(fdslots_set_index(s, i, full[0], POLLIN), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), NSLOTS);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(full);
}

static int calls;
static int depth;
static void (*in_callback)(void);

static int call(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)index, (void)fd, (void)revents;
    calls++;
    if (depth-- > 0)
        EXPECT(fdslots_iter_ready(arg, call, arg), 0);
    else
        in_callback();
    return 0;
}

static void *heap;

static void destroy_it(void)
{
    fdslots_destroy(s);
    free(heap);
    s = NULL;
    heap = NULL;
}

static void resize_it(void)
{
    EXPECT(fdslots_resize(&s, GROWN), 0);
    free(heap);
    heap = NULL;
}

static void move_it(void)
{
    static uint64_t place[GROWN * 10];
    EXPECT(fdslots_move(s, place, sizeof place, GROWN, &s), 0);
    free(heap);
    heap = NULL;
}

/* Many other buffers end during their own iterations. */
static int end_another(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)index, (void)fd, (void)revents;
    fdslots_destroy(arg);
    return 0;
}

static void end_others(void)
{
    for (int buffers = 0; buffers < 1000; buffers++) {
        struct fdslots *other = make_slots(NSLOTS);
        for (uint32_t i = 0; i < NSLOTS; i++)
            EXPECT(fdslots_set_index(other, i, full[0], POLLIN), 0);
        EXPECT(fdslots_poll(other, NSLOTS, 0), NSLOTS);
        EXPECT(fdslots_iter_ready(other, end_another, other), 0);
    }
}

static void end_others_and_it(void)
{
    end_others();
    destroy_it();
    end_others();
}

static void (*const ends[])(void) = {destroy_it, resize_it, move_it, end_others_and_it};

/* The buffer may lie in the library's memory, or in memory that the caller frees at once. */
static void lie_on_the_heap(void)
{
    heap = malloc(fdslots_size(NSLOTS));
    ck_assert_ptr_nonnull(heap);
    EXPECT(fdslots_move(s, heap, fdslots_size(NSLOTS), NSLOTS, &s), 0);
}

START_TEST(it_ends_with_its_buffer)
{
    in_callback = ends[_i / 6];
    if (_i % 2 == 1)
        lie_on_the_heap();
    calls = 0;
    const int deepest = depth = _i / 2 % 3;
    EXPECT(fdslots_iter_ready(s, call, s), 0);
    ck_assert_int_eq(calls, deepest + 1);
    for (int i = 0; s != NULL && i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(s, 0, NULL), NSLOTS);
    free(heap);
    heap = NULL;
}
END_TEST

/* The iteration goes on if only other buffers have ended. */
START_TEST(it_goes_on_if_others_end)
{
    in_callback = end_others;
    calls = depth = 0;
    EXPECT(fdslots_iter_ready(s, call, s), 0);
    ck_assert_int_eq(calls, NSLOTS);
}
END_TEST

static int there[2], back[2];

static int end_in_turn(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)index, (void)fd, (void)revents;
    calls++;
    turn_give(back);
    turn_await(there);
    destroy_it();
    return 0;
}

static void *iterate(void *arg)
{
    fdslots_iter_ready(s, end_in_turn, NULL);
    return arg;
}

static int leave_to_a_thread(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)index, (void)fd, (void)revents;
    ck_assert_int_eq(pthread_create(arg, NULL, iterate, NULL), 0);
    turn_await(back);
    return 1;
}

/* Two iterations need not end in the reverse order, if a callback passes the buffer to another
 * thread, or to another context of this one. */
START_TEST(it_outlives_an_earlier_one)
{
    pthread_t thread;
    turn_make(there);
    turn_make(back);
    calls = 0;
    EXPECT(fdslots_iter_ready(s, leave_to_a_thread, &thread), 1);
    turn_give(there);
    pthread_join(thread, NULL);
    ck_assert_int_eq(calls, 1);
    close_pipe(there);
    close_pipe(back);
}
END_TEST

Suite *suite_iteration(void)
{
    Suite *suite = suite_create("iteration");
    TCase *tcase = add_case(suite, "iteration");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, it_ends_with_its_buffer, 0, 6 * LENGTH(ends));
    tcase_add_test(tcase, it_goes_on_if_others_end);
    tcase_add_test(tcase, it_outlives_an_earlier_one);
    return suite;
}
