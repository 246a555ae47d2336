/* SPDX-License-Identifier: ISC
 *
 * Noticing fork(2) without a system call. A word of memory reads 0 in a child that has just been
 * made. The owner of an epoll set notes the value of the word, and finds another one in a child.
 */
#ifndef FDSLOTS_PROCESS_H
#define FDSLOTS_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern _Atomic uint32_t *fdslots_process_word;

/* Return the number of this process, which differs from that of every ancestor. Makes the word
 * ready first, so that a fork from now on is noticed; returns 0 where there is no memory for that.
 */
uint32_t fdslots_process_enter(void);

/* Whether this is still the process in which fdslots_process_enter() gave `process`. */
static inline bool fdslots_process_is(uint32_t process)
{
    return atomic_load_explicit(fdslots_process_word, memory_order_relaxed) == process;
}

#endif
