/* SPDX-License-Identifier: ISC
 *
 * Calls of the library in typical use, for bench/instructions.test to count their instructions:
 *
 *     instructions CASE ROUNDS
 *
 * prints how often the case calls its function in a round, and by which mechanism fdslots_wait
 * waited in the last one. Each round ends with a wait, so that the next one meets the slots as a
 * loop would leave them.
 */
#include <fdslots.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#define MOST 1024

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

/* All slots get one fd, and all but the last leave it: the first of them stands for the others in
 * the kernel's set, so each that leaves may have to hand that on. */
static void share_and_leave(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fdslots_set_index(slots, i, fds[0], POLLIN);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
    for (uint32_t i = 0; i + 1 < n; i++)
        fdslots_invalidate_index(slots, i);
    must(fdslots_epoll_wait(slots, 0) == 0, "fdslots_epoll_wait");
}

/* ---- the cases ---- */

struct use {
    const char *name;
    void (*round)(uint32_t n);
    uint32_t n;     /* slots */
    uint32_t ready; /* of them */
    uint32_t flags;
    uint32_t calls; /* of the function that is counted, in a round */
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
    {"ready-64-of-64", idle, 64, 64, 0, 1},
    {"ready-32-of-64", idle, 64, 32, 0, 1},
    {"ready-32-of-32", idle, 32, 32, 0, 1},
    {"ready-64-of-1024", idle, 1024, 64, 0, 1},
    {"ready-1-of-1024", idle, 1024, 1, 0, 1},
    {"share-1024", share_and_leave, 1024, 0, 0, 1024},
};

static const struct use *find(const char *name)
{
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcmp(uses[i].name, name) == 0)
            return &uses[i];
    fprintf(stderr, "instructions: no case %s\n", name);
    exit(2);
}

static uint64_t poll_calls(void)
{
    struct fdslots_stats stats;
    must(fdslots_stats(slots, &stats, sizeof stats) == 0, "fdslots_stats");
    return stats.poll_calls;
}

static void prepare(const struct use *use)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    must(fdslots_create(use->n, use->flags, &slots) == 0, "fdslots_create");
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
