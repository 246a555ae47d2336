/* SPDX-License-Identifier: ISC
 *
 * Calls of other threads during a wait. The library allows only one thread at a time. If the waker
 * in slot 0 belongs to the binding, such a guest wakes the wait and makes its call, and then the
 * wait goes on. Otherwise the call is refused. A guest makes its call with the GIL held, so it is
 * enough to count guests.
 */
#include "slots.h"
#include <pthread.h>
#include <sched.h>

/* Number of forks that led to this process. A wait that was in progress at a fork never returns in
 * the child. */
static unsigned forks;

static void note_fork(void)
{
    forks++;
}

bool guests_prepare(void)
{
    static bool is_prepared;
    if (!is_prepared && pthread_atfork(NULL, NULL, note_fork) != 0)
        return PyErr_NoMemory() != NULL;
    is_prepared = true;
    return true;
}

/* guests_admit(slots): slot 0 becomes the waker of the binding. */
PyObject *guests_admit(PyObject *module, PyObject *value)
{
    struct module_state *state = PyModule_GetState(module);
    struct slots *self = (struct slots *)value;
    if (!PyObject_TypeCheck(value, state->slots_type))
        return PyErr_Format(PyExc_TypeError, "guests_admit takes Slots");
    struct fdslots *buffer = slots_usable(self);
    if (buffer == NULL)
        return NULL;
    int rc = fdslots_waker_open(buffer, 0);
    if (rc < 0)
        return raise_error(rc);
    self->used_once = self->used_once > 1 ? self->used_once : 1;
    self->outside = PyThread_allocate_lock();
    return self->outside == NULL ? PyErr_NoMemory() : Py_NewRef(Py_None);
}

PyThreadState *guests_leave(struct slots *self)
{
    self->is_inside = true;
    self->inside_since = forks;
    if (self->outside != NULL)
        PyThread_acquire_lock(self->outside, WAIT_LOCK);
    return PyEval_SaveThread();
}

/* Let all waiting guests in. They need the GIL, which this thread would otherwise take again. */
static void serve(struct slots *self)
{
    while (self->guests > 0) {
        PyThreadState *thread = PyEval_SaveThread();
        sched_yield();
        PyEval_RestoreThread(thread);
    }
}

/* Take back the wakes of guests. Returns whether there were any. */
static bool take_wakes(struct slots *self)
{
    if (self->outside == NULL || fdslots_get_revents(self->buffer, 0) <= 0)
        return false;
    fdslots_waker_drain(self->buffer);
    return true;
}

bool guests_return(struct slots *self, PyThreadState *thread)
{
    PyEval_RestoreThread(thread);
    self->is_inside = false;
    if (self->outside == NULL)
        return false;
    bool woken = take_wakes(self);
    PyThread_release_lock(self->outside);
    serve(self);
    return woken;
}

static void knock(struct slots *self)
{
    self->guests++;
    fdslots_wake(self->buffer);
    Py_BEGIN_ALLOW_THREADS;
    PyThread_acquire_lock(self->outside, WAIT_LOCK);
    PyThread_release_lock(self->outside);
    Py_END_ALLOW_THREADS;
    self->guests--;
}

bool guests_enter(struct slots *self)
{
    while (self->is_inside) {
        if (self->outside == NULL || self->inside_since != forks) {
            PyErr_SetString(PyExc_RuntimeError, "another thread is in a call with these Slots");
            return false;
        }
        knock(self);
    }
    return true;
}
