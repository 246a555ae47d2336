/* SPDX-License-Identifier: ISC
 *
 * The children of the supervisor. Nothing here waits: signals.c does.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <fdslots.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct children;

/* Commands for sh, none of them started yet. They get the signal mask `mask`, which is read when
 * they start. In one piece of memory, which is the caller's to free; NULL without memory. */
struct children *children_create(char **commands, uint32_t count, const sigset_t *mask,
                                 long delay_ms, long grace_ms);

/* Take notice of all that have ended. */
void children_reap(struct children *children);
/* Tell all to end, the first time; none is started any more. */
void children_end(struct children *children);
/* Do what is due: start, or kill. */
void children_care(struct children *children);
/* When something will be due next, on CLOCK_MONOTONIC; 0 for never. */
struct timespec children_due(const struct children *children);
bool children_all_done(const struct children *children);
/* One line each; what has no room is left out. Returns the length. */
size_t children_describe(const struct children *children, char *text, size_t size);

#endif
