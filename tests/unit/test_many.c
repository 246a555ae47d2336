/* SPDX-License-Identifier: ISC
 *
 * Large numbers: as many fds as a process may have here, a buffer in which more and more slots are
 * used, a buffer of ten million slots, and one of more slots than a wait takes events.
 */
#include "child.h"
#include "env.h"
#include "kernel.h"
#include "watches.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- many fds ---- */

#define FDS   19200
#define SPARE 100 /* fds for everything else */

static int fds[FDS];
static struct pollfd oracle[FDS];

/* Raise the limit for this child. Returns false if the limit is too low for the test. */
static bool room_for_fds(void)
{
    const struct rlimit enough = {FDS + SPARE, FDS + SPARE};
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    if (limit.rlim_max < enough.rlim_max)
        return setrlimit(RLIMIT_NOFILE, &enough) == 0; /* root may raise the hard limit */
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void compare(const struct entry *e, struct fdslots *s)
{
    int expected = poll(oracle, FDS, 0);
    uint32_t count;
    CHILD_EXPECT(e->wait(s, 0, NULL), expected);
    for (uint32_t i = 0; i < FDS; i++)
        CHILD_EXPECT(fdslots_get_revents(s, i), (uint16_t)oracle[i].revents);
    const uint32_t *ready = fdslots_ready(s, &count);
    CHILD_EXPECT(count, expected);
    /* Every slot once: the second time, its revents are already 0. */
    for (uint32_t r = 0; r < count; r++)
        oracle[ready[r]].revents = (short)(oracle[ready[r]].revents == 0 ? -1 : 0);
    for (uint32_t i = 0; i < FDS; i++)
        CHILD_EXPECT(oracle[i].revents, 0);
}

/* Make every step-th fd ready, or none if step is 0. */
static void make_ready(uint32_t step)
{
    for (uint32_t i = 0; i < FDS; i++) {
        eventfd_t taken;
        eventfd_read(fds[i], &taken);
        if (step > 0 && i % step == step - 1)
            eventfd_write(fds[i], 1);
    }
}

static void change_some(struct fdslots *s)
{
    for (uint32_t i = 0; i < FDS; i++) {
        oracle[i].events = (short)(i % 2 == 0 ? POLLIN | POLLPRI : POLLIN | POLLOUT);
        CHILD_EXPECT(fdslots_set_events(s, i, (uint16_t)oracle[i].events), 0);
    }
    for (uint32_t i = 0; i < FDS; i += 3) {
        oracle[i].fd = -1;
        CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
    }
}

static const struct entry *entry;

static void wait_on_many(void)
{
    static const uint32_t steps[] = {0, 1, 2, 1000, FDS, 0, 1};
    struct fdslots *s;
    if (!room_for_fds()) {
        printf("skipped: RLIMIT_NOFILE cannot be raised to %d\n", FDS + SPARE);
        return;
    }
    CHILD_EXPECT(fdslots_create(FDS, 0, &s), 0);
    for (uint32_t i = 0; i < FDS; i++) {
        fds[i] = event_fd(false);
        oracle[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        CHILD_EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    }
    for (int i = 0; i < LENGTH(steps); i++) {
        make_ready(steps[i]);
        compare(entry, s);
        compare(entry, s);
    }
    change_some(s);
    compare(entry, s);
    make_ready(5);
    compare(entry, s);
    for (uint32_t i = 0; i < FDS; i++)
        if (i % 3 != 0)
            CHILD_EXPECT(fdslots_close_index(s, i), 0);
    CHILD_EXPECT(entry->wait(s, 0, NULL), 0);
    fdslots_destroy(s);
}

START_TEST(more_than_19000_fds)
{
    if (under_valgrind())
        return; /* valgrind simulates the limit itself, and is slow */
    int hold = watches_hold();
    entry = entry_at(_i);
    fflush(stdout);
    child_run(wait_on_many);
    if (hold >= 0)
        close(hold);
}
END_TEST

/* ---- more and more slots ---- */

#define MORE 1024u

/* Whenever more slots come into use, the table of registrations is hashed again. */
START_TEST(a_growing_number_of_slots_share_three_fds)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *s = make_slots(MORE);
    const int shared[] = {event_fd(true), event_fd(true), event_fd(true)};
    uint32_t used = 0;
    for (uint32_t end = 3; end < MORE; end *= 2) {
        while (used < end) {
            EXPECT(fdslots_set_index(s, used, shared[used % 3], POLLIN), 0);
            used++;
        }
        EXPECT(e->wait(s, 0, NULL), (int)end);
        for (uint32_t i = 0; i < end; i++)
            EXPECT(fdslots_get_revents(s, i), POLLIN);
        EXPECT(fdslots_set_events(s, end - 1, 0), 0);
        EXPECT(e->wait(s, 0, NULL), (int)end - 1);
        EXPECT(fdslots_set_events(s, end - 1, POLLIN), 0);
    }
    fdslots_destroy(s);
    for (int i = 0; i < LENGTH(shared); i++)
        close(shared[i]);
}
END_TEST

/* ---- ten million slots ---- */

#define SLOTS 10000000u

static const uint32_t sparse[] = {0, 63, 4999999, SLOTS - 65, SLOTS - 2, SLOTS - 1};
#define SPARSE ((uint32_t)LENGTH(sparse))

static int sum_up(void *arg, uint32_t index, int fd, uint32_t revents)
{
    uint64_t *sum = arg;
    *sum += index;
    return fd >= 0 && revents == POLLIN ? 0 : -1;
}

/* All slots are ready but the one in the middle. */
static void check_sparse(struct fdslots *s, const struct entry *e)
{
    uint64_t sum = 0;
    uint64_t expected = 0;
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), SPARSE - 1);
    for (uint32_t i = 0; i < SPARSE; i++) {
        EXPECT(fdslots_get_revents(s, sparse[i]), i == 2 ? 0 : POLLIN);
        expected += i == 2 ? 0 : sparse[i];
    }
    EXPECT(fdslots_iter_ready(s, sum_up, &sum), 0);
    ck_assert_uint_eq(sum, expected);
}

/* poll(2) takes no more slots than RLIMIT_NOFILE, even if they are empty. */
static bool poll_takes(uint32_t nfds)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur >= nfds;
}

START_TEST(sparse_slots_of_ten_million)
{
    if (under_valgrind())
        return; /* valgrind simulates the limit itself, and is slow */
    struct fdslots *s = make_slots(SLOTS);
    int ready = event_fd(true);
    int idle = event_fd(false);
    for (uint32_t i = SPARSE; i-- > 0;)
        EXPECT(fdslots_set_index(s, sparse[i], i == 2 ? idle : ready, POLLIN), 0);
    uint32_t from = 0;
    for (uint32_t i = 0; i < SPARSE; from = sparse[i++] + 1)
        EXPECT(fdslots_next_used(s, from), sparse[i]);
    EXPECT(fdslots_next_used(s, SLOTS), -ENOENT);
    for (int i = 0; i < entry_count(); i++) {
        if ((entry_at(i)->is_epoll && have_epoll()) || poll_takes(SLOTS))
            check_sparse(s, entry_at(i));
        else
            EXPECT(entry_at(i)->wait(s, FDSLOTS_FOREVER, NULL), -EINVAL);
    }
    EXPECT(fdslots_poll(s, 64, -1), 2);
    for (uint32_t i = SPARSE - 1; i > 1; i--)
        EXPECT(fdslots_invalidate_index(s, sparse[i]), 0);
    for (int i = 0; i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(s, FDSLOTS_FOREVER, NULL), 2);
    fdslots_destroy(s);
    close(ready);
    close(idle);
}
END_TEST

/* ---- more slots than epoll_wait(2) takes events ---- */

#define MOST_EVENTS ((uint32_t)(INT_MAX / 12)) /* of those of x86-64, the smallest */

/* The limit of a wait is lower than the capacity, and higher than the kernel's. */
START_TEST(more_slots_than_events)
{
    struct fdslots *s;
    if (under_valgrind())
        return;
    if (fdslots_create(MOST_EVENTS + 1000, 0, &s) < 0) {
        printf("skipped: too little memory for %u slots\n", MOST_EVENTS + 1000);
        return;
    }
    const int ready = event_fd(true);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, MOST_EVENTS + 100), 0);
    for (int i = 0; i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(s, 0, NULL), 1);
    fdslots_destroy(s);
    close(ready);
}
END_TEST

Suite *suite_many(void)
{
    Suite *suite = suite_create("many");
    TCase *tcase = add_case(suite, "many");
    tcase_add_loop_test(tcase, more_than_19000_fds, 0, entry_count());
    tcase_add_loop_test(tcase, a_growing_number_of_slots_share_three_fds, 0, entry_count());
    tcase_add_test(tcase, more_slots_than_events);
    tcase = add_case(suite, "huge");
    tcase_set_tags(tcase, "huge"); /* for emulators that crash */
    tcase_add_test(tcase, sparse_slots_of_ten_million);
    return suite;
}
