/* SPDX-License-Identifier: ISC
 *
 * Conversions of timeouts inside the library: they round up, and a time that is too long for a unit
 * becomes the longest one, never a shorter one.
 */
#include "os/timeout.h"
#include "common.h"

#include <limits.h>

#define MS INT64_C(1000000)
#define S  INT64_C(1000000000)

#define LONG_TIME (sizeof(time_t) > sizeof(int32_t))

START_TEST(valid_as_the_kernel_judges)
{
    const struct timespec good[] = {{0, 0}, {0, 999999999}, {1, 1}, {LONG_MAX, 999999999}};
    const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}, {LONG_MIN, LONG_MIN}};
    ck_assert(fdslots_ns_from_timespec(NULL) >= 0);
    for (int i = 0; i < LENGTH(good); i++)
        ck_assert(fdslots_ns_from_timespec(&good[i]) >= 0);
    for (int i = 0; i < LENGTH(bad); i++)
        ck_assert_int_eq(fdslots_ns_from_timespec(&bad[i]), -EINVAL);
}
END_TEST

START_TEST(from_milliseconds)
{
    ck_assert_int_eq(fdslots_ns_from_ms(0), 0);
    ck_assert_int_eq(fdslots_ns_from_ms(1), MS);
    ck_assert_int_eq(fdslots_ns_from_ms(INT_MAX), INT_MAX * MS);
    ck_assert_int_eq(fdslots_ns_from_ms(-1), FDSLOTS_FOREVER);
    ck_assert_int_eq(fdslots_ns_from_ms(INT_MIN), FDSLOTS_FOREVER);
}
END_TEST

START_TEST(from_a_timespec)
{
    ck_assert_int_eq(fdslots_ns_from_timespec(NULL), FDSLOTS_FOREVER);
    ck_assert_int_eq(fdslots_ns_from_timespec(&(struct timespec){0, 0}), 0);
    ck_assert_int_eq(fdslots_ns_from_timespec(&(struct timespec){0, 1}), 1);
    ck_assert_int_eq(fdslots_ns_from_timespec(&(struct timespec){3, 100}), 3 * S + 100);
    ck_assert_int_eq(fdslots_ns_from_timespec(&(struct timespec){INT32_MAX, 999999999}),
                     INT32_MAX * S + 999999999);
}
END_TEST

/* Only a 64-bit time_t can hold such times. */
START_TEST(from_a_timespec_of_centuries)
{
    const int64_t most = INT64_MAX / S;
    const struct timespec below = {(time_t)(most - 1), 999999999};
    const struct timespec above[] = {{(time_t)most, 0}, {(time_t)INT64_MAX, 999999999}};
    ck_assert_int_eq(fdslots_ns_from_timespec(&below), (most - 1) * S + 999999999);
    ck_assert_int_eq(fdslots_ns_from_timespec(&above[0]), FDSLOTS_FOREVER);
    ck_assert_int_eq(fdslots_ns_from_timespec(&above[1]), FDSLOTS_FOREVER);
}
END_TEST

START_TEST(to_milliseconds_rounds_up)
{
    ck_assert_int_eq(fdslots_ms_from_ns(0), 0);
    ck_assert_int_eq(fdslots_ms_from_ns(1), 1);
    ck_assert_int_eq(fdslots_ms_from_ns(MS - 1), 1);
    ck_assert_int_eq(fdslots_ms_from_ns(MS), 1); /* not more than needed */
    ck_assert_int_eq(fdslots_ms_from_ns(MS + 1), 2);
    ck_assert_int_eq(fdslots_ms_from_ns((INT_MAX - 1) * MS), INT_MAX - 1);
    ck_assert_int_eq(fdslots_ms_from_ns((INT_MAX - 1) * MS + 1), INT_MAX);
    ck_assert_int_eq(fdslots_ms_from_ns(INT_MAX * MS), INT_MAX);
    ck_assert_int_eq(fdslots_ms_from_ns(INT_MAX * MS + 1), INT_MAX);
    ck_assert_int_eq(fdslots_ms_from_ns(FDSLOTS_FOREVER - 1), INT_MAX);
    ck_assert_int_eq(fdslots_ms_from_ns(FDSLOTS_FOREVER), -1);
}
END_TEST

START_TEST(to_a_timespec_is_exact)
{
    const int64_t times[] = {0, 1, 999999999, S, S + 1, 3100000, INT32_MAX * S + 1};
    for (int i = 0; i < LENGTH(times); i++) {
        struct timespec ts = fdslots_timespec_from_ns(times[i]);
        ck_assert(fdslots_ns_from_timespec(&ts) >= 0);
        ck_assert_int_eq(ts.tv_sec * S + ts.tv_nsec, times[i]);
    }
}
END_TEST

/* A 32-bit time_t ends after 68 years. The result must not be negative, because the kernel would
 * refuse that. */
START_TEST(a_short_time_t_is_filled)
{
    const int64_t longest = (FDSLOTS_FOREVER - 1) / S;
    const int64_t most = sizeof(time_t) < sizeof longest ? INT32_MAX : longest;
    ck_assert_int_eq(fdslots_timespec_from_ns(INT32_MAX * S).tv_sec, INT32_MAX);
    /* Not 0, which cutting to 32 bits would make. */
    const int64_t twice = 2 * (INT32_MAX + INT64_C(1));
    ck_assert_int_eq(fdslots_timespec_from_ns(twice * S).tv_sec, twice < most ? twice : most);
    ck_assert_int_eq(fdslots_timespec_from_ns(FDSLOTS_FOREVER - 1).tv_sec, most);
}
END_TEST

START_TEST(deadlines)
{
    int64_t before = now_ns();
    int64_t deadline = fdslots_deadline(S);
    ck_assert_int_ge(deadline, before + S);
    ck_assert_int_le(deadline, now_ns() + S);
    ck_assert_int_gt(fdslots_time_left(fdslots_deadline(3600 * S)), 3000 * S);
    ck_assert_int_le(fdslots_time_left(deadline), S);
    ck_assert_int_eq(fdslots_time_left(before), 0);
    ck_assert_int_eq(fdslots_time_left(1), 0);
    ck_assert_int_eq(fdslots_deadline(FDSLOTS_FOREVER), FDSLOTS_FOREVER);
    ck_assert_int_eq(fdslots_deadline(FDSLOTS_FOREVER - 1), FDSLOTS_FOREVER);
    ck_assert_int_eq(fdslots_time_left(FDSLOTS_FOREVER), FDSLOTS_FOREVER);
}
END_TEST

Suite *suite_timeout(void)
{
    Suite *suite = suite_create("timeout");
    TCase *tcase = add_case(suite, "conversions");
    tcase_add_test(tcase, valid_as_the_kernel_judges);
    tcase_add_test(tcase, from_milliseconds);
    tcase_add_test(tcase, from_a_timespec);
    if (LONG_TIME)
        tcase_add_test(tcase, from_a_timespec_of_centuries);
    tcase_add_test(tcase, to_milliseconds_rounds_up);
    tcase_add_test(tcase, to_a_timespec_is_exact);
    tcase_add_test(tcase, a_short_time_t_is_filled);
    tcase_add_test(tcase, deadlines);
    return suite;
}
