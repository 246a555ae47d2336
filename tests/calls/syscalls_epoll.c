/* SPDX-License-Identifier: ISC
 *
 * The system calls of the epoll entry points and of fdslots_wait().
 */
#include "syscalls.h"

#include <fdslots.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 400
#define IDLE   300

static struct fdslots *s;
static int ready;
static int idle[IDLE];
static sigset_t mask;
static const sigset_t *blocking_mask; /* NULL if there is no ppoll(2), which such a mask needs */
static int epoll_fd;

/* The operations check their results, because a call that fails early would look cheap. */
static void must(int64_t rc, int64_t expected)
{
    if (rc != expected)
        _exit(EXIT_FAILURE);
}

/* One slot is ready, and so many are idle that epoll is the cheapest way. The kernel has been told
 * of all of them. */
static void prepare(void)
{
    must(fdslots_create(NSLOTS, 0, &s), 0);
    ready = eventfd(1, 0);
    for (uint32_t i = 0; i < IDLE; i++) {
        idle[i] = eventfd(0, 0);
        must(fdslots_set_index(s, i, idle[i], POLLIN), 0);
    }
    must(fdslots_set_index(s, IDLE, ready, POLLIN), 0);
    sigemptyset(&mask);
    blocking_mask = fdslots_has(FDSLOTS_HAS_PPOLL) == 1 ? &mask : NULL;
    must(fdslots_epoll_wait(s, 0), 1);
    must(fdslots_wait(s, 0, NULL), 1);
}

static void prepare_idle(void)
{
    prepare();
    must(fdslots_pause_index(s, IDLE), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

static int file_fd;

/* Two slots are polled beside the set. */
static void prepare_with_files(void)
{
    prepare();
    file_fd = open("/", O_RDONLY | O_DIRECTORY);
    must(fdslots_set_index(s, IDLE + 1, file_fd, POLLIN), 0);
    must(fdslots_set_index(s, IDLE + 2, file_fd, POLLPRI), 0);
    must(fdslots_epoll_wait(s, 0), 2);
}

static void prepare_with_files_idle(void)
{
    prepare_with_files();
    must(fdslots_pause_index(s, IDLE), 0);
    must(fdslots_epoll_wait(s, 0), 1);
}

static void prepare_untold(void)
{
    prepare();
    must(fdslots_rebuild(s), 0);
    for (uint32_t i = 0; i <= IDLE; i++)
        must(fdslots_invalidate_index(s, i), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

static void prepare_checked(void)
{
    must(fdslots_create(NSLOTS, FDSLOTS_CHECK, &s), 0);
    ready = eventfd(1, 0);
    for (uint32_t i = 0; i < 10; i++)
        must(fdslots_set_index(s, i, dup(ready), POLLIN), 0);
    must(fdslots_epoll_wait(s, 0), 10);
}

static void prepare_new(void)
{
    fdslots_has(FDSLOTS_HAS_EPOLL);
    prepare();
    must(fdslots_epoll_fd(s) >= 0, 1); /* takes the steps that are done once in a process */
    fdslots_destroy(s);
    must(fdslots_create(NSLOTS, 0, &s), 0);
}

static void prepare_forked(void)
{
    prepare();
    if (fork() == 0) {
        must(fdslots_invalidate_index(s, IDLE), 0);
        must(fdslots_epoll_wait(s, 0), 0);
        _exit(EXIT_SUCCESS);
    }
    must(fdslots_epoll_wait(s, 0), 1);
}

static void wait_ready(uint32_t i)
{
    (void)i;
    must(fdslots_epoll_wait(s, -1), 1);
}

static void pwait_ready(uint32_t i)
{
    const struct timespec timeout = {0, (long)i};
    must(fdslots_epoll_pwait(s, &timeout, i % 2 != 0 ? &mask : NULL), 1);
}

static void wait_idle(uint32_t i)
{
    must(fdslots_epoll_wait(s, i % 2 != 0), 0);
}

static void pwait_idle(uint32_t i)
{
    const struct timespec timeout = {0, (long)i};
    must(fdslots_epoll_pwait(s, &timeout, i != 0 ? &mask : NULL), 0);
}

static void pwait_nanoseconds(uint32_t i)
{
    const struct timespec timeout = {0, i % 2 != 0 ? 1500001 : 3};
    must(fdslots_epoll_pwait(s, &timeout, i % 3 == 0 ? &mask : NULL), 0);
}

static void pwait_milliseconds(uint32_t i)
{
    const struct timespec timeout = {0, i % 2 != 0 ? 1000000 : 0};
    must(fdslots_epoll_pwait(s, &timeout, NULL), 0);
}

static void pwait_at_once(uint32_t i)
{
    const struct timespec at_once = {0, 0};
    (void)i;
    must(fdslots_epoll_pwait(s, &at_once, &mask), 0);
}

static void pwait_at_once_ready(uint32_t i)
{
    const struct timespec at_once = {0, 0};
    (void)i;
    must(fdslots_epoll_pwait(s, &at_once, &mask), 1);
}

static void wait_with_files(uint32_t i)
{
    (void)i;
    must(fdslots_epoll_wait(s, -1), 2);
}

static void wait_with_files_idle(uint32_t i)
{
    must(fdslots_epoll_wait(s, i % 2 == 0 ? 0 : -1), 1);
}

static void pwait_with_files_idle(uint32_t i)
{
    const struct timespec timeout = {0, i % 2 != 0 ? 1500001 : 0};
    must(fdslots_pause_index(s, IDLE + 1), 0);
    must(fdslots_epoll_pwait(s, &timeout, blocking_mask), 0);
    must(fdslots_resume_index(s, IDLE + 1), 0);
    must(fdslots_epoll_pwait(s, &timeout, blocking_mask), 1);
}

static void best_ready(uint32_t i)
{
    must(fdslots_wait(s, i % 2 != 0 ? FDSLOTS_FOREVER : (int64_t)i, NULL), 1);
}

static void best_idle(uint32_t i)
{
    must(fdslots_wait(s, i % 2, NULL), 0);
}

static void best_with_files(uint32_t i)
{
    (void)i;
    must(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 2);
}

static void best_with_files_idle(uint32_t i)
{
    must(fdslots_wait(s, i % 2 == 0 ? 0 : FDSLOTS_FOREVER, NULL), 1);
}

/* Changes of every sort, which cancel each other out. */
static void wait_cancelled(uint32_t i)
{
    uint32_t index = i % IDLE;
    must(fdslots_set_events(s, index, POLLOUT), 0);
    must(fdslots_set_events(s, index, POLLIN), 0);
    must(fdslots_pause_index(s, index), 0);
    must(fdslots_resume_index(s, index), 0);
    must(fdslots_set_index(s, IDLE + 5, ready, POLLIN), 0);
    must(fdslots_invalidate_index(s, IDLE + 5), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* One change costs one epoll_ctl(2). */
static void wait_changed(uint32_t i)
{
    must(fdslots_set_events(s, IDLE, i % 2 == 0 ? POLLOUT : POLLIN), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* ---- an owner that the set has not seen ---- */

/* One fstat(2) and one ADD; later one DEL. */
static void register_one(uint32_t i)
{
    must(fdslots_set_index(s, 5, idle[i], POLLIN), 0);
    must(fdslots_epoll_wait(s, 0), 0);
    must(fdslots_invalidate_index(s, 5), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

static void register_all(uint32_t i)
{
    (void)i;
    for (uint32_t index = 0; index < IDLE; index++)
        must(fdslots_set_index(s, index, idle[index], POLLIN), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

/* One fstat(2) and one ADD for all slots with the fd. */
static void register_shared(uint32_t i)
{
    (void)i;
    for (uint32_t index = 0; index < 10; index++)
        must(fdslots_set_index(s, index, idle[0], POLLIN), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

/* The number is the same, and MOD finds that the file is, too. */
static void set_again(uint32_t i)
{
    must(fdslots_set_index(s, i % IDLE, idle[i % IDLE], POLLIN), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* MOD finds that the number is another file, so fstat(2) and ADD follow. The dup2(2) is
 * counted, too. */
static void replace_one(uint32_t i)
{
    must(dup2(idle[i + 1], idle[0]), idle[0]);
    must(fdslots_set_index(s, 0, idle[0], POLLIN), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* The library still knows what the file is, so only DEL and ADD are needed. */
static void pause_one(uint32_t i)
{
    must(fdslots_pause_index(s, i % IDLE), 0);
    must(fdslots_epoll_wait(s, -1), 1);
    must(fdslots_resume_index(s, i % IDLE), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* One fstat(2) for the new owner, and one poll(2) for every wait. */
static void file_comes_and_goes(uint32_t i)
{
    (void)i;
    must(fdslots_set_index(s, IDLE + 7, file_fd, POLLPRI), 0);
    must(fdslots_epoll_wait(s, 0), 1);
    must(fdslots_epoll_wait(s, 0), 1);
    must(fdslots_invalidate_index(s, IDLE + 7), 0);
    must(fdslots_epoll_wait(s, 0), 1);
}

static void closed_comes_and_goes(uint32_t i)
{
    (void)i;
    must(fdslots_set_index(s, 7, 900, POLLIN), 0);
    must(fdslots_epoll_wait(s, 0), 1);
    must(fdslots_epoll_wait(s, 0), 1);
    must(fdslots_invalidate_index(s, 7), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

/* A polled slot needs no fstat(2), because its kind of file does not matter. */
static void asked_for_poll(uint32_t i)
{
    must(fdslots_set_index(s, 7, idle[i], POLLIN | FDSLOTS_POLLED), 0);
    must(fdslots_epoll_wait(s, 0), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

/* The library still knows what the files are, so every file takes one ADD. The two sets take two
 * more calls. */
static void rebuild_one(uint32_t i)
{
    (void)i;
    must(fdslots_rebuild(s), 0);
}

static void wait_checked(uint32_t i)
{
    (void)i;
    must(fdslots_epoll_wait(s, -1), 10);
}

static void change_all(uint32_t i)
{
    for (uint32_t index = 0; index < IDLE; index++)
        must(fdslots_set_events(s, index, i % 2 == 0 ? POLLPRI : POLLIN), 0);
    must(fdslots_epoll_wait(s, -1), 1);
}

/* Slots change without a wait. close_index() alone has to tell the kernel, and to close the fd. */
static void close_registered(uint32_t i)
{
    must(fdslots_close_index(s, i), 0);
}

static void nest_first(uint32_t i)
{
    (void)i;
    epoll_fd = fdslots_epoll_fd(s);
    must(epoll_fd >= 0, 1);
}

static void nest_again(uint32_t i)
{
    (void)i;
    int fd = fdslots_epoll_fd(s);
    must(fd == fdslots_epoll_fd(s) && fd >= 0, 1);
}

static void prepare_nested(void)
{
    prepare();
    must(fdslots_epoll_fd(s) >= 0, 1);
}

static void end(uint32_t i)
{
    (void)i;
    fdslots_destroy(s);
}

static void prepare_without_memory_of_its_own(void)
{
    static uint64_t mem[10000];
    must(fdslots_size(NSLOTS) <= sizeof mem, 1);
    must(fdslots_init(mem, sizeof mem, NSLOTS, 0, &s), 0);
    must(fdslots_epoll_wait(s, 0), 0);
}

static const struct syscalls_case cases[] = {
    {"1,000 epoll_waits, one slot ready", prepare, wait_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 epoll_waits, nothing ready", prepare_idle, wait_idle, 1000, TRACER_ALL, 1000, false},
    {"1,000 epoll_pwaits, one slot ready", prepare, pwait_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 epoll_pwaits, nothing ready", prepare_idle, pwait_idle, 1000, TRACER_ALL, 1000, false},
    {"100 epoll_pwaits of nanoseconds", prepare_idle, pwait_nanoseconds, 100, SYS_epoll_pwait2, 100,
     false},
    {"100 of milliseconds, by cheaper calls", prepare_idle, pwait_milliseconds, 100,
     SYS_epoll_pwait2, 0, false},
    {"1,000 with a mask, at once", prepare_idle, pwait_at_once, 1000, TRACER_ALL, 2000, false},
    {"the same, one ready", prepare, pwait_at_once_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 epoll_waits, files too", prepare_with_files, wait_with_files, 1000, TRACER_ALL, 2000,
     false},
    {"the same, the set not ready", prepare_with_files_idle, wait_with_files_idle, 1000, TRACER_ALL,
     1000, false},
    {"200 epoll_pwaits with files, masked", prepare_with_files_idle, pwait_with_files_idle, 100,
     TRACER_ALL, 200, false},
    {"1,000 waits, one slot ready", prepare, best_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 waits, nothing ready", prepare_idle, best_idle, 1000, TRACER_ALL, 1000, false},
    {"1,000 waits, files too", prepare_with_files, best_with_files, 1000, TRACER_ALL, 2000, true},
    {"the same, the set not ready", prepare_with_files_idle, best_with_files_idle, 1000, TRACER_ALL,
     1000, false},
    {"100 owners registered, and gone", prepare_untold, register_one, 100, TRACER_ALL, 500, false},
    {"300 owners at once", prepare_untold, register_all, 1, TRACER_ALL, 2 * IDLE + 1, false},
    {"10 slots with one fd", prepare_untold, register_shared, 1, TRACER_ALL, 3, false},
    {"100 times the same fd again", prepare, set_again, 100, TRACER_ALL, 200, false},
    {"100 times another file", prepare, replace_one, 100, TRACER_ALL, 500, false},
    {"100 pauses", prepare, pause_one, 100, TRACER_ALL, 400, false},
    {"100 files come and go", prepare_with_files_idle, file_comes_and_goes, 100, TRACER_ALL, 400,
     false},
    {"100 closed fds come and go", prepare_untold, closed_comes_and_goes, 100, TRACER_ALL, 400,
     false},
    {"100 that ask for poll(2)", prepare_untold, asked_for_poll, 100, TRACER_ALL, 200, false},
    {"100 rebuilds of 301", prepare, rebuild_one, 100, TRACER_ALL, 100 * (IDLE + 4), false},
    {"100 waits that check 10 slots", prepare_checked, wait_checked, 100, TRACER_ALL, 2100, false},
    {"1,000 waits after a fork", prepare_forked, wait_ready, 1000, TRACER_ALL, 1000, false},
    {"1,000 waits, changes cancel out", prepare, wait_cancelled, 1000, TRACER_ALL, 1000, false},
    {"1,000 waits, one slot changed", prepare, wait_changed, 1000, TRACER_ALL, 2000, false},
    {"10 waits, 300 slots changed", prepare, change_all, 10, SYS_epoll_ctl, 3000, false},
    {"100 closes of registered fds", prepare, close_registered, 100, TRACER_ALL, 200, false},
    {"the first fd to nest", prepare_new, nest_first, 1, TRACER_ALL, 3, false},
    {"100 times asked for it again", prepare_nested, nest_again, 100, TRACER_ALL, 0, false},
    {"the end of a set", prepare_without_memory_of_its_own, end, 1, TRACER_ALL, 1, false},
};

const struct syscalls_case *syscalls_epoll(int *count)
{
    *count = fdslots_has(FDSLOTS_HAS_EPOLL_NS) == 1 ? (int)(sizeof cases / sizeof cases[0]) : 0;
    return cases;
}
