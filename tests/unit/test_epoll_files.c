/* SPDX-License-Identifier: ISC
 *
 * The entry points agree even where epoll(7) and poll(2) differ: files that epoll refuses, closed
 * fds, one fd in many slots, and numbers that become other files.
 */
#include "oracle.h"
#include "pair.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define NSLOTS  8
#define A_WHILE INT64_C(5000000)

static const struct entry *e;
static struct pollfd want[NSLOTS];

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    for (int i = 0; i < NSLOTS; i++)
        want[i] = (struct pollfd){-1, 0, 0};
}

static void put(uint32_t index, int fd, int events)
{
    want[index] = (struct pollfd){fd, (short)events, 0};
    EXPECT(fdslots_set_index(s, index, fd, (uint32_t)events), 0);
}

static void change(uint32_t index, int events)
{
    want[index].events = (short)events;
    EXPECT(fdslots_set_events(s, index, (uint32_t)events), 0);
}

static void drop(uint32_t index)
{
    put(index, -1, 0);
}

static int check(void)
{
    int rc = oracle_check(e, s, want, NSLOTS);
    /* Level-triggered: the same answer again. */
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), rc);
    return rc;
}

/* ---- files that epoll refuses ---- */

static int open_directory(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_null(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int (*const refused[])(void) = {regular_file, open_directory, open_null};
#define REFUSED LENGTH(refused)

START_TEST(refused_files_end_every_wait)
{
    e = entry_at(_i / REFUSED);
    int fd = refused[_i % REFUSED]();
    put(0, idle, POLLIN);
    put(3, fd, POLLIN);
    ck_assert_int_eq(check(), 1);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    put(4, fd, POLLOUT | POLLWRNORM);
    put(5, fd, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLRDBAND | POLLWRBAND);
    put(6, fd, 0);
    put(7, ready, POLLIN);
    ck_assert_int_eq(check(), 4);
    change(3, POLLPRI);
    change(4, POLLRDNORM);
    ck_assert_int_eq(check(), 3);
    change(6, POLLWRNORM);
    drop(5);
    ck_assert_int_eq(check(), 3);
    EXPECT(fdslots_pause_index(s, 6), 0);
    want[6].fd = -1;
    ck_assert_int_eq(check(), 2);
    EXPECT(fdslots_resume_index(s, 6), 0);
    want[6].fd = fd;
    ck_assert_int_eq(check(), 3);
    close(fd);
}
END_TEST

/* Refused files have events that poll(2) never reports. A wait for these alone must not spin, but
 * last its full time. */
START_TEST(refused_files_without_a_ready_bit_do_not_spin)
{
    const int silent[] = {0, POLLPRI, POLLRDHUP, POLLPRI | POLLRDHUP | POLLRDBAND, POLLWRBAND};
    e = entry_at(_i / REFUSED);
    int fd = refused[_i % REFUSED]();
    put(0, idle, POLLIN);
    for (int m = 0; m < LENGTH(silent); m++) {
        put(1 + (uint32_t)m % 2, fd, silent[m]);
        ck_assert_int_eq(check(), 0);
        uint64_t calls = stats_of(s).epoll_calls + stats_of(s).poll_calls;
        ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
        ck_assert_uint_eq(stats_of(s).epoll_calls + stats_of(s).poll_calls - calls, 1);
    }
    close(fd);
}
END_TEST

/* One number alternates between a file that epoll refuses and one that it accepts. */
START_TEST(refused_and_taken_by_turns)
{
    e = entry_at(_i);
    int file = regular_file();
    int number = dup(file);
    for (int round = 0; round < 4; round++) {
        ck_assert_int_eq(dup2(round % 2 == 0 ? file : idle, number), number);
        put(2, number, POLLIN | POLLPRI);
        ck_assert_int_eq(check(), round % 2 == 0);
        if (round >= 2) /* set, but without a wait in between */
            drop(2);
    }
    put(1, ready, POLLIN);
    put(1, file, POLLIN); /* one slot alternates between the two files */
    ck_assert_int_eq(check(), 1);
    put(1, ready, POLLIN);
    ck_assert_int_eq(check(), 1);
    put(1, file, POLLIN);
    ck_assert_int_eq(check(), 1);
    close(file);
    close(number);
}
END_TEST

/* ---- closed fds ---- */

/* A slot may hold any number, even one that no file can ever have. It reads as closed. */
START_TEST(the_highest_number)
{
    e = entry_at(_i);
    int file = regular_file();
    put(0, file, POLLIN);
    ck_assert_int_eq(check(), 1);
    if (have_epoll())
        EXPECT(fdslots_epoll_wait(s, 0), 1);
    put(0, INT_MAX, POLLIN);
    ck_assert_int_eq(check(), 1);
    EXPECT(fdslots_get_fd(s, 0), INT_MAX);
    EXPECT(fdslots_get_revents(s, 0), POLLNVAL);
    close(file);
}
END_TEST

START_TEST(closed_fds_end_every_wait)
{
    e = entry_at(_i);
    put(0, idle, POLLIN);
    put(1, 900, POLLIN);
    put(5, 901, 0);
    put(6, 901, POLLOUT);
    for (int again = 0; again < 3; again++) {
        ck_assert_int_eq(check(), 3);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
        EXPECT(fdslots_get_revents(s, 5), POLLNVAL);
    }
    change(5, POLLIN);
    drop(1);
    ck_assert_int_eq(check(), 2);
    EXPECT(fdslots_pause_index(s, 5), 0);
    EXPECT(fdslots_pause_index(s, 6), 0);
    want[5].fd = want[6].fd = -1;
    ck_assert_int_eq(check(), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    EXPECT(fdslots_resume_index(s, 6), 0);
    want[6].fd = 901;
    ck_assert_int_eq(check(), 1);
}
END_TEST

/* Nobody tells the buffer that the number is a file again. poll(2) notices it. */
START_TEST(a_closed_number_becomes_a_file_again)
{
    e = entry_at(_i);
    put(1, 900, POLLIN);
    put(2, 900, POLLOUT);
    ck_assert_int_eq(check(), 2);
    ck_assert_int_eq(dup2(idle, 900), 900);
    ck_assert_int_eq(check(), 1);
    event_set(idle);
    ck_assert_int_eq(check(), 2);
    event_clear(idle);
    drop(1);
    drop(2);
    close(900);
    put(1, 900, POLLIN);
    ck_assert_int_eq(check(), 1);
    int file = regular_file();
    ck_assert_int_eq(dup2(file, 900), 900);
    ck_assert_int_eq(check(), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    close(900);
    close(file);
}
END_TEST

static int open_ready_event(void)
{
    return event_fd(true);
}

static int (*const either[])(void) = {open_ready_event, regular_file};

/* close_index() empties one slot. The other slots with that fd keep it. */
START_TEST(a_slot_left_with_a_closed_fd)
{
    e = entry_at(_i / LENGTH(either));
    int fd = either[_i % LENGTH(either)]();
    put(1, fd, POLLIN);
    put(2, fd, POLLOUT);
    put(3, fd, POLLIN);
    put(4, fd, POLLPRI);
    ck_assert_int_eq(check(), 3);
    EXPECT(fdslots_close_index(s, 2), 0);
    want[2].fd = -1;
    ck_assert_int_eq(check(), 3);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    EXPECT(fdslots_get_revents(s, 3), POLLNVAL);
    EXPECT(fdslots_get_revents(s, 4), POLLNVAL);
}
END_TEST

/* The kernel has not yet been told of the slot that closes the fd. */
START_TEST(a_new_slot_closes_the_fd_of_others)
{
    e = entry_at(_i / LENGTH(either));
    int fd = either[_i % LENGTH(either)]();
    put(1, fd, POLLIN);
    ck_assert_int_eq(check(), 1);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
    EXPECT(fdslots_close_index(s, 2), 0);
    ck_assert_int_eq(check(), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
}
END_TEST

/* ---- one fd in many slots ---- */

START_TEST(each_slot_is_told_its_own_part)
{
    const int masks[NSLOTS] = {POLLIN, POLLOUT, POLLPRI, 0, POLLIN | POLLOUT, POLLIN, POLLRDNORM};
    e = entry_at(_i);
    for (uint32_t i = 0; i < NSLOTS; i++)
        put(i, ready, masks[i]);
    ck_assert_int_eq(check(), 4);
    for (uint32_t i = 0; i < NSLOTS; i++) { /* each slot joins, changes and leaves in turn */
        change(i, POLLOUT);
        check();
        drop(i);
        check();
        put(i, ready, masks[(i + 3) % NSLOTS]);
        check();
    }
    for (uint32_t i = 0; i < NSLOTS; i++) {
        drop((i * 3) % NSLOTS);
        check();
    }
}
END_TEST

START_TEST(shared_fds_hang_up_together)
{
    e = entry_at(_i);
    int p[2];
    make_pipe(p, false);
    put(0, p[0], 0);
    put(1, p[0], POLLIN);
    put(2, p[0], POLLPRI);
    put(3, p[0], POLLIN);
    EXPECT(fdslots_pause_index(s, 3), 0);
    want[3].fd = -1;
    ck_assert_int_eq(check(), 0);
    close(p[1]);
    ck_assert_int_eq(check(), 3);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(fdslots_get_revents(s, i), POLLHUP);
    EXPECT(fdslots_pause_index(s, 0), 0); /* the slot that stands for the others in the kernel */
    want[0].fd = -1;
    ck_assert_int_eq(check(), 2);
    drop(1);
    drop(2);
    ck_assert_int_eq(check(), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0); /* paused slots are silent */
    close(p[0]);
}
END_TEST

/* ---- numbers that become other files ---- */

START_TEST(a_reused_number)
{
    e = entry_at(_i % entry_count());
    bool wait_between = _i >= entry_count();
    int fd = event_fd(true);
    put(2, fd, POLLIN);
    ck_assert_int_eq(check(), 1);
    for (int round = 0; round < 4; round++) {
        drop(2);
        if (wait_between)
            ck_assert_int_eq(check(), 0);
        number_reused(fd, round % 2 != 0);
        put(round % 2 == 0 ? 2 : 3, fd, POLLIN); /* the same slot, then another one */
        ck_assert_int_eq(check(), round % 2 != 0);
        drop(3);
    }
    close(fd);
}
END_TEST

START_TEST(dup2_onto_a_registered_number)
{
    e = entry_at(_i);
    int number = event_fd(false);
    put(2, number, POLLIN);
    put(4, number, POLLIN | POLLOUT);
    ck_assert_int_eq(check(), 1);
    ck_assert_int_eq(dup2(ready, number), number);
    put(2, number, POLLIN);
    put(4, number, POLLIN | POLLOUT);
    ck_assert_int_eq(check(), 2);
    ck_assert_int_eq(dup2(idle, number), number);
    put(4, number, POLLIN | POLLOUT); /* a slot with the same fd makes the number known for both */
    put(2, number, POLLIN);
    ck_assert_int_eq(check(), 1);
    ck_assert_int_eq(dup2(number, number), number);
    put(2, number, POLLIN);
    ck_assert_int_eq(check(), 1);
    close(number);
}
END_TEST

/* set_index() is safe whatever happened to the number before. This holds even if another slot with
 * the number was not told. */
START_TEST(a_reused_number_set_in_another_slot)
{
    e = entry_at(_i);
    int number = event_fd(false);
    put(2, number, POLLIN);
    ck_assert_int_eq(check(), 0);
    number_reused(number, true);
    put(4, number, POLLIN);
    ck_assert_int_eq(check(), 2);
    close(number);
}
END_TEST

START_TEST(a_swap_between_slots)
{
    e = entry_at(_i);
    put(1, ready, POLLIN);
    put(2, idle, POLLIN);
    put(3, ready, POLLOUT);
    ck_assert_int_eq(check(), 2);
    for (uint32_t round = 0; round < 4; round++) {
        put(1 + round % 2, idle, POLLIN);
        put(2 - round % 2, ready, POLLIN);
        ck_assert_int_eq(check(), 2);
        EXPECT(fdslots_get_revents(s, 2 - round % 2), POLLIN);
    }
    put(1, idle, POLLIN); /* a rotation of the fds in place */
    put(3, ready, POLLIN);
    put(2, idle, POLLOUT);
    ck_assert_int_eq(check(), 2);
}
END_TEST

/* ---- no events, pauses ---- */

START_TEST(no_events_still_reports_the_end)
{
    e = entry_at(_i);
    int reader[2];
    int writer[2];
    make_pipe(reader, true);
    make_pipe(writer, false);
    put(1, reader[0], 0);
    put(2, writer[1], 0);
    ck_assert_int_eq(check(), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    close(reader[1]);
    close(writer[0]);
    ck_assert_int_eq(check(), 2);
    EXPECT(fdslots_get_revents(s, 1), POLLHUP);
    EXPECT(fdslots_get_revents(s, 2), POLLERR);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    change(1, POLLIN);
    change(1, 0);
    ck_assert_int_eq(check(), 2);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    want[1].fd = want[2].fd = -1;
    ck_assert_int_eq(check(), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    close(reader[0]);
    close(writer[1]);
}
END_TEST

Suite *suite_epoll_files(void)
{
    Suite *suite = suite_create("epoll as poll");
    TCase *tcase = add_case(suite, "where they part ways");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_loop_test(tcase, refused_files_end_every_wait, 0, REFUSED * entry_count());
    tcase_add_loop_test(tcase, refused_files_without_a_ready_bit_do_not_spin, 0,
                        REFUSED * entry_count());
    tcase_add_loop_test(tcase, refused_and_taken_by_turns, 0, entry_count());
    tcase_add_loop_test(tcase, closed_fds_end_every_wait, 0, entry_count());
    tcase_add_loop_test(tcase, the_highest_number, 0, entry_count());
    tcase_add_loop_test(tcase, a_closed_number_becomes_a_file_again, 0, entry_count());
    tcase_add_loop_test(tcase, a_slot_left_with_a_closed_fd, 0, LENGTH(either) * entry_count());
    tcase_add_loop_test(tcase, a_new_slot_closes_the_fd_of_others, 0,
                        LENGTH(either) * entry_count());
    tcase_add_loop_test(tcase, each_slot_is_told_its_own_part, 0, entry_count());
    tcase_add_loop_test(tcase, shared_fds_hang_up_together, 0, entry_count());
    tcase_add_loop_test(tcase, a_reused_number, 0, 2 * entry_count());
    tcase_add_loop_test(tcase, dup2_onto_a_registered_number, 0, entry_count());
    tcase_add_loop_test(tcase, a_reused_number_set_in_another_slot, 0, entry_count());
    tcase_add_loop_test(tcase, a_swap_between_slots, 0, entry_count());
    tcase_add_loop_test(tcase, no_events_still_reports_the_end, 0, entry_count());
    return suite;
}
