/* SPDX-License-Identifier: ISC
 *
 * The mechanisms, one file each. A backend takes a buffer whose ready set is empty, makes the
 * system call, and fills revents and the ready set; it returns the number of ready slots or a
 * negative errno value.
 */
#ifndef FDSLOTS_BACKEND_H
#define FDSLOTS_BACKEND_H

#include "slots.h"

int fdslots_backend_poll(struct fdslots *s, uint32_t nfds, int timeout_ms);
int fdslots_backend_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                          const sigset_t *sigmask);

#endif
