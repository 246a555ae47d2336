/* SPDX-License-Identifier: ISC
 *
 * Shared by the stubs: the custom block of a buffer, and the conversion of ints and results.
 *
 * Only stubs that allocate raise exceptions. The others return the result of the library, and
 * fdslots.ml raises exceptions for it.
 */
#ifndef FDSLOTS_ML_STUBS_H
#define FDSLOTS_ML_STUBS_H

#include <errno.h>
#include <fdslots.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <caml/custom.h>
#include <caml/mlvalues.h>

_Static_assert(sizeof(intnat) >= 8, "an OCaml int must hold nanoseconds, which takes 64 bits");

/* The garbage collector may move the block during a wait. Code that runs meanwhile must hold the
 * pointer in the block, not a pointer to the block. */
struct buffer {
    struct fdslots *slots; /* NULL once destroyed; the library then returns -EINVAL */
    atomic_bool waiting;   /* a thread is in a wait without the runtime lock */
    uint32_t cursor;       /* position of next_ready() in the ready set */
    uint32_t round;        /* changes with the ready set, which ends an iteration */
};

#define Buffer_val(v) ((struct buffer *)Data_custom_val(v))

static inline bool is_waited_on(value v)
{
    return atomic_load_explicit(&Buffer_val(v)->waiting, memory_order_acquire);
}

/* Return the slots, or NULL while another thread waits on them, because they belong to that
 * wait. */
static inline struct fdslots *slots_of(value v)
{
    return is_waited_on(v) ? NULL : Buffer_val(v)->slots;
}

/* Convert a result of the library. For NULL slots it is -EINVAL, even if the slots are only waited
 * on. */
static inline int64_t result_of(value v, int64_t rc)
{
    return rc == -EINVAL && is_waited_on(v) ? -EBUSY : rc;
}

static inline value to_value(value v, int64_t rc)
{
    return Val_long(result_of(v, rc));
}

/* An int that does not fit becomes a value that the library refuses as an index or a set of
 * events. */
static inline uint32_t to_u32(value v)
{
    intnat n = Long_val(v);
    return n < 0 || n > (intnat)UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static inline int to_int(value v)
{
    intnat n = Long_val(v);
    return n < 0 ? -1 : n > INT_MAX ? INT_MAX : (int)n;
}

/* Decode an optional list of signals. Returns the mask, or NULL for None. Stores 0 in *error, or
 * -EINVAL for an unknown signal. */
const sigset_t *fdslots_ml_mask(value v_signals, sigset_t *set, int *error);

#endif
