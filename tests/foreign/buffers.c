/* SPDX-License-Identifier: ISC */
#include "buffers.h"
#include "compare.h"
#include "counts.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define WAKER     0u
#define KNOWN_FDS 65536
#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct buffer {
    struct fdslots *s;
    struct fdslots_stats counted;
    pthread_mutex_t door; /* whoever stands in it is the next one in the room */
    pthread_mutex_t room; /* whoever is in it uses the slots, and may wait there */
    bool woken;
    nfds_t used;
    _Atomic bool held[KNOWN_FDS]; /* fds that a slot may hold; above these, any */
    struct buffer *next;
};

static _Atomic(struct buffer *) buffers;
static _Thread_local struct buffer *mine;
static _Thread_local bool busy;

bool buffers_are_busy(void)
{
    return busy;
}

/* ---- one buffer ---- */

static void enter(struct buffer *b)
{
    busy = true;
    pthread_mutex_lock(&b->door);
    pthread_mutex_lock(&b->room);
    if (b->woken)
        fdslots_waker_drain(b->s);
    b->woken = false;
    pthread_mutex_unlock(&b->door);
}

static void leave(struct buffer *b)
{
    pthread_mutex_unlock(&b->room);
    busy = false;
}

static struct buffer *make(void)
{
    struct buffer *b = calloc(1, sizeof *b);
    if (b == NULL || fdslots_create(16, 0, &b->s) < 0 || fdslots_waker_open(b->s, WAKER) < 0)
        return NULL;
    pthread_mutex_init(&b->door, NULL);
    pthread_mutex_init(&b->room, NULL);
    b->next = buffers;
    while (!atomic_compare_exchange_weak(&buffers, &b->next, b))
        ;
    return b;
}

void buffers_be_child(void)
{
    buffers = mine;
    if (mine == NULL)
        return;
    mine->next = NULL;
    pthread_mutex_init(&mine->door, NULL);
    pthread_mutex_init(&mine->room, NULL);
}

static void forget(struct buffer *b, int fd)
{
    int64_t i = WAKER;
    while ((i = fdslots_next_used(b->s, (uint32_t)i + 1)) > 0)
        if (fdslots_get_fd(b->s, (uint32_t)i) == fd)
            fdslots_invalidate_index(b->s, (uint32_t)i);
}

/* The wake ends the wait of the thread that may be in the room. */
static void tell(struct buffer *b, int fd)
{
    pthread_mutex_lock(&b->door);
    if (b != mine) {
        b->woken = true;
        fdslots_wake(b->s);
    }
    pthread_mutex_lock(&b->room);
    forget(b, fd);
    pthread_mutex_unlock(&b->room);
    pthread_mutex_unlock(&b->door);
}

void buffers_tell(int fd)
{
    if (fd < 0)
        return;
    busy = true;
    for (struct buffer *b = buffers; b != NULL; b = b->next)
        if (fd >= KNOWN_FDS || atomic_exchange(&b->held[fd], false))
            tell(b, fd);
    busy = false;
}

/* ---- slots as the program's array ---- */

static int fit(struct buffer *b, nfds_t nfds)
{
    uint32_t slots = fdslots_capacity(b->s);
    while (slots <= nfds)
        slots *= 2;
    return slots != fdslots_capacity(b->s) ? fdslots_resize(&b->s, slots) : 0;
}

static int fill_slot(struct buffer *b, uint32_t index, const struct pollfd *p)
{
    const uint32_t events = (uint16_t)p->events;
    if (p->fd < 0)
        return fdslots_invalidate_index(b->s, index);
    if (fdslots_get_fd(b->s, index) == p->fd)
        return fdslots_get_events(b->s, index) == (int)events
                   ? 0
                   : fdslots_set_events(b->s, index, events);
    if (p->fd < KNOWN_FDS)
        b->held[p->fd] = true;
    return fdslots_set_index(b->s, index, p->fd, events);
}

static int fill(struct buffer *b, const struct pollfd *fds, nfds_t nfds)
{
    int rc = fit(b, nfds);
    for (nfds_t i = 0; i < nfds && rc == 0; i++)
        rc = fill_slot(b, SLOT_OF(i), &fds[i]);
    for (nfds_t i = nfds; i < b->used && rc == 0; i++)
        rc = fdslots_invalidate_index(b->s, SLOT_OF(i));
    b->used = nfds;
    return rc;
}

/* ---- the wait ---- */

static int64_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Until something is ready, the time over, or an fd of these slots about to close. */
static int wait_on(struct buffer *b, const struct entry *e, int64_t deadline)
{
    const int64_t left = deadline == FDSLOTS_FOREVER ? FDSLOTS_FOREVER : deadline - now();
    int rc = e->wait(b->s, left > 0 ? left : 0, NULL);
    count(COUNT_WAITS, 1);
    if (rc == 0 && now() < deadline)
        count(COUNT_EARLY, 1);
    return rc;
}

static int wait_ignoring_wakes(struct buffer *b, const struct entry *e, int64_t deadline)
{
    int rc;
    while ((rc = wait_on(b, e, deadline)) == 1 && fdslots_get_revents(b->s, WAKER) != 0) {
        count(COUNT_WOKEN, 1);
        leave(b);
        enter(b);
    }
    return rc;
}

static void count_stats(struct buffer *b)
{
    struct fdslots_stats now_counted;
    fdslots_get_stats(b->s, &now_counted, sizeof now_counted);
    count(COUNT_LOST, now_counted.lost - b->counted.lost);
    count(COUNT_BY_POLL, now_counted.poll_calls - b->counted.poll_calls);
    count(COUNT_BY_EPOLL, now_counted.epoll_calls - b->counted.epoll_calls);
    b->counted = now_counted;
}

/* Gives the number of ready entries, which is what the wait has returned but for the waker. */
static int report(struct buffer *b, struct pollfd *fds, nfds_t nfds, int rc)
{
    int ready = 0;
    for (nfds_t i = 0; i < nfds; i++) {
        fds[i].revents = (short)fdslots_get_revents(b->s, SLOT_OF(i));
        ready += fds[i].revents != 0;
    }
    if (rc > 0 && ready != rc - (fdslots_get_revents(b->s, WAKER) != 0))
        count(COUNT_DIFFERENCES, 1);
    if (rc < 0 && rc != -EINTR)
        count(COUNT_ERRORS, 1);
    errno = rc < 0 ? -rc : errno;
    return rc < 0 ? -1 : ready;
}

int buffers_poll(const struct entry *e, struct pollfd *fds, nfds_t nfds, int timeout_ms,
                 poll_function *asked)
{
    struct buffer *b = mine = mine != NULL ? mine : make();
    const int64_t deadline = timeout_ms < 0 ? FDSLOTS_FOREVER : now() + timeout_ms * NS_PER_MS;
    if (b == NULL)
        return errno = ENOMEM, -1;
    enter(b);
    int rc = fill(b, fds, nfds);
    if (rc == 0 && asked != NULL)
        rc = compare(b->s, e, fds, nfds, asked);
    if (rc == 0 || (rc == 1 && fdslots_get_revents(b->s, WAKER) != 0))
        rc = wait_ignoring_wakes(b, e, deadline);
    count_stats(b);
    rc = report(b, fds, nfds, rc);
    leave(b);
    return rc;
}
