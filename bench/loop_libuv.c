/* SPDX-License-Identifier: ISC
 *
 * libuv: a uv_poll_t for every fd, in the caller's memory. Changes are collected until the next
 * uv_run(), but a stop is told at once. A handle belongs to one fd. Another fd needs another
 * handle, and the old one is freed when the loop has closed it.
 *
 * uv_poll_start() removes the fd from the kernel's set and adds it again, even if only the interest
 * changes.
 *
 * One uv_run() calls epoll_wait up to 48 times, as long as its 1024 events are filled. Real users
 * read what is ready. In the workloads in which it stays ready, 1024 slots or more are reported 48
 * times.
 */
#include "workloads.h"

#include <stddef.h>
#include <uv.h>

struct handle {
    uv_poll_t uv; /* first member, so that a uv_poll_t is a struct handle */
    struct loop *loop;
    uint32_t index;
    int fd;
    uint32_t events;
};

struct loop {
    uv_loop_t uv;
    struct cell *cell;
    uint32_t nslots;
    struct handle **handles;
};

static int uv_events(uint32_t events)
{
    return ((events & POLLIN) != 0 ? UV_READABLE : 0) |
           ((events & POLLOUT) != 0 ? UV_WRITABLE : 0) |
           ((events & POLLPRI) != 0 ? UV_PRIORITIZED : 0);
}

static void on_ready(uv_poll_t *uv, int status, int revents)
{
    struct handle *h = (struct handle *)uv;
    if (status < 0)
        abort();
    if ((h->events & BENCH_ONESHOT) != 0)
        uv_poll_stop(uv);
    uint32_t seen = ((revents & UV_READABLE) != 0 ? POLLIN : 0u) |
                    ((revents & UV_WRITABLE) != 0 ? POLLOUT : 0u);
    bench_ready(h->loop->cell, h->index, seen);
}

static void on_closed(uv_handle_t *uv)
{
    free(uv);
}

static void *loop_open_(uint32_t nslots)
{
    struct loop *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->nslots = nslots;
    l->handles = calloc(nslots, sizeof *l->handles);
    if (l->handles == NULL || uv_loop_init(&l->uv) != 0)
        abort();
    return l;
}

static void drop(struct loop *l, uint32_t i)
{
    if (l->handles[i] != NULL)
        uv_close((uv_handle_t *)&l->handles[i]->uv, on_closed);
    l->handles[i] = NULL;
}

static void loop_close(void *loop)
{
    struct loop *l = loop;
    for (uint32_t i = 0; i < l->nslots; i++)
        drop(l, i);
    uv_run(&l->uv, UV_RUN_NOWAIT);
    if (uv_loop_close(&l->uv) != 0)
        abort();
    free(l->handles);
    free(l);
}

static void start(void *loop, uint32_t i)
{
    struct loop *l = loop;
    struct handle *h = l->handles[i];
    uv_poll_start(&h->uv, uv_events(h->events), on_ready);
}

static void stop(void *loop, uint32_t i)
{
    struct loop *l = loop;
    uv_poll_stop(&l->handles[i]->uv);
}

static void set_events(void *loop, uint32_t i, uint32_t events)
{
    struct loop *l = loop;
    l->handles[i]->events = events;
    start(loop, i);
}

static void set(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events)
{
    (void)c;
    struct loop *l = loop;
    drop(l, i);
    struct handle *h = malloc(sizeof *h);
    if (h == NULL)
        abort();
    h->loop = l;
    h->index = i;
    h->fd = fd;
    if (uv_poll_init(&l->uv, &h->uv, fd) != 0)
        abort();
    l->handles[i] = h;
    set_events(loop, i, events);
}

static void fired(void *loop, uint32_t i)
{
    (void)loop, (void)i;
}

static void close_fd(void *loop, uint32_t i)
{
    struct loop *l = loop;
    int fd = l->handles[i]->fd;
    drop(l, i);
    close(fd);
}

static void wait_(void *loop, struct cell *c, bool block)
{
    struct loop *l = loop;
    l->cell = c;
    uv_run(&l->uv, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
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
};

CONTENDER(libuv, "libuv", &ops, false);

const struct contender *const contenders[] = {&contender_libuv, NULL};
