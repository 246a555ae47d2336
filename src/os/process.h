/* SPDX-License-Identifier: ISC
 *
 * Noticing fork(2) without a system call. A word of memory reads 0 in a new child. A buffer that
 * opens an fd notes the value of the word, and finds a different one in a child.
 */
#ifndef FDSLOTS_PROCESS_H
#define FDSLOTS_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern _Atomic uint32_t *fdslots_process_word;

/* Return the number of this process, which differs from that of every ancestor, or 0 if there is no
 * memory to notice forks. Every later fork is noticed. */
uint32_t fdslots_process_enter(void);

/* Whether this is still the process in which fdslots_process_enter() returned `process`. */
static inline bool fdslots_process_is(uint32_t process)
{
    return atomic_load_explicit(fdslots_process_word, memory_order_relaxed) == process;
}

#endif
