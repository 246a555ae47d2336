/* SPDX-License-Identifier: ISC
 *
 * Declared and linked, so that bindings can be written against the whole API; each answers
 * -ENOTSUP until it is built.
 */
#include "slots.h"

#include <errno.h>

#define LATER(signature)                                                                           \
    int signature                                                                                  \
    {                                                                                              \
        return -ENOTSUP;                                                                           \
    }
#pragma GCC diagnostic ignored "-Wunused-parameter"

LATER(fdslots_waker_open(struct fdslots *s, uint32_t index))
LATER(fdslots_wake(const struct fdslots *s))
LATER(fdslots_waker_drain(struct fdslots *s))
