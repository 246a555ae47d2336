/* SPDX-License-Identifier: ISC
 *
 * Time, inside the library: nanoseconds, TIMEOUT_FOREVER for no end. Every conversion to a coarser
 * unit rounds up, and what does not fit lasts longer, so that no wait ends early.
 */
#ifndef FDSLOTS_TIMEOUT_H
#define FDSLOTS_TIMEOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TIMEOUT_FOREVER INT64_MAX /* FDSLOTS_FOREVER of the public header */
#define NS_PER_MS       INT64_C(1000000)

/* As the kernel judges: NULL is forever, and valid. */
bool fdslots_timespec_valid(const struct timespec *timeout);

int64_t fdslots_ns_from_ms(int ms);
int64_t fdslots_ns_from_timespec(const struct timespec *timeout);
int fdslots_ms_from_ns(int64_t ns); /* -1 for TIMEOUT_FOREVER; INT_MAX where more would be needed */
struct timespec fdslots_timespec_from_ns(int64_t ns);
/* Return as many of these seconds as a time_t of `size` bytes holds: it may be short. */
int64_t fdslots_seconds_that_fit(int64_t seconds, size_t size);

/* Return the time of a clock that only goes forward, or an error. */
int64_t fdslots_now(void);

/* Return what asking for it costs, or the step that it goes by, where that is more; the price of
 * what never pays, where it stands still. */
int64_t fdslots_clock_price(void);

/* Return the moment at which a timeout that starts now runs out, and what is left until then; or an
 * error, where the clock cannot be read. */
int64_t fdslots_deadline(int64_t ns);
int64_t fdslots_time_left(int64_t deadline);

#endif
