/* SPDX-License-Identifier: ISC
 *
 * Every bad input that the header names: the error that it returns, and proof that nothing changed.
 */
#include "kernel.h"
#include "snapshot.h"

#include <limits.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 8

static struct fdslots *s;
static int pipe_full[2];

/* A used slot, a ready one, a paused one, a one-shot that has been reported, and an empty one
 * between them. */
static void setup(void)
{
    s = make_slots(NSLOTS);
    make_pipe(pipe_full, true);
    ck_assert_int_eq(fdslots_set_index(s, 0, pipe_full[0], POLLIN), 0);
    ck_assert_int_eq(fdslots_set_index(s, 2, pipe_full[1], POLLIN), 0);
    ck_assert_int_eq(fdslots_set_index(s, 3, pipe_full[0], POLLIN), 0);
    ck_assert_int_eq(fdslots_pause_index(s, 3), 0);
    ck_assert_int_eq(fdslots_set_index(s, 5, pipe_full[1], POLLOUT | FDSLOTS_ONESHOT), 0);
    ck_assert_int_eq(fdslots_poll(s, NSLOTS, 0), 2);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(pipe_full);
}

#define REFUSES(call, error)                                                                       \
    do {                                                                                           \
        struct snapshot before_;                                                                   \
        snapshot_take(&before_, s);                                                                \
        EXPECT(call, error);                                                                       \
        snapshot_compare(&before_, s, #call);                                                      \
    } while (0)

static const uint32_t bad_indices[] = {NSLOTS, NSLOTS + 1, INT_MAX, UINT32_MAX};

START_TEST(index_not_below_capacity)
{
    uint32_t index = bad_indices[_i];
    REFUSES(fdslots_set_index(s, index, 0, POLLIN), -EINVAL);
    REFUSES(fdslots_set_index(s, index, -1, POLLIN), -EINVAL);
    REFUSES(fdslots_set_events(s, index, POLLIN), -EINVAL);
    REFUSES(fdslots_invalidate_index(s, index), -EINVAL);
    REFUSES(fdslots_close_index(s, index), -EINVAL);
    REFUSES(fdslots_pause_index(s, index), -EINVAL);
    REFUSES(fdslots_resume_index(s, index), -EINVAL);
    REFUSES(fdslots_get_fd(s, index), -EINVAL);
    REFUSES(fdslots_get_events(s, index), -EINVAL);
    REFUSES(fdslots_get_revents(s, index), -EINVAL);
    REFUSES(fdslots_get_generation(s, index), -EINVAL);
}
END_TEST

/* Among them are bits that poll(2) itself would ignore, within its 16 bits or above them. */
static const uint32_t bad_events[] = {
    0x0800,
    0x1000,
    0x4000,
    0x8000,
    0x100000,
    0x40000000,
    0x80000000,
    UINT32_MAX,
    POLLIN | 0x200000,
    FDSLOTS_POLLED | 0x100000,
    FDSLOTS_POLLED | FDSLOTS_EXCLUSIVE | POLLPRI,
    FDSLOTS_EXCLUSIVE | FDSLOTS_ONESHOT,
    FDSLOTS_EXCLUSIVE | FDSLOTS_ONESHOT | FDSLOTS_EDGE | POLLIN,
    FDSLOTS_EXCLUSIVE | POLLPRI,
    FDSLOTS_EXCLUSIVE | POLLRDHUP,
    FDSLOTS_EXCLUSIVE | POLLRDNORM,
    FDSLOTS_EXCLUSIVE | POLLRDBAND,
    FDSLOTS_EXCLUSIVE | POLLWRNORM,
    FDSLOTS_EXCLUSIVE | POLLWRBAND,
};

START_TEST(unknown_events)
{
    REFUSES(fdslots_set_index(s, 0, pipe_full[0], bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_index(s, 7, pipe_full[0], bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_index(s, 0, -1, bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_events(s, 0, bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_events(s, 3, bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_events(s, 5, bad_events[_i]), -EINVAL);
    REFUSES(fdslots_set_events(s, 7, bad_events[_i]), -EINVAL);
}
END_TEST

START_TEST(empty_slots)
{
    for (uint32_t index = 1; index < NSLOTS; index += 5) {
        REFUSES(fdslots_set_events(s, index, POLLIN), -ENOENT);
        REFUSES(fdslots_close_index(s, index), -ENOENT);
        REFUSES(fdslots_pause_index(s, index), -ENOENT);
        REFUSES(fdslots_resume_index(s, index), -ENOENT);
        REFUSES(fdslots_get_fd(s, index), -ENOENT);
        REFUSES(fdslots_get_events(s, index), 0);
        REFUSES(fdslots_invalidate_index(s, index), 0);
        REFUSES(fdslots_set_index(s, index, -1, 0), 0);
    }
    REFUSES(fdslots_next_used(s, 6), -ENOENT);
    REFUSES(fdslots_next_used(s, NSLOTS), -ENOENT);
    REFUSES(fdslots_next_free(s, NSLOTS), -ENOSPC);
    REFUSES(fdslots_next_free(s, UINT32_MAX), -ENOSPC);
}
END_TEST

START_TEST(other_arguments)
{
    char text[4] = "abc";
    struct fdslots *out = s;
    REFUSES(fdslots_iter_ready(s, NULL, NULL), -EINVAL);
    REFUSES(fdslots_dump(s, NULL), -EINVAL);
    REFUSES(fdslots_format_events(NULL, 1, POLLIN), -EINVAL);
    ck_assert_str_eq(text, "abc");
    REFUSES(fdslots_has(0), -EINVAL);
    REFUSES(fdslots_has(4), -EINVAL);
    REFUSES(fdslots_has(UINT_MAX), -EINVAL);
    REFUSES(fdslots_init(s, 1, NSLOTS, 0, &out), -EINVAL);
    ck_assert_ptr_eq(out, s);
}
END_TEST

static const struct timespec at_once;

/* A wait that refuses its arguments does not count as a wait: the last report stays. */
START_TEST(more_slots_than_there_are)
{
    for (int i = 0; i < LENGTH(bad_indices); i++) {
        uint32_t nfds = bad_indices[i] == NSLOTS ? NSLOTS + 2 : bad_indices[i];
        REFUSES(fdslots_poll(s, nfds, 0), -EINVAL);
        REFUSES(fdslots_poll(s, nfds, -1), -EINVAL);
        REFUSES(fdslots_ppoll(s, nfds, &at_once, NULL), -EINVAL);
        REFUSES(fdslots_ppoll(s, nfds, NULL, NULL), -EINVAL);
    }
    EXPECT(fdslots_poll(s, NSLOTS, 0), 1); /* the one-shot that has been reported is silent */
}
END_TEST

static const struct timespec bad_timespecs[] = {
    {-1, 0}, {0, -1}, {0, 1000000000}, {0, LONG_MAX}, {1, LONG_MIN}, {-1, 999999999}, {LONG_MIN, 0},
};

START_TEST(bad_timespec)
{
    REFUSES(fdslots_ppoll(s, NSLOTS, &bad_timespecs[_i], NULL), -EINVAL);
    REFUSES(fdslots_ppoll(s, 0, &bad_timespecs[_i], NULL), -EINVAL);
    REFUSES(fdslots_epoll_pwait(s, &bad_timespecs[_i], NULL), have_epoll() ? -EINVAL : -ENOTSUP);
    ck_assert_uint_eq(stats_of(s).waits, 1); /* the wait of the fixture */
}
END_TEST

/* Slots that poll(2) cannot serve are refused, not ignored, and only if they are in the range of
 * the wait. */
START_TEST(poll_refuses_what_it_cannot_do)
{
    const uint32_t epoll_only[] = {FDSLOTS_EDGE, FDSLOTS_EXCLUSIVE, FDSLOTS_EDGE | FDSLOTS_ONESHOT};
    uint32_t events = POLLIN | epoll_only[_i];
    ck_assert_int_eq(fdslots_set_index(s, 6, pipe_full[0], events), 0);
    REFUSES(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    REFUSES(fdslots_poll(s, 7, 0), -ENOTSUP);
    REFUSES(fdslots_ppoll(s, NSLOTS, NULL, NULL), -ENOTSUP);
    REFUSES(fdslots_ppoll(s, 7, &at_once, NULL), -ENOTSUP);
    REFUSES(fdslots_poll(s, NSLOTS + 1, 0), -EINVAL); /* a bad argument comes first */
    REFUSES(fdslots_ppoll(s, NSLOTS, &bad_timespecs[0], NULL), -EINVAL);
    REFUSES(fdslots_ppoll(s, 6, &bad_timespecs[0], NULL), -EINVAL);
    EXPECT(fdslots_poll(s, 6, 0), 1);
    EXPECT(fdslots_ppoll(s, 6, &at_once, NULL), 1);
    EXPECT(fdslots_set_events(s, 6, POLLIN), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
    EXPECT(fdslots_set_events(s, 6, events), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), -ENOTSUP);
    EXPECT(fdslots_set_index(s, 6, pipe_full[0], POLLIN), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
    EXPECT(fdslots_set_index(s, 6, pipe_full[0], events), 0);
    EXPECT(fdslots_invalidate_index(s, 6), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 1);
}
END_TEST

START_TEST(ppoll_refuses_a_mask_it_cannot_have)
{
    const sigset_t mask = {0};
    if (fdslots_has(FDSLOTS_HAS_PPOLL) == 1)
        return;
    REFUSES(fdslots_ppoll(s, NSLOTS, &at_once, &mask), -ENOTSUP);
    REFUSES(fdslots_ppoll(s, NSLOTS, NULL, &mask), -ENOTSUP);
    EXPECT(fdslots_ppoll(s, NSLOTS, NULL, NULL), 1);
}
END_TEST

/* The caller may have been compiled with fewer counters than the library has, or with more. */
START_TEST(stats_of_any_size)
{
    struct {
        struct fdslots_stats known;
        uint64_t later;
    } got = {.known = {.poll_calls = 77}, .later = 77};
    EXPECT(fdslots_get_stats(NULL, &got.known, sizeof got), -EINVAL);
    EXPECT(fdslots_get_stats(s, NULL, sizeof got), -EINVAL);
    EXPECT(fdslots_get_stats(s, &got.known, 0), -EINVAL);
    ck_assert_uint_eq(got.known.poll_calls, 77);
    EXPECT(fdslots_get_stats(s, &got.known, sizeof got.known.waits), 0);
    ck_assert_uint_eq(got.known.waits, 1);
    ck_assert_uint_eq(got.known.poll_calls, 77);
    EXPECT(fdslots_get_stats(s, &got.known, sizeof got), 0);
    ck_assert_uint_eq(got.known.poll_calls, 1);
    ck_assert_uint_eq(got.later, 0);
}
END_TEST

static int never(void *arg, uint32_t index, int fd, uint32_t revents)
{
    ck_abort_msg("called with %p, %u, %d, %u", arg, (unsigned)index, fd, (unsigned)revents);
    return 0;
}

START_TEST(null_buffer)
{
    uint32_t count = 17;
    EXPECT(fdslots_capacity(NULL), 0);
    EXPECT(fdslots_set_index(NULL, 0, 0, 0), -EINVAL);
    EXPECT(fdslots_set_events(NULL, 0, 0), -EINVAL);
    EXPECT(fdslots_invalidate_index(NULL, 0), -EINVAL);
    EXPECT(fdslots_close_index(NULL, 0), -EINVAL);
    EXPECT(fdslots_pause_index(NULL, 0), -EINVAL);
    EXPECT(fdslots_resume_index(NULL, 0), -EINVAL);
    EXPECT(fdslots_get_fd(NULL, 0), -EINVAL);
    EXPECT(fdslots_get_events(NULL, 0), -EINVAL);
    EXPECT(fdslots_get_revents(NULL, 0), -EINVAL);
    EXPECT(fdslots_get_generation(NULL, 0), -EINVAL);
    EXPECT(fdslots_next_used(NULL, 0), -EINVAL);
    EXPECT(fdslots_poll(NULL, 0, 0), -EINVAL);
    EXPECT(fdslots_ppoll(NULL, 0, &at_once, NULL), -EINVAL);
    EXPECT(fdslots_wait(NULL, 0, NULL), -EINVAL);
    EXPECT(fdslots_iter_ready(NULL, never, NULL), -EINVAL);
    EXPECT(fdslots_dump(NULL, stderr), -EINVAL);
    EXPECT_QUIET(fdslots_clear_ready(NULL));
    EXPECT_QUIET(fdslots_destroy(NULL));
    errno = ERRNO_BEFORE;
    ck_assert_ptr_null(fdslots_view(NULL));
    ck_assert_ptr_null(fdslots_ready(NULL, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(fdslots_ready(NULL, NULL));
    ck_assert_int_eq(errno, ERRNO_BEFORE);
}
END_TEST

Suite *suite_bad_input(void)
{
    Suite *suite = suite_create("bad input");
    TCase *tcase = add_case(suite, "changes nothing");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, index_not_below_capacity, 0, LENGTH(bad_indices));
    tcase_add_loop_test(tcase, unknown_events, 0, LENGTH(bad_events));
    tcase_add_test(tcase, empty_slots);
    tcase_add_test(tcase, other_arguments);
    tcase_add_test(tcase, more_slots_than_there_are);
    tcase_add_loop_test(tcase, bad_timespec, 0, LENGTH(bad_timespecs));
    tcase_add_loop_test(tcase, poll_refuses_what_it_cannot_do, 0, 3);
    tcase_add_test(tcase, ppoll_refuses_a_mask_it_cannot_have);
    tcase_add_test(tcase, stats_of_any_size);
    tcase_add_test(tcase, null_buffer);
    return suite;
}
