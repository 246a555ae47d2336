/* SPDX-License-Identifier: ISC
 *
 * Calls every function that works on a buffer again and again, in a way that reaches all of its
 * memory. It does not check the results, because its users observe it from outside.
 */
#ifndef TESTS_EXERCISE_H
#define TESTS_EXERCISE_H

#include <fdslots.h>

/* Exercise a buffer. reader and writer are the ends of a pipe that holds data. All slots are empty
 * at the end. */
void exercise(struct fdslots *s, int reader, int writer, FILE *stream);

#endif
