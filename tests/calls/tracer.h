/* SPDX-License-Identifier: ISC
 *
 * Counts the system calls that a piece of code makes, by tracing a child that runs it.
 */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#define TRACER_ALL (-1L)

/* Return why nothing can be traced here, or NULL. */
const char *tracer_obstacle(void);

/* In a child, call prepare() once and then run() `times` times. Returns how many system calls in
 * run() have the number nr, or how many there are in all (TRACER_ALL). Returns -1 if the child
 * fails. */
int64_t tracer_count(void (*prepare)(void), void (*run)(uint32_t i), uint32_t times, long nr);

#endif
