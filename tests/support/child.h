/* SPDX-License-Identifier: ISC
 *
 * Parts of a test that need a process of their own: a forked child's view, or limits and filters
 * that cannot be taken back. Check cannot fail a test from such a child, so a child has assertions
 * of its own, which end it; the parent fails for it.
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/* In a child: end it with a message unless the call gives `want`. */
#define CHILD_EXPECT(call, want) child_expect((call), (want), #call, __FILE__, __LINE__)
void child_expect(intmax_t got, intmax_t want, const char *call, const char *file, int line);

/* Run fn in a child and end it there, well. */
pid_t child_start(void (*fn)(void));
/* The same, but fn runs as soon as the parent sleeps. */
pid_t child_when_asleep(void (*fn)(void));
/* Wait for the end; fails the test unless it was a good one. */
void child_end(pid_t pid);
/* Both. */
void child_run(void (*fn)(void));

/* Two processes take turns: a byte goes through a pipe, made before the fork. */
void turn_make(int turn[2]);
void turn_give(const int turn[2]);
void turn_await(const int turn[2]);

/* How many fds this process has open. */
int open_fds(void);

#endif
