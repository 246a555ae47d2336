/* SPDX-License-Identifier: ISC
 *
 * Implements Selector.select(): a wait, and a list of keys. The slot of an fd is fd + 1, because
 * slot 0 belongs to the waker.
 */
#include "slots.h"

/* The values of the module selectors. */
#define EVENT_READ  1
#define EVENT_WRITE 2

/* Like PollSelector, report errors and hang-ups to whoever waits for anything. */
static int selector_events(int events, int revents)
{
    int wanted = (events & POLLIN ? EVENT_READ : 0) | (events & POLLOUT ? EVENT_WRITE : 0);
    int seen = (revents & ~POLLOUT ? EVENT_READ : 0) | (revents & ~POLLIN ? EVENT_WRITE : 0);
    return wanted & seen;
}

/* Append (keys[fd], events). A ready fd without a key is left out. Making the pair may run the
 * garbage collector, and with it any code that drops the key. */
static bool append_key(PyObject *list, PyObject *keys, int fd, int events)
{
    PyObject *number = PyLong_FromLong(fd);
    if (number == NULL)
        return false;
    PyObject *key = PyDict_GetItemWithError(keys, number);
    Py_DECREF(number);
    if (key == NULL)
        return PyErr_Occurred() == NULL;
    PyObject *members[] = {Py_NewRef(key), PyLong_FromLong(events)};
    PyObject *pair = pack(members, 2);
    bool appended = pair != NULL && PyList_Append(list, pair) == 0;
    Py_XDECREF(pair);
    return appended;
}

/* Making objects may run the garbage collector, and with it any code. The position is therefore
 * kept in a cursor. */
static bool append_ready(struct slots *slots, PyObject *keys, PyObject *list)
{
    struct cursor cursor = cursor_at_start(slots);
    uint32_t index;
    int rc;
    while ((rc = cursor_next(slots, &cursor, &index)) > 0) {
        int events = selector_events(fdslots_get_events(slots->buffer, index),
                                     fdslots_get_revents(slots->buffer, index));
        if (!append_key(list, keys, (int)index - 1, events))
            return false;
    }
    return rc == 0;
}

static PyObject *ready_keys(struct slots *slots, PyObject *keys)
{
    PyObject *list = PyList_New(0);
    if (list == NULL || append_ready(slots, keys, list))
        return list;
    Py_DECREF(list);
    return NULL;
}

/* select_keys(slots, timeout, keys): implements BaseSelector.select(); keys is a dict by fd. */
PyObject *select_keys(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct module_state *state = PyModule_GetState(module);
    int64_t timeout_ns;
    if (!check_count("select_keys", nargs, 3))
        return NULL;
    if (!PyObject_TypeCheck(args[0], state->slots_type) || !PyDict_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "select_keys takes Slots, a timeout and a dict");
        return NULL;
    }
    if (!timeout_from(args[1], &timeout_ns))
        return NULL;
    if (args[1] != Py_None && timeout_ns < 0)
        timeout_ns = 0;
    struct request request = {.entry = BY_CHEAPEST};
    set_timeout(&request, timeout_ns);
    struct slots *slots = (struct slots *)args[0];
    return slots_wait(slots, &request) < 0 ? NULL : ready_keys(slots, args[2]);
}
