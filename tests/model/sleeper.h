/* SPDX-License-Identifier: ISC
 *
 * A child that holds open every file that its parent has open now.
 */
#ifndef TESTS_SLEEPER_H
#define TESTS_SLEEPER_H

#include <sys/types.h>

/* Fork a child that sleeps until it is killed or its parent ends. */
pid_t sleeper_fork(void);

/* Kill the child and wait for its end. */
void sleeper_end(pid_t child);

/* Wait for the end of a child, even if signals interrupt. Returns its wait status, or -1 if there
 * is no such child. */
int child_status(pid_t child);

#endif
