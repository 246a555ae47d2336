/* SPDX-License-Identifier: ISC
 *
 * fdslots.Slots: making and ending it, and the table of its methods.
 */
#include "slots.h"

struct fdslots *slots_open(struct slots *self)
{
    if (self->buffer == NULL)
        PyErr_SetString(PyExc_ValueError, "operation on closed Slots");
    return self->buffer;
}

struct fdslots *slots_usable(struct slots *self)
{
    return guests_enter(self) ? slots_open(self) : NULL;
}

static PyObject *slots_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"nslots", "flags", NULL};
    uint32_t nslots = 0, flags = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|O&:Slots", names, uint32_converter, &nslots,
                                     uint32_converter, &flags))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct slots *self = (struct slots *)allocate(type, 0);
    if (self == NULL)
        return NULL;
    int rc = fdslots_create(nslots, flags, &self->buffer);
    if (rc < 0) {
        Py_DECREF((PyObject *)self);
        return raise_error(rc);
    }
    return (PyObject *)self;
}

static void slots_dealloc(struct slots *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    fdslots_destroy(self->buffer);
    if (self->outside != NULL)
        PyThread_free_lock(self->outside);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF((PyObject *)type);
}

static PyObject *slots_close(struct slots *self, PyObject *none)
{
    (void)none;
    if (self->buffer == NULL)
        Py_RETURN_NONE;
    if (slots_usable(self) == NULL)
        return NULL;
    if (self->views > 0) {
        PyErr_SetString(PyExc_BufferError, "a memoryview of these Slots exists");
        return NULL;
    }
    fdslots_destroy(self->buffer);
    self->buffer = NULL;
    self->ready_sets++;
    Py_RETURN_NONE;
}

static PyObject *slots_enter(struct slots *self, PyObject *none)
{
    (void)none;
    return slots_open(self) == NULL ? NULL : Py_NewRef((PyObject *)self);
}

static PyObject *slots_exit(struct slots *self, PyObject *args)
{
    (void)args;
    return slots_close(self, NULL);
}

static Py_ssize_t slots_length(struct slots *self)
{
    return slots_open(self) == NULL ? -1 : (Py_ssize_t)fdslots_capacity(self->buffer);
}

static PyObject *slots_is_closed(struct slots *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(self->buffer == NULL);
}

static PyMethodDef methods[] = {
    {"set_index", FAST(slots_set_index), METH_FASTCALL, "Put an fd and events into a slot."},
    {"set_events", FAST(slots_set_events), METH_FASTCALL,
     "Change the events that a slot waits for."},
    {"invalidate_index", (PyCFunction)slots_invalidate_index, METH_O, "Empty a slot."},
    {"close_index", (PyCFunction)slots_close_index, METH_O, "Close a slot's fd and empty it."},
    {"pause_index", (PyCFunction)slots_pause_index, METH_O, "Report nothing for a slot."},
    {"resume_index", (PyCFunction)slots_resume_index, METH_O, "Report a paused slot again."},
    {"is_paused", (PyCFunction)slots_is_paused, METH_O, "Tell whether a slot reports nothing."},
    {"get_fd", (PyCFunction)slots_get_fd, METH_O, "Return the fd of a slot."},
    {"get_events", (PyCFunction)slots_get_events, METH_O, "Return the events that were set."},
    {"get_revents", (PyCFunction)slots_get_revents, METH_O, "Return the reported events."},
    {"get_generation", (PyCFunction)slots_get_generation, METH_O,
     "Return a number that changes whenever the slot gets another owner."},
    {"next_used", (PyCFunction)slots_next_used, METH_O,
     "Return the lowest used index from here up, or None."},
    {"next_free", (PyCFunction)slots_next_free, METH_O,
     "Return the lowest free index from here up, or None."},
    {"wait", FAST(slots_wait_method), METH_FASTCALL | METH_KEYWORDS,
     "Wait by the mechanism that is cheapest for this wait; return the number of ready slots."},
    {"wait_until", FAST(slots_wait_until), METH_FASTCALL | METH_KEYWORDS,
     "Wait until a deadline on time.monotonic()."},
    {"poll", FAST(slots_poll), METH_FASTCALL | METH_KEYWORDS, "Wait by poll, or ppoll."},
    {"epoll_wait", FAST(slots_epoll_wait), METH_FASTCALL | METH_KEYWORDS, "Wait by epoll."},
    {"set_max_ready", (PyCFunction)slots_set_max_ready, METH_O, "Limit the slots of one wait."},
    {"ready", FAST(slots_ready), METH_METHOD | METH_FASTCALL | METH_KEYWORDS,
     "Iterate over the slots that the last wait reported, as (index, fd, revents)."},
    {"clear_ready", (PyCFunction)slots_clear_ready, METH_NOARGS, "Empty the ready set."},
    {"waker_open", (PyCFunction)slots_waker_open, METH_O, "Open the waker in an empty slot."},
    {"wake", (PyCFunction)slots_wake, METH_NOARGS, "Wake a wait, from any thread."},
    {"waker_drain", (PyCFunction)slots_waker_drain, METH_NOARGS, "Take back all wakes so far."},
    {"epoll_fd", (PyCFunction)slots_epoll_fd, METH_NOARGS, "Return an fd to nest in a loop."},
    {"rebuild", (PyCFunction)slots_rebuild, METH_NOARGS, "Rebuild the kernel's set."},
    {"resize", (PyCFunction)slots_resize, METH_O, "Give the slots another capacity."},
    {"get_stats", (PyCFunction)slots_get_stats, METH_NOARGS, "Return the counters as a dict."},
    {"dump", (PyCFunction)slots_dump, METH_NOARGS, "Return the used slots as a table."},
    {"close", (PyCFunction)slots_close, METH_NOARGS, "Close the library's own fds."},
    {"__enter__", (PyCFunction)slots_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)slots_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"closed", (getter)slots_is_closed, NULL, "Whether close() was called.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot type_slots[] = {
    {Py_tp_doc, "Slots(nslots, flags=0)\n--\n\nWait on fds through slots addressed by index."},
    {Py_tp_new, slots_new},
    {Py_tp_dealloc, slots_dealloc},
    {Py_tp_repr, slots_repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_sq_length, slots_length},
    {Py_bf_getbuffer, slots_get_view},
    {Py_bf_releasebuffer, slots_release_view},
    {0, NULL},
};

PyType_Spec slots_type_spec = {
    .name = "fdslots.Slots",
    .basicsize = sizeof(struct slots),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = type_slots,
};
