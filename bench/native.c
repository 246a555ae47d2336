/* SPDX-License-Identifier: ISC
 *
 * The contenders that need no other library.
 */
#include "bench.h"

#include <stddef.h>

extern const struct contender contender_fdslots, contender_fdslots_poll, contender_fdslots_epoll,
    contender_poll, contender_epoll, contender_epoll_trusting;

const struct contender *const contenders[] = {
    &contender_fdslots,
    &contender_poll,
    &contender_epoll,
    &contender_fdslots_poll,
    &contender_fdslots_epoll,
    &contender_epoll_trusting,
    NULL,
};
