/* SPDX-License-Identifier: ISC
 *
 * One iteration of each workload. The bodies are inlined into every contender, with its operations
 * known at compile time, so that a loop by hand pays for no extra call.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "bench.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define INLINE static inline __attribute__((always_inline))

/* What a caller does with a ready slot. */
INLINE void bench_ready(struct cell *c, uint32_t i, uint32_t revents)
{
    c->seen += (revents & (POLLIN | POLLOUT)) != 0;
    switch (c->workload->id) {
    case ONESHOT:
        c->fired[c->nfired++] = i;
        break;
    case RING: {
        char byte;
        if (read(c->fds[i], &byte, 1) == 1 && c->to_write > 0) {
            c->to_write--;
            if (write(c->ends[i + 1 < c->n ? i + 1 : 0], &byte, 1) != 1)
                abort();
        }
        break;
    }
    case SLEEP: {
        uint64_t count;
        if (read(c->fds[i], &count, sizeof count) < 0)
            abort();
        break;
    }
    default:
        break;
    }
}

#define EACH_CHOSEN(c, i)                                                                          \
    for (uint32_t at_ = 0, i; at_ < (c)->k && (i = (c)->chosen[at_], true); at_++)

/* Wait until all ready slots were reported, because some loops report only a limited number at a
 * time. */
INLINE void take_all(const struct ops *o, void *loop, struct cell *c, bool block)
{
    uint64_t end = c->seen + c->k;
    do
        o->wait(loop, c, block);
    while (c->seen < end);
}

INLINE void toggle(const struct ops *o, void *loop, struct cell *c)
{
    uint32_t events = (c->phase ^= 1) ? POLLIN | c->never : POLLIN;
    EACH_CHOSEN(c, i)
    o->events(loop, i, events);
    o->wait(loop, c, false);
}

INLINE void toggle_back(const struct ops *o, void *loop, struct cell *c)
{
    EACH_CHOSEN(c, i)
    {
        o->events(loop, i, POLLIN | c->never);
        o->events(loop, i, POLLIN);
    }
    o->wait(loop, c, false);
}

INLINE void reset(const struct ops *o, void *loop, struct cell *c)
{
    EACH_CHOSEN(c, i)
    o->set(loop, c, i, c->fds[i], POLLIN);
    o->wait(loop, c, false);
}

INLINE void pause_cancels(const struct ops *o, void *loop, struct cell *c)
{
    EACH_CHOSEN(c, i)
    {
        o->pause(loop, i);
        o->resume(loop, i);
    }
    o->wait(loop, c, false);
}

INLINE void pause_across(const struct ops *o, void *loop, struct cell *c)
{
    bool pause = (c->phase ^= 1) != 0;
    EACH_CHOSEN(c, i)
    {
        if (pause)
            o->pause(loop, i);
        else
            o->resume(loop, i);
    }
    o->wait(loop, c, false);
}

/* As a fibre does, wait for one event, and not again until it is asked for. */
INLINE void oneshot(const struct ops *o, void *loop, struct cell *c)
{
    for (uint32_t i = 0; i < c->nfired; i++)
        o->rearm(loop, c->fired[i]);
    c->nfired = 0;
    take_all(o, loop, c, false);
    for (uint32_t i = 0; i < c->nfired; i++)
        o->fired(loop, c->fired[i]);
}

INLINE void register_all(const struct ops *o, struct cell *c)
{
    void *loop = o->open(c->nslots);
    for (uint32_t i = 0; i < c->n; i++)
        o->set(loop, c, c->used[i], c->fds[c->used[i]], POLLIN);
    o->wait(loop, c, false);
    o->close(loop);
}

INLINE void replace(const struct ops *o, void *loop, struct cell *c)
{
    EACH_CHOSEN(c, i)
    {
        o->close_fd(loop, i);
        c->fds[i] = eventfd(0, EFD_NONBLOCK);
        o->set(loop, c, i, c->fds[i], POLLIN);
    }
    o->wait(loop, c, false);
}

INLINE void sleep_once(const struct ops *o, void *loop, struct cell *c)
{
    uint64_t seen = c->seen;
    sleeper_ask(c->sleeper);
    while (c->seen == seen)
        o->wait(loop, c, true);
}

/* The classic benchmark of libevent: k bytes go round a ring of pipes, and every read is passed on
 * by a write. */
#define RING_WRITES 100

INLINE void ring(const struct ops *o, void *loop, struct cell *c)
{
    uint64_t end = c->seen + RING_WRITES + c->k;
    c->to_write = RING_WRITES;
    EACH_CHOSEN(c, i)
    {
        if (write(c->ends[i], "x", 1) != 1)
            abort();
    }
    while (c->seen < end)
        o->wait(loop, c, false);
}

/* A server in different phases: a burst in which the chosen slots are ready, a quiet one, and one
 * in which they come and go. */
#define MIXED_WAITS 100

INLINE void mixed(const struct ops *o, void *loop, struct cell *c)
{
    uint64_t count = 1;
    EACH_CHOSEN(c, i)
    {
        if (write(c->fds[i], &count, sizeof count) < 0)
            abort();
    }
    for (int w = 0; w < MIXED_WAITS; w++)
        o->wait(loop, c, false);
    EACH_CHOSEN(c, i)
    {
        if (read(c->fds[i], &count, sizeof count) < 0)
            abort();
    }
    for (int w = 0; w < MIXED_WAITS; w++)
        o->wait(loop, c, false);
    for (uint32_t w = 0; w < MIXED_WAITS; w++) {
        uint32_t i = c->chosen[w % c->k];
        o->close_fd(loop, i);
        c->fds[i] = eventfd(0, EFD_NONBLOCK);
        o->set(loop, c, i, c->fds[i], POLLIN);
        o->wait(loop, c, false);
    }
}

/* More than the caches of one core. Caches that cores share differ too much between machines. Every
 * cache line is read, from pages that were written once, because otherwise all would be one page of
 * zeros. */
#define WALKED (8u << 20)

INLINE void walk(void)
{
    static volatile unsigned char memory[WALKED];
    if (memory[0] == 0)
        for (uint32_t at = 0; at < WALKED; at++)
            memory[at] = 1;
    for (uint32_t at = 0; at < WALKED; at += 64)
        (void)memory[at];
}

INLINE uint64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Only the wait is timed. Reading this clock takes no system call, which would warm up the
 * kernel. */
INLINE void cold(const struct ops *o, void *loop, struct cell *c)
{
    walk();
    uint64_t start = wall_ns();
    take_all(o, loop, c, false);
    c->wait_ns[c->ntimed++ % TIMED] = wall_ns() - start;
}

#define KIND_WAITS 500

INLINE void kinds_change(const struct ops *o, void *loop, struct cell *c)
{
    for (uint32_t from = 0; from < c->nfds; from += c->nslots) {
        for (uint32_t i = 0; i < c->n; i++)
            o->set(loop, c, c->used[i], c->fds[from + c->used[i]], POLLIN);
        for (int w = 0; w < KIND_WAITS; w++)
            toggle(o, loop, c);
    }
}

INLINE void iterate(const struct ops *o, void *loop, struct cell *c)
{
    switch (c->workload->id) {
    case IDLE:
        o->wait(loop, c, false);
        break;
    case READY:
    case SPARSE:
        take_all(o, loop, c, false);
        break;
    case READY_BLOCKING:
        take_all(o, loop, c, true);
        break;
    case READY_TURNS:
        take_all(o, loop, c, false);
        take_all(o, loop, c, true);
        break;
    case TOGGLE:
        toggle(o, loop, c);
        break;
    case TOGGLE_BACK:
        toggle_back(o, loop, c);
        break;
    case RESET:
        reset(o, loop, c);
        break;
    case PAUSE_CANCELS:
        pause_cancels(o, loop, c);
        break;
    case PAUSE_ACROSS:
        pause_across(o, loop, c);
        break;
    case ONESHOT:
        oneshot(o, loop, c);
        break;
    case REGISTER:
        register_all(o, c);
        break;
    case REPLACE:
        replace(o, loop, c);
        break;
    case SLEEP:
        sleep_once(o, loop, c);
        break;
    case RING:
        ring(o, loop, c);
        break;
    case MIXED:
        mixed(o, loop, c);
        break;
    case COLD:
        cold(o, loop, c);
        break;
    case KINDS_CHANGE:
        kinds_change(o, loop, c);
        break;
    }
}

#define CONTENDER(id, title, operations, of_waits)                                                 \
    static void run_##id(void *loop, struct cell *c, uint32_t iterations)                          \
    {                                                                                              \
        for (uint32_t it_ = 0; it_ < iterations; it_++)                                            \
            iterate(operations, loop, c);                                                          \
    }                                                                                              \
    const struct contender contender_##id = {                                                      \
        .name = (title), .ops = (operations), .run = run_##id, .learns = (of_waits)}

#endif
