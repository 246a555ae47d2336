/* SPDX-License-Identifier: ISC
 *
 * A wait by fdslots between two askings of poll(2).
 */
#ifndef TESTS_COMPARE_H
#define TESTS_COMPARE_H

#include "entry.h"

#include <poll.h>

#define SLOT_OF(i) ((uint32_t)(i) + 1) /* slot 0 is the waker's */

typedef int poll_function(struct pollfd *fds, nfds_t nfds, int timeout_ms);

/* Wait without blocking, and count where the slots of `fds` say what poll(2) does not.
 *
 * The kernel fills a socket first and wakes the set then, so that a set is late for a moment, under
 * load: where it lacks what both askings said, it is asked again. */
int compare(struct fdslots *s, const struct entry *e, const struct pollfd *fds, nfds_t nfds,
            poll_function *asked);

#endif
