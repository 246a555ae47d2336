/* SPDX-License-Identifier: ISC
 *
 * fdslots and libuv in one thread, nested in either direction.
 */
#include "embed.h"

#include <errno.h>
#include <uv.h>

#define NS_PER_MS INT64_C(1000000)

static void on_other(uv_poll_t *poll, int status, int events)
{
    struct pair *pair = poll->data;
    (void)events;
    pair->failed = pair->failed || status < 0;
    if (!pair_other_ready(pair))
        uv_stop(poll->loop);
}

static void on_tick(uv_timer_t *timer)
{
    struct pair *pair = timer->data;
    pair->ticks++;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    uv_close(handle, NULL);
}

/* Handles are closed by an iteration of the loop. */
static void close_loop(uv_loop_t *loop)
{
    uv_walk(loop, close_handle, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
}

/* The libuv side of both modes. An error of libuv is a negative errno value. */
static int start_other(uv_loop_t *loop, uv_poll_t *other, uv_timer_t *timer, struct pair *pair)
{
    int rc = uv_poll_init(loop, other, pair->other);
    if (rc < 0)
        return rc;
    other->data = timer->data = pair;
    uv_timer_init(loop, timer);
    uv_timer_start(timer, on_tick, 1, 1);
    return uv_poll_start(other, UV_READABLE, on_other);
}

/* ---- The slots in libuv ---- */

/* Some slot is ready. */
static void on_slots(uv_poll_t *poll, int status, int events)
{
    struct pair *pair = poll->data;
    (void)events;
    if (status < 0 || fdslots_epoll_wait(pair->s, 0) < 0)
        uv_stop(poll->loop);
    fdslots_iter_ready(pair->s, pair_on_ready, pair);
}

/* Before libuv waits, the kernel must be told of changes in the slots. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct pair *pair = prepare->data;
    if (fdslots_epoll_fd(pair->s) < 0)
        uv_stop(prepare->loop);
}

static int inside(struct pair *pair)
{
    int fd = fdslots_epoll_fd(pair->s);
    if (fd < 0)
        return fd;
    uv_loop_t loop;
    uv_poll_t other, slots;
    uv_prepare_t prepare;
    uv_timer_t timer;
    int rc = uv_loop_init(&loop);
    if (rc < 0)
        return rc;
    rc = start_other(&loop, &other, &timer, pair);
    if (rc == 0)
        rc = uv_poll_init(&loop, &slots, fd);
    if (rc == 0) {
        slots.data = prepare.data = pair;
        uv_poll_start(&slots, UV_READABLE, on_slots);
        uv_prepare_init(&loop, &prepare);
        uv_prepare_start(&prepare, on_prepare);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    close_loop(&loop);
    return rc;
}

/* ---- libuv in a slot ---- */

enum { SLOT_LIBUV = 1 };

static int turn(struct pair *pair, uv_loop_t *loop)
{
    /* This serves what is ready or due, and tells the kernel of changes in libuv. */
    uv_run(loop, UV_RUN_NOWAIT);
    int ms = uv_backend_timeout(loop); /* time until its next timer, negative if there is none */
    bool over = pair->failed || pair->rounds == ROUNDS;
    int rc = fdslots_wait(pair->s, over ? 0 : ms * NS_PER_MS, NULL);
    if (rc >= 0)
        fdslots_iter_ready(pair->s, pair_on_ready, pair);
    return rc == -EINTR ? 0 : rc;
}

static int outside(struct pair *pair)
{
    uv_loop_t loop;
    uv_poll_t other;
    uv_timer_t timer;
    int rc = uv_loop_init(&loop);
    if (rc < 0)
        return rc;
    rc = start_other(&loop, &other, &timer, pair);
    if (rc == 0)
        rc = fdslots_set_index(pair->s, SLOT_LIBUV, uv_backend_fd(&loop), POLLIN);
    while (rc >= 0 && pair->rounds < ROUNDS && !pair->failed)
        rc = turn(pair, &loop);
    fdslots_invalidate_index(pair->s, SLOT_LIBUV); /* before libuv closes the fd */
    close_loop(&loop);
    return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
    return embed_main("embed-libuv", argc, argv, inside, outside);
}
