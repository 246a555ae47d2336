/* SPDX-License-Identifier: ISC
 *
 * What is done while calls fail.
 */
#ifndef TESTS_FAULT_SCENARIOS_H
#define TESTS_FAULT_SCENARIOS_H

#include "fault_world.h"

#include <stddef.h>

struct scenario {
    const char *name;
    void (*run)(struct world *w);
    bool needs_epoll; /* of the way that is waited by */
    uint32_t flags;   /* of the buffer */
};

extern const struct scenario scenario_forked; /* one of them */
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
