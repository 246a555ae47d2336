/* SPDX-License-Identifier: ISC
 *
 * libevent with its epoll backend. Like its bufferevents, every slot has one event for reading and
 * one for writing, in the caller's memory (event_assign). A change of interest then takes one
 * epoll_ctl; a single event would have to be deleted and added. The kernel is told at once.
 */
#include "workloads.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>

struct slot {
    struct event in, out;
    struct loop *loop;
    uint32_t wanted;
    uint32_t added; /* which of POLLIN and POLLOUT are added */
};

struct loop {
    struct event_base *base;
    struct cell *cell;
    uint32_t nslots;
    struct slot *slots;
};

static void on_ready(evutil_socket_t fd, short revents, void *arg)
{
    (void)fd;
    struct slot *slot = arg;
    if ((slot->wanted & BENCH_ONESHOT) != 0)
        slot->added = 0;
    uint32_t seen =
        ((revents & EV_READ) != 0 ? POLLIN : 0u) | ((revents & EV_WRITE) != 0 ? POLLOUT : 0u);
    bench_ready(slot->loop->cell, (uint32_t)(slot - slot->loop->slots), seen);
}

static struct event_base *open_base(void)
{
    struct event_config *config = event_config_new();
    static const char *const others[] = {"select", "poll"};
    for (int i = 0; i < 2; i++)
        event_config_avoid_method(config, others[i]);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static void *loop_open_(uint32_t nslots)
{
    struct loop *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->base = open_base();
    l->nslots = nslots;
    l->slots = calloc(nslots, sizeof *l->slots);
    if (l->base == NULL || l->slots == NULL)
        abort();
    return l;
}

static void add_or_delete(struct event *event, bool add)
{
    if (add)
        event_add(event, NULL);
    else
        event_del(event);
}

static void apply(struct slot *slot, uint32_t events)
{
    uint32_t changed = slot->added ^ events;
    if ((changed & POLLIN) != 0)
        add_or_delete(&slot->in, (events & POLLIN) != 0);
    if ((changed & POLLOUT) != 0)
        add_or_delete(&slot->out, (events & POLLOUT) != 0);
    slot->added = events & (POLLIN | POLLOUT);
}

static void loop_close(void *loop)
{
    struct loop *l = loop;
    for (uint32_t i = 0; i < l->nslots; i++)
        apply(&l->slots[i], 0);
    event_base_free(l->base);
    free(l->slots);
    free(l);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    struct slot *slot = &l->slots[i];
    short persist = (events & BENCH_ONESHOT) != 0 ? 0 : EV_PERSIST;
    apply(slot, 0);
    slot->loop = l;
    slot->wanted = events;
    event_assign(&slot->in, l->base, fd, (short)(EV_READ | persist), on_ready, slot);
    event_assign(&slot->out, l->base, fd, (short)(EV_WRITE | persist), on_ready, slot);
    apply(slot, events);
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    l->slots[i].wanted = events;
    apply(&l->slots[i], events);
}

static void pause_(void *loop, uint32_t i)
{
    struct loop *l = loop;
    apply(&l->slots[i], 0);
}

static void resume(void *loop, uint32_t i)
{
    struct loop *l = loop;
    apply(&l->slots[i], l->slots[i].wanted);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    apply(&l->slots[i], 0);
    close(event_get_fd(&l->slots[i].in));
}

static void wait_(void *loop, struct cell *c, bool block)
{
    struct loop *l = loop;
    l->cell = c;
    event_base_loop(l->base, block ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static const struct ops ops = {
    .open = loop_open_,
    .close = loop_close,
    .set = set,
    .events = set_events,
    .pause = pause_,
    .resume = resume,
    .fired = fired,
    .rearm = resume,
    .close_fd = close_fd,
    .wait = wait_,
    .no_pri = true,
};

CONTENDER(libevent, "libevent", &ops, false);

const struct contender *const contenders[] = {&contender_libevent, NULL};
