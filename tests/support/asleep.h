/* SPDX-License-Identifier: ISC
 *
 * For tests that must meet a wait in progress: they wait until /proc says that the waiter sleeps.
 */
#ifndef TESTS_ASLEEP_H
#define TESTS_ASLEEP_H

#include <sys/types.h>

/* Return when this process or thread sleeps or has ended. */
void asleep_await(pid_t id);

#endif
