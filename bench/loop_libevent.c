/* SPDX-License-Identifier: ISC
 *
 * libevent, with its epoll backend: a struct event for each slot, in memory of ours
 * (event_assign). The kernel is told at once.
 */
#include "workloads.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>

struct slot {
    struct event event;
    struct loop *loop;
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
    uint32_t seen =
        ((revents & EV_READ) != 0 ? POLLIN : 0u) | ((revents & EV_WRITE) != 0 ? POLLOUT : 0u);
    bench_ready(slot->loop->cell, (uint32_t)(slot - slot->loop->slots), seen);
}

static short event_events(uint32_t events)
{
    int bits = ((events & POLLIN) != 0 ? EV_READ : 0) | ((events & POLLOUT) != 0 ? EV_WRITE : 0);
    return (short)((events & BENCH_ONESHOT) != 0 ? bits : bits | EV_PERSIST);
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

static bool is_set(const struct slot *slot)
{
    return slot->loop != NULL;
}

static void loop_close(void *loop)
{
    struct loop *l = loop;
    for (uint32_t i = 0; i < l->nslots; i++)
        if (is_set(&l->slots[i]))
            event_del(&l->slots[i].event);
    event_base_free(l->base);
    free(l->slots);
    free(l);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    struct slot *slot = &l->slots[i];
    if (is_set(slot))
        event_del(&slot->event);
    slot->loop = l;
    event_assign(&slot->event, l->base, fd, event_events(events), on_ready, slot);
    event_add(&slot->event, NULL);
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    set(loop, NULL, i, event_get_fd(&l->slots[i].event), events);
}

static void del(void *loop, uint32_t i)
{
    struct loop *l = loop;
    event_del(&l->slots[i].event);
}

static void add(void *loop, uint32_t i)
{
    struct loop *l = loop;
    event_add(&l->slots[i].event, NULL);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    event_del(&l->slots[i].event);
    close(event_get_fd(&l->slots[i].event));
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
    .pause = del,
    .resume = add,
    .fired = fired,
    .rearm = add,
    .close_fd = close_fd,
    .wait = wait_,
};

CONTENDER(libevent, "libevent", &ops, false);

const struct contender *const contenders[] = {&contender_libevent, NULL};
