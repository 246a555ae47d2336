/* SPDX-License-Identifier: ISC
 *
 * Typical uses of the library's calls. bench/instructions.test counts their instructions:
 *
 *     instructions CASE ROUNDS
 *
 * It prints how often the case calls its function in a round, and the mechanism by which
 * fdslots_wait() waited in the last one. Every round ends with a wait, so that the next one finds
 * the slots as a loop would leave them.
 */
#include "kernel/kernel.h"
#include "kernel/registration.h"
#include "wait/choice.h"

#include <fdslots.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOST  1024
#define SPARE 2 /* number of slots above those that hold an fd from the beginning */

static struct fdslots *slots;
static int fds[MOST];
static volatile int sink;

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

static void wait_once(void)
{
    must(fdslots_wait(slots, 0, NULL) >= 0, "fdslots_wait");
}

/* ---- the rounds ---- */

static void set_index(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, fds[i], POLLIN);
    wait_once();
}

static void set_index_empty(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fdslots_invalidate_index(slots, i);
    wait_once();
    set_index(n);
}

static void set_events(uint32_t n)
{
    static uint32_t events = POLLIN;
    events ^= POLLPRI;
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_events(slots, i, events);
    wait_once();
}

static void get_fd(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        sink = fdslots_get_fd(slots, i);
}

static void get_revents(uint32_t n)
{
    wait_once();
    for (uint32_t i = 0; i < n; i++)
        sink = fdslots_get_revents(slots, i);
}

static void idle(uint32_t n)
{
    (void)n;
    wait_once();
}

/* One slot changes and changes back. */
static void change_and_undo(uint32_t n)
{
    fdslots_set_events(slots, n / 2, POLLIN | POLLPRI);
    fdslots_set_events(slots, n / 2, POLLIN);
    wait_once();
}

static void first_wait(uint32_t n)
{
    fdslots_destroy(slots);
    must(fdslots_create(n, 0, &slots) == 0, "fdslots_create");
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, fds[i], POLLIN);
    wait_once();
}

/* All slots get one fd, and all but the last leave it again. The first one stands for the others in
 * the kernel's set, so every slot that leaves may have to pass that on. */
static void share_and_leave(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, fds[0], POLLIN);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
    for (uint32_t i = 0; i + 1 < n; i++)
        fdslots_invalidate_index(slots, i);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
}

/* ---- cases that must not depend on the number of slots, in two sizes each ---- */

/* A file comes and goes between two waits, in a buffer that also holds a regular file. */
static void shed_beside_a_file(uint32_t n)
{
    if (fdslots_get_fd(slots, n) < 0) {
        FILE *file = tmpfile();
        must(file != NULL, "tmpfile");
        fdslots_set_index(slots, n, fileno(file), POLLIN);
    }
    fdslots_set_index(slots, n + 1, dup(fds[0]), POLLIN);
    fdslots_close_index(slots, n + 1);
    must(fdslots_epoll_wait(slots, 0) == 1, "fdslots_epoll_wait");
}

/* A file is handed over to somebody else. This keeps the one rule, but the file stays open and
 * ready. */
static void hand_over(uint32_t n)
{
    const int fd = eventfd(1, EFD_NONBLOCK);
    const int other = dup(fd);
    fdslots_set_index(slots, n, fd, POLLIN);
    must(fdslots_epoll_wait(slots, 0) == 1, "fdslots_epoll_wait");
    fdslots_invalidate_index(slots, n);
    close(fd);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
    close(other);
}

/* The same in a buffer whose slots are paused. The set holds few files, but to make it anew, all
 * slots are looked at. */
static void hand_over_beside_paused(uint32_t n)
{
    for (uint32_t i = 0; i < n && fdslots_is_paused(slots, i) == 0; i++)
        fdslots_pause_index(slots, i);
    hand_over(n);
}

/* All slots had a number that many files get one after another since. */
static void shed_an_old_number(uint32_t n)
{
    const int number = dup(fds[0]);
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, number, POLLIN);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, fds[i], POLLIN);
    close(number);
    for (uint32_t i = 0; i < n; i++) {
        fdslots_set_index(slots, n, dup(fds[0]), POLLIN);
        fdslots_close_index(slots, n);
    }
}

/* The same with one number, which the slots have left since the set was closed. */
static void shed_without_a_set(uint32_t n)
{
    static int number;
    if (number == 0) {
        number = dup(fds[0]);
        for (uint32_t i = 0; i < n; i++)
            fdslots_set_index(slots, i, number, POLLIN);
        must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
        for (uint32_t i = 0; i < n; i++)
            fdslots_set_index(slots, i, fds[i], POLLIN);
        fdslots_kernel_close(slots);
    }
    must(dup2(fds[0], number) == number, "dup2");
    fdslots_set_index(slots, n, number, POLLIN);
    fdslots_close_index(slots, n);
}

/* All slots but the first hold an event that a wait has left out. */
static void poll_below_held(uint32_t n)
{
    if (slots->max_ready != 1) {
        fdslots_set_events(slots, 0, POLLPRI);
        for (uint32_t i = 1; i < n; i++)
            fdslots_set_events(slots, i, POLLIN | FDSLOTS_POLLED);
        fdslots_set_max_ready(slots, 1);
        must(fdslots_epoll_wait(slots, 0) == 1, "fdslots_epoll_wait");
    }
    must(fdslots_poll(slots, 1, 0) == 0, "fdslots_poll");
}

/* One fd is in all slots, and all of them change before a wait, which has to choose anew. */
static void share_and_change(uint32_t n)
{
    static uint32_t events = POLLIN;
    events ^= POLLPRI;
    for (uint32_t i = 0; i < n; i++)
        if (fdslots_get_fd(slots, i) == fds[0])
            fdslots_set_events(slots, i, events);
        else
            fdslots_set_index(slots, i, fds[0], events);
    slots->choice->at_once.waits = 0;
    wait_once();
}

/* Many slots, far from each other, were used and emptied once. It does not pay to tell the set.
 * Every wait has to choose anew. */
static void wait_after_a_peak(uint32_t n)
{
    if (fdslots_capacity(slots) < 64 * n) {
        must(fdslots_resize(&slots, 64 * n) == 0, "fdslots_resize");
        for (uint32_t i = 1; i < n; i++)
            fdslots_invalidate_index(slots, i);
        for (uint32_t i = 1; i < n; i++)
            fdslots_set_index(slots, 64 * i, fds[0], POLLIN);
        for (uint32_t i = 1; i < n; i++)
            fdslots_invalidate_index(slots, 64 * i);
    }
    slots->choice->at_once.waits = 0;
    wait_once();
}

/* All slots hold closed numbers, which are the lowest free ones. The set must get none of them. */
static void rebuild_above_closed(uint32_t n)
{
    for (uint32_t i = 0; i < n && fds[i] >= 0; i++) {
        close(fds[i]);
        fds[i] = -1;
    }
    must(fdslots_rebuild(slots) == 0, "fdslots_rebuild");
    must(fdslots_epoll_wait(slots, 0) == (int)n, "fdslots_epoll_wait");
}

/* One fd is in all slots, and every wait reports a part of them. */
static void share_and_cut(uint32_t n, uint32_t most)
{
    if (fdslots_get_fd(slots, n - 1) != fds[0])
        for (uint32_t i = 0; i < n; i++)
            fdslots_set_index(slots, i, fds[0], POLLIN);
    fdslots_set_max_ready(slots, most);
    must(fdslots_epoll_wait(slots, 0) == (int)most, "fdslots_epoll_wait");
}

static void share_and_cut_half(uint32_t n)
{
    share_and_cut(n, n / 2);
}

static void share_and_cut_to_one(uint32_t n)
{
    share_and_cut(n, 1);
}

/* The slot is above all others, and was used before. */
static void set_high(uint32_t n)
{
    fdslots_set_index(slots, n + 1, fds[0], POLLIN);
    fdslots_invalidate_index(slots, n + 1);
}

/* All slots below are used. */
static void find_free(uint32_t n)
{
    must(fdslots_next_free(slots, 0) == n, "fdslots_next_free");
}

#define FAR 1024 /* distance of the fds */

static void join_runs(struct runs *runs, uint32_t n)
{
    struct layout at = {NULL, 0};
    fdslots_runs_lay_out(runs, &at, n);
    at = (struct layout){malloc((size_t)at.end), 0};
    must(at.base != NULL, "malloc");
    fdslots_runs_lay_out(runs, &at, n);
    fdslots_runs_extend(runs, n, n);
    for (uint32_t i = 0; i < n; i++)
        fdslots_run_join(runs, i, (int)(i * FAR));
}

/* The fds are multiples of a power of two, as in one of the loops among which a server shares out
 * its connections. No file is needed to find their slots. */
static void find_run(uint32_t n)
{
    static struct runs runs;
    if (runs.extent == 0)
        join_runs(&runs, n);
    for (uint32_t i = 0; i < n; i++)
        sink = (int)fdslots_run_find(&runs, (int)(i * FAR));
}

/* ---- the cases ---- */

struct use {
    const char *name;
    void (*round)(uint32_t n);
    uint32_t n;     /* number of slots */
    uint32_t ready; /* number of ready slots */
    uint32_t flags;
    uint32_t calls; /* calls of the counted function in a round */
};

static const struct use uses[] = {
    {"set-same", set_index, 64, 0, 0, 64},
    {"set-empty", set_index_empty, 64, 0, 0, 64},
    {"events", set_events, 64, 0, 0, 64},
    {"fd", get_fd, 64, 0, 0, 64},
    {"revents", get_revents, 64, 64, 0, 64},
    {"invalidate", set_index_empty, 64, 0, 0, 64},
    {"idle-1", idle, 1, 0, 0, 1},
    {"idle-64", idle, 64, 0, 0, 1},
    {"idle-poll-only", idle, 1, 0, FDSLOTS_NO_EPOLL, 1},
    {"undone-64", change_and_undo, 64, 0, 0, 1},
    {"first-wait", first_wait, 64, 0, 0, 1},
    {"ready-64-of-64", idle, 64, 64, 0, 1},
    {"ready-32-of-64", idle, 64, 32, 0, 1},
    {"ready-32-of-32", idle, 32, 32, 0, 1},
    {"ready-64-of-1024", idle, 1024, 64, 0, 1},
    {"ready-1-of-1024", idle, 1024, 1, 0, 1},
    {"share-1024", share_and_leave, 1024, 0, 0, 1024},
    {"shed-100", shed_beside_a_file, 100, 0, 0, 1},
    {"shed-1000", shed_beside_a_file, 1000, 0, 0, 1},
    {"hand-over-100", hand_over, 100, 0, 0, 2},
    {"hand-over-1000", hand_over, 1000, 0, 0, 2},
    {"hand-over-paused-100", hand_over_beside_paused, 100, 0, 0, 2},
    {"hand-over-paused-1000", hand_over_beside_paused, 1000, 0, 0, 2},
    {"old-number-100", shed_an_old_number, 100, 0, 0, 100},
    {"old-number-1000", shed_an_old_number, 1000, 0, 0, 1000},
    {"no-set-100", shed_without_a_set, 100, 0, 0, 1},
    {"no-set-1000", shed_without_a_set, 1000, 0, 0, 1},
    {"held-100", poll_below_held, 100, 100, 0, 1},
    {"held-1000", poll_below_held, 1000, 1000, 0, 1},
    {"share-change-100", share_and_change, 100, 0, 0, 100},
    {"share-change-1000", share_and_change, 1000, 0, 0, 1000},
    {"peak-100", wait_after_a_peak, 100, 0, 0, 1},
    {"peak-1000", wait_after_a_peak, 1000, 0, 0, 1},
    {"closed-100", rebuild_above_closed, 100, 0, 0, 100},
    {"closed-1000", rebuild_above_closed, 1000, 0, 0, 1000},
    {"cut-half-100", share_and_cut_half, 100, 1, 0, 50},
    {"cut-half-1000", share_and_cut_half, 1000, 1, 0, 500},
    {"cut-to-one-100", share_and_cut_to_one, 100, 1, 0, 1},
    {"cut-to-one-1000", share_and_cut_to_one, 1000, 1, 0, 1},
    {"set-high-100", set_high, 100, 0, 0, 1},
    {"set-high-1000", set_high, 1000, 0, 0, 1},
    {"find-free-100", find_free, 100, 0, 0, 1},
    {"find-free-1000", find_free, 1000, 0, 0, 1},
    {"find-run-100", find_run, 100, 0, 0, 100},
    {"find-run-1000", find_run, 1000, 0, 0, 1000},
};

static const struct use *find(const char *name)
{
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcmp(uses[i].name, name) == 0)
            return &uses[i];
    fprintf(stderr, "instructions: there is no case %s\n", name);
    exit(2);
}

static uint64_t poll_calls(void)
{
    struct fdslots_stats stats;
    must(fdslots_get_stats(slots, &stats, sizeof stats) == 0, "fdslots_get_stats");
    return stats.poll_calls;
}

static void prepare(const struct use *use)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    must(fdslots_create(use->n + SPARE, use->flags, &slots) == 0, "fdslots_create");
    slots->choice->clock = 1e18; /* no wait is timed, because times mean nothing under valgrind */
    for (uint32_t i = 0; i < use->n; i++) {
        fds[i] = eventfd(i < use->ready, EFD_NONBLOCK);
        must(fds[i] >= 0, "eventfd");
        must(fdslots_set_index(slots, i, fds[i], POLLIN) == 0, "fdslots_set_index");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: instructions CASE ROUNDS\n");
        return 2;
    }
    const struct use *use = find(argv[1]);
    prepare(use);
    uint64_t before = 0;
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--) {
        before = poll_calls();
        use->round(use->n);
    }
    printf("%u %s\n", use->calls, poll_calls() > before ? "poll" : "epoll");
    fdslots_destroy(slots);
    return EXIT_SUCCESS;
}
