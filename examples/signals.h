/* SPDX-License-Identifier: ISC
 *
 * The children of the supervisor. Nothing here waits; signals.c does.
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

/* Make children for commands for sh, none of which is started yet. They get the signal mask `mask`,
 * which is read when they start. Returns one piece of memory for the caller to free, or NULL
 * without memory. */
struct children *children_create(char **commands, uint32_t count, const sigset_t *mask,
                                 long delay_ms, long grace_ms);

/* Record all children that have ended. */
void children_reap(struct children *children);
/* On the first call, tell all children to end. None is started any more. */
void children_end(struct children *children);
/* Start or kill the children that are due. */
void children_care(struct children *children);
/* Return when the next child is due, on CLOCK_MONOTONIC, or 0 for never. */
struct timespec children_due(const struct children *children);
bool children_all_done(const struct children *children);
/* Write one line for each child; lines that do not fit are left out. Returns the length. */
size_t children_describe(const struct children *children, char *text, size_t size);

#endif
