/* SPDX-License-Identifier: ISC
 *
 * Laying out arrays one after another in one piece of memory. The same code measures the arrays (if
 * base is NULL) and places them, so the size that is asked for and the size that is used cannot
 * differ.
 */
#ifndef FDSLOTS_LAYOUT_H
#define FDSLOTS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LAYOUT_ALIGN 8 /* the alignment of uint64_t, the strictest member */

struct layout {
    unsigned char *base;
    uint64_t end; /* 64 bits even if size_t has 32, so that no sum can wrap */
};

static inline void *fdslots_layout_take(struct layout *at, uint64_t count, size_t size)
{
    uint64_t start = at->end;
    at->end += (count * size + LAYOUT_ALIGN - 1) & ~(uint64_t)(LAYOUT_ALIGN - 1);
    return at->base ? at->base + start : NULL;
}

/* Take room for an array that may already lie elsewhere, and copy `kept` elements from there. */
static inline void *fdslots_layout_move(struct layout *at, const void *old, uint32_t kept,
                                        uint64_t count, size_t size)
{
    void *array = fdslots_layout_take(at, count, size);
    if (array != NULL && kept > 0)
        memcpy(array, old, kept * size);
    return array;
}

#endif
