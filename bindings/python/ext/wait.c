/* SPDX-License-Identifier: ISC
 *
 * A wait as PEP 475 requires: a signal runs its handler, and the wait goes on for the time left.
 * The GIL is released only if the wait may block.
 */
#include "slots.h"
#include <errno.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t deadline_after(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return FDSLOTS_FOREVER;
    if (timeout_ns == 0)
        return 0; /* long over, so the clock need not be read */
    int64_t start = now();
    return timeout_ns < FDSLOTS_FOREVER - start ? start + timeout_ns : FDSLOTS_FOREVER;
}

static int64_t time_left(int64_t deadline)
{
    if (deadline == FDSLOTS_FOREVER)
        return -1;
    if (deadline <= 0)
        return 0;
    int64_t left = deadline - now();
    return left > 0 ? left : 0;
}

void set_timeout(struct request *request, int64_t timeout_ns)
{
    request->timeout_ns = timeout_ns;
    request->deadline_ns = deadline_after(timeout_ns);
}

void set_deadline(struct request *request, int64_t deadline_ns)
{
    request->timeout_ns = time_left(deadline_ns);
    request->deadline_ns = deadline_ns;
}

static const struct timespec *timespec_of(int64_t timeout_ns, struct timespec *t)
{
    t->tv_sec = timeout_ns / 1000000000;
    t->tv_nsec = timeout_ns % 1000000000;
    return timeout_ns < 0 ? NULL : t;
}

static int enter(struct fdslots *buffer, const struct request *request, int64_t timeout_ns)
{
    struct timespec t;
    switch (request->entry) {
    case BY_POLL:
        return fdslots_ppoll(buffer, request->nfds, timespec_of(timeout_ns, &t), request->mask);
    case BY_EPOLL:
        return fdslots_epoll_pwait(buffer, timespec_of(timeout_ns, &t), request->mask);
    default:
        return fdslots_wait(buffer, timeout_ns, request->mask);
    }
}

/* After guests, as after a signal, the wait goes on. */
static int enter_without_lock(struct slots *self, const struct request *request, int64_t timeout_ns)
{
    self->is_waiting = true;
    PyThreadState *thread = guests_leave(self);
    int rc = enter(self->buffer, request, timeout_ns);
    bool had_guests = guests_return(self, thread);
    self->is_waiting = false;
    return rc == 1 && had_guests ? -EINTR : rc;
}

static bool may_wait(struct slots *self)
{
    if (self->is_waiting) {
        PyErr_SetString(PyExc_RuntimeError, "another thread waits on these Slots");
        return false;
    }
    return slots_usable(self) != NULL;
}

int slots_wait(struct slots *self, const struct request *request)
{
    int64_t timeout_ns = request->timeout_ns;
    for (;; timeout_ns = time_left(request->deadline_ns)) {
        if (!may_wait(self))
            return -1;
        int rc = timeout_ns == 0 ? enter(self->buffer, request, 0)
                                 : enter_without_lock(self, request, timeout_ns);
        self->ready_sets++;
        if (rc >= 0)
            return rc;
        if (rc != -EINTR) {
            raise_error(rc);
            return -1;
        }
        if (PyErr_CheckSignals() < 0)
            return -1;
    }
}
