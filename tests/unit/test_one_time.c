/* SPDX-License-Identifier: ISC
 *
 * Some files report an event only once, to whoever asks first. Whatever the library does before a
 * wait, it must either not ask such a file, or keep the answer. The test opens the file a second
 * time to ask poll(2).
 */
#include "child.h"
#include "kernel.h"
#include "one_time.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 8

/* Every test here runs in a child. */
static const struct one_time *source;
static const struct entry *e;
static struct fdslots *s;
static int fd;   /* in slot 0 */
static int twin; /* the same file, opened again for poll(2) */

/* ---- states before the event ---- */

static void set(uint32_t flags)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLPRI | flags), 0);
}

static void set_only(void)
{
    set(0);
}

static void wait_once(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void set_and_wait(void)
{
    set(0);
    wait_once();
}

static void wait_by_all(void)
{
    set(0);
    for (int i = 0; i < entry_count(); i++)
        CHILD_EXPECT(entry_at(i)->wait(s, 0, NULL), 0);
}

static void wait_by_poll(void)
{
    set(0);
    CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0), 0);
}

static void nest(void)
{
    set(0);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
}

static void look_at_nested(void)
{
    struct pollfd outer = {.fd = fdslots_epoll_fd(s), .events = POLLIN};
    CHILD_EXPECT(outer.fd >= 0, true);
    CHILD_EXPECT(poll(&outer, 1, 0) >= 0, true);
}

static void move(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, fd, POLLPRI), 0);
}

static void leave_shared(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 1), 0);
}

static void share_and_wait(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 1, fd, POLLPRI), 0);
    set_and_wait();
}

static void other_events(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI | POLLRDBAND), 0);
}

static void equal_events(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI), 0);
}

static void there_and_back(void)
{
    other_events();
    equal_events();
}

static void pause_it(void)
{
    CHILD_EXPECT(fdslots_pause_index(s, 0), 0);
}

static void resume(void)
{
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0);
}

static void pause_and_resume(void)
{
    pause_it();
    resume();
}

static void set_and_pause(void)
{
    set_and_wait();
    pause_it();
    wait_once();
}

static void wait_and_resume(void)
{
    wait_once();
    resume();
}

static void rebuild(void)
{
    CHILD_EXPECT(fdslots_rebuild(s), 0);
}

static void rebuild_twice(void)
{
    set_and_wait();
    rebuild();
    rebuild();
}

/* ---- an earlier event, reported by a one-shot slot ---- */

static void fire(void)
{
    struct pollfd pollfd = {.fd = twin, .events = POLLPRI};
    set(FDSLOTS_ONESHOT);
    wait_once();
    one_time_event(source);
    CHILD_EXPECT(poll(&pollfd, 1, 0), 1);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    wait_once();
}

static void arm(void)
{
    wait_once();
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI | FDSLOTS_ONESHOT), 0);
}

/* ---- EDGE and EXCLUSIVE, which the file does not support ---- */

static void set_edge(void)
{
    set(FDSLOTS_EDGE);
    wait_once();
}

static void edge_again(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI | FDSLOTS_EDGE), 0);
}

/* ---- effects of other slots ---- */

static int ghost_kept;

static void lose_another(void)
{
    int lost = eventfd(0, EFD_CLOEXEC);
    ghost_kept = dup(lost);
    CHILD_EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    set_and_wait();
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    close(lost);
}

static void wake_the_ghost(void)
{
    CHILD_EXPECT(eventfd_write(ghost_kept, 1), 0);
}

static void change_others(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 3, eventfd(0, EFD_CLOEXEC), POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 4, eventfd(0, EFD_CLOEXEC), POLLIN), 0);
    CHILD_EXPECT(fdslots_close_index(s, 4), 0);
}

/* ---- calls that must not ask the file ---- */

static void refuse(void)
{
    const struct timespec bad = {0, 1000000000};
    CHILD_EXPECT(fdslots_poll(s, NSLOTS + 1, 0), -EINVAL);
    CHILD_EXPECT(fdslots_ppoll(s, NSLOTS, &bad, NULL), -EINVAL);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &bad, NULL), -EINVAL);
}

static void look_elsewhere(void)
{
    CHILD_EXPECT(fdslots_poll(s, 0, 0), 0);
    CHILD_EXPECT(fdslots_get_revents(s, 0), 0);
    fdslots_clear_ready(s);
    CHILD_EXPECT(fdslots_set_max_ready(s, 1), 0);
}

static const struct way {
    const char *name;
    void (*before)(void);
    void (*after)(void); /* called between the event and the wait */
    bool by_epoll_alone;
} ways[] = {
    {"set", set_only, NULL, false},
    {"set, waited", set_and_wait, NULL, false},
    {"set again", set_and_wait, set_only, false},
    {"made anew", set_and_wait, rebuild, false},
    {"never waited, made anew", set_only, rebuild, false},
    {"made anew before", rebuild_twice, NULL, false},
    {"other events", set_and_wait, other_events, false},
    {"equal events", set_and_wait, equal_events, false},
    {"other events and back", set_and_wait, there_and_back, false},
    {"moved to another slot", set_and_wait, move, false},
    {"paused and resumed", set_and_wait, pause_and_resume, false},
    {"resumed", set_and_pause, resume, false},
    {"resumed after a wait", set_and_pause, wait_and_resume, false},
    {"one-shot, armed", fire, arm, false},
    {"one-shot, resumed", fire, wait_and_resume, false},
    {"edge", set_edge, NULL, true},
    {"edge, looked for again", set_edge, edge_again, true},
    {"nested later", set_and_wait, look_at_nested, false},
    {"nested before the first wait", set_only, look_at_nested, false},
    {"nested", nest, look_at_nested, false},
    {"waited by all", wait_by_all, NULL, false},
    {"waited by poll", wait_by_poll, NULL, false},
    {"shared", share_and_wait, leave_shared, false},
    {"beside a ghost", lose_another, wake_the_ghost, false},
    {"beside changes", set_and_wait, change_others, false},
    {"refused calls", set_and_wait, refuse, false},
    {"calls that wait for others", set_and_wait, look_elsewhere, false},
};
#define WAYS LENGTH(ways)

/* ---- the tests ---- */

static const struct way *way;

static void make(uint32_t flags)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, flags, &s), 0);
    fd = one_time_open(source);
    twin = one_time_open(source);
}

static void end(void)
{
    fdslots_destroy(s);
    close(fd);
    close(twin);
}

static uint32_t reported(void)
{
    uint32_t revents = 0;
    for (uint32_t i = 0; i < NSLOTS; i++)
        revents |= (uint32_t)fdslots_get_revents(s, i);
    return revents;
}

/* The slot reports what poll(2) says, and reports it only once. */
static void has_the_event(void)
{
    struct pollfd want = {.fd = twin, .events = POLLPRI};
    CHILD_EXPECT(poll(&want, 1, 0), 1);
    int rc = e->wait(s, 0, NULL);
    if (rc != 1 || reported() != (uint32_t)want.revents) {
        fprintf(stderr, "%s, %s, by %s: %d ready, revents %#x, not %#x\n", source->path, way->name,
                e->name, rc, (unsigned)reported(), (unsigned)want.revents);
        _exit(EXIT_FAILURE);
    }
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void go_this_way(uint32_t flags)
{
    if (way->by_epoll_alone && !e->is_epoll)
        return;
    make(flags);
    way->before();
    one_time_event(source);
    if (way->after != NULL)
        way->after();
    has_the_event();
    end();
}

static void by_each_entry(void)
{
    one_time_begin(source);
    for (int i = 0; (e = entry_at(i)) != NULL; i++) {
        go_this_way(0);
        go_this_way(FDSLOTS_CHECK);
    }
}

START_TEST(no_event_is_lost)
{
    way = &ways[_i % WAYS];
    source = one_time_at(_i / WAYS);
    child_run(by_each_entry);
}
END_TEST

Suite *suite_one_time(void)
{
    Suite *suite = suite_create("one-time files");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "one-time files");
    tcase_add_loop_test(tcase, no_event_is_lost, 0, WAYS * one_time_count());
    return suite;
}
