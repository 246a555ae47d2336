/* SPDX-License-Identifier: ISC
 *
 * Calls that concern the buffer as a whole.
 */
#include "slots.h"

PyObject *slots_resize(struct slots *self, PyObject *value)
{
    uint32_t nslots;
    if (!index_from(value, &nslots) || slots_usable(self) == NULL)
        return NULL;
    if (self->views > 0) {
        PyErr_SetString(PyExc_BufferError, "a memoryview of these Slots exists");
        return NULL;
    }
    int rc = fdslots_resize(&self->buffer, nslots);
    if (rc == 0) {
        self->ready_sets++;
        if (self->used_once > (Py_ssize_t)nslots)
            self->used_once = (Py_ssize_t)nslots;
    }
    return none_or_error(rc);
}

PyObject *slots_set_max_ready(struct slots *self, PyObject *value)
{
    uint32_t n;
    if (!limit_from(value, &n))
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : none_or_error(fdslots_set_max_ready(buffer, n));
}

PyObject *slots_wake(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_open(self);
    return buffer == NULL ? NULL : none_or_error(fdslots_wake(buffer));
}

PyObject *slots_waker_drain(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : none_or_error(fdslots_waker_drain(buffer));
}

PyObject *slots_epoll_fd(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : number_or_error(fdslots_epoll_fd(buffer));
}

PyObject *slots_rebuild(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : none_or_error(fdslots_rebuild(buffer));
}

PyObject *slots_get_stats(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_usable(self);
    struct fdslots_stats n;
    if (buffer == NULL)
        return NULL;
    int rc = fdslots_get_stats(buffer, &n, sizeof(n));
    if (rc < 0)
        return raise_error(rc);
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K}", "waits", n.waits, "poll_calls",
                         n.poll_calls, "epoll_calls", n.epoll_calls, "epoll_ctl_calls",
                         n.epoll_ctl_calls, "ghosts_dropped", n.ghosts_dropped, "rebuilds",
                         n.rebuilds, "fallbacks", n.fallbacks, "lost", n.lost, "polled", n.polled);
}
