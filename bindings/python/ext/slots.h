/* SPDX-License-Identifier: ISC
 *
 * Shared by the files of the extension: fdslots.Slots, and how its methods take and return values.
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
    struct fdslots *buffer; /* NULL once closed */
    /* Number of memoryviews, during which the arrays must stay in place. */
    Py_ssize_t views;
    /* Number of slots up to the highest index ever set, which a view shows. */
    Py_ssize_t used_once;
    uint64_t ready_sets; /* counts ready sets, so that an iterator recognizes its own */
    bool is_waiting;     /* in a wait that may block, so that no other wait may begin */
    /* In the library without the GIL, so that other threads must wait. */
    bool is_inside;
    unsigned inside_since; /* number of forks when is_inside was set */
    unsigned guests;       /* number of threads that want to make a call */
    /* Held by the thread that is inside; NULL unless guests are admitted. */
    PyThread_type_lock outside;
};

struct module_state {
    PyTypeObject *slots_type;
    PyTypeObject *ready_type;
};

extern PyType_Spec slots_type_spec;
extern PyType_Spec ready_type_spec;

/* Return the buffer for a call that is not allowed during a wait. The call interrupts the wait, or
 * is refused. Returns NULL with an exception on failure. */
struct fdslots *slots_usable(struct slots *self);
/* Return the buffer for a call that is allowed during a wait. */
struct fdslots *slots_open(struct slots *self);

/* ---- Values ---- */

/* Raise the OSError of a negative errno value. */
PyObject *raise_error(int rc);
/* Convert a result of the library: an exception, or None, or the number. */
PyObject *none_or_error(int rc);
PyObject *number_or_error(int64_t result);
/* Make a tuple that takes over these members. If a member is NULL, its exception is already set,
 * and the result is NULL. Unlike Py_BuildValue(), this reads no format. */
PyObject *pack(PyObject **members, Py_ssize_t count);
/* Convert an index, a count of slots, or events. A number that does not fit becomes a value that
 * every call refuses, so that the library reports the error. Returns false with an exception if the
 * value is not an integer. */
bool index_from(PyObject *value, uint32_t *index);
bool events_from(PyObject *value, uint32_t *events);
/* The same for a limit, of which a large one means no limit. */
bool limit_from(PyObject *value, uint32_t *limit);
/* The conversion of an index, for PyArg_Parse*(). */
int uint32_converter(PyObject *value, void *out);
/* Convert seconds to nanoseconds, rounded up. None and negative seconds become -1, which means no
 * timeout. */
bool timeout_from(PyObject *value, int64_t *timeout_ns);
/* Convert an iterable of signal numbers. *mask becomes NULL for None, or else points to storage. */
bool sigmask_from(PyObject *value, sigset_t *storage, const sigset_t **mask);
/* Sort arguments by their names into out, where missing ones leave the old value. */
bool sort_arguments(const char *const *names, PyObject *const *args, Py_ssize_t nargs,
                    PyObject *kwnames, PyObject **out);
bool check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted);

/* ---- Guests ---- */

bool guests_prepare(void);
/* Release the GIL for a call of the library, and take it again. guests_return() returns whether
 * guests came. */
PyThreadState *guests_leave(struct slots *self);
bool guests_return(struct slots *self, PyThreadState *thread);
/* Return true once no thread is inside, or false with an exception. */
bool guests_enter(struct slots *self);

/* ---- Waiting ---- */

enum entry_point { BY_CHEAPEST, BY_POLL, BY_EPOLL };

struct request {
    enum entry_point entry;
    uint32_t nfds;       /* for BY_POLL */
    int64_t timeout_ns;  /* below 0 for no timeout */
    int64_t deadline_ns; /* the end of the timeout on CLOCK_MONOTONIC, needed after a signal */
    const sigset_t *mask;
};

void set_timeout(struct request *request, int64_t timeout_ns);
void set_deadline(struct request *request, int64_t deadline_ns);

/* Wait as PEP 475 requires. Returns the number of ready slots, or -1 with an exception. */
int slots_wait(struct slots *self, const struct request *request);

/* ---- Ready set ---- */

struct cursor {
    uint32_t at;
    uint64_t ready_set;
};

struct cursor cursor_at_start(const struct slots *self);
/* Find the next slot that is ready and has not been changed since. Returns 1, or 0 at the end,
 * which includes another ready set, or -1 with an exception. */
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
