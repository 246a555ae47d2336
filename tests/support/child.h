/* SPDX-License-Identifier: ISC
 *
 * For parts of a test that need a process of their own, such as the view of a forked child, or
 * limits and filters that cannot be undone. Check cannot fail a test from such a child. A child
 * therefore has assertions of its own, which end it, and the parent then fails.
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In a child, end it with a message unless the call returns `want`. */
#define CHILD_EXPECT(call, want) child_expect((call), (want), #call, __FILE__, __LINE__)
void child_expect(intmax_t got, intmax_t want, const char *call, const char *file, int line);

/* Run fn in a child, which then exits with success. */
pid_t child_start(void (*fn)(void));
/* Do the same, but run fn only once the parent sleeps. */
pid_t child_when_asleep(void (*fn)(void));
/* Wait for the end of the child. Fails the test unless the child succeeded. */
void child_end(pid_t pid);
/* Start a child and wait for its end. */
void child_run(void (*fn)(void));
/* Whether a test with many cases leaves out case i. This is so under valgrind, which takes long to
 * fork, because each child translates its code anew. The cases combine ways, entry points and the
 * like. Every seventh is run, because 7 divides no such number but the last, so all are met. */
bool child_case_left_out(int i);

/* Two processes take turns by sending a byte through a pipe, which is made before the fork. */
void turn_make(int turn[2]);
void turn_give(const int turn[2]);
void turn_await(const int turn[2]);

/* Return how many fds this process has open. */
int open_fds(void);

#endif
