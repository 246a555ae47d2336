/* SPDX-License-Identifier: ISC
 *
 * Counts the system calls that a piece of code makes, by tracing a child that runs it.
 */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#define TRACER_ALL (-1L)

/* Why nothing can be traced here, or NULL. */
const char *tracer_obstacle(void);

/* In a child: prepare(), then run() `times` times. Gives how many of its system calls in run() have
 * the number nr, or how many there are (TRACER_ALL); -1 when the child does not end well. */
int64_t tracer_count(void (*prepare)(void), void (*run)(uint32_t i), uint32_t times, long nr);

#endif
