/* SPDX-License-Identifier: ISC
 *
 * Timeouts in seconds, and sets of signals.
 */
#include "slots.h"
#include <math.h>

bool timeout_from(PyObject *value, int64_t *timeout_ns)
{
    *timeout_ns = -1;
    if (value == Py_None)
        return true;
    double seconds = PyFloat_AsDouble(value);
    if (seconds == -1.0 && PyErr_Occurred() != NULL)
        return false;
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "a timeout must be a number");
        return false;
    }
    if (seconds >= 0)
        *timeout_ns = seconds * 1e9 < 0x1p63 ? (int64_t)ceil(seconds * 1e9) : FDSLOTS_FOREVER;
    return true;
}

static bool add_signal(sigset_t *mask, PyObject *item)
{
    long number = PyLong_AsLong(item);
    if (number == -1 && PyErr_Occurred() != NULL)
        return false;
    if (number >= 1 && number < NSIG && sigaddset(mask, (int)number) == 0)
        return true;
    PyErr_Format(PyExc_ValueError, "%ld is not a signal number", number);
    return false;
}

static bool add_signals(sigset_t *mask, PyObject *iterator)
{
    PyObject *item;
    while ((item = PyIter_Next(iterator)) != NULL) {
        bool added = add_signal(mask, item);
        Py_DECREF(item);
        if (!added)
            return false;
    }
    return PyErr_Occurred() == NULL;
}

bool sigmask_from(PyObject *value, sigset_t *storage, const sigset_t **mask)
{
    *mask = NULL;
    if (value == Py_None)
        return true;
    PyObject *iterator = PyObject_GetIter(value);
    if (iterator == NULL)
        return false;
    sigemptyset(storage);
    bool added = add_signals(storage, iterator);
    Py_DECREF(iterator);
    *mask = storage;
    return added;
}
