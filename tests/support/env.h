/* SPDX-License-Identifier: ISC
 *
 * The environment of the tests: tools that change memory or system calls, and CI, where no test may
 * be skipped unnoticed.
 */
#ifndef TESTS_ENV_H
#define TESTS_ENV_H

#include <stdbool.h>

#define EXIT_SKIP 77 /* the status that automake's test driver takes for a skipped test */

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

/* For alarm(2): a program that hangs must fail. No test measures how long it takes. */
#define WATCHDOG_S 300

bool under_valgrind(void);

/* Return the resident memory of this process in bytes; 0 where the kernel does not tell it. It is
 * read from smaps_rollup, because the counters in statm may lag behind by 64 page faults. */
long resident_memory(void);

/* Print why a whole program is skipped. Returns its exit status, which is a failure if CI=true. */
int skip_program(const char *reason);

#endif
