/* SPDX-License-Identifier: ISC
 *
 * Programs of operations on slots and files. A program runs on several buffers at once, with
 * poll(2) as the oracle: after every operation, the ready set and the revents of every buffer are
 * compared with a plain poll of the same fds and events. The programs keep the one rule: every
 * buffer is told before a file closes.
 *
 * A program is a string of bytes, four for each operation, and every string is a valid program. The
 * differential test chooses the bytes at random; the fuzzer chooses them by the code that they
 * reach.
 */
#ifndef FDSLOTS_TEST_MODEL_H
#define FDSLOTS_TEST_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct op {
    uint8_t code;
    uint8_t a;
    uint8_t b;
    uint8_t c;
};

/* Run a program from a fresh start. Returns -1 if every answer agreed, else the index of the
 * operation after which one did not. Differences are printed to `log` unless it is NULL. */
long model_run(const struct op *program, size_t length, FILE *log);

/* Return how many operations the current program has run. */
unsigned long model_steps(void);

/* Return the code of an operation that does nothing. */
uint8_t model_code_of_nothing(void);

/* Print one line for each operation, readable for people and as C source. */
void model_print(FILE *out, const struct op *program, size_t length);

/* Print what all runs so far did: the operations, and the waits of every entry point that were
 * compared. */
void model_print_counts(FILE *out);

#endif
