/* SPDX-License-Identifier: ISC
 *
 * A ghost makes the set anew in the middle of a wait, and no fd is left for the new set. The wait
 * goes on by poll(2), for the time that is left.
 */
#include "env.h"
#include "wrapped_poll.h"

#include <fcntl.h>
#include <fdslots.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define TIMEOUT INT64_C(3000000001) /* ns: rounded up to ms, less is left after any time */

static int64_t asked_for = -1; /* ns: the last timeout of poll(2) other than 0 */

static void note(int64_t ns)
{
    asked_for = ns != 0 ? ns : asked_for;
}

/* Both return at once. */
int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    note(timeout_ms * INT64_C(1000000));
    return __real_poll(fds, nfds, 0);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                 const sigset_t *sigmask)
{
    const struct timespec at_once = {0, 0};
    note(timeout != NULL ? timeout->tv_sec * INT64_C(1000000000) + timeout->tv_nsec : INT64_MAX);
    return __real_ppoll(fds, nfds, &at_once, sigmask);
}

enum { SLOTS = 400, LIMIT = 512, WAITS = 2000 };

static struct fdslots *s;
static int pipe_ends[2];

static struct fdslots_stats stats(void)
{
    struct fdslots_stats now;
    fdslots_get_stats(s, &now, sizeof now);
    return now;
}

/* Idle pipes in all slots but the first, and the kernel's set above the limit. No fd is left below
 * it. */
static bool fill(void)
{
    if (pipe(pipe_ends) < 0 || fdslots_create(SLOTS, 0, &s) < 0)
        return false;
    for (uint32_t i = 1; i < SLOTS; i++)
        if (fdslots_set_index(s, i, dup(pipe_ends[0]), POLLIN) < 0)
            return false;
    while (dup(pipe_ends[0]) < LIMIT)
        ;
    return fdslots_epoll_wait(s, 0) == 0;
}

/* A file that is ready, and stays open when its slot is emptied. */
static bool leave_ghost(void)
{
    int ready[2];
    if (pipe(ready) < 0 || write(ready[1], "x", 1) != 1 || dup(ready[0]) < 0)
        return false;
    if (fdslots_set_index(s, 0, ready[0], POLLIN) < 0 || fdslots_epoll_wait(s, 0) != 1)
        return false;
    return fdslots_invalidate_index(s, 0) == 0 && close(ready[0]) == 0;
}

static bool waits_by_set(void)
{
    for (int i = 0; i < WAITS; i++)
        if (fdslots_wait(s, 0, NULL) != 0)
            return false;
    const uint64_t before = stats().epoll_calls;
    return fdslots_wait(s, 0, NULL) == 0 && stats().epoll_calls > before;
}

int main(void)
{
    struct rlimit before, limit;
    alarm(WATCHDOG_S);
    if (!fdslots_has(FDSLOTS_HAS_EPOLL) || getrlimit(RLIMIT_NOFILE, &before) < 0)
        return EXIT_SKIP;
    limit = (struct rlimit){LIMIT, before.rlim_max};
    if (!fill() || !waits_by_set() || !leave_ghost() || setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return EXIT_FAILURE;
    const int rc = fdslots_wait(s, TIMEOUT, NULL);
    const uint64_t fallbacks = stats().fallbacks;
    fdslots_destroy(s);
    if (setrlimit(RLIMIT_NOFILE, &before) < 0) /* a sanitizer needs fds at the end */
        return EXIT_FAILURE;
    if (asked_for < 0) {
        printf("skipped: the linker cannot replace functions (--wrap)\n");
        return EXIT_SKIP;
    }
    if (rc == 0 && fallbacks == 1 && asked_for < TIMEOUT)
        return EXIT_SUCCESS;
    fprintf(stderr, "the wait returned %d; %ju fallbacks; poll(2) was given %jd ns\n", rc,
            (uintmax_t)fallbacks, (intmax_t)asked_for);
    return EXIT_FAILURE;
}
