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

LATER(fdslots_epoll_wait(struct fdslots *s, int timeout_ms))
LATER(fdslots_epoll_pwait(struct fdslots *s, const struct timespec *timeout,
                          const sigset_t *sigmask))
LATER(fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask))
LATER(fdslots_set_max_ready(struct fdslots *s, uint32_t n))
LATER(fdslots_waker_open(struct fdslots *s, uint32_t index))
LATER(fdslots_wake(const struct fdslots *s))
LATER(fdslots_waker_drain(struct fdslots *s))
LATER(fdslots_epoll_fd(struct fdslots *s))
LATER(fdslots_rebuild(struct fdslots *s))
LATER(fdslots_stats(const struct fdslots *s, struct fdslots_stats *out, size_t size))
