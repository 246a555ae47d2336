/* SPDX-License-Identifier: ISC
 *
 * epoll by hand. The kernel is told of every change at once. The fd and the events of every slot
 * are kept beside the set.
 *
 * set          If the slot already holds this number: MOD, and ADD if that returns ENOENT, because
 *              the number may be another file. If it holds another number: DEL and ADD. Else: ADD.
 * events       MOD, unless they are equal.
 * pause        DEL, and ADD to resume. With no events, ERR and HUP would still be reported.
 * one-shot     EPOLLONESHOT, and MOD to arm again.
 * close        DEL before the close, because a dup or a child's copy would keep the file in the
 *              set. The contender "epoll-trusting" omits this, which is correct if there is no
 * copy.
 */
#include "workloads.h"

#include <sys/epoll.h>

struct slot {
    int fd;
    uint32_t events;
};

struct loop {
    int ep;
    uint32_t nslots;
    struct slot *slots;
    struct epoll_event *events;
};

static void *loop_open_(uint32_t nslots)
{
    struct loop *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->ep = epoll_create1(EPOLL_CLOEXEC);
    l->nslots = nslots;
    l->slots = malloc(nslots * sizeof *l->slots);
    l->events = malloc(nslots * sizeof *l->events);
    if (l->ep < 0 || l->slots == NULL || l->events == NULL)
        abort();
    for (uint32_t i = 0; i < nslots; i++)
        l->slots[i].fd = -1;
    return l;
}

static void loop_close(void *loop)
{
    struct loop *l = loop;
    close(l->ep);
    free(l->slots);
    free(l->events);
    free(l);
}

static int ctl(struct loop *l, int op, uint32_t i)
{
    struct epoll_event event = {.events = l->slots[i].events, .data.u32 = i};
    return epoll_ctl(l->ep, op, l->slots[i].fd, &event);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    bool same = l->slots[i].fd == fd;
    if (!same && l->slots[i].fd >= 0)
        ctl(l, EPOLL_CTL_DEL, i);
    l->slots[i].fd = fd;
    l->slots[i].events = events & 0xffff;
    if ((events & BENCH_ONESHOT) != 0)
        l->slots[i].events |= EPOLLONESHOT;
    if ((!same || ctl(l, EPOLL_CTL_MOD, i) < 0) && ctl(l, EPOLL_CTL_ADD, i) < 0)
        abort();
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    if (l->slots[i].events == events)
        return;
    l->slots[i].events = events;
    ctl(l, EPOLL_CTL_MOD, i);
}

static void pause_(void *loop, uint32_t i)
{
    ctl(loop, EPOLL_CTL_DEL, i);
}

static void resume(void *loop, uint32_t i)
{
    ctl(loop, EPOLL_CTL_ADD, i);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void rearm(void *loop, uint32_t i)
{
    ctl(loop, EPOLL_CTL_MOD, i);
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    ctl(l, EPOLL_CTL_DEL, i);
    close(l->slots[i].fd);
    l->slots[i].fd = -1;
}

static void close_trusting(void *loop, uint32_t i)
{
    struct loop *l = loop;
    close(l->slots[i].fd);
    l->slots[i].fd = -1;
}

static void wait_(void *loop, struct cell *c, bool block)
{
    struct loop *l = loop;
    int count = epoll_wait(l->ep, l->events, (int)l->nslots, block ? -1 : 0);
    for (int i = 0; i < count; i++)
        bench_ready(c, l->events[i].data.u32, l->events[i].events);
}

#define OPS(how_to_close)                                                                          \
    {                                                                                              \
        .open = loop_open_, .close = loop_close, .set = set, .events = set_events,                 \
        .pause = pause_, .resume = resume, .fired = fired, .rearm = rearm,                         \
        .close_fd = how_to_close, .wait = wait_,                                                   \
    }

static const struct ops ops = OPS(close_fd);
static const struct ops ops_trusting = OPS(close_trusting);

CONTENDER(epoll, "epoll", &ops, false);
CONTENDER(epoll_trusting, "epoll-trusting", &ops_trusting, false);
