/* SPDX-License-Identifier: ISC
 *
 * fdslots_resize() and fdslots_move() keep everything as it is, whatever state the buffer is in.
 */
#include "child.h"
#include "kernel.h"
#include "oracle.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HIGHEST  70 /* the highest used slot */
#define KEPT     (HIGHEST + 1)
#define NSLOTS   100
#define CLOSED   900
#define ROOM     (1 << 17) /* bytes, for the largest of the capacities below */
#define SHARED_1 20
#define SHARED_2 64

static struct fdslots *s;
static int full[2];
static int idle[2];
static int unseen; /* an eventfd in an edge-triggered slot that has reported nothing yet */
static int file;
static uint64_t place[3][ROOM / sizeof(uint64_t)];

/* ---- ways to grow ---- */

static int resize(uint32_t nslots)
{
    return fdslots_resize(&s, nslots);
}

/* Move to the place that does not hold the buffer now. */
static int move(uint32_t nslots)
{
    const int there = (const void *)s == (const void *)place[0];
    memset(place[there], 0x5a, sizeof place[there]);
    return fdslots_move(s, place[there], sizeof place[there], nslots, &s);
}

static int move_and_resize(uint32_t nslots)
{
    int rc = move(nslots);
    return rc < 0 ? rc : resize(nslots);
}

static int (*const ways[])(uint32_t nslots) = {resize, move, move_and_resize};
static const uint32_t capacities[] = {KEPT, 72, NSLOTS, 128, 129, 1000};
#define CASES (LENGTH(ways) * LENGTH(capacities))

static int (*grow)(uint32_t nslots);
static uint32_t capacity;

static void choose(int i)
{
    grow = ways[i % LENGTH(ways)];
    capacity = capacities[i / LENGTH(ways) % LENGTH(capacities)];
}

/* ---- states ---- */

static void poll_all(void)
{
    EXPECT(fdslots_set_events(s, 4, POLLIN), 0); /* poll(2) knows no edges */
    ck_assert_int_gt(fdslots_poll(s, fdslots_capacity(s), 0), 0);
}

static void wait_by_set(void)
{
    ck_assert_int_gt(fdslots_epoll_wait(s, 0), 0);
    ck_assert_int_gt(fdslots_epoll_wait(s, 0), 0);
}

static void change_afterwards(void)
{
    wait_by_set();
    EXPECT(fdslots_set_events(s, 0, POLLIN | POLLPRI), 0);
    EXPECT(fdslots_set_index(s, 65, full[0], POLLIN), 0);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
}

static void hold_some(void)
{
    EXPECT(fdslots_set_max_ready(s, 2), 0);
    wait_by_set();
    EXPECT(fdslots_set_max_ready(s, UINT32_MAX), 0);
}

static void never_wait(void)
{
}

static const struct {
    void (*enter)(void);
    bool by_epoll;
} states[] = {
    {never_wait, false},       {poll_all, false}, {wait_by_set, true},
    {change_afterwards, true}, {hold_some, true},
};

static void fill(void)
{
    EXPECT(fdslots_set_index(s, 0, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, idle[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, full[1], POLLOUT), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(fdslots_set_index(s, 3, idle[1], POLLOUT | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_set_index(s, 4, unseen, POLLIN | (have_epoll() ? FDSLOTS_EDGE : 0)), 0);
    EXPECT(fdslots_set_index(s, 5, file, POLLIN), 0);
    EXPECT(fdslots_set_index(s, SHARED_1, idle[1], POLLOUT), 0);
    EXPECT(fdslots_set_index(s, SHARED_2, idle[1], POLLOUT), 0);
    EXPECT(fdslots_set_index(s, 66, CLOSED, POLLIN), 0);
    EXPECT(fdslots_set_index(s, HIGHEST, full[0], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_waker_open(s, 7), 0);
    EXPECT(fdslots_wake(s), 0);
}

static void setup(void)
{
    make_pipe(full, true);
    make_pipe(idle, false);
    unseen = event_fd(false);
    file = regular_file();
    s = make_slots(NSLOTS);
    fill();
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(full);
    close_pipe(idle);
    close(unseen);
    close(file);
}

/* ---- what must not change ---- */

struct look {
    int slots[KEPT][5];
    int64_t generation[KEPT];
    uint32_t ready[KEPT];
    uint32_t ready_count;
    struct fdslots_stats stats;
};

static void take_look(struct look *look)
{
    memset(look, 0, sizeof *look);
    for (uint32_t i = 0; i < KEPT; i++) {
        look->slots[i][0] = fdslots_get_fd(s, i);
        look->slots[i][1] = fdslots_get_events(s, i);
        look->slots[i][2] = fdslots_get_revents(s, i);
        look->slots[i][3] = fdslots_is_paused(s, i);
        look->slots[i][4] = (int)fdslots_next_free(s, i);
        look->generation[i] = fdslots_get_generation(s, i);
    }
    const uint32_t *ready = fdslots_ready(s, &look->ready_count);
    memcpy(look->ready, ready, look->ready_count * sizeof *ready);
    look->stats = stats_of(s);
}

static void agrees_with(const struct look *before)
{
    struct look now;
    take_look(&now);
    for (uint32_t i = 0; i < KEPT; i++)
        /* The search results depend on the capacity. */
        if (now.slots[i][4] < 0 || before->slots[i][4] < 0)
            now.slots[i][4] = before->slots[i][4];
    ck_assert_mem_eq(before, &now, sizeof now);
}

/* Wait by every entry point in turn. All slots that are not paused read as poll(2) says. */
static void waits_go_on(void)
{
    struct pollfd want[KEPT];
    EXPECT(fdslots_set_events(s, 4, POLLIN), 0);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    for (int i = 0; i < entry_count(); i++) {
        for (uint32_t slot = 0; slot < KEPT; slot++)
            want[slot] =
                fdslots_get_fd(s, slot) < 0
                    ? (struct pollfd){.fd = -1}
                    : (struct pollfd){fdslots_view(s)[slot].fd, fdslots_view(s)[slot].events, 0};
        ck_assert_int_gt(oracle_check(entry_at(i), s, want, KEPT), 0);
    }
    EXPECT(fdslots_waker_drain(s), 0);
    EXPECT(fdslots_poll(s, 8, 0) >= 0 && fdslots_get_revents(s, 7) == 0, 1);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_poll(s, 8, -1) > 0 && fdslots_get_revents(s, 7) == POLLIN, 1);
}

START_TEST(all_stays)
{
    struct look before;
    choose(_i);
    const int state = _i / CASES;
    if (states[state].by_epoll && !have_epoll())
        return;
    states[state].enter();
    take_look(&before);
    for (int again = 0; again < 2; again++) {
        EXPECT(grow(capacity), 0);
        EXPECT(fdslots_capacity(s), capacity);
        agrees_with(&before);
        EXPECT(grow(NSLOTS), 0);
        agrees_with(&before);
    }
    waits_go_on();
}
END_TEST

/* An edge that came before the move is reported once after it. The kernel is not told again of what
 * its set already holds. */
START_TEST(the_kernels_set_goes_on)
{
    choose(_i);
    fdslots_invalidate_index(s, 66);
    fdslots_invalidate_index(s, HIGHEST);
    fdslots_invalidate_index(s, 5);
    wait_by_set();
    const int ready = fdslots_epoll_wait(s, 0);
    event_set(unseen);
    EXPECT(grow(capacity), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), ready + 1, 0);
    EXPECT(fdslots_get_revents(s, 4), POLLIN);
    EXPECT(grow(1000), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), ready, 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 0);
}
END_TEST

/* The fd that fdslots_epoll_fd() returned for an outer loop still works. */
START_TEST(an_outer_loop_sees_it_still)
{
    choose(_i);
    int fd = fdslots_epoll_fd(s);
    ck_assert_int_ge(fd, 0);
    EXPECT(grow(capacity), 0);
    EXPECT(fdslots_epoll_fd(s), fd);
    struct pollfd outer = {fd, POLLIN, 0};
    ck_assert_int_eq(poll(&outer, 1, 0), 1);
}
END_TEST

/* A limit of "all" means all slots of the new capacity. */
START_TEST(limits_stay)
{
    choose(_i);
    for (int limited = 0; limited < 2; limited++) {
        struct fdslots *const other = s;
        s = make_slots(3);
        if (limited)
            EXPECT(fdslots_set_max_ready(s, 5), 0);
        EXPECT(grow(20), 0);
        for (uint32_t i = 0; i < 20; i++)
            EXPECT(fdslots_set_index(s, i, full[0], POLLIN), 0);
        for (int i = 0; i < entry_count(); i++)
            EXPECT(entry_at(i)->wait(s, 0, NULL), limited ? 5 : 20);
        fdslots_destroy(s);
        s = other;
    }
}
END_TEST

/* ---- growing and shrinking ---- */

/* Grow from one slot to many, use every slot as soon as it exists, and shrink again. */
START_TEST(slot_by_slot)
{
    grow = ways[_i];
    fdslots_destroy(s);
    s = make_slots(1);
    for (uint32_t n = 1; n <= 300; n++) {
        EXPECT(fdslots_next_free(s, 0), n - 1);
        EXPECT(fdslots_set_index(s, n - 1, n % 3 == 0 ? full[0] : idle[0], POLLIN), 0);
        EXPECT(fdslots_next_free(s, 0), -ENOSPC);
        EXPECT(entry_at((int)n % entry_count())->wait(s, 0, NULL), (int)n / 3);
        EXPECT(grow(n + 1), 0);
    }
    for (uint32_t n = 300; n > 0; n--) {
        EXPECT(grow(n), 0);
        EXPECT(grow(n - 1), -EINVAL);
        EXPECT(entry_at((int)n % entry_count())->wait(s, 0, NULL), (int)n / 3);
        EXPECT(fdslots_invalidate_index(s, n - 1), 0);
    }
    EXPECT(grow(1), 0);
    EXPECT(fdslots_next_used(s, 0), -ENOENT);
    fdslots_set_index(s, 0, full[0], POLLIN);
    fdslots_waker_open(s, 7);
    EXPECT(grow(NSLOTS), 0);
}
END_TEST

/* Slots that change and go before a wait leave nothing behind that would fill the memory for the
 * changes. */
START_TEST(changes_of_slots_that_go)
{
    struct pollfd want[NSLOTS] = {{.fd = idle[0], .events = POLLIN}};
    grow = ways[_i];
    fdslots_destroy(s);
    s = make_slots(1);
    for (int again = 0; again < 200; again++) {
        EXPECT(grow(NSLOTS), 0);
        for (uint32_t i = 1; i < NSLOTS; i++)
            EXPECT(fdslots_set_index(s, i, full[0], POLLIN), 0);
        for (int waits = 0; waits < again % 3; waits++) /* these poll, so that a backlog is left */
            EXPECT(fdslots_wait(s, 0, NULL), NSLOTS - 1);
        for (uint32_t i = 1; i < NSLOTS; i++)
            EXPECT(fdslots_invalidate_index(s, i), 0);
        EXPECT(grow(1), 0);
    }
    EXPECT(grow(NSLOTS), 0);
    for (uint32_t i = 1; i < NSLOTS; i++)
        want[i] = (struct pollfd){.fd = i % 3 == 0 ? full[0] : idle[0], .events = POLLIN};
    oracle_fill(s, want, NSLOTS);
    for (int e = 0; e < entry_count(); e++)
        oracle_check(entry_at(e), s, want, NSLOTS);
}
END_TEST

/* The set has not yet been told that these slots are empty. It is told before they go. */
START_TEST(what_was_emptied_above_is_out_of_the_set)
{
    grow = ways[_i];
    int gone = event_fd(false);
    int shared = event_fd(false);
    EXPECT(grow(1000), 0);
    EXPECT(fdslots_set_index(s, 900, gone, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 901, shared, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 902, shared, POLLPRI), 0);
    EXPECT(fdslots_set_index(s, 10, shared, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 903, file, POLLIN), 0);
    wait_by_set();
    const int ready = fdslots_epoll_wait(s, 0);
    for (uint32_t i = 900; i < 904; i++)
        EXPECT(fdslots_invalidate_index(s, i), 0);
    EXPECT(grow(KEPT), 0);
    event_set(gone);
    event_set(shared);
    /* Without the regular file, but with one more slot of the shared fd. */
    EXPECT(fdslots_epoll_wait(s, 0), ready);
    EXPECT(fdslots_get_revents(s, 10), POLLIN);
    EXPECT(grow(1000), 0);
    EXPECT(fdslots_epoll_wait(s, 0), ready);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 0);
    close(gone);
    close(shared);
}
END_TEST

/* The set names a slot for a shared fd, and that slot is emptied and goes. Its name may then belong
 * to no slot, or to a new one, until the set is told of the heir. */
START_TEST(the_heir_of_a_slot_that_goes_is_told)
{
    int fds[300];
    int shared = event_fd(true);
    grow = ways[_i];
    fdslots_destroy(s);
    s = make_slots(1000);
    for (uint32_t i = 0; i < LENGTH(fds); i++) {
        fds[i] = event_fd(i == 5);
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    }
    EXPECT(fdslots_set_index(s, 900, shared, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_set_index(s, 3, shared, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    EXPECT(fdslots_invalidate_index(s, 900), 0);
    EXPECT(grow(600), 0);
    EXPECT(grow(1000), 0);
    EXPECT(fdslots_set_index(s, 950, idle[0], POLLIN), 0);
    for (int wait = 0; wait < 1000; wait++)
        EXPECT(fdslots_wait(s, 0, NULL), 2);
    for (uint32_t i = 0; i < LENGTH(fds); i++)
        close(fds[i]);
    close(shared);
}
END_TEST

/* If a slot goes and comes again, it does not repeat an earlier generation. */
START_TEST(generations_do_not_come_again)
{
    grow = ways[_i];
    int64_t seen[40];
    for (int turn = 0; turn < LENGTH(seen); turn++) {
        EXPECT(fdslots_set_index(s, 90, full[0], POLLIN), 0);
        seen[turn] = fdslots_get_generation(s, 90);
        for (int before = 0; before < turn; before++)
            ck_assert_int_ne(seen[before], seen[turn]);
        EXPECT(fdslots_invalidate_index(s, 90), 0);
        EXPECT(grow(KEPT), 0);
        EXPECT(grow(NSLOTS), 0);
    }
}
END_TEST

/* Reports of slots that have gone are no longer listed. */
START_TEST(reports_of_slots_that_go)
{
    uint32_t count;
    grow = ways[_i];
    EXPECT(fdslots_set_index(s, 90, full[0], POLLIN), 0);
    poll_all();
    const int n = fdslots_poll(s, NSLOTS, 0);
    EXPECT(fdslots_invalidate_index(s, 90), 0);
    EXPECT(grow(KEPT), 0);
    fdslots_ready(s, &count);
    ck_assert_uint_eq(count, (unsigned)n - 1);
}
END_TEST

/* ---- in a child ---- */

/* The child changes the capacity of its buffer before it waits, and drops slots that its parent has
 * registered. The parent must not notice. */
static void grow_in_child(void)
{
    EXPECT(fdslots_invalidate_index(s, HIGHEST), 0);
    EXPECT(fdslots_invalidate_index(s, 66), 0);
    CHILD_EXPECT(grow(SHARED_2 + 1), 0);
    CHILD_EXPECT(fdslots_capacity(s), SHARED_2 + 1);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0) > 0, true);
    CHILD_EXPECT(fdslots_get_revents(s, 7), POLLIN);
    CHILD_EXPECT(grow(1000), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0) > 0, true);
    fdslots_destroy(s);
}

START_TEST(a_child_grows_its_own)
{
    grow = ways[_i];
    EXPECT(fdslots_set_index(s, 66, event_fd(true), POLLIN), 0);
    wait_by_set();
    const int n = fdslots_epoll_wait(s, 0);
    child_run(grow_in_child);
    const uint64_t told = stats_of(s).epoll_ctl_calls;
    EXPECT(fdslots_epoll_wait(s, 0), n);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, told);
    waits_go_on();
}
END_TEST

/* ---- refusals ---- */

START_TEST(refusals_change_nothing)
{
    struct look before;
    struct fdslots *none = NULL;
    struct fdslots *out = s;
    unsigned char *mem = (unsigned char *)place[2];
    poll_all();
    take_look(&before);
    const uint32_t bad[] = {0, 1, HIGHEST, (uint32_t)INT_MAX + 1, UINT32_MAX};
    for (int i = 0; i < LENGTH(bad); i++) {
        EXPECT(fdslots_resize(&s, bad[i]), -EINVAL);
        EXPECT(fdslots_move(s, mem, ROOM, bad[i], &out), -EINVAL);
    }
    EXPECT(fdslots_resize(NULL, 10), -EINVAL);
    EXPECT(fdslots_resize(&none, 10), -EINVAL);
    EXPECT(fdslots_move(NULL, mem, ROOM, NSLOTS, &out), -EINVAL);
    EXPECT(fdslots_move(s, NULL, ROOM, NSLOTS, &out), -EINVAL);
    EXPECT(fdslots_move(s, mem + 4, ROOM - 4, NSLOTS, &out), -EINVAL);
    EXPECT(fdslots_move(s, mem, fdslots_size(NSLOTS) - 1, NSLOTS, &out), -EINVAL);
    EXPECT(fdslots_move(s, mem, ROOM, NSLOTS, NULL), -EINVAL);
    /* The arrays of a buffer that the library has allocated do not lie beside its head. */
    struct fdslots *wide = make_slots(64 * NSLOTS);
    char *inside = (char *)(uintptr_t)fdslots_view(wide);
    EXPECT(fdslots_move(wide, inside, fdslots_size(NSLOTS), NSLOTS, &out), -EINVAL);
    fdslots_destroy(wide);
    ck_assert_ptr_eq(out, s);
    agrees_with(&before);
    EXPECT(fdslots_move(s, mem, ROOM, NSLOTS, &s), 0);
    const size_t size = fdslots_size(NSLOTS);
    EXPECT(fdslots_move(s, mem, ROOM, NSLOTS, &s), -EINVAL);
    EXPECT(fdslots_move(s, mem + 8, ROOM - 8, NSLOTS, &s), -EINVAL);
    EXPECT(fdslots_move(s, mem + size - 8, ROOM - size + 8, NSLOTS, &s), -EINVAL);
    agrees_with(&before);
    /* Memory directly beside the old one. */
    EXPECT(fdslots_move(s, mem + size, ROOM - size, NSLOTS, &s), 0);
    agrees_with(&before);
}
END_TEST

/* A buffer that the library allocated keeps its address, so no other user of it must be told. */
START_TEST(the_address_stays)
{
    struct fdslots *const address = s;
    EXPECT(resize(1000), 0);
    ck_assert_ptr_eq(s, address);
    EXPECT(resize(KEPT), 0);
    ck_assert_ptr_eq(s, address);
    EXPECT(move(NSLOTS), 0);
    EXPECT(resize(NSLOTS), 0);
    struct fdslots *const now = s;
    EXPECT(resize(1000), 0);
    ck_assert_ptr_eq(s, now);
}
END_TEST

/* Another thread may read the pointer meanwhile, so it is not written, not even with the same
 * value. */
START_TEST(the_pointer_is_not_written)
{
    struct fdslots **page =
        mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(page != MAP_FAILED);
    *page = s;
    ck_assert_int_eq(mprotect(page, sizeof *page, PROT_READ), 0);
    EXPECT(fdslots_resize(page, 1000), 0);
    EXPECT(fdslots_resize(page, KEPT), 0);
    munmap(page, sizeof *page);
}
END_TEST

Suite *suite_growth(void)
{
    Suite *suite = suite_create("growth");
    TCase *tcase = add_case(suite, "growth");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, all_stays, 0, CASES * LENGTH(states));
    tcase_add_loop_test(tcase, limits_stay, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, slot_by_slot, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, changes_of_slots_that_go, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, generations_do_not_come_again, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, reports_of_slots_that_go, 0, LENGTH(ways));
    tcase_add_test(tcase, refusals_change_nothing);
    tcase_add_test(tcase, the_address_stays);
    tcase_add_test(tcase, the_pointer_is_not_written);
    if (!have_epoll())
        return suite;
    tcase_add_loop_test(tcase, the_kernels_set_goes_on, 0, CASES);
    tcase_add_loop_test(tcase, an_outer_loop_sees_it_still, 0, CASES);
    tcase_add_loop_test(tcase, what_was_emptied_above_is_out_of_the_set, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, the_heir_of_a_slot_that_goes_is_told, 0, LENGTH(ways));
    tcase_add_loop_test(tcase, a_child_grows_its_own, 0, LENGTH(ways));
    return suite;
}
