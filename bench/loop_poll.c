/* SPDX-License-Identifier: ISC
 *
 * poll(2) by hand: an array of pollfd with the caller's own indices, written in place. A paused
 * slot holds ~fd, which the kernel skips. After the wait, the array is read up to the last ready
 * entry.
 */
#include "workloads.h"

struct loop {
    uint32_t end; /* the highest slot ever set, plus 1 */
    struct pollfd p[];
};

static void *loop_open_(uint32_t nslots)
{
    struct loop *l = malloc(sizeof *l + nslots * sizeof l->p[0]);
    if (l == NULL)
        abort();
    l->end = 0;
    return l;
}

static void loop_close(void *loop)
{
    free(loop);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    while (l->end <= i)
        l->p[l->end++].fd = -1;
    l->p[i] = (struct pollfd){.fd = fd, .events = (short)(events & 0xffff)};
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    l->p[i].events = (short)events;
}

static void flip(void *loop, uint32_t i)
{
    struct loop *l = loop;
    l->p[i].fd = ~l->p[i].fd;
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    close(l->p[i].fd);
    l->p[i].fd = -1;
}

static void wait_(void *loop, struct cell *c, bool block)
{
    struct loop *l = loop;
    int left = poll(l->p, l->end, block ? -1 : 0);
    for (uint32_t i = 0; left > 0; i++) {
        if (l->p[i].revents != 0) {
            bench_ready(c, i, (uint32_t)l->p[i].revents);
            left--;
        }
    }
}

static const struct ops ops = {
    .open = loop_open_,
    .close = loop_close,
    .set = set,
    .events = set_events,
    .pause = flip,
    .resume = flip,
    .fired = flip,
    .rearm = flip,
    .close_fd = close_fd,
    .wait = wait_,
};

CONTENDER(poll, "poll", &ops, false);
