/* SPDX-License-Identifier: ISC
 *
 * For programs that fail by hanging, as they do if a wake or a signal is lost. The program runs in
 * a child that counts its steps, and fails if the child makes none for a long time.
 */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stdint.h>

/* Run fn(count) in a child. Returns the exit status of the program. */
int guard_run(int (*fn)(long count), long count);

/* In the child, set the text that a report of a hang names. The text must be static. */
void guard_says(const char *what);
void guard_step(void);

/* End the program with a report unless the call returns `want`. */
#define REQUIRE(call, want) guard_require((call), (want), #call, __FILE__, __LINE__)
void guard_require(intmax_t got, intmax_t want, const char *call, const char *file, int line);

/* Let some time pass, different every time, so that two sides meet in all orders. */
void guard_dawdle(uint64_t *seed);

/* Return the count from the arguments, or `standard`. It is reduced if every step takes long. */
long guard_count(int argc, char **argv, long standard);

#endif
