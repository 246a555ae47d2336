/* SPDX-License-Identifier: ISC
 *
 * An iterator over the ready set, which makes no list.
 */
#include "slots.h"

struct ready_iterator {
    PyObject_HEAD;
    struct slots *slots;
    struct cursor cursor;
};

struct cursor cursor_at_start(const struct slots *self)
{
    return (struct cursor){.ready_set = self->ready_sets};
}

int cursor_next(struct slots *self, struct cursor *cursor, uint32_t *index)
{
    uint32_t count;
    if (slots_usable(self) == NULL)
        return -1;
    const uint32_t *ready = fdslots_ready(self->buffer, &count);
    if (cursor->ready_set != self->ready_sets)
        return 0;
    while (cursor->at < count) {
        *index = ready[cursor->at++];
        if (fdslots_get_revents(self->buffer, *index) > 0)
            return 1;
    }
    return 0;
}

PyObject *slots_ready(CLASS_ARGUMENTS)
{
    if (!check_count("ready", nargs + (kwnames == NULL ? 0 : PyTuple_Size(kwnames)), 0) ||
        slots_usable(self) == NULL)
        return NULL;
    (void)args;
    struct module_state *state = PyType_GetModuleState(cls);
    struct ready_iterator *iterator = PyObject_GC_New(struct ready_iterator, state->ready_type);
    if (iterator == NULL)
        return NULL;
    iterator->slots = (struct slots *)Py_NewRef((PyObject *)self);
    iterator->cursor = cursor_at_start(self);
    PyObject_GC_Track(iterator);
    return (PyObject *)iterator;
}

PyObject *slots_clear_ready(struct slots *self, PyObject *none)
{
    (void)none;
    struct fdslots *buffer = slots_usable(self);
    if (buffer == NULL)
        return NULL;
    fdslots_clear_ready(buffer);
    self->ready_sets++;
    Py_RETURN_NONE;
}

static PyObject *ready_next(struct ready_iterator *self)
{
    uint32_t index;
    if (cursor_next(self->slots, &self->cursor, &index) <= 0)
        return NULL;
    const struct fdslots *buffer = self->slots->buffer;
    int fd = fdslots_get_fd(buffer, index), revents = fdslots_get_revents(buffer, index);
    PyObject *numbers[] = {PyLong_FromUnsignedLong(index), PyLong_FromLong(fd),
                           PyLong_FromLong(revents)};
    return pack(numbers, 3);
}

static void ready_dealloc(struct ready_iterator *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    PyObject_GC_UnTrack(self);
    Py_DECREF((PyObject *)self->slots);
    PyObject_GC_Del(self);
    Py_DECREF((PyObject *)type);
}

/* An instance of a subclass of Slots may refer to its own iterator. */
static int ready_traverse(struct ready_iterator *self, visitproc visit, void *arg)
{
    Py_VISIT((PyObject *)Py_TYPE((PyObject *)self));
    Py_VISIT((PyObject *)self->slots);
    return 0;
}

static PyType_Slot type_slots[] = {
    {Py_tp_dealloc, ready_dealloc},
    {Py_tp_traverse, ready_traverse},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, ready_next},
    {0, NULL},
};

PyType_Spec ready_type_spec = {
    .name = "fdslots.ReadyIterator",
    .basicsize = sizeof(struct ready_iterator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = type_slots,
};
