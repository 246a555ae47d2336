/* SPDX-License-Identifier: ISC
 *
 * Pressure triggers (PSI), which report an event only once. It takes seconds to cause one, so all
 * buffers use the same event: each has a trigger of its own, and the kernel checks all triggers at
 * the same time. The first and the last trigger are witnesses, which show when the event came.
 */
#include "child.h"
#include "kernel.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRESSURE "/proc/pressure/cpu"
/* 50 ms of pressure within the usual window of 2 s, in microseconds */
#define TRIGGER "some 50000 2000000"
/* Processes that compete for one processor, so that two of them always wait. */
#define BURNERS   3
#define TRIES     5
#define MOST_TIME 20000 /* in ms; no test measures it */

static struct fdslots *s;
static const struct entry *e;
static int fd;

static void set_only(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLPRI), 0);
}

static void set_and_wait(void)
{
    set_only();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void set_and_pause(void)
{
    set_and_wait();
    CHILD_EXPECT(fdslots_pause_index(s, 0), 0);
}

static void nothing(void)
{
}

static void other_events(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI | POLLRDBAND), 0);
}

static void rebuild(void)
{
    CHILD_EXPECT(fdslots_rebuild(s), 0);
}

static void nest(void)
{
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
}

static void wait_and_resume(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0);
}

static const struct way {
    const char *name;
    void (*before)(void);
    void (*after)(void);
    uint32_t flags;
} ways[] = {
    {"set", set_only, nothing, 0},
    {"set, waited", set_and_wait, nothing, 0},
    {"set again", set_and_wait, set_only, 0},
    {"other events", set_and_wait, other_events, 0},
    {"made anew", set_and_wait, rebuild, 0},
    {"nested", set_and_wait, nest, 0},
    {"resumed", set_and_pause, wait_and_resume, 0},
    {"set, checked", set_only, nothing, FDSLOTS_CHECK},
};
#define WAYS LENGTH(ways)

#define MOST_SUBJECTS (WAYS * ENTRY_POINTS)

static struct subject {
    struct fdslots *s;
    int fd;
} subjects[MOST_SUBJECTS];

static int open_trigger(void)
{
    int trigger = open(PRESSURE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (trigger >= 0 && write(trigger, TRIGGER, sizeof TRIGGER) == sizeof TRIGGER)
        return trigger;
    dprintf(STDOUT_FILENO, "skipped: no trigger for " PRESSURE " here\n");
    _exit(EXIT_SUCCESS);
}

static bool is_quiet(int witness)
{
    struct pollfd pollfd = {.fd = witness, .events = POLLPRI};
    return poll(&pollfd, 1, 0) == 0;
}

static void make_subject(int i)
{
    const struct way *way = &ways[i % WAYS];
    struct subject *subject = &subjects[i];
    e = entry_at(i / WAYS);
    CHILD_EXPECT(fdslots_create(4, way->flags, &subject->s), 0);
    s = subject->s;
    fd = subject->fd = open_trigger();
    way->before();
}

static void end_subject(int i)
{
    fdslots_destroy(subjects[i].s);
    close(subjects[i].fd);
}

/* Make all triggers. Returns false if the machine was already busy before all of them existed; the
 * caller then tries again. A witness that was seen to be busy reads quiet the next time. */
static bool make_all(int count, int witness[2])
{
    witness[0] = open_trigger();
    int made = 0;
    while (made < count && is_quiet(witness[0]))
        make_subject(made++);
    witness[1] = open_trigger();
    if (made == count && is_quiet(witness[0]) && is_quiet(witness[1]))
        return true;
    while (made > 0)
        end_subject(--made);
    close(witness[0]);
    close(witness[1]);
    return false;
}

static _Noreturn void burn(void)
{
    alarm(MOST_TIME / 1000);
    for (;;)
        ;
}

static void make_pressure(const int witness[2])
{
    pid_t burner[BURNERS];
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    for (int i = 0; i < BURNERS; i++)
        if ((burner[i] = fork()) == 0) {
            sched_setaffinity(0, sizeof one, &one);
            burn();
        }
    for (int i = 0; i < 2; i++) {
        struct pollfd pollfd = {.fd = witness[i], .events = POLLPRI};
        CHILD_EXPECT(poll(&pollfd, 1, MOST_TIME), 1);
    }
    for (int i = 0; i < BURNERS; i++) {
        kill(burner[i], SIGKILL);
        waitpid(burner[i], NULL, 0);
    }
}

static void has_the_event(int i)
{
    const struct way *way = &ways[i % WAYS];
    e = entry_at(i / WAYS);
    s = subjects[i].s;
    fd = subjects[i].fd;
    way->after();
    int rc = e->wait(s, 0, NULL);
    if (rc != 1 || fdslots_get_revents(s, 0) != POLLPRI) {
        fprintf(stderr, PRESSURE ", %s, by %s: %d ready, revents %#x\n", way->name, e->name, rc,
                (unsigned)fdslots_get_revents(s, 0));
        _exit(EXIT_FAILURE);
    }
}

static void under_pressure(void)
{
    const int count = WAYS * entry_count();
    int witness[2];
    int tries = 0;
    while (!make_all(count, witness))
        if (++tries == TRIES) {
            dprintf(STDOUT_FILENO, "skipped: there is too much pressure already\n");
            _exit(EXIT_SUCCESS);
        }
    make_pressure(witness);
    for (int i = 0; i < count; i++)
        has_the_event(i);
    for (int i = 0; i < count; i++)
        end_subject(i);
}

START_TEST(no_event_is_lost)
{
    child_run(under_pressure);
}
END_TEST

Suite *suite_pressure(void)
{
    Suite *suite = suite_create("pressure");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "pressure");
    tcase_add_test(tcase, no_event_is_lost);
    return suite;
}
