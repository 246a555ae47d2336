/* SPDX-License-Identifier: ISC
 *
 * fdslots with each of its entry points.
 */
#include "workloads.h"

#include <fdslots.h>

static void *loop_open_(uint32_t nslots)
{
    struct fdslots *s;
    if (fdslots_create(nslots, 0, &s) < 0)
        abort();
    return s;
}

static void loop_close(void *loop)
{
    fdslots_destroy(loop);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    fdslots_set_index(loop, i, fd, events); /* BENCH_ONESHOT equals FDSLOTS_ONESHOT */
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    fdslots_set_events(loop, i, events);
}

static void pause_(void *loop, uint32_t i)
{
    fdslots_pause_index(loop, i);
}

static void resume(void *loop, uint32_t i)
{
    fdslots_resume_index(loop, i);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void close_fd(void *loop, uint32_t i)
{
    fdslots_close_index(loop, i);
}

INLINE void report(struct fdslots *s, struct cell *c, int rc)
{
    if (rc <= 0) {
        if (rc < 0)
            abort();
        return;
    }
    const struct pollfd *view = fdslots_view(s);
    const uint32_t *ready = fdslots_ready(s, NULL);
    for (int i = 0; i < rc; i++)
        bench_ready(c, ready[i], (uint32_t)view[ready[i]].revents);
}

static void wait_(void *loop, struct cell *c, bool block)
{
    report(loop, c, fdslots_wait(loop, block ? FDSLOTS_FOREVER : 0, NULL));
}

static void wait_poll(void *loop, struct cell *c, bool block)
{
    report(loop, c, fdslots_poll(loop, c->nslots, block ? -1 : 0));
}

static void wait_epoll(void *loop, struct cell *c, bool block)
{
    report(loop, c, fdslots_epoll_wait(loop, block ? -1 : 0));
}

static struct ways ways(void *loop)
{
    struct fdslots_stats stats;
    fdslots_get_stats(loop, &stats, sizeof stats);
    return (struct ways){stats.poll_calls, stats.epoll_calls};
}

#define OPS(how_to_wait)                                                                           \
    {                                                                                              \
        .open = loop_open_, .close = loop_close, .set = set, .events = set_events,                 \
        .pause = pause_, .resume = resume, .fired = fired, .rearm = resume, .close_fd = close_fd,  \
        .wait = how_to_wait, .ways = ways,                                                         \
    }

static const struct ops ops = OPS(wait_);
static const struct ops ops_poll = OPS(wait_poll);
static const struct ops ops_epoll = OPS(wait_epoll);

CONTENDER(fdslots, "fdslots_wait", &ops, true);
CONTENDER(fdslots_poll, "fdslots_poll", &ops_poll, false);
CONTENDER(fdslots_epoll, "fdslots_epoll_wait", &ops_epoll, false);
