/* SPDX-License-Identifier: ISC
 *
 * What was measured, and the reports on it.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MOST_CONTENDERS 16
#define MOST_ROUNDS     31

/* Idle slots that one wait by epoll is compared over: it should cost the same. */
#define FEW  10
#define MANY 10000

struct times {
    double median, least, most; /* ns for each iteration; 0 where it was not measured */
    double by_poll;             /* share of the waits; -1 where it cannot tell */
};

struct result {
    const char *workload;
    const char *files; /* their kind */
    const char *part;  /* what k is of n */
    uint32_t n, k;
    struct times times[MOST_CONTENDERS];
};

struct contestants {
    const char *names[MOST_CONTENDERS];
    int count;
};

/* The cheaper of the two loops written by hand. */
double result_best(const struct contestants *who, const struct result *r);

void table_head(const struct contestants *who);
void table_row(const struct contestants *who, const struct result *r);
void csv_head(FILE *csv);
void csv_rows(FILE *csv, const struct contestants *who, const struct result *r);
/* The verdict over all cells. */
void summary(const struct contestants *who, const struct result *results, int count);
/* And for each kind of files. */
void summary_by_files(const struct contestants *who, const struct result *results, int count);

#endif
