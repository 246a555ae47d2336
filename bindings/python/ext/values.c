/* SPDX-License-Identifier: ISC
 *
 * Converts numbers, results and arguments between Python and the library.
 */
#include "slots.h"
#include <errno.h>

PyObject *raise_error(int rc)
{
    errno = -rc;
    return PyErr_SetFromErrno(PyExc_OSError);
}

PyObject *none_or_error(int rc)
{
    if (rc < 0)
        return raise_error(rc);
    Py_RETURN_NONE;
}

PyObject *number_or_error(int64_t result)
{
    return result < 0 ? raise_error((int)result) : PyLong_FromLongLong(result);
}

PyObject *pack(PyObject **members, Py_ssize_t count)
{
    bool is_complete = true;
    for (Py_ssize_t i = 0; i < count; i++)
        is_complete = is_complete && members[i] != NULL;
    PyObject *tuple = is_complete ? PyTuple_New(count) : NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        if (tuple != NULL)
            PyTuple_SetItem(tuple, i, members[i]);
        else
            Py_XDECREF(members[i]);
    return tuple;
}

/* Convert to an integer in [0, UINT32_MAX]. A larger one becomes UINT32_MAX, a negative one
 * `below`. */
static bool uint32_from(PyObject *value, uint32_t below, uint32_t *out)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (number == -1 && PyErr_Occurred() != NULL)
        return false;
    if (overflow > 0 || number > UINT32_MAX)
        *out = UINT32_MAX;
    else
        *out = number < 0 ? below : (uint32_t)number;
    return true;
}

bool index_from(PyObject *value, uint32_t *index)
{
    return uint32_from(value, UINT32_MAX, index);
}

bool events_from(PyObject *value, uint32_t *events)
{
    return uint32_from(value, UINT32_MAX, events);
}

bool limit_from(PyObject *value, uint32_t *limit)
{
    return uint32_from(value, 0, limit);
}

int uint32_converter(PyObject *value, void *out)
{
    return uint32_from(value, UINT32_MAX, out);
}

/* Place an argument that is given by name. The first `nargs` are given by position already. */
static bool place_named(const char *const *names, Py_ssize_t nargs, PyObject *name, PyObject *value,
                        PyObject **out)
{
    Py_ssize_t i = 0;
    while (names[i] != NULL && PyUnicode_CompareWithASCIIString(name, names[i]) != 0)
        i++;
    if (names[i] != NULL && i >= nargs) {
        out[i] = value;
        return true;
    }
    PyErr_Format(PyExc_TypeError,
                 i < nargs ? "%R is given twice" : "%R is not an argument of this call", name);
    return false;
}

bool sort_arguments(const char *const *names, PyObject *const *args, Py_ssize_t nargs,
                    PyObject *kwnames, PyObject **out)
{
    for (Py_ssize_t i = 0; i < nargs; i++) {
        if (names[i] == NULL)
            return check_count("this call", nargs, i);
        out[i] = args[i];
    }
    Py_ssize_t nkwargs = kwnames == NULL ? 0 : PyTuple_Size(kwnames);
    for (Py_ssize_t i = 0; i < nkwargs; i++)
        if (!place_named(names, nargs, PyTuple_GetItem(kwnames, i), args[nargs + i], out))
            return false;
    return true;
}

bool check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, given);
    return false;
}
