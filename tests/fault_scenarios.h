/* SPDX-License-Identifier: ISC */
#ifndef TESTS_FAULT_SCENARIOS_H
#define TESTS_FAULT_SCENARIOS_H

#include "fault_world.h"

#include <stddef.h>

struct scenario {
    const char *name;
    void (*run)(struct world *w);
    bool needs_epoll; /* of the way that is waited by */
};

extern const struct scenario scenario_forked; /* one of them */
extern const struct scenario scenarios[];
extern const size_t scenario_count;

#endif
