/* SPDX-License-Identifier: ISC
 *
 * Slots and events as text.
 */
#include "slots.h"
#include <inttypes.h>
#include <stdlib.h>

/* Enough for the names of all events together. */
#define EVENTS_TEXT 160
/* Number of slots that a repr shows. */
#define SHOWN 4

PyObject *format_events(PyObject *module, PyObject *value)
{
    (void)module;
    uint32_t events;
    char text[EVENTS_TEXT];
    if (!events_from(value, &events))
        return NULL;
    int rc = fdslots_format_events(text, sizeof(text), events);
    return rc < 0 ? raise_error(rc) : PyUnicode_FromString(text);
}

static void print_slot(FILE *out, const struct fdslots *buffer, uint32_t index)
{
    char events[EVENTS_TEXT], revents[EVENTS_TEXT];
    fdslots_format_events(events, sizeof(events), (uint32_t)fdslots_get_events(buffer, index));
    int seen = fdslots_get_revents(buffer, index);
    fdslots_format_events(revents, sizeof(revents), (uint32_t)seen);
    fprintf(out, ", %" PRIu32 ": fd %d %s%s%s%s", index, fdslots_get_fd(buffer, index), events,
            seen > 0 ? " -> " : "", seen > 0 ? revents : "",
            fdslots_is_paused(buffer, index) == 1 ? " paused" : "");
}

static int print_repr(const struct fdslots *buffer, FILE *out)
{
    fprintf(out, "<fdslots.Slots of %" PRIu32, fdslots_capacity(buffer));
    int shown = 0;
    int64_t i = -1;
    while ((i = fdslots_next_used(buffer, (uint32_t)(i + 1))) >= 0 && shown++ < SHOWN)
        print_slot(out, buffer, (uint32_t)i);
    fputs(i >= 0 ? ", ...>" : ">", out);
    return 0;
}

/* Return the output of `print` as a string. */
static PyObject *text_of(const struct fdslots *buffer, int (*print)(const struct fdslots *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return PyErr_SetFromErrno(PyExc_OSError);
    int rc = print(buffer, out);
    PyObject *result = NULL;
    if (fclose(out) != 0)
        PyErr_NoMemory();
    else
        result = rc < 0 ? raise_error(rc) : PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
    free(text);
    return result;
}

PyObject *slots_repr(struct slots *self)
{
    if (self->buffer == NULL)
        return PyUnicode_FromString("<fdslots.Slots, closed>");
    if (self->is_inside)
        return PyUnicode_FromString("<fdslots.Slots, waiting>");
    return text_of(self->buffer, print_repr);
}

PyObject *slots_dump(struct slots *self, PyObject *none)
{
    (void)none;
    return slots_usable(self) == NULL ? NULL : text_of(self->buffer, fdslots_dump);
}
