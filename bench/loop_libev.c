/* SPDX-License-Identifier: ISC
 *
 * libev with its epoll backend: an ev_io for every slot. Changes are collected until the next
 * ev_run(). If a watcher is stopped and started, libev assumes the same file; ev_io_set() in
 * between (reset, replace) makes it check again. A stopped watcher stays in the kernel's set until
 * the kernel reports it, so pausing a quiet one costs no system call.
 */
#include "workloads.h"

#include <ev.h>
#include <stddef.h>

struct slot {
    ev_io io;
    bool oneshot;
};

struct loop {
    struct ev_loop *ev;
    struct cell *cell;
    uint32_t nslots;
    struct slot *slots;
};

static void on_ready(struct ev_loop *ev, ev_io *io, int revents)
{
    struct loop *l = ev_userdata(ev);
    struct slot *slot = (struct slot *)io;
    if (slot->oneshot)
        ev_io_stop(ev, io);
    uint32_t seen =
        ((revents & EV_READ) != 0 ? POLLIN : 0u) | ((revents & EV_WRITE) != 0 ? POLLOUT : 0u);
    bench_ready(l->cell, (uint32_t)(slot - l->slots), seen);
}

static int ev_events(uint32_t events)
{
    return ((events & POLLIN) != 0 ? EV_READ : 0) | ((events & POLLOUT) != 0 ? EV_WRITE : 0);
}

static void *loop_open_(uint32_t nslots)
{
    struct loop *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    l->nslots = nslots;
    l->slots = malloc(nslots * sizeof *l->slots);
    if (l->ev == NULL || l->slots == NULL)
        abort();
    ev_set_userdata(l->ev, l);
    for (uint32_t i = 0; i < nslots; i++)
        ev_init(&l->slots[i].io, on_ready);
    return l;
}

static void loop_close(void *loop)
{
    struct loop *l = loop;
    ev_loop_destroy(l->ev);
    free(l->slots);
    free(l);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    ev_io *io = &l->slots[i].io;
    ev_io_stop(l->ev, io);
    ev_io_set(io, fd, ev_events(events));
    l->slots[i].oneshot = (events & BENCH_ONESHOT) != 0;
    ev_io_start(l->ev, io);
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    ev_io *io = &l->slots[i].io;
    ev_io_stop(l->ev, io);
    ev_io_modify(io, ev_events(events));
    ev_io_start(l->ev, io);
}

static void stop(void *loop, uint32_t i)
{
    struct loop *l = loop;
    ev_io_stop(l->ev, &l->slots[i].io);
}

static void start(void *loop, uint32_t i)
{
    struct loop *l = loop;
    ev_io_start(l->ev, &l->slots[i].io);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    ev_io_stop(l->ev, &l->slots[i].io);
    close(l->slots[i].io.fd);
}

static void wait_(void *loop, struct cell *c, bool block)
{
    struct loop *l = loop;
    l->cell = c;
    ev_run(l->ev, block ? EVRUN_ONCE : EVRUN_NOWAIT);
}

static const struct ops ops = {
    .open = loop_open_,
    .close = loop_close,
    .set = set,
    .events = set_events,
    .pause = stop,
    .resume = start,
    .fired = fired,
    .rearm = start,
    .close_fd = close_fd,
    .wait = wait_,
    .no_pri = true,
};

CONTENDER(libev, "libev", &ops, false);

const struct contender *const contenders[] = {&contender_libev, NULL};
