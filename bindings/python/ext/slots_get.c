/* SPDX-License-Identifier: ISC
 *
 * Reading slots, which only reads memory.
 */
#include "slots.h"
#include <errno.h>

/* Convert value to an index and return the buffer, or NULL with an exception. */
static struct fdslots *look_at(struct slots *self, PyObject *value, uint32_t *index)
{
    return index_from(value, index) ? slots_usable(self) : NULL;
}

static PyObject *get(struct slots *self, PyObject *value,
                     int (*call)(const struct fdslots *, uint32_t))
{
    uint32_t index;
    struct fdslots *buffer = look_at(self, value, &index);
    return buffer == NULL ? NULL : number_or_error(call(buffer, index));
}

PyObject *slots_get_fd(struct slots *self, PyObject *index)
{
    return get(self, index, fdslots_get_fd);
}

PyObject *slots_get_events(struct slots *self, PyObject *index)
{
    return get(self, index, fdslots_get_events);
}

PyObject *slots_get_revents(struct slots *self, PyObject *index)
{
    return get(self, index, fdslots_get_revents);
}

PyObject *slots_is_paused(struct slots *self, PyObject *value)
{
    uint32_t index;
    struct fdslots *buffer = look_at(self, value, &index);
    if (buffer == NULL)
        return NULL;
    int rc = fdslots_is_paused(buffer, index);
    return rc < 0 ? raise_error(rc) : PyBool_FromLong(rc);
}

PyObject *slots_get_generation(struct slots *self, PyObject *value)
{
    uint32_t index;
    struct fdslots *buffer = look_at(self, value, &index);
    return buffer == NULL ? NULL : number_or_error(fdslots_get_generation(buffer, index));
}

/* In Python, the end of a search is not an error. */
static PyObject *search(struct slots *self, PyObject *value,
                        int64_t (*call)(const struct fdslots *, uint32_t))
{
    uint32_t from;
    struct fdslots *buffer = look_at(self, value, &from);
    if (buffer == NULL)
        return NULL;
    int64_t found = call(buffer, from);
    if (found == -ENOENT || found == -ENOSPC)
        Py_RETURN_NONE;
    return number_or_error(found);
}

PyObject *slots_next_used(struct slots *self, PyObject *from)
{
    return search(self, from, fdslots_next_used);
}

PyObject *slots_next_free(struct slots *self, PyObject *from)
{
    return search(self, from, fdslots_next_free);
}
