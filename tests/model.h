/* SPDX-License-Identifier: ISC
 *
 * Programs of random operations over slots and files, run against several buffers at once, with
 * poll(2) as the oracle: after each operation each buffer's ready set and revents are compared with
 * a plain poll of the same (fd, events). The caller's one rule is kept: every buffer is told before
 * a file closes.
 */
#ifndef FDSLOTS_TEST_MODEL_H
#define FDSLOTS_TEST_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An operation: any four bytes are one. */
struct op {
    uint8_t code;
    uint8_t a;
    uint8_t b;
    uint8_t c;
};

/* Run a program from a fresh start. Returns -1 where every answer agreed, else the index of the
 * operation after which one did not; what differed is printed to `log` unless it is NULL. */
long model_run(const struct op *program, size_t length, FILE *log);

/* One line for a person. */
void model_print(FILE *out, const struct op *op);

/* How many waits all runs so far compared. */
unsigned long model_comparisons(void);

#endif
