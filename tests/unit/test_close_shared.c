/* SPDX-License-Identifier: ISC
 *
 * One fd is in several slots and is closed through one of them. The others then hold a closed
 * number, which may soon belong to another file. With FDSLOTS_CHECK they report that from then on,
 * and close nothing. Without it they report what poll(2) says of the number.
 */
#include "child.h"
#include "oracle.h"
#include "pair.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define NSLOTS 8
#define OTHERS 3 /* slots 1 to 3 share the fd of slot 0 */

static const struct entry *e;
static int fd; /* the shared number */

static void setup(uint32_t flags)
{
    pair_setup(NSLOTS, flags);
    EXPECT(fdslots_set_index(s, 5, idle, POLLIN), 0);
}

static void setup_checked(void)
{
    setup(FDSLOTS_CHECK);
}

static void setup_plain(void)
{
    setup(0);
}

/* ---- the files ---- */

static int open_event(void)
{
    return dup(ready);
}

static int open_null(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int open_mounts(void)
{
    return open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
}

static const struct file {
    const char *name;
    int (*open)(void);
    uint32_t flags;
    bool by_epoll_alone;
} files[] = {
    {"eventfd", open_event, 0, false},
    {"eventfd, one-shot", open_event, FDSLOTS_ONESHOT, false},
    {"eventfd, edge", open_event, FDSLOTS_EDGE, true},
    {"eventfd, exclusive", open_event, FDSLOTS_EXCLUSIVE, true},
    {"eventfd, polled", open_event, FDSLOTS_POLLED, false},
    {"regular file", regular_file, 0, false},
    {"/dev/null", open_null, 0, false},
    {"mounts", open_mounts, 0, false},
};
static const struct file *file;

static bool choose(int i)
{
    file = &files[i % LENGTH(files)];
    e = entry_at(i / LENGTH(files) % entry_count());
    if ((file->flags & FDSLOTS_EXCLUSIVE) != 0 && !have_exclusive())
        return false;
    return e->is_epoll || !file->by_epoll_alone;
}

static void fill(void)
{
    fd = file->open();
    ck_assert_int_ge(fd, 0);
    for (uint32_t i = 0; i <= OTHERS; i++)
        EXPECT(fdslots_set_index(s, i, fd, POLLIN | file->flags), 0);
}

/* ---- states of the slots before one is closed ---- */

static void never_waited(void)
{
    fill();
}

static void waited(void)
{
    fill();
    for (int again = 0; again < 3; again++)
        ck_assert_int_ge(e->wait(s, 0, NULL), 0);
}

static void waited_by_all(void)
{
    waited();
    ck_assert_int_ge(fdslots_epoll_wait(s, 0), 0);
    ck_assert_int_ge(fdslots_wait(s, 0, NULL), 0);
}

static void one_is_paused(void)
{
    fill();
    EXPECT(fdslots_pause_index(s, 0), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 0);
}

static void one_joined_since(void)
{
    waited();
    EXPECT(fdslots_set_index(s, 3, fd, POLLIN | file->flags), 0);
    EXPECT(fdslots_set_events(s, 2, file->flags), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN | file->flags), 0);
}

static void all_are_paused_and_resumed(void)
{
    waited();
    for (uint32_t i = 0; i <= OTHERS; i++)
        EXPECT(fdslots_pause_index(s, i), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 0);
    for (uint32_t i = 1; i <= OTHERS; i++)
        EXPECT(fdslots_resume_index(s, i), 0);
}

static void made_anew(void)
{
    waited();
    EXPECT(fdslots_rebuild(s), 0);
}

static void (*const states[])(void) = {
    never_waited,     waited, waited_by_all, one_is_paused, made_anew, all_are_paused_and_resumed,
    one_joined_since,
};
#define STATES LENGTH(states)

/* ---- fates of the number ---- */

static void stays_closed(void)
{
}

static void becomes_ready(void)
{
    ck_assert_int_eq(dup2(ready, fd), fd);
}

static void becomes_idle(void)
{
    ck_assert_int_eq(dup2(idle, fd), fd);
}

static void becomes_regular(void)
{
    int other = regular_file();
    if (other != fd) {
        ck_assert_int_eq(dup2(other, fd), fd);
        close(other);
    }
}

/* Another client gets the number and has a slot of its own. */
static void becomes_another_slots(void)
{
    becomes_ready();
    EXPECT(fdslots_set_index(s, 7, fd, POLLIN), 0);
}

static void (*const fates[])(void) = {stays_closed, becomes_ready, becomes_idle, becomes_regular,
                                      becomes_another_slots};
#define FATES LENGTH(fates)

static void (*fate)(void);

static bool is_open(int number)
{
    return fcntl(number, F_GETFD) >= 0;
}

/* ---- with FDSLOTS_CHECK ---- */

static void others_read_nval(void)
{
    const bool client = fate == becomes_another_slots;
    for (int again = 0; again < 3; again++) {
        for (uint32_t i = 1; i <= OTHERS; i++)
            EXPECT(fdslots_resume_index(s, i), 0); /* needed for a one-shot slot */
        EXPECT(e->wait(s, 0, NULL), OTHERS + client);
        for (uint32_t i = 1; i <= OTHERS; i++) {
            EXPECT(fdslots_get_revents(s, i), POLLNVAL);
            EXPECT(fdslots_get_fd(s, i), fd);
        }
        EXPECT(fdslots_get_revents(s, 7), client ? POLLIN : 0);
    }
}

static void others_close_nothing(void)
{
    const bool open_before = is_open(fd);
    for (uint32_t i = 1; i <= OTHERS; i++) {
        EXPECT(fdslots_close_index(s, i), -EBADF);
        EXPECT(fdslots_get_fd(s, i), -ENOENT);
        ck_assert(is_open(fd) == open_before);
    }
    EXPECT(e->wait(s, 0, NULL), fate == becomes_another_slots);
    event_set(idle);
    ck_assert_int_ge(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 5), POLLIN);
    if (open_before)
        close(fd);
}

START_TEST(the_others_are_told)
{
    if (!choose(_i))
        return;
    states[_i / LENGTH(files) / entry_count() % STATES]();
    fate = fates[_i / LENGTH(files) / entry_count() / STATES];
    EXPECT(fdslots_close_index(s, 0), 0);
    ck_assert(!is_open(fd));
    fate();
    others_read_nval();
    others_close_nothing();
}
END_TEST

/* This holds even without a wait in between. */
START_TEST(the_others_close_nothing)
{
    if (!choose(_i))
        return;
    states[_i / LENGTH(files) / entry_count() % STATES]();
    fate = fates[_i / LENGTH(files) / entry_count() / STATES];
    EXPECT(fdslots_close_index(s, 0), 0);
    fate();
    others_close_nothing();
}
END_TEST

/* The pause stays in force. After it ends, the slot reports POLLNVAL as well. */
START_TEST(a_paused_one_is_told_too)
{
    if (!choose(_i))
        return;
    waited();
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_close_index(s, 0), 0);
    becomes_ready();
    if ((file->flags & FDSLOTS_ONESHOT) != 0)
        EXPECT(fdslots_resume_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    EXPECT(fdslots_resume_index(s, 1), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    EXPECT(fdslots_close_index(s, 3), -EBADF);
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    ck_assert(is_open(fd));
    close(fd);
}
END_TEST

/* Once the slot is set again, it behaves like any other. */
START_TEST(one_that_is_set_anew_is_told_no_more)
{
    if (!choose(_i))
        return;
    waited();
    EXPECT(fdslots_close_index(s, 0), 0);
    becomes_ready();
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN), 0);
    /* This call asserts that the file is the same. */
    EXPECT(fdslots_set_events(s, 2, POLLIN | POLLPRI), 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, 0, NULL), 2);
        EXPECT(fdslots_get_revents(s, 1), POLLIN);
        EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    }
    EXPECT(fdslots_close_index(s, 2), -EBADF);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_close_index(s, 1), 0);
    ck_assert(!is_open(fd));
}
END_TEST

/* A dup has a number of its own and is not affected. */
START_TEST(a_dup_is_another_fd)
{
    if (!choose(_i))
        return;
    fill();
    int other = dup(fd);
    EXPECT(fdslots_set_index(s, 6, other, POLLIN), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_close_index(s, 0), 0);
    for (uint32_t i = 1; i <= OTHERS; i++)
        EXPECT(fdslots_invalidate_index(s, i), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 6), POLLIN);
    EXPECT(fdslots_close_index(s, 6), 0);
    ck_assert(!is_open(other));
}
END_TEST

static void child_looks(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), OTHERS);
    for (uint32_t i = 1; i <= OTHERS; i++) {
        CHILD_EXPECT(fdslots_get_revents(s, i), POLLNVAL);
        CHILD_EXPECT(fdslots_close_index(s, i), -EBADF);
    }
    CHILD_EXPECT(is_open(fd), true);
}

START_TEST(a_child_is_told_too)
{
    if (!choose(_i) || (file->flags & FDSLOTS_ONESHOT) != 0)
        return;
    waited();
    EXPECT(fdslots_close_index(s, 0), 0);
    becomes_ready();
    child_run(child_looks);
    fate = becomes_ready;
    others_close_nothing();
}
END_TEST

/* ---- without FDSLOTS_CHECK: what poll(2) says of the number ---- */

START_TEST(as_poll_says)
{
    if (!choose(_i) || file->by_epoll_alone || (file->flags & FDSLOTS_ONESHOT) != 0)
        return;
    states[_i / LENGTH(files) / entry_count() % STATES]();
    fate = fates[_i / LENGTH(files) / entry_count() / STATES];
    EXPECT(fdslots_close_index(s, 0), 0);
    fate();
    struct pollfd want[NSLOTS];
    for (uint32_t i = 0; i < NSLOTS; i++)
        want[i] = (struct pollfd){.fd = i >= 1 && i <= OTHERS ? fd : -1, .events = POLLIN};
    want[5].fd = idle;
    want[7].fd = fate == becomes_another_slots ? fd : -1;
    for (int again = 0; again < 3; again++) {
        oracle_check(e, s, want, NSLOTS);
        for (int other = 0; other < entry_count(); other++)
            oracle_check(entry_at(other), s, want, NSLOTS);
    }
    const bool was_open = is_open(fd);
    /* The library relies on the caller here. */
    EXPECT(fdslots_close_index(s, 1), was_open ? 0 : -EBADF);
    ck_assert(!is_open(fd));
    want[1].fd = -1;
    oracle_check(e, s, want, NSLOTS);
}
END_TEST

Suite *suite_close_shared(void)
{
    Suite *suite = suite_create("close of a shared fd");
    if (!have_epoll())
        return suite;
    const int each = LENGTH(files) * entry_count();
    TCase *tcase = add_case(suite, "checked");
    tcase_add_checked_fixture(tcase, setup_checked, pair_teardown);
    tcase_add_loop_test(tcase, a_paused_one_is_told_too, 0, each);
    tcase_add_loop_test(tcase, one_that_is_set_anew_is_told_no_more, 0, each);
    tcase_add_loop_test(tcase, a_dup_is_another_fd, 0, each);
    tcase_add_loop_test(tcase, a_child_is_told_too, 0, each);
    tcase = add_case(suite, "long, checked");
    tcase_set_tags(tcase, "long");
    tcase_add_checked_fixture(tcase, setup_checked, pair_teardown);
    tcase_add_loop_test(tcase, the_others_are_told, 0, FATES * STATES * each);
    tcase_add_loop_test(tcase, the_others_close_nothing, 0, FATES * STATES * each);
    tcase = add_case(suite, "long, not checked");
    tcase_set_tags(tcase, "long");
    tcase_add_checked_fixture(tcase, setup_plain, pair_teardown);
    tcase_add_loop_test(tcase, as_poll_says, 0, FATES * STATES * each);
    return suite;
}
