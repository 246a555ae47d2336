/* SPDX-License-Identifier: ISC */
#include "timeout.h"
#include "sys.h"

#include <limits.h>

#define NS_PER_S INT64_C(1000000000)

int64_t fdslots_ns_from_ms(int ms)
{
    return ms < 0 ? TIMEOUT_FOREVER : ms * NS_PER_MS;
}

int64_t fdslots_ns_from_timespec(const struct timespec *timeout)
{
    if (timeout == NULL)
        return TIMEOUT_FOREVER;
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= NS_PER_S)
        return -EINVAL;
    const int64_t seconds = timeout->tv_sec; /* time_t may have fewer bits */
    if (seconds >= INT64_MAX / NS_PER_S)
        return TIMEOUT_FOREVER; /* beyond 292 years */
    return seconds * NS_PER_S + timeout->tv_nsec;
}

int fdslots_ms_from_ns(int64_t ns)
{
    if (ns == TIMEOUT_FOREVER)
        return -1;
    int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

struct timespec fdslots_timespec_from_ns(int64_t ns)
{
    const int64_t most = sizeof(time_t) < sizeof ns ? INT32_MAX : INT64_MAX;
    const int64_t seconds = ns / NS_PER_S < most ? ns / NS_PER_S : most;
    return (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(ns % NS_PER_S)};
}

int64_t fdslots_now(void)
{
    struct timespec ts;
    int rc = SYS(clock_gettime(CLOCK_MONOTONIC, &ts));
    return rc < 0 ? rc : ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

#define READINGS 16

int64_t fdslots_clock_price(void)
{
    int64_t least = INT64_MAX;
    int64_t before = fdslots_now();
    for (int i = 0; i < READINGS; i++) {
        const int64_t after = fdslots_now();
        if (after > before && after - before < least)
            least = after - before;
        before = after;
    }
    return least;
}

int64_t fdslots_deadline(int64_t ns)
{
    int64_t start = fdslots_now();
    if (start < 0)
        return start;
    return ns < TIMEOUT_FOREVER - start ? start + ns : TIMEOUT_FOREVER;
}

int64_t fdslots_time_left(int64_t deadline)
{
    if (deadline == TIMEOUT_FOREVER)
        return TIMEOUT_FOREVER;
    int64_t moment = fdslots_now();
    if (moment < 0)
        return moment;
    return deadline > moment ? deadline - moment : 0;
}
