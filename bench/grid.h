/* SPDX-License-Identifier: ISC
 *
 * The cells that a run measures.
 */
#ifndef BENCH_GRID_H
#define BENCH_GRID_H

#include "result.h"

#define MOST_CELLS 1000

/* Restricts a run to a part of a grid. NULL and 0 mean all. */
struct only {
    const char *workload, *files;
    uint32_t n, k;
};

/* Fill `cells` with those of the grid "all" or "files". Returns their number, or -1 if there is no
 * such grid. */
int grid_make(const char *name, const struct only *only, struct result *cells);

#endif
