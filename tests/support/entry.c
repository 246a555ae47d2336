/* SPDX-License-Identifier: ISC */
#include "entry.h"

#include <limits.h>
#include <stddef.h>
#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

static int ms_from(int64_t ns)
{
    if (ns == FDSLOTS_FOREVER)
        return -1;
    int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS > 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static const struct timespec *timespec_from(int64_t ns, struct timespec *ts)
{
    ts->tv_sec = (time_t)(ns / NS_PER_S);
    ts->tv_nsec = (long)(ns % NS_PER_S);
    return ns == FDSLOTS_FOREVER ? NULL : ts;
}

static int wait_poll(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask)
{
    (void)mask;
    return fdslots_poll(s, fdslots_capacity(s), ms_from(timeout_ns));
}

static int wait_ppoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask)
{
    struct timespec ts;
    return fdslots_ppoll(s, fdslots_capacity(s), timespec_from(timeout_ns, &ts), mask);
}

static int wait_epoll_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask)
{
    (void)mask;
    return fdslots_epoll_wait(s, ms_from(timeout_ns));
}

static int wait_epoll_pwait(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask)
{
    struct timespec ts;
    return fdslots_epoll_pwait(s, timespec_from(timeout_ns, &ts), mask);
}

static int wait_until(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t start = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
    const bool fits = timeout_ns < FDSLOTS_FOREVER - start;
    return fdslots_wait_until(s, fits ? start + timeout_ns : FDSLOTS_FOREVER, mask);
}

static bool always(void)
{
    return true;
}

static bool have_ppoll(void)
{
    return fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
}

static bool lack_ppoll(void)
{
    return !have_ppoll();
}

static bool have_epoll(void)
{
    return fdslots_has(FDSLOTS_HAS_EPOLL) == 1;
}

static bool have_epoll_ns(void)
{
    return fdslots_has(FDSLOTS_HAS_EPOLL_NS) == 1;
}

static bool lack_epoll_ns(void)
{
    return have_epoll() && !have_epoll_ns();
}

static const struct entry entries[] = {
    {"poll", ENTRY_POLL, wait_poll, false, false, false, always},
    {"ppoll", ENTRY_PPOLL, wait_ppoll, true, true, false, have_ppoll},
    {"ppoll by poll", ENTRY_PPOLL, wait_ppoll, false, false, false, lack_ppoll},
    {"epoll_wait", ENTRY_EPOLL_WAIT, wait_epoll_wait, false, false, true, have_epoll},
    {"epoll_pwait", ENTRY_EPOLL_PWAIT, wait_epoll_pwait, true, true, true, have_epoll_ns},
    {"epoll_pwait by ms", ENTRY_EPOLL_PWAIT, wait_epoll_pwait, false, true, true, lack_epoll_ns},
    {"wait", ENTRY_WAIT, fdslots_wait, true, true, true, have_ppoll},
    {"wait without ppoll", ENTRY_WAIT, fdslots_wait, false, false, true, lack_ppoll},
    {"until", ENTRY_WAIT_UNTIL, wait_until, true, true, true, have_ppoll},
    {"until, without ppoll", ENTRY_WAIT_UNTIL, wait_until, false, false, true, lack_ppoll},
};

#define ENTRIES ((int)(sizeof entries / sizeof entries[0]))

const struct entry *entry_at(int i)
{
    for (int row = 0; row < ENTRIES; row++)
        if (entries[row].available() && i-- == 0)
            return &entries[row];
    return NULL;
}

int entry_count(void)
{
    int count = 0;
    while (entry_at(count) != NULL)
        count++;
    return count;
}

const struct entry *entry_for(enum entry_point point)
{
    const struct entry *e;
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        if (e->point == point)
            return e;
    return NULL;
}
