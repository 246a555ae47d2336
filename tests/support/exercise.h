/* SPDX-License-Identifier: ISC
 *
 * Every function of the API that works on a buffer, called over and over in a way that reaches all
 * of its memory. Says nothing about the answers: it is for those who watch from outside.
 */
#ifndef TESTS_EXERCISE_H
#define TESTS_EXERCISE_H

#include <fdslots.h>

/* reader and writer are the ends of a pipe that holds data. Empties all slots at the end. */
void exercise(struct fdslots *s, int reader, int writer, FILE *stream);

#endif
