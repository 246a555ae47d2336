/* SPDX-License-Identifier: ISC
 *
 * poll(2) refuses more pollfds than RLIMIT_NOFILE, whatever they hold. This also shows how many
 * slots the library passes to the kernel.
 */
#include "common.h"
#include "env.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LIMIT  64
#define NSLOTS 1000

static struct fdslots *s;
static int full[2];
static struct rlimit before;

static void setup(void)
{
    s = make_slots(NSLOTS);
    make_pipe(full, true);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit low = {LIMIT, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    fdslots_destroy(s);
    close_pipe(full);
}

/* The kernel gets no slots above the highest used one. */
START_TEST(empty_slots_at_the_end_do_not_count)
{
    const struct entry *e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, LIMIT - 1, full[0], POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_set_index(s, NSLOTS - 1, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 500, full[0], POLLIN), 0);
    /* The highest used slot moves down, twice. */
    EXPECT(fdslots_invalidate_index(s, NSLOTS - 1), 0);
    EXPECT(fdslots_set_index(s, 500, -1, 0), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_set_index(s, LIMIT, dup(full[0]), POLLIN), 0);
    EXPECT(fdslots_close_index(s, LIMIT), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_invalidate_index(s, LIMIT - 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

static int poll_part(uint32_t nfds)
{
    return fdslots_poll(s, nfds, 0);
}

static int ppoll_part(uint32_t nfds)
{
    const struct timespec at_once = {0, 0};
    return fdslots_ppoll(s, nfds, &at_once, NULL);
}

static int (*const polls[])(uint32_t nfds) = {poll_part, ppoll_part};

/* Nor does it get empty slots at the end of a part of the slots. */
START_TEST(a_part_ends_with_its_highest_used_slot)
{
    EXPECT(fdslots_set_index(s, 3, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, NSLOTS - 1, full[0], POLLIN), 0);
    EXPECT(polls[_i](NSLOTS - 1), 1);
    EXPECT(polls[_i](4), 1);
    EXPECT(polls[_i](3), 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    EXPECT(polls[_i](NSLOTS - 1), 0);
}
END_TEST

START_TEST(poll_passes_the_refusal_on)
{
    uint32_t count = 17;
    if (under_valgrind())
        return; /* valgrind simulates the limit itself, for open(2) only */
    EXPECT(fdslots_set_index(s, 3, full[0], POLLIN), 0);
    EXPECT(polls[_i](NSLOTS), 1);
    EXPECT(fdslots_set_index(s, LIMIT, full[0], POLLIN), 0);
    EXPECT(polls[_i](NSLOTS), -EINVAL);
    fdslots_ready(s, &count);
    ck_assert_uint_eq(count, 0);
    EXPECT(fdslots_get_revents(s, 3), 0); /* the kernel leaves old revents there when it refuses */
    EXPECT(fdslots_get_fd(s, 3), full[0]);
    EXPECT(fdslots_get_fd(s, LIMIT), full[0]);
    EXPECT(polls[_i](LIMIT), 1); /* only the range of the wait counts, not the size of the buffer */
    EXPECT(fdslots_pause_index(s, LIMIT), 0);
    EXPECT(polls[_i](NSLOTS), -EINVAL); /* a paused slot counts as used */
    EXPECT(fdslots_invalidate_index(s, LIMIT), 0);
    EXPECT(polls[_i](NSLOTS), 1);
}
END_TEST

Suite *suite_limits(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = add_case(suite, "RLIMIT_NOFILE");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, empty_slots_at_the_end_do_not_count, 0, entry_count());
    tcase_add_loop_test(tcase, a_part_ends_with_its_highest_used_slot, 0, LENGTH(polls));
    tcase_add_loop_test(tcase, poll_passes_the_refusal_on, 0, LENGTH(polls));
    return suite;
}
