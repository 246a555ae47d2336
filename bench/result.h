/* SPDX-License-Identifier: ISC
 *
 * The results, and the reports on them.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MOST_CONTENDERS 16
#define MOST_ROUNDS     31

/* A wait by epoll is compared with FEW and with MANY idle slots. It should cost the same. */
#define FEW  10
#define MANY 10000

struct times {
    double median, least, most; /* ns for one iteration; 0 if it was not measured */
    double by_poll;             /* share of the waits by poll; -1 if the contender cannot tell */
};

struct result {
    const char *workload;
    const char *files; /* kind of the files */
    const char *part;  /* k as a share of n */
    uint32_t n, k;
    struct times times[MOST_CONTENDERS];
};

struct contestants {
    const char *names[MOST_CONTENDERS];
    int count;
};

/* Return the time of the cheaper of the two loops by hand. */
double result_best(const struct contestants *who, const struct result *r);

void table_head(const struct contestants *who);
void table_row(const struct contestants *who, const struct result *r);
void csv_head(FILE *csv);
void csv_rows(FILE *csv, const struct contestants *who, const struct result *r);
/* Print the summary of all cells. */
void summary(const struct contestants *who, const struct result *results, int count);
/* Print a summary for every kind of files. */
void summary_by_files(const struct contestants *who, const struct result *results, int count);

#endif
