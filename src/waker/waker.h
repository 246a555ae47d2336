/* SPDX-License-Identifier: ISC
 *
 * The waker of a buffer is a file in an ordinary slot. Any thread or signal handler can make it
 * ready. This part also decides what a child of fork(2) does with the fds that it has inherited.
 */
#ifndef FDSLOTS_WAKER_H
#define FDSLOTS_WAKER_H

#include "../core/slots.h"
#include "../os/process.h"

/* Lay out the data that this part keeps for a buffer, and copy what the buffer already has
 * elsewhere. */
void fdslots_waker_lay_out(struct fdslots *s, struct layout *at);

/* Whether this slot holds the waker. */
bool fdslots_waker_is_in(const struct fdslots *s, uint32_t index);

/* Close the waker, if there is one. A child closes an inherited one only if it provably still is
 * the waker. */
void fdslots_waker_close(struct fdslots *s);

/* Forget the waker, because its slot is about to be emptied. A pipe's other end is closed. */
void fdslots_waker_forget(struct fdslots *s);

/* In a child of fork(2): leave the kernel's set to the parent, and open a waker of this process if
 * the parent had one. */
void fdslots_inherit(struct fdslots *s);

/* Call fdslots_inherit() if this is a child that has not done so yet. To be called before the
 * library uses or opens an fd for this buffer. */
static inline void fdslots_check_process(struct fdslots *s)
{
    if (s->process != 0 && UNLIKELY(!fdslots_process_is(s->process)))
        fdslots_inherit(s);
}

#endif
