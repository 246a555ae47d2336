/* SPDX-License-Identifier: ISC
 *
 * A back end for ae, the event loop of redis and valkey. Their ae.c includes it instead of
 * ae_epoll.c; doc/testing.md lists the commands. The index of a slot is its fd.
 */
#include <fdslots.h>

static int aeApiCreate(aeEventLoop *loop)
{
    struct fdslots *s;
    int rc = fdslots_create((uint32_t)loop->setsize, 0, &s);
    if (rc < 0)
        return -1;
    loop->apidata = s;
    return 0;
}

static int aeApiResize(aeEventLoop *loop, int setsize)
{
    struct fdslots *s = loop->apidata;
    int rc = fdslots_resize(&s, (uint32_t)setsize);
    loop->apidata = s;
    return rc < 0 ? -1 : 0;
}

static void aeApiFree(aeEventLoop *loop)
{
    fdslots_destroy(loop->apidata);
}

static uint32_t to_events(int mask)
{
    return (mask & AE_READABLE ? POLLIN : 0u) | (mask & AE_WRITABLE ? POLLOUT : 0u);
}

/* ae's handlers find out about errors by reading and writing. */
static int to_mask(int revents)
{
    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        return AE_READABLE | AE_WRITABLE;
    return (revents & POLLIN ? AE_READABLE : 0) | (revents & POLLOUT ? AE_WRITABLE : 0);
}

/* An fd that ae does not know yet may be another file than the last of this number. */
static int aeApiAddEvent(aeEventLoop *loop, int fd, int mask)
{
    struct fdslots *s = loop->apidata;
    const int before = loop->events[fd].mask;
    const uint32_t events = to_events(before | mask);
    int rc = before == AE_NONE ? fdslots_set_index(s, (uint32_t)fd, fd, events)
                               : fdslots_set_events(s, (uint32_t)fd, events);
    return rc < 0 ? -1 : 0;
}

/* ae closes an fd only after this. */
static void aeApiDelEvent(aeEventLoop *loop, int fd, int mask)
{
    struct fdslots *s = loop->apidata;
    const int left = loop->events[fd].mask & ~mask;
    if (left == AE_NONE)
        fdslots_invalidate_index(s, (uint32_t)fd);
    else
        fdslots_set_events(s, (uint32_t)fd, to_events(left));
}

static int aeApiPoll(aeEventLoop *loop, struct timeval *time)
{
    struct fdslots *s = loop->apidata;
    int64_t ns = FDSLOTS_FOREVER;
    if (time != NULL)
        ns = time->tv_sec * INT64_C(1000000000) + time->tv_usec * INT64_C(1000);
    int rc = fdslots_wait(s, ns, NULL);
    if (rc < 0 && rc != -EINTR)
        panic("aeApiPoll: fdslots_wait, %s", strerror(-rc));
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s, &count);
    for (uint32_t i = 0; i < count; i++) {
        loop->fired[i].fd = (int)ready[i];
        loop->fired[i].mask = to_mask(fdslots_get_revents(s, ready[i]));
    }
    return (int)count;
}

static char *aeApiName(void)
{
    static char name[] = "fdslots";
    return name;
}
