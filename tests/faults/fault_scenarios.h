/* SPDX-License-Identifier: ISC
 *
 * The steps that run while calls fail.
 */
#ifndef TESTS_FAULT_SCENARIOS_H
#define TESTS_FAULT_SCENARIOS_H

#include "fault_world.h"

#include <stddef.h>

struct scenario {
    const char *name;
    void (*run)(struct world *w);
    bool needs_epoll; /* whether the entry point must be one that uses epoll */
    uint32_t flags;   /* flags of the buffer */
};

extern const struct scenario scenario_forked; /* one of the scenarios */
extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* ---- in fault_special.c ---- */

void scenario_oneshot(struct world *w);
void scenario_edges(struct world *w);
void scenario_exclusive(struct world *w);
void scenario_polled(struct world *w);
void scenario_wakes(struct world *w);
void scenario_nested(struct world *w);

#endif
