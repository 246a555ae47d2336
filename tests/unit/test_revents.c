/* SPDX-License-Identifier: ISC
 *
 * All entry points return the same answers as poll(2): for every kind of fd, in every state, with
 * every sort of interest.
 */
#include "common.h"
#include "fds.h"
#include "oracle.h"

#include <time.h>
#include <unistd.h>

#define ALL                                                                                        \
    (POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND)

static const int masks[] = {
    0,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDHUP,
    POLLRDNORM,
    POLLRDBAND,
    POLLWRNORM,
    POLLWRBAND,
    POLLIN | POLLOUT,
    ALL,
    POLLERR | POLLHUP | POLLNVAL,
    POLLIN | POLLPRI | POLLRDHUP,
    ALL | POLLERR | POLLHUP | POLLNVAL,
};
#define MASKS LENGTH(masks)

/* Every kind with every mask, alone in a slot above empty ones. */
START_TEST(each_kind_alone)
{
    const struct entry *e = entry_at(_i % entry_count());
    struct subject f;
    subject_make(&f, fd_kind_at(_i / entry_count()));
    if (f.fd < 0) {
        subject_close(&f);
        return;
    }
    struct fdslots *s = make_slots(8);
    struct pollfd want[8] = {{-1, 0, 0}, {-1, 0, 0},   {-1, 0, 0}, {-1, 0, 0},
                             {-1, 0, 0}, {f.fd, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
    for (int m = 0; m < MASKS; m++) {
        want[5].events = (short)masks[m];
        EXPECT(fdslots_set_index(s, 5, f.fd, (uint32_t)masks[m]), 0);
        oracle_check(e, s, want, 8);
        oracle_check(e, s, want, 8); /* level-triggered: the same answer again */
    }
    for (int m = 0; m < MASKS; m++) {
        want[5].events = (short)masks[m];
        EXPECT(fdslots_set_events(s, 5, (uint32_t)masks[m]), 0);
        oracle_check(e, s, want, 8);
    }
    fdslots_destroy(s);
    subject_close(&f);
}
END_TEST

/* One fd is in many slots, each with another mask. Every slot reads its own part. */
START_TEST(each_kind_in_many_slots)
{
    const struct entry *e = entry_at(_i % entry_count());
    struct subject f;
    subject_make(&f, fd_kind_at(_i / entry_count()));
    if (f.fd < 0) {
        subject_close(&f);
        return;
    }
    struct fdslots *s = make_slots((uint32_t)MASKS);
    struct pollfd want[MASKS];
    for (int m = 0; m < MASKS; m++)
        want[m] = (struct pollfd){f.fd, (short)masks[m], 0};
    oracle_fill(s, want, (uint32_t)MASKS);
    oracle_check(e, s, want, (uint32_t)MASKS);
    for (uint32_t i = 0; i < (uint32_t)MASKS; i += 2) {
        EXPECT(fdslots_pause_index(s, i), 0);
        want[i].fd = -1;
    }
    oracle_check(e, s, want, (uint32_t)MASKS);
    fdslots_destroy(s);
    subject_close(&f);
}
END_TEST

/* All kinds are in one buffer, with one mask after another. Then they leave one by one. */
START_TEST(all_kinds_together)
{
    enum { MOST = 200 };
    const struct entry *e = entry_at(_i);
    static struct subject f[MOST];
    static struct pollfd want[2 * MOST];
    int kinds = fd_kind_count();
    uint32_t n = 2 * (uint32_t)kinds;
    ck_assert_int_le(kinds, MOST);
    struct fdslots *s = make_slots(n);
    for (int k = 0; k < kinds; k++) {
        subject_make(&f[k], fd_kind_at(k));
        want[2 * k] = (struct pollfd){-1, 0, 0};
        want[2 * k + 1] = (struct pollfd){f[k].fd, 0, 0};
    }
    for (int m = 0; m < MASKS; m++) {
        for (uint32_t i = 1; i < n; i += 2)
            want[i].events = (short)masks[m];
        oracle_fill(s, want, n);
        oracle_check(e, s, want, n);
    }
    for (uint32_t i = n; i > 1; i -= 2) {
        want[i - 1].fd = -1;
        EXPECT(fdslots_invalidate_index(s, i - 1), 0);
        oracle_check(e, s, want, n);
    }
    fdslots_destroy(s);
    for (int k = 0; k < kinds; k++)
        subject_close(&f[k]);
}
END_TEST

/* Revents follow the state of the file: ready, not ready, ready. */
START_TEST(each_wait_asks_again)
{
    const struct entry *e = entry_at(_i);
    int p[2];
    char byte;
    make_pipe(p, false);
    struct fdslots *s = make_slots(3);
    struct pollfd want[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {p[0], POLLIN | POLLRDNORM, 0}};
    oracle_fill(s, want, 3);
    for (int round = 0; round < 5; round++) {
        ck_assert_int_eq(oracle_check(e, s, want, 3), 1);
        ck_assert_int_eq(write(p[1], "x", 1), 1);
        ck_assert_int_eq(oracle_check(e, s, want, 3), 3);
        ck_assert_int_eq(read(p[0], &byte, 1), 1);
    }
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(fdslots_invalidate_index(s, i), 0);
    close_pipe(p);
    oracle_fill(s, want, 3); /* closed numbers, set on purpose: they read NVAL every time */
    for (int round = 0; round < 3; round++)
        ck_assert_int_eq(oracle_check(e, s, want, 3), 3);
    fdslots_destroy(s);
}
END_TEST

/* A ready slot ends a wait that would otherwise last for ever. */
START_TEST(ready_slots_end_the_wait)
{
    const struct entry *e = entry_at(_i);
    int p[2];
    make_pipe(p, true);
    struct fdslots *s = make_slots(3);
    EXPECT(fdslots_set_index(s, 1, p[0], POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_set_index(s, 1, 901, POLLIN), 0); /* a closed number */
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    fdslots_destroy(s);
    close_pipe(p);
}
END_TEST

/* ---- part of the slots: the poll entry points ---- */

static int poll_part(struct fdslots *s, uint32_t nfds)
{
    return fdslots_poll(s, nfds, 0);
}

static int ppoll_part(struct fdslots *s, uint32_t nfds)
{
    const struct timespec at_once = {0, 0};
    return fdslots_ppoll(s, nfds, &at_once, NULL);
}

static int (*const part_waits[])(struct fdslots *s, uint32_t nfds) = {poll_part, ppoll_part};

START_TEST(slots_beyond_nfds_are_left_out)
{
    int p[2];
    make_pipe(p, true);
    struct fdslots *s = make_slots(6);
    for (uint32_t i = 0; i < 5; i++)
        EXPECT(fdslots_set_index(s, i, p[0], i == 1 ? POLLPRI : POLLIN), 0);
    const int ready_in[] = {0, 1, 1, 2, 3, 4, 4};
    for (int nfds = 6; nfds >= 0; nfds--) {
        uint32_t count;
        EXPECT(part_waits[_i](s, (uint32_t)nfds), ready_in[nfds]);
        fdslots_ready(s, &count);
        ck_assert_uint_eq(count, (unsigned)ready_in[nfds]);
        for (uint32_t i = 0; i < 6; i++)
            EXPECT(fdslots_get_revents(s, i), i != 1 && i < 5 && i < (uint32_t)nfds ? POLLIN : 0);
    }
    fdslots_destroy(s);
    close_pipe(p);
}
END_TEST

Suite *suite_revents(void)
{
    Suite *suite = suite_create("revents");
    TCase *tcase = add_case(suite, "as poll(2)");
    tcase_add_loop_test(tcase, each_kind_alone, 0, fd_kind_count() * entry_count());
    tcase_add_loop_test(tcase, each_kind_in_many_slots, 0, fd_kind_count() * entry_count());
    tcase_add_loop_test(tcase, all_kinds_together, 0, entry_count());
    tcase_add_loop_test(tcase, each_wait_asks_again, 0, entry_count());
    tcase_add_loop_test(tcase, ready_slots_end_the_wait, 0, entry_count());
    tcase_add_loop_test(tcase, slots_beyond_nfds_are_left_out, 0, LENGTH(part_waits));
    return suite;
}
