/* SPDX-License-Identifier: ISC
 *
 * Setting slots. Only close_index() and waker_open() make system calls.
 */
#include "slots.h"

static void note_use(struct slots *self, uint32_t index)
{
    if ((Py_ssize_t)index >= self->used_once)
        self->used_once = (Py_ssize_t)index + 1;
}

PyObject *slots_set_index(struct slots *self, PyObject *const *args, Py_ssize_t nargs)
{
    uint32_t index, events;
    if (!check_count("set_index", nargs, 3) || !index_from(args[0], &index) ||
        !events_from(args[2], &events))
        return NULL;
    int fd = PyObject_AsFileDescriptor(args[1]);
    if (fd < 0)
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    if (buffer == NULL)
        return NULL;
    int rc = fdslots_set_index(buffer, index, fd, events);
    if (rc == 0)
        note_use(self, index);
    return none_or_error(rc);
}

PyObject *slots_set_events(struct slots *self, PyObject *const *args, Py_ssize_t nargs)
{
    uint32_t index, events;
    if (!check_count("set_events", nargs, 2) || !index_from(args[0], &index) ||
        !events_from(args[1], &events))
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : none_or_error(fdslots_set_events(buffer, index, events));
}

static PyObject *change(struct slots *self, PyObject *value,
                        int (*call)(struct fdslots *, uint32_t))
{
    uint32_t index;
    if (!index_from(value, &index))
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    return buffer == NULL ? NULL : none_or_error(call(buffer, index));
}

PyObject *slots_invalidate_index(struct slots *self, PyObject *index)
{
    return change(self, index, fdslots_invalidate_index);
}

/* A close may block, for example on a lingering socket or a file of NFS. */
PyObject *slots_close_index(struct slots *self, PyObject *value)
{
    uint32_t index;
    if (!index_from(value, &index))
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    if (buffer == NULL)
        return NULL;
    PyThreadState *thread = guests_leave(self);
    int rc = fdslots_close_index(buffer, index);
    guests_return(self, thread);
    return none_or_error(rc);
}

PyObject *slots_pause_index(struct slots *self, PyObject *index)
{
    return change(self, index, fdslots_pause_index);
}

PyObject *slots_resume_index(struct slots *self, PyObject *index)
{
    return change(self, index, fdslots_resume_index);
}

PyObject *slots_waker_open(struct slots *self, PyObject *value)
{
    uint32_t index;
    if (!index_from(value, &index))
        return NULL;
    struct fdslots *buffer = slots_usable(self);
    if (buffer == NULL)
        return NULL;
    int rc = fdslots_waker_open(buffer, index);
    if (rc == 0)
        note_use(self, index);
    return none_or_error(rc);
}
