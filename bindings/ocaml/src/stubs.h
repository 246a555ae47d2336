/* SPDX-License-Identifier: ISC
 *
 * What the stubs share: the custom block of a buffer, and how ints and results cross.
 *
 * No stub raises but those that allocate: the others return what the library returned, and
 * fdslots.ml makes exceptions of it.
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

_Static_assert(sizeof(intnat) >= 8, "an int of OCaml's holds nanoseconds: 64 bits are needed");

/* The garbage collector may move the block while a wait lets it run: what goes on then must hold
 * the pointer in it, not one to it. */
struct buffer {
    struct fdslots *slots; /* NULL once destroyed, which the library answers with -EINVAL */
    atomic_bool waiting;   /* a thread is in a wait, without the runtime lock */
    uint32_t cursor;       /* next_ready()'s place in the ready set */
    uint32_t round;        /* changes with the ready set, so that an iteration can end */
};

#define Buffer_val(v) ((struct buffer *)Data_custom_val(v))

static inline bool is_waited_on(value v)
{
    return atomic_load_explicit(&Buffer_val(v)->waiting, memory_order_acquire);
}

/* The slots, but NULL while another thread waits on them: its wait owns them. */
static inline struct fdslots *slots_of(value v)
{
    return is_waited_on(v) ? NULL : Buffer_val(v)->slots;
}

/* A result of the library's. Given no slots it said -EINVAL, also where they are waited on. */
static inline int64_t result_of(value v, int64_t rc)
{
    return rc == -EINVAL && is_waited_on(v) ? -EBUSY : rc;
}

static inline value to_value(value v, int64_t rc)
{
    return Val_long(result_of(v, rc));
}

/* What does not fit becomes what the library refuses: no index, and no set of events, is this. */
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

/* Decode an option of a list of signals. Returns the mask, NULL for None, and stores in *error 0 or
 * -EINVAL: no such signal. */
const sigset_t *fdslots_ml_mask(value v_signals, sigset_t *set, int *error);

#endif
