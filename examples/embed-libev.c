/* SPDX-License-Identifier: ISC
 *
 * fdslots and libev in one thread, nested in either direction.
 */
#include "embed.h"

#include <errno.h>
#include <ev.h>

static void on_other(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    if (!pair_other_ready(io->data))
        ev_break(loop, EVBREAK_ALL);
}

/* ---- The slots in libev ---- */

/* Some slot is ready. */
static void on_slots(struct ev_loop *loop, ev_io *io, int revents)
{
    struct pair *pair = io->data;
    (void)revents;
    if (fdslots_epoll_wait(pair->s, 0) < 0)
        ev_break(loop, EVBREAK_ALL);
    fdslots_iter_ready(pair->s, pair_on_ready, pair);
}

/* Before libev waits, the kernel must be told of changes in the slots. */
static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int revents)
{
    struct pair *pair = prepare->data;
    (void)revents;
    if (fdslots_epoll_fd(pair->s) < 0)
        ev_break(loop, EVBREAK_ALL);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents)
{
    struct pair *pair = timer->data;
    (void)loop, (void)revents;
    pair->ticks++;
}

static int inside(struct pair *pair)
{
    int fd = fdslots_epoll_fd(pair->s);
    if (fd < 0)
        return fd;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL)
        return -ENOMEM;
    ev_io other, slots;
    ev_prepare prepare;
    ev_timer timer;
    ev_io_init(&other, on_other, pair->other, EV_READ);
    ev_io_init(&slots, on_slots, fd, EV_READ);
    ev_prepare_init(&prepare, on_prepare);
    ev_timer_init(&timer, on_tick, 0.0001, 0.0001);
    other.data = slots.data = prepare.data = timer.data = pair;
    ev_io_start(loop, &other);
    ev_io_start(loop, &slots);
    ev_prepare_start(loop, &prepare);
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
    ev_loop_destroy(loop);
    return 0;
}

/* ---- libev in slots ---- */

/* libev has no fd that represents all of its own, and does not say when a timer is due. But if an
 * fd is known to be ready, that can be fed to its watchers. Every fd that libev watches therefore
 * has a slot here, and timers belong to the outer loop, as the deadline of its wait. */
enum { SLOT_LIBEV = 1 };

static int feed(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct ev_loop *loop = arg;
    if (index >= SLOT_LIBEV) {
        /* As in libev itself, an error or a hang-up is reported to readers and writers. */
        bool failed = (revents & (POLLERR | POLLHUP)) != 0;
        ev_feed_fd_event(loop, fd,
                         ((revents & POLLIN) != 0 || failed ? EV_READ : 0) |
                             ((revents & POLLOUT) != 0 || failed ? EV_WRITE : 0));
    }
    return 0;
}

static int turn(struct pair *pair, struct ev_loop *loop)
{
    int rc = fdslots_wait(pair->s, FDSLOTS_FOREVER, NULL);
    if (rc < 0)
        return rc == -EINTR ? 0 : rc;
    fdslots_iter_ready(pair->s, feed, loop);
    fdslots_iter_ready(pair->s, pair_on_ready, pair);
    ev_invoke_pending(loop); /* calls the watchers that were fed */
    return 0;
}

static int outside(struct pair *pair)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL)
        return -ENOMEM;
    ev_io other;
    ev_io_init(&other, on_other, pair->other, EV_READ);
    other.data = pair;
    ev_io_start(loop, &other);
    int rc = fdslots_set_index(pair->s, SLOT_LIBEV, pair->other, POLLIN);
    while (rc >= 0 && pair->rounds < ROUNDS && !pair->failed)
        rc = turn(pair, loop);
    fdslots_invalidate_index(pair->s, SLOT_LIBEV);
    ev_loop_destroy(loop);
    return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
    return embed_main("embed-libev", argc, argv, inside, outside);
}
