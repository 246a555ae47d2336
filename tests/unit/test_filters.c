/* SPDX-License-Identifier: ISC
 *
 * A filter of system calls refuses one call of the library, or all but poll(2), from the start or
 * after some waits. Every wait then returns the answer of poll(2) or an error, never a wrong
 * answer, and fdslots_has() tells the truth.
 */
#include "child.h"
#include "common.h"
#include "filter.h"
#include "kernel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the calls ---- */

/* A system call, and one of the numbers under which the C library may make it. */
struct call {
    const char *name;
    long number;
};

static const struct call calls[] = {
#ifdef SYS_poll
    {"poll", SYS_poll},
#endif
    {"ppoll", SYS_ppoll},
#ifdef SYS_ppoll_time64
    {"ppoll", SYS_ppoll_time64},
#endif
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_ctl", SYS_epoll_ctl},
#ifdef SYS_epoll_wait
    {"epoll_wait", SYS_epoll_wait},
#endif
    {"epoll_pwait", SYS_epoll_pwait},
    {"epoll_pwait2", SYS_epoll_pwait2},
    {"eventfd2", SYS_eventfd2},
    {"pipe2", SYS_pipe2},
    {"fstat", SYS_fstat},
#ifdef SYS_fstat64
    {"fstat", SYS_fstat64},
#endif
#ifdef SYS_newfstatat
    {"fstat", SYS_newfstatat},
#endif
#ifdef SYS_fstatat64
    {"fstat", SYS_fstatat64},
#endif
    {"fstat", SYS_statx},
    {"fcntl", SYS_fcntl},
#ifdef SYS_fcntl64
    {"fcntl", SYS_fcntl64},
#endif
    {"close", SYS_close},
    {"openat", SYS_openat},
    {"read", SYS_read},
    {"write", SYS_write},
    {"pselect6", SYS_pselect6},
#ifdef SYS_pselect6_time64
    {"pselect6", SYS_pselect6_time64},
#endif
    {"madvise", SYS_madvise},
};

static const int errors[] = {ENOSYS, EPERM, EACCES};

static void refuse(const struct call *call, int error)
{
    for (int i = 0; i < LENGTH(calls); i++)
        if (strcmp(calls[i].name, call->name) == 0)
            filter_refuse(calls[i].number, FILTER_ANY, error);
}

/* Without poll(2) there is no answer, and without the others the test itself cannot run. */
static bool is_needed(const struct call *call)
{
    const char *const needed[] = {calls[0].name, "close", "write"};
    for (int i = 0; i < LENGTH(needed); i++)
        if (strcmp(call->name, needed[i]) == 0)
            return true;
    return false;
}

static bool is_second_number(const struct call *call)
{
    return call != calls && strcmp(call->name, call[-1].name) == 0;
}

/* ---- the slots ---- */

enum { QUIET_PIPE, FULL_PIPE, WRITABLE, READY_EVENT, QUIET_EVENT, REGULAR, CLOSED, SLOTS };

static struct pollfd want[SLOTS];
static int ready_count;

static void make_files(void)
{
    int quiet[2], full[2];
    make_pipe(quiet, false);
    make_pipe(full, true);
    want[QUIET_PIPE] = (struct pollfd){.fd = quiet[0], .events = POLLIN};
    want[FULL_PIPE] = (struct pollfd){.fd = full[0], .events = POLLIN};
    want[WRITABLE] = (struct pollfd){.fd = full[1], .events = POLLIN | POLLOUT};
    want[READY_EVENT] = (struct pollfd){.fd = event_fd(true), .events = POLLIN};
    want[QUIET_EVENT] = (struct pollfd){.fd = event_fd(false), .events = POLLIN | POLLPRI};
    want[REGULAR] = (struct pollfd){.fd = regular_file(), .events = POLLIN};
    want[CLOSED] = (struct pollfd){.fd = 900, .events = POLLIN};
    ready_count = poll(want, SLOTS, 0);
}

static struct fdslots *filled(uint32_t flags)
{
    struct fdslots *s;
    CHILD_EXPECT(fdslots_create(SLOTS + 1, flags, &s), 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        CHILD_EXPECT(fdslots_set_index(s, i, want[i].fd, (uint32_t)want[i].events), 0);
    return s;
}

/* ---- questions to the library ---- */

static int refused_with;

static bool is_honest(int rc)
{
    return rc == -refused_with || rc == -ENOTSUP;
}

/* Returns whether the wait gave an answer. If so, it must be that of poll(2). */
static bool answers(const struct entry *e, struct fdslots *s, int64_t timeout, const sigset_t *mask)
{
    const int rc = e->wait(s, timeout, mask);
    if (rc < 0) {
        CHILD_EXPECT(is_honest(rc), true);
        return false;
    }
    CHILD_EXPECT(rc, ready_count);
    for (uint32_t i = 0; i < SLOTS; i++)
        CHILD_EXPECT(fdslots_get_revents(s, i), want[i].revents);
    return true;
}

static void ask_all(struct fdslots *s)
{
    sigset_t none;
    sigprocmask(SIG_SETMASK, NULL, &none);
    for (int i = 0; i < entry_count(); i++) {
        const struct entry *e = entry_at(i);
        const int64_t days = INT64_C(86400000000000);
        const int64_t timeouts[] = {0, 500000, 1000000, 30 * days, FDSLOTS_FOREVER};
        for (int t = 0; t < LENGTH(timeouts); t++) {
            answers(e, s, timeouts[t], NULL);
            if (e->takes_mask)
                answers(e, s, timeouts[t], &none);
        }
    }
}

/* poll(2) must still work, unless the filter refuses poll(2) itself. */
static void ask_what_must_work(const struct call *call)
{
    const bool without_poll = call != NULL && strcmp(call->name, "poll") == 0;
    const bool either = !without_poll || fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
    struct fdslots *s = filled(FDSLOTS_NO_EPOLL);
    CHILD_EXPECT(answers(entry_for(ENTRY_POLL), s, 0, NULL), either);
    CHILD_EXPECT(answers(entry_for(ENTRY_PPOLL), s, 500000, NULL), either);
    CHILD_EXPECT(answers(entry_for(ENTRY_WAIT), s, 500000, NULL), either);
    fdslots_destroy(s);
}

/* The features that fdslots_has() reports must work. */
static void ask_features(struct fdslots *s)
{
    sigset_t none;
    sigprocmask(SIG_SETMASK, NULL, &none);
    if (have_epoll() && fdslots_has(FDSLOTS_HAS_EPOLL_NS) == 1)
        CHILD_EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), 1);
    if (have_epoll() && fdslots_has(FDSLOTS_HAS_EPOLL) == 0)
        CHILD_EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL_NS), 0);
    if (fdslots_has(FDSLOTS_HAS_PPOLL) == 1)
        CHILD_EXPECT(answers(entry_for(ENTRY_PPOLL), s, 0, &none), true);
}

/* Without eventfd(2), the waker is a pipe. */
static void ask_waker(struct fdslots *s, const struct call *call)
{
    const bool is_pipe = call != NULL && strcmp(call->name, "eventfd2") == 0;
    const int before = is_pipe ? open_fds() : 0;
    const int rc = fdslots_waker_open(s, SLOTS);
    if (is_pipe)
        CHILD_EXPECT(rc, 0);
    if (rc < 0) {
        CHILD_EXPECT(is_honest(rc), true);
        return;
    }
    const int woken = fdslots_wake(s);
    CHILD_EXPECT(woken == 0 || is_honest(woken), true);
    const int n = fdslots_wait(s, 0, NULL);
    CHILD_EXPECT(n == ready_count + (woken == 0) || is_honest(n), true);
    const int drained = fdslots_waker_drain(s);
    CHILD_EXPECT(drained == 0 || is_honest(drained), true);
    const int closed = fdslots_close_index(s, SLOTS);
    CHILD_EXPECT(closed == 0 || is_honest(closed), true);
    CHILD_EXPECT(fdslots_get_fd(s, SLOTS), -ENOENT);
    if (is_pipe)
        CHILD_EXPECT(open_fds(), before); /* both ends are closed */
    fdslots_waker_open(s, SLOTS);         /* the end of the buffer closes this one */
}

/* A mask needs ppoll(2) if the wait has to block. */
static void ask_mask(const struct call *call)
{
    if (call == NULL || strcmp(call->name, "ppoll") != 0)
        return;
    sigset_t none;
    sigprocmask(SIG_SETMASK, NULL, &none);
    const struct timespec at_once = {0, 0}, soon = {0, 1000000};
    struct fdslots *s = make_slots(1);
    CHILD_EXPECT(fdslots_set_index(s, 0, want[QUIET_PIPE].fd, POLLIN), 0);
    const int rc = fdslots_ppoll(s, 1, &at_once, &none);
    CHILD_EXPECT(rc == 0 || rc == -ENOTSUP, true);
    CHILD_EXPECT(fdslots_ppoll(s, 1, &soon, &none), -ENOTSUP);
    fdslots_destroy(s);
}

static void ask_everything(struct fdslots *s, const struct call *call)
{
    ask_all(s);
    ask_features(s);
    ask_waker(s, call);
    ask_mask(call);
    ask_all(s);
    ask_what_must_work(call);
    const int fd = fdslots_epoll_fd(s);
    CHILD_EXPECT(fd >= 0 || is_honest(fd), true);
    const int rebuilt = fdslots_rebuild(s);
    CHILD_EXPECT(rebuilt == 0 || is_honest(rebuilt), true);
    ask_all(s);
    const int closed = fdslots_close_index(s, FULL_PIPE);
    CHILD_EXPECT(closed == 0 || is_honest(closed), true);
    CHILD_EXPECT(fdslots_get_fd(s, FULL_PIPE), -ENOENT);
    fdslots_destroy(s);
}

/* ---- the cases ---- */

static const struct call *refused; /* the refused call; NULL for all that are not needed */
static bool from_the_start;
static uint32_t flags;

static void under_the_filter(void)
{
    make_files();
    struct fdslots *s = filled(flags);
    if (!from_the_start)
        ask_all(s);
    for (int i = 0; i < LENGTH(calls); i++)
        if (!is_second_number(&calls[i]) &&
            (refused == NULL ? !is_needed(&calls[i]) : &calls[i] == refused))
            refuse(&calls[i], refused_with);
    ask_everything(s, refused);
}

START_TEST(no_answer_is_wrong)
{
    if (!filter_works())
        return;
    int i = _i;
    refused_with = errors[i % LENGTH(errors)];
    i /= LENGTH(errors);
    from_the_start = i % 2 == 0;
    i /= 2;
    flags = i % 2 == 0 || !have_epoll() ? 0 : FDSLOTS_CHECK;
    i /= 2;
    refused = i < LENGTH(calls) ? &calls[i] : NULL;
    if (refused == NULL || !is_second_number(refused))
        child_run(under_the_filter);
}
END_TEST

Suite *suite_filters(void)
{
    Suite *suite = suite_create("filters");
    TCase *tcase = add_case(suite, "filters");
    tcase_add_loop_test(tcase, no_answer_is_wrong, 0, (LENGTH(calls) + 1) * LENGTH(errors) * 4);
    return suite;
}
