/* SPDX-License-Identifier: ISC */
#include "common.h"
#include "keep_prices.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* In seconds, for hangs. It is long enough for valgrind, and no test measures it. */
#define CASE_TIMEOUT_S 60

struct fdslots *make_slots(uint32_t nslots)
{
    struct fdslots *s = NULL;
    EXPECT(fdslots_create(nslots, 0, &s), 0);
    ck_assert_ptr_nonnull(s);
    keep_prices(s);
    return s;
}

int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

void make_pipe(int p[2], bool with_data)
{
    ck_assert_int_eq(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
    if (with_data)
        ck_assert_int_eq(write(p[1], "x", 1), 1);
}

void close_pipe(const int p[2])
{
    close(p[0]);
    close(p[1]);
}

/* splitmix64 */
uint32_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32);
}

void expect_distinct(const uint32_t *list, uint32_t count)
{
    uint32_t twice = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t before = 0; before < i; before++)
            twice += list[before] == list[i];
    ck_assert_uint_eq(twice, 0);
}

TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, CASE_TIMEOUT_S);
    suite_add_tcase(suite, tcase);
    return tcase;
}
