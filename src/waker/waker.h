/* SPDX-License-Identifier: ISC
 *
 * The waker of a buffer: a file in an ordinary slot, which any thread or signal handler makes
 * ready; and what a child of fork(2) does with the fds that it has inherited.
 */
#ifndef FDSLOTS_WAKER_H
#define FDSLOTS_WAKER_H

#include "../core/slots.h"
#include "../os/process.h"

/* Lay out what this part keeps of a buffer; what it has elsewhere already goes over. */
void fdslots_waker_lay_out(struct fdslots *s, struct layout *at);

/* Whether this slot holds the waker. */
bool fdslots_waker_is_in(const struct fdslots *s, uint32_t index);

/* Close the waker, if there is one. A child closes its copy of an inherited one only where its slot
 * is as it was in the parent. */
void fdslots_waker_close(struct fdslots *s);

/* Forget the waker, whose slot is about to go. Returns its other end, to be closed; or -1. */
int fdslots_waker_forget(struct fdslots *s);

/* In a child of fork(2): leave the kernel's set to the parent, and open a waker of this process. */
void fdslots_inherit(struct fdslots *s);

/* Find out whether this is a child, before the library uses or opens an fd for this buffer. */
static inline void fdslots_check_process(struct fdslots *s)
{
    if (UNLIKELY(s->process != 0 && !fdslots_process_is(s->process)))
        fdslots_inherit(s);
}

#endif
