/* SPDX-License-Identifier: ISC
 *
 * The slots as a read-only buffer of struct pollfd, up to the highest index ever set. Slots above
 * it have no value yet.
 */
#include "slots.h"

int slots_get_view(struct slots *self, Py_buffer *view, int flags)
{
    view->obj = NULL;
    if (slots_usable(self) == NULL)
        return -1;
    void *start = (void *)fdslots_view(self->buffer);
    Py_ssize_t size = self->used_once * (Py_ssize_t)sizeof(struct pollfd);
    if (PyBuffer_FillInfo(view, (PyObject *)self, start, size, 1, flags) < 0)
        return -1;
    Py_ssize_t *shape = PyMem_Malloc(sizeof(*shape));
    if (shape == NULL) {
        PyBuffer_Release(view);
        PyErr_NoMemory();
        return -1;
    }
    *shape = self->used_once;
    view->internal = shape;
    view->itemsize = sizeof(struct pollfd);
    view->format = flags & PyBUF_FORMAT ? "T{i:fd:h:events:h:revents:}" : NULL;
    view->shape = flags & PyBUF_ND ? shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &view->itemsize : NULL;
    self->views++;
    return 0;
}

void slots_release_view(struct slots *self, Py_buffer *view)
{
    if (view->internal == NULL)
        return; /* no view was handed out */
    PyMem_Free(view->internal);
    self->views--;
}
