/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK reports a caller that breaks the one rule, whatever happened to the fd.
 */
#include "kernel/epoll.h"
#include "poll/poll.h"
#include "child.h"
#include "env.h"
#include "filter.h"
#include "kept.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define A_WHILE INT64_C(20000000)

static const struct entry *e;

static void setup(void)
{
    kept_setup(FDSLOTS_CHECK);
}

START_TEST(a_lost_fd_is_shown)
{
    e = entry_at(_i / KEPT_WAYS);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_lose(_i % KEPT_WAYS);
    kept_shows_loss(e);
}
END_TEST

/* The slot stays lost even if the kernel still reports the old file, and even after a rebuild of
 * the set. */
START_TEST(a_lost_fd_stays_lost)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    kept_shows_loss(e);
    ck_assert(s->ghosts_possible);
    event_set(kept);
    kept_shows_loss(e);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_rebuild(s), 0);
    kept_shows_loss(e);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLOUT), 0);
    kept_shows_loss(e);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    kept_shows_loss(e);
}
END_TEST

START_TEST(a_lost_fd_is_found_by_a_slot_set_anew)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    kept_shows_loss(e);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    event_clear(lost);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    close(lost);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_uint_eq(kept_losses(), 2);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
}
END_TEST

/* These calls make the kernel look at the file again, but they do not tell the library that the
 * file is another one. */
static void change_edge(void)
{
    EXPECT(fdslots_set_events(s, 1, POLLOUT | FDSLOTS_EDGE), 0);
}

static void pause_and_resume(void)
{
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
}

static void (*const edge_changes[])(void) = {change_edge, pause_and_resume};

START_TEST(an_edge_slot_is_lost_like_others)
{
    const bool changed_first = _i % 2 != 0;
    const bool oneshot = _i / 2 % 2 != 0;
    void (*change)(void) = edge_changes[_i / 4];
    const uint32_t events = POLLIN | FDSLOTS_EDGE | (oneshot ? FDSLOTS_ONESHOT : 0);
    event_set(lost);
    EXPECT(fdslots_set_index(s, 1, lost, events), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    kept_replace();
    if (changed_first)
        change();
    else if (oneshot)
        EXPECT(fdslots_resume_index(s, 1), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
        change();
    }
    ck_assert_uint_eq(kept_losses(), 1);
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    ck_assert_int_ge(fcntl(lost, F_GETFD), 0);
}
END_TEST

/* A new set may be impossible, for example because of RLIMIT_NOFILE. The library has then forgotten
 * what the old set held. */
START_TEST(a_lost_fd_stays_lost_without_a_set)
{
    EXPECT(fdslots_poll(s, 4, 0), 0);
    kept_replace();
    EXPECT(fdslots_poll(s, 4, 0), 1);
    fdslots_kernel_close(s);
    fdslots_clear_ready(s);
    EXPECT(fdslots_poll_slots(s, 4, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    ck_assert_uint_eq(kept_losses(), 1);
}
END_TEST

static void rebuild_it(void)
{
    EXPECT(fdslots_rebuild(s), 0);
}

static void nest_it(void)
{
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    ck_assert_int_ge(fdslots_epoll_fd(s), 0);
}

static void (*const tellings[])(void) = {rebuild_it, nest_it};

START_TEST(a_lost_fd_is_found_before_the_kernel_is_told)
{
    e = entry_at(_i / 2);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    tellings[_i % 2]();
    kept_shows_loss(e);
}
END_TEST

START_TEST(a_lost_waker_is_forgotten)
{
    EXPECT(fdslots_waker_open(s, 2), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    int fd = fdslots_get_fd(s, 2);
    number_reused(fd, false);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_close_index(s, 2), -EBADF);
    EXPECT(fdslots_wake(s), -ENOENT);
    EXPECT(fdslots_waker_open(s, 2), 0);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 0);
    close(fd);
}
END_TEST

/* Of several slots with one fd, only those that are set again see the new file. */
START_TEST(sharers_are_told_apart)
{
    const uint32_t told = (uint32_t)_i % 3 + 1;
    e = entry_at(_i / 3);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, lost, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    EXPECT(fdslots_set_index(s, told, lost, POLLIN), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
        for (uint32_t i = 1; i <= 3; i++)
            EXPECT(fdslots_get_revents(s, i), i == told ? POLLIN : POLLNVAL);
    }
    ck_assert_uint_eq(kept_losses(), 2);
}
END_TEST

/* epoll refuses a regular file. If the number then becomes a file of another kind, that is
 * noticed. */
START_TEST(a_regular_file_is_lost)
{
    e = entry_at(_i % entry_count());
    const bool replaced = _i >= entry_count();
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 2, file, POLLIN), 0);
    for (int again = 0; again < 2; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, 2), POLLIN);
    }
    close(file);
    if (replaced)
        ck_assert_int_eq(dup2(idle, file), file);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert_uint_eq(kept_losses(), 1);
    if (replaced)
        close(file);
}
END_TEST

/* A filter may refuse EPOLL_CTL_ADD, with the error of a file that cannot be polled. The kind of
 * the file shows without it that a device is not what was registered. */
static void replace_behind_a_filter(void)
{
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, EPERM);
    const int device = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    CHILD_EXPECT(dup2(device, lost), lost);
    CHILD_EXPECT(fdslots_poll(s, KEPT_SLOTS, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    CHILD_EXPECT(fdslots_close_index(s, 1), -EBADF);
}

static void in_a_set_of_its_own(void)
{
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    replace_behind_a_filter();
}

START_TEST(a_device_is_found_behind_a_filter)
{
    if (filter_works())
        child_run(in_a_set_of_its_own);
}
END_TEST

START_TEST(a_poll_of_other_slots_is_not_ended)
{
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, lost, POLLIN), 0);
    EXPECT(fdslots_poll(s, 4, 0), 0);
    kept_replace();
    EXPECT(fdslots_poll(s, 1, 0), 0);
    ck_assert_uint_eq(kept_losses(), 3);
    EXPECT(fdslots_poll(s, 2, -1), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(fdslots_poll(s, 4, -1), 2);
    EXPECT(fdslots_get_revents(s, 2), 0);
    EXPECT(fdslots_get_revents(s, 3), POLLNVAL);
    EXPECT(fdslots_poll(s, 3, -1), 1);
}
END_TEST

/* A wait reports no more lost slots than it may report slots. */
START_TEST(lost_slots_are_cut)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, lost, POLLIN), 0);
    EXPECT(fdslots_poll(s, 4, 0), 0);
    kept_replace();
    EXPECT(fdslots_set_max_ready(s, 2), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    EXPECT(fdslots_set_max_ready(s, 4), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
}
END_TEST

/* A lost fd is found even while no fd is free. */
static void without_an_fd(void)
{
    struct rlimit limit;
    setup();
    CHILD_EXPECT(fdslots_poll(s, 4, 0), 0);
    number_reused(lost, true);
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 4; /* as many as there are slots; all fds are above */
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHILD_EXPECT(fdslots_poll(s, 4, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    limit.rlim_cur = before;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHILD_EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0);
    limit.rlim_cur = 3; /* fewer than the slots: poll(2) refuses, even if a slot is lost */
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHILD_EXPECT(fdslots_poll(s, 4, 0), -EINVAL);
}

START_TEST(a_lost_fd_is_found_without_an_fd)
{
    if (!under_valgrind()) /* valgrind simulates the limit itself, for open(2) only */
        child_run(without_an_fd);
}
END_TEST

static void child_looks(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    CHILD_EXPECT(fdslots_get_revents(s, 0), 0);
}

START_TEST(a_lost_fd_is_lost_in_a_child)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    kept_shows_loss(e);
    child_run(child_looks);
}
END_TEST

START_TEST(the_table_says_so)
{
    char text[1024] = "";
    EXPECT(fdslots_poll(s, 4, 0), 0);
    kept_replace();
    EXPECT(fdslots_poll(s, 4, 0), 1);
    FILE *stream = fmemopen(text, sizeof text, "w");
    EXPECT(fdslots_dump(s, stream), 0);
    fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "NVAL"));
    ck_assert_ptr_nonnull(strstr(text, " lost\n"));
}
END_TEST

Suite *suite_check(void)
{
    Suite *suite = suite_create("check");
    const int entries = entry_count();
    if (!have_epoll())
        return suite;
    TCase *tc = add_case(suite, "rule broken");
    tcase_add_checked_fixture(tc, setup, kept_teardown);
    tcase_add_loop_test(tc, a_lost_fd_is_shown, 0, KEPT_WAYS * entries);
    tcase_add_loop_test(tc, a_lost_fd_stays_lost, 0, entries);
    tcase_add_loop_test(tc, a_lost_fd_is_found_by_a_slot_set_anew, 0, entries);
    tcase_add_loop_test(tc, sharers_are_told_apart, 0, 3 * entries);
    tcase_add_loop_test(tc, a_regular_file_is_lost, 0, 2 * entries);
    tcase_add_test(tc, a_device_is_found_behind_a_filter);
    tcase_add_test(tc, a_poll_of_other_slots_is_not_ended);
    tcase_add_loop_test(tc, lost_slots_are_cut, 0, entries);
    tcase_add_test(tc, a_lost_fd_is_found_without_an_fd);
    tcase_add_loop_test(tc, a_lost_fd_is_lost_in_a_child, 0, entries);
    tcase_add_test(tc, the_table_says_so);
    tcase_add_loop_test(tc, an_edge_slot_is_lost_like_others, 0, 4 * LENGTH(edge_changes));
    tcase_add_test(tc, a_lost_fd_stays_lost_without_a_set);
    tcase_add_loop_test(tc, a_lost_fd_is_found_before_the_kernel_is_told, 0, 2 * entries);
    tcase_add_test(tc, a_lost_waker_is_forgotten);
    return suite;
}
