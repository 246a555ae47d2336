/* SPDX-License-Identifier: ISC
 *
 * The entry points as methods. Timeouts are in seconds. None and negative timeouts never end.
 */
#include "slots.h"

static PyObject *run(struct slots *self, struct request *request, PyObject *sigmask)
{
    sigset_t storage;
    if (!sigmask_from(sigmask, &storage, &request->mask))
        return NULL;
    int ready = slots_wait(self, request);
    return ready < 0 ? NULL : PyLong_FromLong(ready);
}

static PyObject *wait_by(enum entry_point entry, METHOD_ARGUMENTS)
{
    static const char *const names[] = {"timeout", "sigmask", NULL};
    PyObject *values[] = {Py_None, Py_None};
    struct request request = {.entry = entry};
    int64_t timeout_ns;
    if (!sort_arguments(names, args, nargs, kwnames, values) ||
        !timeout_from(values[0], &timeout_ns))
        return NULL;
    set_timeout(&request, timeout_ns);
    return run(self, &request, values[1]);
}

PyObject *slots_wait_method(METHOD_ARGUMENTS)
{
    return wait_by(BY_CHEAPEST, self, args, nargs, kwnames);
}

PyObject *slots_epoll_wait(METHOD_ARGUMENTS)
{
    return wait_by(BY_EPOLL, self, args, nargs, kwnames);
}

PyObject *slots_poll(METHOD_ARGUMENTS)
{
    static const char *const names[] = {"timeout", "sigmask", "nfds", NULL};
    PyObject *values[] = {Py_None, Py_None, Py_None};
    int64_t timeout_ns;
    if (!sort_arguments(names, args, nargs, kwnames, values) ||
        !timeout_from(values[0], &timeout_ns) || slots_open(self) == NULL)
        return NULL;
    struct request request = {.entry = BY_POLL, .nfds = fdslots_capacity(self->buffer)};
    set_timeout(&request, timeout_ns);
    if (values[2] != Py_None && !index_from(values[2], &request.nfds))
        return NULL;
    return run(self, &request, values[1]);
}

/* Convert a time of time.monotonic(), which uses the library's clock. A time before its zero is
 * in the past. */
static bool deadline_from(PyObject *value, int64_t *deadline_ns)
{
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "wait_until takes a deadline");
        return false;
    }
    if (!timeout_from(value, deadline_ns))
        return false;
    if (*deadline_ns < 0)
        *deadline_ns = value == Py_None ? FDSLOTS_FOREVER : 0;
    return true;
}

PyObject *slots_wait_until(METHOD_ARGUMENTS)
{
    static const char *const names[] = {"deadline", "sigmask", NULL};
    PyObject *values[] = {NULL, Py_None};
    struct request request = {.entry = BY_CHEAPEST};
    int64_t deadline_ns;
    if (!sort_arguments(names, args, nargs, kwnames, values) ||
        !deadline_from(values[0], &deadline_ns))
        return NULL;
    set_deadline(&request, deadline_ns);
    return run(self, &request, values[1]);
}
