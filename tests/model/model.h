/* SPDX-License-Identifier: ISC
 *
 * Programs of operations over slots and files, run against several buffers at once, with poll(2) as
 * the oracle: after each operation each buffer's ready set and revents are compared with a plain
 * poll of the same (fd, events). The caller's one rule is kept: every buffer is told before a file
 * closes.
 *
 * A program is bytes, four to an operation, and any bytes are one. Who runs it chooses them: the
 * differential test at random, the fuzzer by what they reach.
 */
#ifndef FDSLOTS_TEST_MODEL_H
#define FDSLOTS_TEST_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An operation. */
struct op {
    uint8_t code;
    uint8_t a;
    uint8_t b;
    uint8_t c;
};

/* Run a program from a fresh start. Returns -1 where every answer agreed, else the index of the
 * operation after which one did not; what differed is printed to `log` unless it is NULL. */
long model_run(const struct op *program, size_t length, FILE *log);

/* How many operations the program that runs has made. */
unsigned long model_steps(void);

/* The code of an operation that does nothing. */
uint8_t model_code_of_nothing(void);

/* A line for each operation, for a person, or for a test in C. */
void model_print(FILE *out, const struct op *program, size_t length);

/* What all runs so far did: operations, and the waits of each entry point that were compared. */
void model_print_counts(FILE *out);

#endif
