/* SPDX-License-Identifier: ISC
 *
 * What the files of the extension share: fdslots.Slots, and how its methods take and give values.
 *
 * Contents: The object - Values - Guests - Waiting - Ready set - Methods by file
 */
#ifndef FDSLOTS_PYTHON_SLOTS_H
#define FDSLOTS_PYTHON_SLOTS_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <fdslots.h>
#include <signal.h>
#include <stdbool.h>

/* ---- The object ---- */

struct slots {
    PyObject_HEAD;
    struct fdslots *buffer;     /* NULL once closed */
    Py_ssize_t views;           /* memoryviews of the slots: the arrays must stay in place */
    Py_ssize_t used_once;       /* slots up to the highest index ever set: what a view shows */
    uint64_t ready_sets;        /* counted, so that an iterator knows its own */
    bool is_waiting;            /* in a wait that may block: no other may begin */
    bool is_inside;             /* in the library, without the GIL: other threads must keep out */
    unsigned inside_since;      /* which process that was */
    unsigned guests;            /* threads that want in */
    PyThread_type_lock outside; /* held by who is inside; where guests are admitted, else NULL */
};

struct module_state {
    PyTypeObject *slots_type;
    PyTypeObject *ready_type;
};

extern PyType_Spec slots_type_spec;
extern PyType_Spec ready_type_spec;

/* The buffer for a call that nobody may make during a wait, which is interrupted for it or else
 * refuses it; or NULL, and an exception. */
struct fdslots *slots_usable(struct slots *self);
/* The same for a call that may come during a wait. */
struct fdslots *slots_open(struct slots *self);

/* ---- Values ---- */

/* Raise the OSError of a negative errno value. */
PyObject *raise_error(int rc);
/* A result of the library as Python has it: an exception, or None, or the number. */
PyObject *none_or_error(int rc);
PyObject *number_or_error(int64_t result);
/* A tuple that takes over these members; or NULL, where there is an exception already for one that
 * is NULL. Without a format to read, as Py_BuildValue() has. */
PyObject *pack(PyObject **members, Py_ssize_t count);
/* An index, a count of slots, or events. What does not fit becomes a value that every call refuses,
 * so that the error is the library's. Returns false, and an exception, where it is no integer. */
bool index_from(PyObject *value, uint32_t *index);
bool events_from(PyObject *value, uint32_t *events);
/* A converter for PyArg_Parse*. */
int uint32_converter(PyObject *value, void *out);
/* Seconds as nanoseconds, rounded up; None and negative seconds as -1, for ever. */
bool timeout_from(PyObject *value, int64_t *timeout_ns);
/* An iterable of signal numbers; *mask is NULL for None, or else points to storage. */
bool sigmask_from(PyObject *value, sigset_t *storage, const sigset_t **mask);
/* Sort arguments by their names into out, where those not given stay as they are. */
bool sort_arguments(const char *const *names, PyObject *const *args, Py_ssize_t nargs,
                    PyObject *kwnames, PyObject **out);
bool check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted);

/* ---- Guests ---- */

bool guests_prepare(void);
/* Release the GIL for a call of the library, and take it back. Returns whether guests came. */
PyThreadState *guests_leave(struct slots *self);
bool guests_return(struct slots *self, PyThreadState *thread);
/* Return once no thread is inside; or false, and an exception. */
bool guests_enter(struct slots *self);

/* ---- Waiting ---- */

enum entry_point { BY_CHEAPEST, BY_POLL, BY_EPOLL };

struct request {
    enum entry_point entry;
    uint32_t nfds;       /* BY_POLL */
    int64_t timeout_ns;  /* below 0, for ever */
    int64_t deadline_ns; /* what the timeout means after a signal, on CLOCK_MONOTONIC */
    const sigset_t *mask;
};

void set_timeout(struct request *request, int64_t timeout_ns);
void set_deadline(struct request *request, int64_t deadline_ns);

/* Wait as PEP 475 has it. Returns the number of ready slots; or -1, and an exception. */
int slots_wait(struct slots *self, const struct request *request);

/* ---- Ready set ---- */

struct cursor {
    uint32_t at;
    uint64_t ready_set;
};

struct cursor cursor_at_start(const struct slots *self);
/* Find the next slot that is ready and was not changed since. Returns 1; 0 at the end, also when
 * the ready set is another by now; or -1, and an exception. */
int cursor_next(struct slots *self, struct cursor *cursor, uint32_t *index);

/* ---- Methods by file ---- */

#define FAST(function) ((PyCFunction)(void (*)(void))(function))
#define METHOD_ARGUMENTS                                                                           \
    struct slots *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames
#define CLASS_ARGUMENTS                                                                            \
    struct slots *self, PyTypeObject *cls, PyObject *const *args, Py_ssize_t nargs,                \
        PyObject *kwnames

/* slots_set.c */
PyObject *slots_set_index(struct slots *self, PyObject *const *args, Py_ssize_t nargs);
PyObject *slots_set_events(struct slots *self, PyObject *const *args, Py_ssize_t nargs);
PyObject *slots_invalidate_index(struct slots *self, PyObject *index);
PyObject *slots_close_index(struct slots *self, PyObject *index);
PyObject *slots_pause_index(struct slots *self, PyObject *index);
PyObject *slots_resume_index(struct slots *self, PyObject *index);
PyObject *slots_waker_open(struct slots *self, PyObject *index);

/* slots_get.c */
PyObject *slots_is_paused(struct slots *self, PyObject *index);
PyObject *slots_get_fd(struct slots *self, PyObject *index);
PyObject *slots_get_events(struct slots *self, PyObject *index);
PyObject *slots_get_revents(struct slots *self, PyObject *index);
PyObject *slots_get_generation(struct slots *self, PyObject *index);
PyObject *slots_next_used(struct slots *self, PyObject *from);
PyObject *slots_next_free(struct slots *self, PyObject *from);

/* slots_wait.c */
PyObject *slots_wait_method(METHOD_ARGUMENTS);
PyObject *slots_wait_until(METHOD_ARGUMENTS);
PyObject *slots_poll(METHOD_ARGUMENTS);
PyObject *slots_epoll_wait(METHOD_ARGUMENTS);

/* ready.c */
PyObject *slots_ready(CLASS_ARGUMENTS);
PyObject *slots_clear_ready(struct slots *self, PyObject *none);

/* slots_call.c */
PyObject *slots_resize(struct slots *self, PyObject *nslots);
PyObject *slots_set_max_ready(struct slots *self, PyObject *n);
PyObject *slots_wake(struct slots *self, PyObject *none);
PyObject *slots_waker_drain(struct slots *self, PyObject *none);
PyObject *slots_epoll_fd(struct slots *self, PyObject *none);
PyObject *slots_rebuild(struct slots *self, PyObject *none);
PyObject *slots_get_stats(struct slots *self, PyObject *none);

/* text.c */
PyObject *slots_repr(struct slots *self);
PyObject *slots_dump(struct slots *self, PyObject *none);
PyObject *format_events(PyObject *module, PyObject *events);

/* view.c */
int slots_get_view(struct slots *self, Py_buffer *view, int flags);
void slots_release_view(struct slots *self, Py_buffer *view);

/* guests.c */
PyObject *guests_admit(PyObject *module, PyObject *slots);

/* select.c */
PyObject *select_keys(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

#endif
