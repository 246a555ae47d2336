/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK: a caller who breaks the one rule is shown it, whatever has become of the fd; one
 * who keeps it sees nothing but the price.
 */
#include "backend.h"
#include "child.h"
#include "kernel.h"
#include "slots.h"

#include <fcntl.h>
#include <unistd.h>

#define A_WHILE INT64_C(20000000)

static const struct entry *e;
static struct fdslots *s;
static int idle; /* in slot 0 */
static int gone; /* in slot 1 */
static int kept; /* the same file */

static void setup(void)
{
    ck_assert_int_eq(fdslots_create(4, FDSLOTS_CHECK, &s), 0);
    idle = event_fd(false);
    gone = event_fd(false);
    kept = fcntl(gone, F_DUPFD_CLOEXEC, 100);
    ck_assert_int_ge(kept, 0);
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, gone, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(idle);
    close(gone);
    close(kept);
}

static uint64_t lost(void)
{
    return stats_of(s).lost;
}

/* Slot 1 alone is ready, with POLLNVAL, also where the wait could block, and is counted once. */
static void shows_loss(void)
{
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, 0), 0);
        EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
        EXPECT(fdslots_get_fd(s, 1), gone);
        ck_assert_int_eq(fdslots_view(s)[1].fd, gone);
        ck_assert_uint_eq(lost(), 1);
    }
}

/* ---- the rule broken ---- */

static void replace(void)
{
    number_reused(gone, true);
}

static void close_it(void)
{
    close(gone);
}

static void close_the_last(void)
{
    close(kept);
    close(gone);
}

static void replace_the_last(void)
{
    close(kept);
    number_reused(gone, true);
}

static void replace_by_a_regular_file(void)
{
    int file = regular_file();
    ck_assert_int_eq(dup2(file, gone), gone);
    close(file);
}

static void change_interest(void)
{
    replace();
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
}

static void let_another_slot_have_it(void)
{
    number_reused(gone, false);
    EXPECT(fdslots_set_index(s, 2, gone, POLLIN), 0);
}

static const struct {
    const char *name;
    void (*lose)(void);
} ways[] = {
    {"replaced", replace},
    {"closed", close_it},
    {"closed, nothing kept", close_the_last},
    {"replaced, nothing kept", replace_the_last},
    {"replaced by a file that epoll refuses", replace_by_a_regular_file},
    {"replaced, then set_events", change_interest},
    {"replaced, the new file in another slot", let_another_slot_have_it},
};
#define WAYS LENGTH(ways)

START_TEST(a_lost_fd_is_shown)
{
    e = entry_at(_i / WAYS);
    EXPECT(e->wait(s, 0, NULL), 0);
    ways[_i % WAYS].lose();
    shows_loss();
}
END_TEST

/* What the kernel still says of the old file, and a set made anew, leave it lost. */
START_TEST(a_lost_fd_stays_lost)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    replace();
    shows_loss();
    ck_assert(s->epoll.ghosts_possible);
    event_set(kept);
    shows_loss();
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_rebuild(s), 0);
    shows_loss();
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLOUT), 0);
    shows_loss();
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    shows_loss();
}
END_TEST

START_TEST(a_lost_fd_is_found_by_a_slot_set_anew)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    replace();
    shows_loss();
    EXPECT(fdslots_set_index(s, 1, gone, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    event_clear(gone);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    close(gone);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_uint_eq(lost(), 2);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
}
END_TEST

/* The number is a stranger's: closing it would do more harm. */
START_TEST(a_lost_fd_is_not_closed)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    replace();
    shows_loss();
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    EXPECT(fdslots_get_fd(s, 1), -ENOENT);
    ck_assert_int_ge(fcntl(gone, F_GETFD), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* What makes the kernel look again is no word of the caller's that the file is another. */
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
    event_set(gone);
    EXPECT(fdslots_set_index(s, 1, gone, events), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    replace();
    if (changed_first)
        change();
    else if (oneshot)
        EXPECT(fdslots_resume_index(s, 1), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
        change();
    }
    ck_assert_uint_eq(lost(), 1);
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    ck_assert_int_ge(fcntl(gone, F_GETFD), 0);
}
END_TEST

/* As where RLIMIT_NOFILE lets no new set be made: what the old one held is forgotten. */
START_TEST(a_lost_fd_stays_lost_without_a_set)
{
    EXPECT(fdslots_poll(s, 4, 0), 0);
    replace();
    EXPECT(fdslots_poll(s, 4, 0), 1);
    EXPECT(fdslots_epoll_renew(s), 0);
    EXPECT(fdslots_backend_poll(s, 4, 0), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    ck_assert_uint_eq(lost(), 1);
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
    replace();
    tellings[_i % 2]();
    shows_loss();
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

/* Of the slots with one fd, those that were told see the new file. */
START_TEST(sharers_are_told_apart)
{
    const uint32_t told = (uint32_t)_i % 3 + 1;
    e = entry_at(_i / 3);
    EXPECT(fdslots_set_index(s, 2, gone, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, gone, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    replace();
    EXPECT(fdslots_set_index(s, told, gone, POLLIN), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
        for (uint32_t i = 1; i <= 3; i++)
            EXPECT(fdslots_get_revents(s, i), i == told ? POLLIN : POLLNVAL);
    }
    ck_assert_uint_eq(lost(), 2);
}
END_TEST

/* A file that epoll refuses: what became of another kind is seen. */
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
    ck_assert_uint_eq(lost(), 1);
    ck_assert_uint_eq(s->epoll.files, 0);
    if (replaced)
        close(file);
}
END_TEST

START_TEST(a_poll_of_other_slots_is_not_ended)
{
    EXPECT(fdslots_poll(s, 4, 0), 0);
    replace();
    EXPECT(fdslots_poll(s, 1, 0), 0);
    ck_assert_uint_eq(lost(), 1);
    EXPECT(fdslots_poll(s, 2, -1), 1);
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
    replace();
    shows_loss();
    child_run(child_looks);
}
END_TEST

START_TEST(the_table_says_so)
{
    char text[1024] = "";
    EXPECT(fdslots_poll(s, 4, 0), 0);
    replace();
    EXPECT(fdslots_poll(s, 4, 0), 1);
    FILE *stream = fmemopen(text, sizeof text, "w");
    EXPECT(fdslots_dump(s, stream), 0);
    fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "NVAL"));
    ck_assert_ptr_nonnull(strstr(text, " lost\n"));
}
END_TEST

/* ---- the rule kept ---- */

START_TEST(the_price_is_one_call_for_each_slot)
{
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2); /* both are new */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2); /* slot 0, and the DEL */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT(fdslots_close_index(s, 0), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    ck_assert_uint_eq(lost(), 0);
}
END_TEST

START_TEST(edges_come_once)
{
    event_set(gone);
    EXPECT(fdslots_set_index(s, 1, gone, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_wait(s, 0, NULL), 0);
    event_set(gone);
    EXPECT(fdslots_wait(s, 0, NULL), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(lost(), 0);
}
END_TEST

START_TEST(exclusive_ones_can_be_asked)
{
    if (!have_exclusive())
        return;
    EXPECT(fdslots_set_index(s, 1, gone, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(lost(), 0);
    replace();
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
}
END_TEST

/* A number that was never open is no broken rule, nor is one that is opened later. */
START_TEST(a_closed_number_is_not_lost)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0); /* so that the library's own fds are open already */
    int number = event_fd(true);
    close(number);
    EXPECT(fdslots_set_index(s, 2, number, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    ck_assert_int_eq(dup2(idle, number), number);
    event_set(idle);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    ck_assert_uint_eq(lost(), 0);
    close(number);
}
END_TEST

START_TEST(one_who_tells_is_not_shown_anything)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(gone, false), POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    number_reused(gone, false);
    EXPECT(fdslots_set_index(s, 2, gone, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert_uint_eq(lost(), 0);
}
END_TEST

/* A sync that fails leaves slots that the kernel was not told of: they are not lost. */
START_TEST(what_was_not_told_is_not_lost)
{
    const bool told_before = _i % 2 != 0;
    e = entry_at(_i / 2);
    int outer = fdslots_epoll_fd(s);
    if (told_before)
        EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 0, outer, POLLIN), 0); /* epoll refuses it, each time */
    EXPECT(fdslots_set_index(s, 1, gone, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, gone, POLLIN), 0);
    for (int again = 0; again < 3; again++) {
        e->wait(s, 0, NULL);
        EXPECT(fdslots_get_revents(s, 1), 0);
        EXPECT(fdslots_get_revents(s, 2), 0);
    }
    ck_assert_uint_eq(lost(), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    event_set(gone);
    EXPECT(e->wait(s, 0, NULL), 2);
    replace();
    EXPECT(e->wait(s, 0, NULL), 2);
    ck_assert_uint_eq(lost(), 2);
}
END_TEST

/* Who closes the set of the library has broken another rule: no slot's fd is lost. */
START_TEST(a_closed_set_is_no_lost_fd)
{
    EXPECT(fdslots_poll(s, 4, 0), 0);
    if (_i == 0)
        close(s->epoll.fd);
    else
        number_reused(s->epoll.fd, false);
    event_set(gone);
    EXPECT(fdslots_poll(s, 4, 0), 1);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    ck_assert_uint_eq(lost(), 0);
}
END_TEST

/* ---- where there is no epoll ---- */

START_TEST(without_epoll_there_is_no_check)
{
    struct fdslots *other = NULL;
    EXPECT(fdslots_create(4, FDSLOTS_CHECK | FDSLOTS_NO_EPOLL, &other), -ENOTSUP);
    if (!have_epoll())
        EXPECT(fdslots_create(4, FDSLOTS_CHECK, &other), -ENOTSUP);
    ck_assert_ptr_null(other);
}
END_TEST

Suite *suite_check(void)
{
    Suite *suite = suite_create("check");
    const int entries = entry_count();
    TCase *tc = add_case(suite, "without epoll");
    tcase_add_test(tc, without_epoll_there_is_no_check);
    if (!have_epoll())
        return suite;

    tc = add_case(suite, "rule broken");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_lost_fd_is_shown, 0, WAYS * entries);
    tcase_add_loop_test(tc, a_lost_fd_stays_lost, 0, entries);
    tcase_add_loop_test(tc, a_lost_fd_is_found_by_a_slot_set_anew, 0, entries);
    tcase_add_loop_test(tc, a_lost_fd_is_not_closed, 0, entries);
    tcase_add_loop_test(tc, sharers_are_told_apart, 0, 3 * entries);
    tcase_add_loop_test(tc, a_regular_file_is_lost, 0, 2 * entries);
    tcase_add_test(tc, a_poll_of_other_slots_is_not_ended);
    tcase_add_loop_test(tc, a_lost_fd_is_lost_in_a_child, 0, entries);
    tcase_add_test(tc, the_table_says_so);
    tcase_add_loop_test(tc, an_edge_slot_is_lost_like_others, 0, 4 * LENGTH(edge_changes));
    tcase_add_test(tc, a_lost_fd_stays_lost_without_a_set);
    tcase_add_loop_test(tc, a_lost_fd_is_found_before_the_kernel_is_told, 0, 2 * entries);
    tcase_add_test(tc, a_lost_waker_is_forgotten);

    tc = add_case(suite, "rule kept");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_price_is_one_call_for_each_slot);
    tcase_add_test(tc, edges_come_once);
    tcase_add_test(tc, exclusive_ones_can_be_asked);
    tcase_add_loop_test(tc, a_closed_number_is_not_lost, 0, entries);
    tcase_add_loop_test(tc, one_who_tells_is_not_shown_anything, 0, entries);
    tcase_add_loop_test(tc, a_closed_set_is_no_lost_fd, 0, 2);
    tcase_add_loop_test(tc, what_was_not_told_is_not_lost, 0, 2 * entries);
    return suite;
}
