/* SPDX-License-Identifier: ISC
 *
 * The grids. "all" has every workload and size; "files" has sizes around the break-even of poll and
 * epoll, for every kind of file.
 */
#include "grid.h"
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SHARES 5

/* The share of the n slots that are ready or change, in thousandths. It is at least one slot. */
struct share {
    const char *name; /* for people and for plots */
    uint32_t of_1000;
};

#define NONE                                                                                       \
    {                                                                                              \
        "0", UINT32_MAX                                                                            \
    }
#define ONE                                                                                        \
    {                                                                                              \
        "1", 0                                                                                     \
    }
#define EIGHTH                                                                                     \
    {                                                                                              \
        "n/8", 125                                                                                 \
    }
#define QUARTER                                                                                    \
    {                                                                                              \
        "n/4", 250                                                                                 \
    }
#define HALF                                                                                       \
    {                                                                                              \
        "n/2", 500                                                                                 \
    }
#define ALL                                                                                        \
    {                                                                                              \
        "n", 1000                                                                                  \
    }

struct row {
    const char *workload;
    const enum fd_kind *kinds; /* ends with KINDS */
    const uint32_t *sizes;     /* ends with 0 */
    struct share shares[MOST_SHARES + 1];
};

static const uint32_t all_sizes[] = {1, 4, 16, 64, 256, 1024, 8192, 16384, 0};
static const uint32_t idle_sizes[] = {1, 4, FEW, 16, 64, 256, 1024, 8192, MANY, 16384, 0};
static const uint32_t to_8192[] = {1, 4, 16, 64, 256, 1024, 8192, 0};
static const uint32_t to_1024[] = {1, 4, 16, 64, 256, 1024, 0};
static const uint32_t two_sizes[] = {64, 1024, 0};
static const uint32_t three_sizes[] = {32, 512, 4096, 0};

static const enum fd_kind eventfds[] = {EVENTFDS, KINDS};
static const enum fd_kind pipes[] = {PIPES, KINDS};
static const enum fd_kind sockets[] = {UNIX_SOCKETS, TCP_SOCKETS, KINDS};
static const enum fd_kind eventfds_tcp[] = {EVENTFDS, TCP_SOCKETS, KINDS};
static const enum fd_kind all_kinds[] = {TCP_SOCKETS, UNIX_SOCKETS, TIMERFDS,
                                         PIPES,       EVENTFDS,     KINDS};

static const struct row all[] = {
    {"idle", eventfds, idle_sizes, {NONE}},
    {"idle", sockets, two_sizes, {NONE}},
    {"ready", eventfds, all_sizes, {ONE, QUARTER, ALL}},
    {"ready", sockets, two_sizes, {QUARTER}},
    {"ready-blocking", eventfds, all_sizes, {ONE, QUARTER, ALL}},
    {"ready-turns", eventfds_tcp, two_sizes, {ONE, QUARTER}},
    {"toggle", pipes, to_8192, {ONE, EIGHTH, ALL}},
    {"toggle", sockets, two_sizes, {EIGHTH}},
    {"toggle-back", pipes, to_8192, {ONE, ALL}},
    {"reset", eventfds, to_8192, {ONE, EIGHTH, ALL}},
    {"pause-cancels", eventfds, to_8192, {ONE, ALL}},
    {"pause-across", eventfds, to_8192, {ONE, EIGHTH, ALL}},
    {"oneshot", eventfds, to_8192, {ONE, EIGHTH, ALL}},
    {"register", eventfds, to_8192, {NONE}},
    {"replace", eventfds, to_8192, {ONE, EIGHTH}},
    {"sparse", eventfds, to_1024, {ONE, ALL}},
    {"sleep", eventfds, to_8192, {ONE}},
    {"ring", pipes, to_8192, {ONE, EIGHTH}},
    {"mixed", eventfds, to_8192, {ONE, HALF}},
    {"cold", eventfds_tcp, two_sizes, {ONE, QUARTER}},
    {"kinds-change", eventfds, two_sizes, {EIGHTH}},
    {0},
};

static const struct row files[] = {
    {"ready", all_kinds, three_sizes, {EIGHTH, QUARTER, {"3n/8", 375}, HALF, {"3n/4", 750}}},
    {"toggle",
     all_kinds,
     three_sizes,
     {{"3%", 30}, {"6%", 60}, {"12%", 120}, {"20%", 200}, {"30%", 300}}},
    {0},
};

static uint32_t chosen(const struct share *share, uint32_t n)
{
    if (share->of_1000 == UINT32_MAX)
        return 0;
    uint32_t k = (n * share->of_1000 + 500) / 1000;
    return k > 0 ? k : 1;
}

static bool is_wanted(const struct only *only, const struct result *cell)
{
    return (only->workload == NULL || strcmp(only->workload, cell->workload) == 0) &&
           (only->files == NULL || strcmp(only->files, cell->files) == 0) &&
           (only->k == 0 || only->k == cell->k);
}

/* With a small n, different shares may give the same k. */
static bool is_there(const struct result *cells, int count, const struct result *cell)
{
    for (int i = 0; i < count; i++)
        if (strcmp(cells[i].workload, cell->workload) == 0 && cells[i].files == cell->files &&
            cells[i].n == cell->n && cells[i].k == cell->k)
            return true;
    return false;
}

static int add_shares(const struct row *row, const struct only *only, enum fd_kind kind, uint32_t n,
                      struct result *cells, int count)
{
    for (const struct share *share = row->shares; share->name != NULL; share++) {
        uint32_t k = chosen(share, n);
        struct result cell = {.workload = row->workload,
                              .files = kind_name(kind),
                              .part = share->name,
                              .n = n,
                              .k = k};
        if (!is_wanted(only, &cell) || is_there(cells, count, &cell))
            continue;
        if (count == MOST_CELLS)
            abort();
        cells[count++] = cell;
    }
    return count;
}

static int add_row(const struct row *row, const struct only *only, struct result *cells, int count)
{
    const uint32_t asked_for[] = {only->n, 0};
    for (const enum fd_kind *kind = row->kinds; *kind != KINDS; kind++)
        for (const uint32_t *n = only->n != 0 ? asked_for : row->sizes; *n != 0; n++)
            count = add_shares(row, only, *kind, *n, cells, count);
    return count;
}

int grid_make(const char *name, const struct only *only, struct result *cells)
{
    const struct row *row = strcmp(name, "all") == 0     ? all
                            : strcmp(name, "files") == 0 ? files
                                                         : NULL;
    if (row == NULL)
        return -1;
    int count = 0;
    for (; row->workload != NULL; row++)
        count = add_row(row, only, cells, count);
    return count;
}
