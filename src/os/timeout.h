/* SPDX-License-Identifier: ISC
 *
 * Times inside the library are in nanoseconds; TIMEOUT_FOREVER means without end. So that no wait
 * ends early, every conversion to a coarser unit rounds up, and a time of too many nanoseconds
 * becomes TIMEOUT_FOREVER. A result that does not fit in a smaller type is the most that does.
 */
#ifndef FDSLOTS_TIMEOUT_H
#define FDSLOTS_TIMEOUT_H

#include <stdint.h>
#include <time.h>

#define TIMEOUT_FOREVER INT64_MAX /* FDSLOTS_FOREVER of the public header */
#define NS_PER_MS       INT64_C(1000000)

int64_t fdslots_ns_from_ms(int ms);
int64_t fdslots_ns_from_timespec(const struct timespec *timeout); /* or -EINVAL */
int fdslots_ms_from_ns(int64_t ns); /* -1 for TIMEOUT_FOREVER; at most INT_MAX */
struct timespec fdslots_timespec_from_ns(int64_t ns);

/* Return the time of a clock that only goes forward, or an error. */
int64_t fdslots_now(void);

/* Return what reading that clock costs, or the length of its step, if that is more. If a few
 * readings see no step, this is INT64_MAX, a price that never pays. */
int64_t fdslots_clock_price(void);

/* The first returns the moment at which a timeout that starts now runs out. The second returns the
 * time that is left until such a moment. Both return an error if the clock cannot be read. */
int64_t fdslots_deadline(int64_t ns);
int64_t fdslots_time_left(int64_t deadline);

#endif
