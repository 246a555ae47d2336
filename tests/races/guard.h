/* SPDX-License-Identifier: ISC
 *
 * For programs whose failure is a hang, as that of a lost wake or signal is: they run in a child
 * that counts its steps, and fail when it makes none for a long time.
 */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stdint.h>

/* Run fn(count) in a child; gives the exit status of the program. */
int guard_run(int (*fn)(long count), long count);

/* In the child: what it is about, for the report of a hang; a text that stays. */
void guard_says(const char *what);
void guard_step(void);

/* End the program with a report unless the call gives `want`. */
#define REQUIRE(call, want) guard_require((call), (want), #call, __FILE__, __LINE__)
void guard_require(intmax_t got, intmax_t want, const char *call, const char *file, int line);

/* Let some time pass, another one each time, so that two sides meet in all orders. */
void guard_dawdle(uint64_t *seed);

/* The count that a program is given, or `standard`; less of it where each step takes long. */
long guard_count(int argc, char **argv, long standard);

#endif
