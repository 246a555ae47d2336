/* SPDX-License-Identifier: ISC
 *
 * Helpers that every suite needs.
 */
#ifndef TESTS_COMMON_H
#define TESTS_COMMON_H

#include "entry.h"
#include "suites.h"

#include <check.h>
#include <errno.h>
#include <fdslots.h>

/* For each assertion that holds, Check writes a message, and it reads all of them at the end of the
 * test. That took most of the time of many tests. Only failures are told to it here, so the place
 * that it names after a crash is that of an earlier call. */
#undef ck_assert
#undef ck_assert_msg
#define ck_assert(expr)          ck_assert_msg(expr, "Assertion '%s' failed", #expr)
#define ck_assert_msg(expr, ...) ((expr) ? (void)0 : ck_abort_msg(__VA_ARGS__))

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Check that a call returns `want` and leaves errno alone, as every call of the library must. */
#define EXPECT(call, want)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        intmax_t got_ = (call);                                                                    \
        int errno_ = errno;                                                                        \
        ck_assert_msg(got_ == (want), "%s returned %jd, not %jd (%s)", #call, got_,                \
                      (intmax_t)(want), #want);                                                    \
        ck_assert_msg(errno_ == ERRNO_BEFORE, "%s changed errno to %d", #call, errno_);            \
    } while (0)
#define ERRNO_BEFORE 4711

/* Check the same for a call that returns nothing. */
#define EXPECT_QUIET(call)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        call;                                                                                      \
        ck_assert_int_eq(errno, ERRNO_BEFORE);                                                     \
    } while (0)

/* Make a buffer that does not learn, so that a test can foresee what fdslots_wait() does. */
struct fdslots *make_slots(uint32_t nslots);
int64_t now_ns(void);

/* Make a non-blocking pipe, with a byte in it or without. */
void make_pipe(int p[2], bool with_data);
void close_pipe(const int p[2]);

/* A small generator of random numbers that repeats them, so that a failure can be run again. */
uint32_t next_random(uint64_t *seed);

/* Check that no index is in the list twice. This is one assertion, because Check writes to a file
 * for each. */
void expect_distinct(const uint32_t *list, uint32_t count);

/* Add a test case to a suite. */
TCase *add_case(Suite *suite, const char *name);

#endif
