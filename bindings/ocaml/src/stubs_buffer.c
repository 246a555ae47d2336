/* SPDX-License-Identifier: ISC
 *
 * The custom block of a buffer: making and resizing it, and destroying it explicitly or by the
 * garbage collector.
 */
#include "stubs.h"

#include <caml/unixsupport.h>

/* A wait keeps its buffer alive. If a buffer is waited on here, a fork has copied it into a child
 * that lacks the waiting thread. Its state is unknown, so it is left alone. */
static void finalize(value v)
{
    if (!is_waited_on(v))
        fdslots_destroy(Buffer_val(v)->slots);
}

static struct custom_operations operations = {
    .identifier = "fdslots.buffer",
    .finalize = finalize,
    .compare = custom_compare_default,
    .hash = custom_hash_default,
    .serialize = custom_serialize_default,
    .deserialize = custom_deserialize_default,
    .compare_ext = custom_compare_ext_default,
};

value fdslots_ml_create(value v_nslots, value v_no_epoll, value v_check)
{
    uint32_t nslots = to_u32(v_nslots);
    uint32_t flags =
        (Bool_val(v_no_epoll) ? FDSLOTS_NO_EPOLL : 0) | (Bool_val(v_check) ? FDSLOTS_CHECK : 0);
    struct buffer b = {0};
    value v = caml_alloc_custom_mem(&operations, sizeof b, fdslots_size(nslots));
    *Buffer_val(v) = b;
    int rc = fdslots_create(nslots, flags, &b.slots);
    if (rc < 0)
        unix_error(-rc, "create", Nothing);
    Buffer_val(v)->slots = b.slots;
    return v;
}

value fdslots_ml_destroy(value v)
{
    struct buffer *b = Buffer_val(v);
    if (is_waited_on(v))
        return Val_int(-EBUSY);
    fdslots_destroy(b->slots);
    b->slots = NULL;
    b->round++;
    return Val_int(0);
}

/* The buffer keeps its address. Slots that are dropped leave the ready set, so the positions of the
 * others in it change. */
value fdslots_ml_resize(value v, value v_nslots)
{
    struct fdslots *slots = slots_of(v);
    const uint32_t before = fdslots_capacity(slots);
    const int rc = fdslots_resize(&slots, to_u32(v_nslots));
    if (rc == 0 && fdslots_capacity(slots) < before) {
        Buffer_val(v)->cursor = 0;
        Buffer_val(v)->round++;
    }
    return to_value(v, rc);
}

value fdslots_ml_capacity(value v)
{
    return Val_long(fdslots_capacity(Buffer_val(v)->slots));
}

/* Returns the constructor of Unix.error for the result of a call. */
value fdslots_ml_error(value v_rc)
{
    return unix_error_of_code(-Int_val(v_rc));
}
