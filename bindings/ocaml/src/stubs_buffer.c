/* SPDX-License-Identifier: ISC
 *
 * The custom block of a buffer: made, resized, destroyed by hand or by the garbage collector.
 */
#include "stubs.h"

#include <errno.h>

#include <caml/memory.h>
#include <caml/unixsupport.h>

static void finalize(value v)
{
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

value fdslots_ml_create(value v_nslots, value v_flags)
{
    uint32_t nslots = to_u32(v_nslots);
    struct buffer b = {0};
    value v = caml_alloc_custom_mem(&operations, sizeof b, fdslots_size(nslots));
    *Buffer_val(v) = b;
    int rc = fdslots_create(nslots, to_u32(v_flags), &b.slots);
    if (rc < 0)
        unix_error(-rc, "create", Nothing);
    Buffer_val(v)->slots = b.slots;
    return v;
}

value fdslots_ml_destroy(value v)
{
    struct buffer *b = Buffer_val(v);
    if (atomic_load(&b->waiting))
        return Val_int(-EBUSY);
    fdslots_destroy(b->slots);
    b->slots = NULL;
    b->round++;
    return Val_int(0);
}

value fdslots_ml_resize(value v, value v_nslots)
{
    struct fdslots *slots = slots_of(v);
    return Val_int(fdslots_resize(&slots, to_u32(v_nslots))); /* it keeps its address */
}

value fdslots_ml_capacity(value v)
{
    return Val_long(fdslots_capacity(Buffer_val(v)->slots));
}

/* Raise what a call returned. A buffer that is waited on said -EINVAL, as one that is gone. */
value fdslots_ml_raise(value v, value v_call, value v_error)
{
    CAMLparam2(v, v_call);
    int error = atomic_load(&Buffer_val(v)->waiting) ? EBUSY : -Int_val(v_error);
    unix_error(error, String_val(v_call), Nothing);
    CAMLreturn(Val_unit);
}
