/* SPDX-License-Identifier: ISC
 *
 * What every suite needs.
 */
#ifndef TESTS_COMMON_H
#define TESTS_COMMON_H

#include "entry.h"
#include "suites.h"

#include <check.h>
#include <errno.h>
#include <fdslots.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A call gives `want` and leaves errno alone, which holds for every call of the library. */
#define EXPECT(call, want)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        intmax_t got_ = (call);                                                                    \
        int errno_ = errno;                                                                        \
        ck_assert_msg(got_ == (want), "%s gave %jd, not %jd (%s)", #call, got_, (intmax_t)(want),  \
                      #want);                                                                      \
        ck_assert_msg(errno_ == ERRNO_BEFORE, "%s changed errno to %d", #call, errno_);            \
    } while (0)
#define ERRNO_BEFORE 4711

/* The same for calls that return nothing. */
#define EXPECT_QUIET(call)                                                                         \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        call;                                                                                      \
        ck_assert_int_eq(errno, ERRNO_BEFORE);                                                     \
    } while (0)

/* A buffer that does not learn: what fdslots_wait() does with it can be foreseen. */
struct fdslots *make_slots(uint32_t nslots);
int64_t now_ns(void);

/* A pipe, with a byte in it or not; all ends are non-blocking. */
void make_pipe(int p[2], bool with_data);
void close_pipe(const int p[2]);

/* A small repeatable generator of random numbers, so that failures can be run again. */
uint32_t next_random(uint64_t *seed);

/* No index is twice in the list. One assertion for all: each of them is a write to a file. */
void expect_distinct(const uint32_t *list, uint32_t count);

/* A new test case of a suite. */
TCase *add_case(Suite *suite, const char *name);

#endif
