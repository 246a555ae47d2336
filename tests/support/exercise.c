/* SPDX-License-Identifier: ISC */
#include "exercise.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct timespec at_once = {0, 0};

static void fill(struct fdslots *s, int reader, int writer)
{
    for (uint32_t i = 0; i < fdslots_capacity(s); i++)
        fdslots_set_index(s, i, i % 2 == 0 ? reader : writer, i % 2 == 0 ? POLLIN : POLLOUT);
}

static int change(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct fdslots *s = arg;
    (void)revents;
    switch (index % 4) {
    case 0:
        return fdslots_set_index(s, index, fd, POLLIN | POLLOUT | FDSLOTS_ONESHOT);
    case 1:
        return fdslots_set_events(s, index, 0);
    case 2:
        return fdslots_pause_index(s, index);
    default:
        return fdslots_invalidate_index(s, index);
    }
}

static void wait_by_all(struct fdslots *s)
{
    sigset_t mask;
    sigemptyset(&mask);
    uint32_t nslots = fdslots_capacity(s);
    fdslots_poll(s, nslots, 0);
    fdslots_ppoll(s, nslots, &at_once, NULL);
    fdslots_ppoll(s, nslots / 2, &at_once, &mask);
    fdslots_epoll_wait(s, 0);
    fdslots_epoll_pwait(s, &at_once, &mask);
    fdslots_wait(s, 0, NULL);
    fdslots_set_max_ready(s, 3);
    fdslots_wait(s, 0, &mask);
    fdslots_wait_until(s, 0, NULL);
    fdslots_set_max_ready(s, nslots);
    fdslots_poll(s, nslots, 0);
}

static void read_all(const struct fdslots *s)
{
    const struct pollfd *view = fdslots_view(s);
    unsigned sum = 0;
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s, &count);
    for (uint32_t r = 0; r < count; r++)
        sum += (unsigned)view[ready[r]].revents;
    for (int64_t i = fdslots_next_used(s, 0); i >= 0; i = fdslots_next_used(s, (uint32_t)i + 1)) {
        uint32_t index = (uint32_t)i;
        sum += (unsigned)fdslots_get_fd(s, index) + (unsigned)fdslots_get_events(s, index);
        sum += (unsigned)fdslots_get_revents(s, index);
        sum += (unsigned)fdslots_get_generation(s, index);
        sum += (unsigned)fdslots_is_paused(s, index);
    }
    for (int64_t i = fdslots_next_free(s, 0); i >= 0; i = fdslots_next_free(s, (uint32_t)i + 1))
        sum += (unsigned)i;
    volatile unsigned sink = sum; /* volatile, so that the compiler keeps the reads */
    (void)sink;
}

static void look(struct fdslots *s, FILE *stream)
{
    struct fdslots_stats stats;
    char text[32];
    fdslots_get_stats(s, &stats, sizeof stats);
    fdslots_format_events(text, sizeof text, UINT32_MAX);
    fprintf(stream, "%s\n", fdslots_version());
    fdslots_dump(s, stream);
    fdslots_has(FDSLOTS_HAS_PPOLL);
    fdslots_has(FDSLOTS_HAS_EPOLL);
    fdslots_has(FDSLOTS_HAS_EPOLL_NS);
}

/* The last slot is emptied for the waker. close_index() later closes that one like any other fd. */
static void wake(struct fdslots *s)
{
    uint32_t last = fdslots_capacity(s) - 1;
    fdslots_invalidate_index(s, last);
    fdslots_waker_open(s, last);
    fdslots_wake(s);
    wait_by_all(s);
    fdslots_waker_drain(s);
    fdslots_close_index(s, last);
}

void exercise(struct fdslots *s, int reader, int writer, FILE *stream)
{
    for (int round = 0; round < 3; round++) {
        fill(s, reader, writer);
        wait_by_all(s);
        read_all(s);
        look(s, stream);
        fdslots_iter_ready(s, change, s);
        wait_by_all(s);
        fdslots_epoll_fd(s);
        fdslots_rebuild(s);
        for (uint32_t i = 0; i < fdslots_capacity(s); i += 2)
            fdslots_resume_index(s, i);
        wait_by_all(s);
        wake(s);
        fdslots_clear_ready(s);
        fdslots_set_index(s, 0, dup(reader), POLLIN);
        fdslots_close_index(s, 0);
        for (uint32_t i = fdslots_capacity(s); i-- > 0;)
            fdslots_invalidate_index(s, i);
    }
}
