/* SPDX-License-Identifier: ISC
 *
 * Counts system calls and compares them with the promised numbers. A new case is a new row.
 */
#include "env.h"
#include "syscalls.h"

#include <fdslots.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 100

static struct fdslots *s;
static const sigset_t *mask; /* an empty mask, or NULL if masks do not work here */
static int p[2];

/* The operations check their results, because a call that fails early would look cheap. */
static void must(int rc, int expected)
{
    if (rc != expected)
        _exit(EXIT_FAILURE);
}

static void prepare(void)
{
    static sigset_t empty_mask;
    sigemptyset(&empty_mask);
    mask = fdslots_has(FDSLOTS_HAS_PPOLL) == 1 ? &empty_mask : NULL;
    must(pipe2(p, O_NONBLOCK), 0);
    must((int)write(p[1], "x", 1), 1);
    must(fdslots_create(NSLOTS, 0, &s), 0);
    must(fdslots_set_index(s, 3, p[0], POLLIN), 0);
    must(fdslots_set_index(s, 50, p[1], POLLIN), 0);
}

static void idle(void)
{
    prepare();
    must(fdslots_invalidate_index(s, 3), 0);
}

static void poll_ready(uint32_t i)
{
    (void)i;
    must(fdslots_poll(s, NSLOTS, -1), 1);
}

static void poll_idle(uint32_t i)
{
    must(fdslots_poll(s, NSLOTS, (int)(i % 2)), 0);
}

/* Every slot changes before every wait. */
static void poll_changed(uint32_t i)
{
    for (uint32_t index = 0; index < NSLOTS; index++)
        must(fdslots_set_index(s, index, p[i % 2], i % 2 == 0 ? POLLIN : POLLOUT), 0);
    must(fdslots_poll(s, NSLOTS, -1), NSLOTS);
}

/* A wait may report one of many slots with a number that is closed. */
static void closed_numbers(void)
{
    prepare();
    for (uint32_t index = 0; index < NSLOTS; index++)
        must(fdslots_set_index(s, index, 700, POLLIN), 0);
    must(fdslots_set_max_ready(s, 1), 0);
}

static void poll_nothing(uint32_t i)
{
    (void)i;
    must(fdslots_poll(s, 0, 0), 0);
}

static void ppoll_ready(uint32_t i)
{
    (void)i;
    must(fdslots_ppoll(s, NSLOTS, NULL, NULL), 1);
}

static void ppoll_idle(uint32_t i)
{
    const struct timespec a_while = {0, i % 2};
    must(fdslots_ppoll(s, NSLOTS, &a_while, mask), 0);
}

static void set_and_get(uint32_t i)
{
    uint32_t index = i % NSLOTS;
    must(fdslots_set_index(s, index, p[0], POLLIN), 0);
    must(fdslots_get_fd(s, index), p[0]);
    must(fdslots_get_events(s, index), POLLIN);
    must(fdslots_get_revents(s, index), 0);
}

static void everything_else(uint32_t i)
{
    uint32_t index = i % NSLOTS;
    must(fdslots_set_index(s, index, p[0], POLLIN), 0);
    must(fdslots_set_events(s, index, POLLOUT), 0);
    must(fdslots_pause_index(s, index), 0);
    must(fdslots_resume_index(s, index), 0);
    must(fdslots_next_used(s, index) == index, 1);
    must(fdslots_get_generation(s, index) >= 0, 1);
    must(fdslots_invalidate_index(s, index), 0);
    must(fdslots_ready(s, NULL) != NULL, 1);
    must(fdslots_view(s) != NULL, 1);
    fdslots_clear_ready(s);
}

static int stop(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)fd, (void)revents;
    return (int)index;
}

static void waited(void)
{
    prepare();
    must(fdslots_poll(s, NSLOTS, -1), 1);
}

static void iterate(uint32_t i)
{
    (void)i;
    must(fdslots_iter_ready(s, stop, NULL), 3);
}

static uint64_t mem[1000];

static void make_and_end(uint32_t i)
{
    (void)i;
    must(fdslots_init(mem, sizeof mem, NSLOTS / 2, 0, &s), 0);
    must(fdslots_set_index(s, 1, p[0], POLLIN), 0);
    fdslots_destroy(s);
}

static void ask(uint32_t i)
{
    (void)i;
    must(fdslots_has(FDSLOTS_HAS_PPOLL) >= 0, 1);
    must(fdslots_has(FDSLOTS_HAS_EPOLL) >= 0, 1);
    must(fdslots_has(FDSLOTS_HAS_EPOLL_NS) >= 0, 1);
}

static void close_one(uint32_t i)
{
    must(fdslots_set_index(s, 9, 700 + (int)i, POLLIN), 0);
    must(fdslots_close_index(s, 9) < 0, 1);
}

static const struct syscalls_case cases[] = {
    {"1,000 polls, one slot ready", prepare, poll_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 polls, nothing ready", idle, poll_idle, 1000, TRACER_ALL, 1000, false},
    {"1,000 polls, all slots changed", prepare, poll_changed, 1000, TRACER_ALL, 1000, false},
    {"1,000 polls, many closed, one reported", closed_numbers, poll_ready, 1000, TRACER_ALL, 1000,
     false},
    {"1,000 polls of no slot", prepare, poll_nothing, 1000, TRACER_ALL, 1000, false},
    {"1,000 ppolls, one slot ready", prepare, ppoll_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 ppolls, nothing ready", idle, ppoll_idle, 1000, TRACER_ALL, 1000, false},
    {"100,000 sets and gets", prepare, set_and_get, 100000, TRACER_ALL, 0, false},
    {"100,000 of all other slot calls", prepare, everything_else, 100000, TRACER_ALL, 0, false},
    {"100,000 walks of the ready set", waited, iterate, 100000, TRACER_ALL, 0, false},
    {"1,000 buffers in the caller's memory", prepare, make_and_end, 1000, TRACER_ALL, 0, false},
    {"100 closes", prepare, close_one, 100, TRACER_ALL, 100, false},
    {"100 times asked what works", prepare, ask, 100, TRACER_ALL, 3 * 3 * 100, true},
};

/* Returns whether the count is right. */
static bool check(const struct syscalls_case *c)
{
    int64_t got = tracer_count(c->prepare, c->run, c->times, c->nr);
    bool good = got == c->expected || (c->at_most && got >= 0 && got < c->expected);
    printf("%-40s %6jd system calls%s\n", c->name, (intmax_t)got, good ? "" : ", wrong");
    if (!good)
        fprintf(stderr, "%s: %jd system calls, not %jd\n", c->name, (intmax_t)got,
                (intmax_t)c->expected);
    return good;
}

int main(void)
{
    bool good = true;
    if (under_valgrind()) {
        printf("skipped: valgrind makes system calls of its own\n");
        return EXIT_SKIP;
    }
    alarm(WATCHDOG_S);
    const char *obstacle = tracer_obstacle();
    if (obstacle != NULL)
        return skip_program(obstacle);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        good &= check(&cases[c]);
    int epoll_count;
    const struct syscalls_case *epoll_cases = syscalls_epoll(&epoll_count);
    for (int c = 0; c < epoll_count; c++)
        good &= check(&epoll_cases[c]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
