/* SPDX-License-Identifier: ISC
 *
 * Runs the contenders of this program on request. The driver writes requests to stdin, one on each
 * line, and reads one line of answer to each from stdout:
 *
 *     cell WORKLOAD FILES N K WAITS    Prepare a cell. The answer is "ok" or "skip REASON". WAITS
 * is the number of waits that a contender that learns makes before the first round, or 0 for the
 * default. run CONTENDER                    Run one round. The answer is the CPU time of an
 * iteration in nanoseconds, or 0 if the contender takes no part, and the number of waits by poll
 * and by epoll, if it can tell.
 *
 * The first answer comes without a request and names the contenders. Times are CPU times, so that
 * other programs and the sleep in a wait do not count.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ROUND_NS 2000000  /* intended length of a round */
#define WARM_UP  100      /* number of waits before the first round */
#define WARM_NS  50000000 /* limit for the warm-up */
#define LEARN    10       /* factor on both for contenders that learn from waits */
#define MOST     8

struct seat {
    struct cell cell;
    void *loop;
    uint32_t iterations; /* number in a round; 0 before the first */
};

static struct cell shared;
static struct seat seats[MOST];
static uint32_t waits_to_learn;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Return the median, because another program may have run in the middle of a wait. */
static double timed_alone(struct cell *c)
{
    uint32_t count = c->ntimed < TIMED ? c->ntimed : TIMED;
    qsort(c->wait_ns, count, sizeof c->wait_ns[0], by_size);
    return (double)c->wait_ns[count / 2];
}

static double timed(const struct contender *contender, struct seat *seat, uint32_t iterations)
{
    seat->cell.ntimed = 0;
    uint64_t start = cpu_ns();
    contender->run(seat->loop, &seat->cell, iterations);
    uint64_t ns = cpu_ns() - start;
    return seat->cell.ntimed > 0 ? timed_alone(&seat->cell) : (double)ns / iterations;
}

/* Returns the approximate time of an iteration in ns, with everything in it. */
static double warm_up(const struct contender *contender, struct seat *seat)
{
    uint32_t waits = seat->cell.workload->waits ? seat->cell.workload->waits : 1;
    uint32_t times = contender->learns ? LEARN : 1;
    bool asked_for = contender->learns && waits_to_learn > 0;
    uint32_t iterations = (asked_for ? waits_to_learn : times * WARM_UP) / waits + 1;
    uint64_t start = cpu_ns();
    uint64_t end = asked_for ? UINT64_MAX : start + (uint64_t)times * WARM_NS;
    uint64_t last = 0;
    for (uint32_t i = 0; i < iterations && start < end; i++) {
        contender->run(seat->loop, &seat->cell, 1);
        last = cpu_ns() - start;
        start += last;
    }
    return (double)last;
}

static void leave_cell(void)
{
    for (int i = 0; i < MOST; i++) {
        if (seats[i].loop != NULL)
            contenders[i]->ops->close(seats[i].loop);
        if (seats[i].cell.fds != NULL)
            cell_close(&seats[i].cell);
    }
    if (shared.fds != NULL)
        cell_close(&shared);
    memset(seats, 0, sizeof seats);
    memset(&shared, 0, sizeof shared);
}

static void enter_cell(const char *name, const char *files, uint32_t n, uint32_t k)
{
    struct rlimit limit;
    const struct workload *w = NULL;
    leave_cell();
    for (uint32_t i = 0; (w = workload_at(i)) != NULL && strcmp(w->name, name) != 0; i++)
        ;
    getrlimit(RLIMIT_NOFILE, &limit);
    shared = (struct cell){.workload = w, .files = kind_named(files), .n = n, .k = k};
    if (w == NULL || shared.files == KINDS)
        printf("skip no such workload\n");
    else if (cell_fds(&shared) > limit.rlim_cur)
        printf("skip RLIMIT_NOFILE\n");
    else if (!w->own_fds && !cell_open(&shared))
        printf("skip no fds\n");
    else
        printf("ok\n");
}

/* Check that the contender does the work: every iteration must report this many ready slots. libuv
 * may report them more than once. */
static void check_seen(const struct contender *contender, const struct cell *c, uint32_t iterations)
{
    uint64_t expected = 0;
    switch (c->workload->id) {
    case READY:
    case READY_BLOCKING:
    case SPARSE:
    case ONESHOT:
    case COLD:
        expected = c->k;
        break;
    case READY_TURNS:
        expected = 2 * (uint64_t)c->k;
        break;
    case SLEEP:
        expected = 1;
        break;
    case RING:
        expected = 100 + c->k;
        break;
    case MIXED:
        expected = 100 * (uint64_t)c->k;
        break;
    default:
        break;
    }
    if (c->seen < expected * iterations) {
        fprintf(stderr, "%s: %s n=%u k=%u: %" PRIu64 " ready in %u iterations\n", contender->name,
                c->workload->name, c->n, c->k, c->seen, iterations);
        exit(EXIT_FAILURE);
    }
}

static void sit_down(const struct contender *contender, struct seat *seat)
{
    seat->cell = (struct cell){
        .workload = shared.workload, .files = shared.files, .n = shared.n, .k = shared.k};
    bool opened =
        shared.workload->own_fds ? cell_open(&seat->cell) : cell_open_like(&seat->cell, &shared);
    if (!opened)
        abort();
    seat->loop = loop_open(contender, &seat->cell);
}

static void stand_up(const struct contender *contender, struct seat *seat)
{
    contender->ops->close(seat->loop);
    cell_close(&seat->cell);
    seat->loop = NULL;
    seat->cell = (struct cell){0};
}

/* Return an even number, so that toggled slots end as they began. */
static uint32_t iterations_of(const struct workload *w, double ns)
{
    double iterations = ns > 0 ? ROUND_NS / ns : 1000;
    uint32_t least = w->least > 2 ? w->least : 2;
    return (iterations > least ? (uint32_t)iterations + 1 : least) & ~1u;
}

static struct ways ways_of(const struct contender *contender, const struct seat *seat)
{
    if (contender->ops->ways == NULL || seat->loop == NULL)
        return (struct ways){0};
    return contender->ops->ways(seat->loop);
}

static void run(const struct contender *contender, struct seat *seat)
{
    const struct workload *w = shared.workload;
    if (seat->cell.fds == NULL)
        sit_down(contender, seat);
    if (seat->iterations == 0)
        seat->iterations = iterations_of(w, warm_up(contender, seat));
    else if (w->own_fds)
        warm_up(contender, seat);
    else
        timed(contender, seat, 1);
    seat->cell.seen = 0;
    struct ways before = ways_of(contender, seat);
    double ns = timed(contender, seat, seat->iterations);
    struct ways after = ways_of(contender, seat);
    check_seen(contender, &seat->cell, seat->iterations);
    printf("%.3f %" PRIu64 " %" PRIu64 "\n", ns, after.poll - before.poll,
           after.epoll - before.epoll);
    if (w->own_fds)
        stand_up(contender, seat);
}

static bool takes_part(const struct contender *contender)
{
    const struct workload *w = shared.workload;
    return !w->toggles || kind_never(shared.files) != POLLPRI || !contender->ops->no_pri;
}

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; contenders[i] != NULL; i++)
        printf("%s%c", contenders[i]->name, contenders[i + 1] != NULL ? ' ' : '\n');

    char line[128];
    char name[32];
    char files[32];
    uint32_t n;
    uint32_t k;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "cell %31s %31s %u %u %u", name, files, &n, &k, &waits_to_learn) == 5)
            enter_cell(name, files, n, k);
        else if (sscanf(line, "run %u", &n) == 1 && takes_part(contenders[n]))
            run(contenders[n], &seats[n]);
        else
            printf("0\n");
    }
    leave_cell();
    return 0;
}
