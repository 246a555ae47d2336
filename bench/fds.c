/* SPDX-License-Identifier: ISC
 *
 * The table of workloads, and the fds of a cell.
 */
#include "bench.h"

#include <stdlib.h>
#include <unistd.h>

static const struct workload workloads[] = {
    {.id = IDLE, .name = "idle", .what = "a wait; nothing is ready"},
    {.id = READY, .name = "ready", .what = "a wait; k of n are ready", .ready = true},
    {.id = READY_BLOCKING,
     .name = "ready-blocking",
     .what = "the same, without a timeout",
     .ready = true},
    {.id = READY_TURNS,
     .name = "ready-turns",
     .what = "both in turn, as in a loop that sleeps only when it has no work",
     .ready = true,
     .waits = 2},
    {.id = TOGGLE,
     .name = "toggle",
     .what = "other interest in k of n, then a wait",
     .toggles = true},
    {.id = TOGGLE_BACK,
     .name = "toggle-back",
     .what = "interest of k of n there and back, then a wait",
     .toggles = true},
    {.id = RESET, .name = "reset", .what = "the same fd set again in k of n, then a wait"},
    {.id = PAUSE_CANCELS,
     .name = "pause-cancels",
     .what = "k of n paused and resumed, then a wait"},
    {.id = PAUSE_ACROSS,
     .name = "pause-across",
     .what = "k of n paused or resumed in turn, then a wait"},
    {.id = ONESHOT,
     .name = "oneshot",
     .what = "k of n armed for one event, a wait that reports them",
     .ready = true},
    {.id = REGISTER,
     .name = "register",
     .what = "a loop made, n fds set, one wait, the loop ended",
     .empty = true},
    {.id = REPLACE,
     .name = "replace",
     .what = "k of n closed and replaced by new files, then a wait",
     .own_fds = true},
    {.id = SPARSE,
     .name = "sparse",
     .what = "a wait; k of n ready, n of 16 n slots used",
     .ready = true,
     .spread = 16},
    {.id = SLEEP,
     .name = "sleep",
     .what = "a wait that sleeps until another thread makes a slot ready",
     .own_fds = true},
    {.id = RING,
     .name = "ring",
     .what = "k bytes go round a ring of n pipes, and are passed on 100 times",
     .own_fds = true,
     .waits = 20},
    {.id = MIXED,
     .name = "mixed",
     .what = "100 waits with k of n ready, 100 idle, 100 replacing one",
     .own_fds = true,
     .waits = 300},
    {.id = COLD,
     .name = "cold",
     .what = "a wait; k of n are ready, and other memory is in the caches",
     .ready = true,
     .least = TIMED},
    {.id = KINDS_CHANGE,
     .name = "kinds-change",
     .what = "500 waits on eventfds, then 500 on TCP sockets, each with other interest in k of n",
     .toggles = true,
     .tcp_too = true,
     .waits = 1000},
};

const struct workload *workload_at(uint32_t at)
{
    return at < sizeof workloads / sizeof workloads[0] ? &workloads[at] : NULL;
}

static void *array(uint32_t count, size_t size)
{
    void *mem = calloc(count, size);
    if (mem == NULL)
        abort();
    return mem;
}

static void lay_out(struct cell *c)
{
    uint32_t spread = c->workload->spread ? c->workload->spread : 1;
    c->nslots = c->n * spread;
    c->nfds = c->nslots * (c->workload->tcp_too ? 2 : 1);
    c->never = kind_never(c->files);
    c->fds = array(c->nfds, sizeof *c->fds);
    c->ends = array(c->nfds, sizeof *c->ends);
    c->used = array(c->n, sizeof *c->used);
    c->chosen = array(c->k + 1, sizeof *c->chosen);
    c->fired = array(c->n, sizeof *c->fired);
    for (uint32_t i = 0; i < c->nfds; i++)
        c->fds[i] = c->ends[i] = -1;
    for (uint32_t i = 0; i < c->n; i++)
        c->used[i] = i * spread + spread / 2;
    for (uint32_t i = 0; i < c->k; i++)
        c->chosen[i] = c->used[(2 * i + 1) * (uint64_t)c->n / (2 * (uint64_t)c->k)];
}

bool cell_open(struct cell *c)
{
    lay_out(c);
    c->owns = true;
    bool opened = true;
    uint32_t ready = 0;
    for (uint32_t at = 0; at < c->n && opened; at++) {
        uint32_t i = c->used[at];
        bool chosen = ready < c->k && c->chosen[ready] == i;
        ready += chosen;
        opened = kind_open(c->files, &c->fds[i], &c->ends[i], chosen && c->workload->ready);
        if (opened && c->workload->tcp_too) {
            i += c->nslots;
            opened = kind_open(TCP_SOCKETS, &c->fds[i], &c->ends[i], false);
        }
    }
    if (opened && c->workload->id == SLEEP)
        c->sleeper = sleeper_open(c->fds[c->chosen[0]]);
    return opened;
}

/* Use the files of another contender's cell. */
bool cell_open_like(struct cell *c, const struct cell *shared)
{
    lay_out(c);
    for (uint32_t i = 0; i < c->nfds; i++)
        c->fds[i] = shared->fds[i];
    return true;
}

static void close_files(struct cell *c)
{
    for (uint32_t i = 0; i < c->nfds; i++) {
        if (c->fds[i] >= 0)
            close(c->fds[i]);
        if (c->ends[i] >= 0)
            close(c->ends[i]);
    }
}

void cell_close(struct cell *c)
{
    if (c->sleeper != NULL)
        sleeper_close(c->sleeper);
    if (c->owns)
        close_files(c);
    free(c->fds);
    free(c->ends);
    free(c->used);
    free(c->chosen);
    free(c->fired);
}

void *loop_open(const struct contender *contender, struct cell *c)
{
    if (c->workload->empty)
        return NULL;
    uint32_t events = c->workload->id == ONESHOT ? POLLIN | BENCH_ONESHOT : POLLIN;
    void *loop = contender->ops->open(c->nslots);
    for (uint32_t i = 0; i < c->n; i++)
        contender->ops->set(loop, c, c->used[i], c->fds[c->used[i]], events);
    return loop;
}

uint64_t cell_fds(const struct cell *c)
{
    uint32_t each = kind_fds(c->files) + (c->workload->tcp_too ? kind_fds(TCP_SOCKETS) : 0);
    return (uint64_t)c->n * each + 64;
}
