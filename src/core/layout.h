/* SPDX-License-Identifier: ISC
 *
 * Laying arrays one after another in one piece of memory. The same walk measures (base is NULL)
 * and places, so that the size asked for and the size used cannot differ.
 */
#ifndef FDSLOTS_LAYOUT_H
#define FDSLOTS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LAYOUT_ALIGN 8 /* that of uint64_t, the strictest member */

struct layout {
    unsigned char *base;
    uint64_t end; /* 64 bits also where size_t has 32, so that no sum can wrap */
};

static inline void *fdslots_layout_take(struct layout *at, uint64_t count, size_t size)
{
    uint64_t start = at->end;
    at->end += (count * size + LAYOUT_ALIGN - 1) & ~(uint64_t)(LAYOUT_ALIGN - 1);
    return at->base ? at->base + start : NULL;
}

/* The same for an array that may lie elsewhere already: `kept` elements of it go over. */
static inline void *fdslots_layout_move(struct layout *at, const void *old, uint32_t kept,
                                        uint64_t count, size_t size)
{
    void *array = fdslots_layout_take(at, count, size);
    if (array != NULL && kept > 0)
        memcpy(array, old, kept * size);
    return array;
}

#endif
