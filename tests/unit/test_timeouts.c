/* SPDX-License-Identifier: ISC
 *
 * A timeout never ends early, and the longest ones do not end at all. No test limits how long a
 * wait may last, because that depends on the machine.
 */
#include "alarm.h"
#include "common.h"

#include <limits.h>
#include <time.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)

static const int64_t lengths[] = {0, 1, 100 * US, 1 * MS, 3100 * US, 25 * MS};

static struct fdslots *s;
static int empty[2];

static void setup(void)
{
    s = make_slots(4);
    make_pipe(empty, false);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(empty);
}

static void lasts(const struct entry *e, int64_t timeout_ns)
{
    int64_t start = now_ns();
    EXPECT(e->wait(s, timeout_ns, NULL), 0);
    int64_t elapsed = now_ns() - start;
    ck_assert_msg(elapsed >= timeout_ns, "%s returned after %jd ns of %jd", e->name,
                  (intmax_t)elapsed, (intmax_t)timeout_ns);
}

START_TEST(never_early)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 2, empty[0], POLLIN), 0);
    for (int l = 0; l < LENGTH(lengths); l++)
        for (int again = 0; again < 3; again++)
            lasts(e, lengths[l]);
}
END_TEST

/* poll(2) is asked beside the set, but both share one deadline. */
START_TEST(never_early_beside_the_set)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 1, empty[1], POLLPRI), 0);
    EXPECT(fdslots_set_index(s, 2, empty[0], POLLIN | FDSLOTS_POLLED), 0);
    for (int l = 0; l < LENGTH(lengths); l++)
        for (int again = 0; again < 3; again++)
            lasts(e, lengths[l]);
    EXPECT(fdslots_set_index(s, 1, empty[1], POLLOUT), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
}
END_TEST

/* There is nothing to wait for: no slot yet, none any more, or only a paused one. */
START_TEST(no_slots_is_a_plain_sleep)
{
    const struct entry *e = entry_at(_i);
    lasts(e, 10 * MS);
    EXPECT(fdslots_set_index(s, 2, empty[1], POLLOUT), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    lasts(e, 10 * MS);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    lasts(e, 10 * MS);
}
END_TEST

START_TEST(nfds_0_is_a_plain_sleep)
{
    const struct timespec a_while = {0, (long)(10 * MS)};
    EXPECT(fdslots_set_index(s, 0, empty[1], POLLOUT), 0);
    int64_t start = now_ns();
    EXPECT(fdslots_poll(s, 0, 10), 0);
    ck_assert_int_ge(now_ns() - start, 10 * MS);
    start = now_ns();
    EXPECT(fdslots_ppoll(s, 0, &a_while, NULL), 0);
    ck_assert_int_ge(now_ns() - start, 10 * MS);
}
END_TEST

/* ---- waits that only a signal ends ---- */

START_TEST(forever_lasts_until_a_signal)
{
    const struct entry *e = entry_at(_i);
    const int64_t long_ones[] = {FDSLOTS_FOREVER, FDSLOTS_FOREVER - 1, INT_MAX * MS,
                                 (INT_MAX - INT64_C(1)) * MS, (INT_MAX + INT64_C(1)) * MS};
    for (int slots = 0; slots < 2; slots++) {
        for (int l = 0; l < LENGTH(long_ones); l++) {
            alarm_start();
            EXPECT(e->wait(s, long_ones[l], NULL), -EINTR);
            ck_assert_int_gt(signals_seen, 0);
            alarm_stop();
        }
        EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    }
}
END_TEST

static const int long_ms[] = {-1, -2, INT_MIN, INT_MAX, INT_MAX - 1};

START_TEST(long_milliseconds_last_until_a_signal)
{
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    EXPECT(fdslots_poll(s, 4, long_ms[_i]), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
}
END_TEST

/* ---- the calls that take a timespec ---- */

static int wait_ppoll(struct fdslots *slots, const struct timespec *timeout)
{
    return fdslots_ppoll(slots, 4, timeout, NULL);
}

static int (*const timespec_waits[])(struct fdslots *slots, const struct timespec *timeout) = {
    wait_ppoll,
};
#define TIMESPEC_WAITS LENGTH(timespec_waits)

static const struct timespec long_timespecs[] = {
    {LONG_MAX, 0},
    {LONG_MAX, 999999999},
    {INT_MAX, 0},
    {LONG_MAX / 1000000000, 999999999},
};

START_TEST(long_timespecs_last_until_a_signal)
{
    struct timespec timeout = long_timespecs[_i / TIMESPEC_WAITS];
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    EXPECT(timespec_waits[_i % TIMESPEC_WAITS](s, &timeout), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
    ck_assert_int_eq(timeout.tv_sec, long_timespecs[_i / TIMESPEC_WAITS].tv_sec);
    ck_assert_int_eq(timeout.tv_nsec, long_timespecs[_i / TIMESPEC_WAITS].tv_nsec);
}
END_TEST

START_TEST(no_timespec_lasts_until_a_signal)
{
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    EXPECT(timespec_waits[_i](s, NULL), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
}
END_TEST

static const struct timespec invalid[] = {
    {-1, 0}, {0, -1}, {0, 1000000000}, {0, LONG_MAX}, {LONG_MIN, 0}, {LONG_MAX, 1000000000},
};

/* A bad timespec is refused even if a slot is ready, and the last report stays. */
START_TEST(invalid_timespecs_are_refused)
{
    const struct timespec *timeout = &invalid[_i / TIMESPEC_WAITS];
    uint32_t count;
    EXPECT(timespec_waits[_i % TIMESPEC_WAITS](s, timeout), -EINVAL);
    EXPECT(fdslots_set_index(s, 1, empty[1], POLLOUT), 0);
    EXPECT(fdslots_poll(s, 4, 0), 1);
    EXPECT(timespec_waits[_i % TIMESPEC_WAITS](s, timeout), -EINVAL);
    ck_assert_ptr_nonnull(fdslots_ready(s, &count));
    ck_assert_uint_eq(count, 1);
    EXPECT(fdslots_get_revents(s, 1), POLLOUT);
}
END_TEST

/* Negative timeouts, which callers used to poll(2) write for "no timeout". */
static const int64_t negative[] = {-1, -1000000, INT64_MIN};

START_TEST(a_negative_timeout_lasts_until_a_signal)
{
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    EXPECT(fdslots_wait(s, negative[_i], NULL), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
    EXPECT(fdslots_set_index(s, 2, empty[1], POLLOUT), 0);
    EXPECT(fdslots_wait(s, negative[_i], NULL), 1);
}
END_TEST

/* ---- deadlines ---- */

static const int64_t expired[] = {0, 1, -1, -3600 * INT64_C(1000000000), INT64_MIN};

START_TEST(an_expired_deadline_does_not_block)
{
    EXPECT(fdslots_set_index(s, 2, empty[0], POLLIN), 0);
    EXPECT(fdslots_wait_until(s, expired[_i], NULL), 0);
    EXPECT(fdslots_wait_until(s, now_ns(), NULL), 0);
    EXPECT(fdslots_set_index(s, 1, empty[1], POLLOUT), 0);
    EXPECT(fdslots_wait_until(s, expired[_i], NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLOUT);
}
END_TEST

START_TEST(a_far_deadline_lasts_until_a_signal)
{
    const int64_t far[] = {FDSLOTS_FOREVER, FDSLOTS_FOREVER - 1, now_ns() + INT_MAX * MS};
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    EXPECT(fdslots_wait_until(s, far[_i], NULL), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
}
END_TEST

/* A wait that is repeated after every signal ends at its deadline, not before. It does end, because
 * the deadline does not move. */
START_TEST(a_deadline_stays_where_it_is)
{
    const int64_t deadline = now_ns() + 50 * MS;
    EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN), 0);
    alarm_start();
    int rc;
    do
        rc = fdslots_wait_until(s, deadline, NULL);
    while (rc == -EINTR);
    alarm_stop();
    ck_assert_int_eq(rc, 0);
    ck_assert_int_ge(now_ns(), deadline);
}
END_TEST

Suite *suite_timeouts(void)
{
    Suite *suite = suite_create("timeouts");
    TCase *tcase = add_case(suite, "never early");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, never_early, 0, entry_count());
    tcase_add_loop_test(tcase, never_early_beside_the_set, 0, entry_count());
    tcase_add_loop_test(tcase, no_slots_is_a_plain_sleep, 0, entry_count());
    tcase_add_test(tcase, nfds_0_is_a_plain_sleep);
    tcase = add_case(suite, "long");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, forever_lasts_until_a_signal, 0, entry_count());
    tcase_add_loop_test(tcase, long_milliseconds_last_until_a_signal, 0, LENGTH(long_ms));
    tcase_add_loop_test(tcase, a_negative_timeout_lasts_until_a_signal, 0, LENGTH(negative));
    tcase_add_loop_test(tcase, a_far_deadline_lasts_until_a_signal, 0, 3);
    tcase_add_loop_test(tcase, long_timespecs_last_until_a_signal, 0,
                        LENGTH(long_timespecs) * TIMESPEC_WAITS);
    tcase_add_loop_test(tcase, no_timespec_lasts_until_a_signal, 0, TIMESPEC_WAITS);
    tcase = add_case(suite, "over");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, an_expired_deadline_does_not_block, 0, LENGTH(expired));
    tcase_add_test(tcase, a_deadline_stays_where_it_is);
    tcase = add_case(suite, "invalid");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, invalid_timespecs_are_refused, 0, LENGTH(invalid) * TIMESPEC_WAITS);
    return suite;
}
