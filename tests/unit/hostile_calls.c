/* SPDX-License-Identifier: ISC */
#include "hostile.h"
#include "common.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int hostile_fd;

/* ---- pools ---- */

#define POOL(name, is_bad, ...)                                                                    \
    static const intmax_t name##_values[] = {__VA_ARGS__};                                         \
    static const struct hostile_pool name = {name##_values, LENGTH(name##_values), is_bad}

static bool is_zero(intmax_t value)
{
    return value == 0;
}

static bool is_no_index(intmax_t value)
{
    return value >= HOSTILE_SLOTS;
}

static bool is_no_nfds(intmax_t value)
{
    return value > HOSTILE_SLOTS;
}

static bool is_no_nslots(intmax_t value)
{
    return value == 0 || value > INT_MAX;
}

/* Either a used slot would not fit, or no buffer can be so large. */
static bool is_no_capacity(intmax_t value)
{
    return value < HOSTILE_SLOTS || value > INT_MAX;
}

static bool is_no_flags(intmax_t value)
{
    return value > (FDSLOTS_NO_EPOLL | FDSLOTS_CHECK);
}

static bool is_no_feature(intmax_t value)
{
    return value < (intmax_t)FDSLOTS_HAS_PPOLL || value > (intmax_t)FDSLOTS_HAS_EPOLL_NS;
}

/* The rules of the header, bit for bit. */
static bool is_no_events(intmax_t value)
{
    const intmax_t exclusive =
        POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL | FDSLOTS_EDGE | FDSLOTS_POLLED;
    const intmax_t any = exclusive | POLLPRI | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM |
                         POLLWRBAND | FDSLOTS_ONESHOT;
    if ((value & FDSLOTS_EXCLUSIVE) != 0)
        return (value & ~(exclusive | FDSLOTS_EXCLUSIVE)) != 0;
    return (value & ~any) != 0;
}

#define BIT(n)     (INTMAX_C(1) << (n))
#define BITS_4(n)  BIT(n), BIT((n) + 1), BIT((n) + 2), BIT((n) + 3)
#define BITS_16(n) BITS_4(n), BITS_4((n) + 4), BITS_4((n) + 8), BITS_4((n) + 12)

POOL(index_pool, is_no_index, 0, 1, 2, 3, 4, 5, 6, 7, 8, INT_MAX, INT_MAX + INTMAX_C(1),
     UINT32_MAX);
/* Indices beyond the last slot are no error there: the search simply finds no used slot. */
POOL(from_pool, NULL, 0, 1, 7, 8, 63, 64, INT_MAX, UINT32_MAX - 1, UINT32_MAX);
POOL(fd_pool, NULL, 0, -1, -2, INT_MIN, 900, INT_MAX - 1, INT_MAX);
POOL(events_pool, is_no_events, POLLIN, 0, BITS_16(0), BITS_16(16), UINT32_MAX, INT_MAX,
     FDSLOTS_EDGE | FDSLOTS_ONESHOT | POLLIN, FDSLOTS_EXCLUSIVE | FDSLOTS_EDGE | POLLIN,
     FDSLOTS_POLLED | POLLIN, FDSLOTS_POLLED | FDSLOTS_EXCLUSIVE | POLLIN,
     FDSLOTS_POLLED | FDSLOTS_EXCLUSIVE | POLLPRI, FDSLOTS_EXCLUSIVE | FDSLOTS_ONESHOT,
     FDSLOTS_EXCLUSIVE | POLLPRI);
POOL(any_events_pool, NULL, POLLIN, 0, BITS_16(0), BITS_16(16), UINT32_MAX);
/* No value is 0: without a ready slot, such a wait could last for ever. */
POOL(nfds_pool, is_no_nfds, 8, 1, 9, INT_MAX, UINT32_MAX);
POOL(ms_pool, NULL, 0, 1, -1, -2, INT_MIN, INT_MAX);
POOL(ns_pool, NULL, 0, 1, -1, INT64_MIN, INT64_MAX, INT64_MAX - 1, 999999, 1000001);
POOL(pointer_pool, is_zero, 1, 0);
POOL(optional_pool, NULL, 1, 0);
POOL(nslots_pool, is_no_nslots, 4, 0, INT_MAX + INTMAX_C(1), UINT32_MAX - 1, UINT32_MAX);
POOL(capacity_pool, is_no_capacity, 8, 9, 64, 65, 128, 7, 1, 0, INT_MAX + INTMAX_C(1), UINT32_MAX);
POOL(flags_pool, is_no_flags, 0, 1, 2, 3, 4, BIT(16), BIT(31), UINT32_MAX);
POOL(feature_pool, is_no_feature, 1, 2, 3, 0, 4, -1, INT_MAX, INT_MIN);
POOL(max_ready_pool, is_zero, 1, 0, 2, 8, 9, INT_MAX, UINT32_MAX);
POOL(stats_size_pool, is_zero, sizeof(struct fdslots_stats), 0, 1, 7, 9, 4000);
POOL(text_size_pool, NULL, 64, 0, 1, 2, 3);

/* ---- pointers from numbers ---- */

static const struct timespec timespecs[] = {
    {0, 0},          {0, 1},        {0, 999999999},  {INT_MAX, 0},         {LONG_MAX, 999999999},
    {-1, 0},         {0, -1},       {0, 1000000000}, {LONG_MIN, LONG_MIN}, {LONG_MAX, LONG_MAX},
    {-1, 999999999}, {LONG_MIN, 0},
};
#define GOOD_TIMESPECS 5

static bool is_no_timespec(intmax_t value)
{
    return value >= GOOD_TIMESPECS;
}

POOL(timespec_pool, is_no_timespec, 0, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

static const struct timespec *timespec_of(intmax_t value)
{
    return value < 0 ? NULL : &timespecs[value];
}

POOL(mask_pool, NULL, 0, 1, 2, 3);

/* No mask, the empty set, the full set, and bytes that no call has made into a set. */
static const sigset_t *mask_of(intmax_t value)
{
    static sigset_t mask;
    if (value == 1)
        sigemptyset(&mask);
    else if (value == 2)
        sigfillset(&mask);
    else
        memset(&mask, 0xa5, sizeof mask);
    return value == 0 ? NULL : &mask;
}

static int fd_of(intmax_t value)
{
    return value == 0 ? hostile_fd : (int)value;
}

static int return_0(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)index, (void)fd, (void)revents;
    return 0;
}

/* ---- calls ---- */

#define I(n) ((int)v[n])
#define U(n) ((uint32_t)v[n])
#define CALL(function, ...)                                                                        \
    static intmax_t call_##function(struct fdslots *s, const intmax_t *v)                          \
    {                                                                                              \
        (void)v;                                                                                   \
        return function(__VA_ARGS__);                                                              \
    }

CALL(fdslots_capacity, s)
CALL(fdslots_set_index, s, U(0), fd_of(v[1]), U(2))
CALL(fdslots_set_events, s, U(0), U(1))
CALL(fdslots_invalidate_index, s, U(0))
CALL(fdslots_close_index, s, U(0))
CALL(fdslots_pause_index, s, U(0))
CALL(fdslots_resume_index, s, U(0))
CALL(fdslots_is_paused, s, U(0))
CALL(fdslots_get_fd, s, U(0))
CALL(fdslots_get_events, s, U(0))
CALL(fdslots_get_revents, s, U(0))
CALL(fdslots_get_generation, s, U(0))
CALL(fdslots_next_used, s, U(0))
CALL(fdslots_next_free, s, U(0))
CALL(fdslots_poll, s, U(0), I(1))
CALL(fdslots_ppoll, s, U(0), timespec_of(v[1]), mask_of(v[2]))
CALL(fdslots_epoll_wait, s, I(0))
CALL(fdslots_epoll_pwait, s, timespec_of(v[0]), mask_of(v[1]))
CALL(fdslots_wait, s, v[0], mask_of(v[1]))
CALL(fdslots_wait_until, s, v[0], mask_of(v[1]))
CALL(fdslots_set_max_ready, s, U(0))
CALL(fdslots_iter_ready, s, v[0] != 0 ? return_0 : NULL, v[1] != 0 ? s : NULL)
CALL(fdslots_waker_open, s, U(0))
CALL(fdslots_wake, s)
CALL(fdslots_waker_drain, s)
CALL(fdslots_epoll_fd, s)
CALL(fdslots_rebuild, s)

static intmax_t call_fdslots_size(struct fdslots *s, const intmax_t *v)
{
    (void)s;
    return (intmax_t)fdslots_size(U(0));
}

static intmax_t call_fdslots_version(struct fdslots *s, const intmax_t *v)
{
    (void)s, (void)v;
    return fdslots_version() != NULL;
}

static intmax_t call_fdslots_has(struct fdslots *s, const intmax_t *v)
{
    (void)s;
    return fdslots_has((unsigned)v[0]);
}

static intmax_t call_fdslots_destroy(struct fdslots *s, const intmax_t *v)
{
    (void)v;
    fdslots_destroy(s);
    return 0;
}

static intmax_t call_fdslots_clear_ready(struct fdslots *s, const intmax_t *v)
{
    (void)v;
    fdslots_clear_ready(s);
    return 0;
}

static intmax_t call_fdslots_view(struct fdslots *s, const intmax_t *v)
{
    (void)v;
    return fdslots_view(s) != NULL;
}

static intmax_t call_fdslots_ready(struct fdslots *s, const intmax_t *v)
{
    uint32_t count = UINT32_MAX;
    bool some = fdslots_ready(s, v[0] != 0 ? &count : NULL) != NULL;
    ck_assert(v[0] == 0 || count <= fdslots_capacity(s));
    return some;
}

/* The result must be written on success, and only then. */
static void check_out(intmax_t rc, struct fdslots *out, struct fdslots *before)
{
    ck_assert(rc < 0 ? out == before : out != before);
    if (rc >= 0)
        fdslots_destroy(out);
}

static intmax_t call_fdslots_create(struct fdslots *s, const intmax_t *v)
{
    struct fdslots *out = s;
    int rc = fdslots_create(U(0), U(1), v[2] != 0 ? &out : NULL);
    check_out(rc, out, s);
    return rc;
}

/* The parameter mem is given by its distance from aligned memory, and size by the number of bytes
 * that it lacks. */
POOL(mem_pool, is_zero, 8, 0, 1, 2, 4, 7, 9, 12);
POOL(missing_pool, NULL, 0, 1, 8, 1000000);

static intmax_t call_fdslots_init(struct fdslots *s, const intmax_t *v)
{
    static uint64_t room[256];
    const size_t size = fdslots_size(4);
    const size_t missing = (size_t)v[1] < size ? (size_t)v[1] : size;
    ck_assert_uint_le(size, sizeof room - 16);
    struct fdslots *out = s;
    void *mem = v[0] != 0 ? (char *)room + v[0] : NULL;
    int rc = fdslots_init(mem, size - missing, U(2), U(3), v[4] != 0 ? &out : NULL);
    check_out(rc, out, s);
    return rc;
}

static intmax_t call_fdslots_move(struct fdslots *s, const intmax_t *v)
{
    static uint64_t room[2048];
    const size_t size = fdslots_size(U(2));
    ck_assert(size <= sizeof room - 16 || is_no_capacity(v[2]));
    struct fdslots *out = s;
    void *mem = v[0] != 0 ? (char *)room + v[0] : NULL;
    const size_t missing = (size_t)v[1] < size ? (size_t)v[1] : size;
    int rc = fdslots_move(s, mem, size - missing, U(2), v[3] != 0 ? &out : NULL);
    check_out(rc, out, s);
    return rc;
}

/* A buffer that the library allocated keeps its address. */
static intmax_t call_fdslots_resize(struct fdslots *s, const intmax_t *v)
{
    struct fdslots *out = s;
    int rc = fdslots_resize(v[1] != 0 ? &out : NULL, U(0));
    ck_assert_ptr_eq(out, s);
    ck_assert(rc < 0 || fdslots_capacity(s) == U(0));
    return rc;
}

static bool init_gives(const intmax_t *v, intmax_t *result)
{
    *result = -EINVAL;
    return v[0] % 8 != 0 || v[1] > 0;
}

static bool size_gives(const intmax_t *v, intmax_t *result)
{
    *result = 0;
    return is_no_nslots(v[0]);
}

static bool next_used_gives(const intmax_t *v, intmax_t *result)
{
    *result = -ENOENT;
    return v[0] >= HOSTILE_SLOTS;
}

static bool next_free_gives(const intmax_t *v, intmax_t *result)
{
    *result = -ENOSPC;
    return v[0] >= HOSTILE_SLOTS;
}

#define UNWRITTEN 0xa5

static void unwritten(const void *mem, size_t size)
{
    const unsigned char *bytes = mem;
    size_t b = 0;
    while (b < size && bytes[b] == UNWRITTEN)
        b++;
    ck_assert_msg(b == size, "byte %zu of %zu past the end was written", b, size);
}

/* Nothing is written beyond `size`, and nothing at all if the call refuses. */
static intmax_t call_fdslots_get_stats(struct fdslots *s, const intmax_t *v)
{
    static unsigned char room[4096];
    memset(room, UNWRITTEN, sizeof room);
    void *out = room;
    int rc = fdslots_get_stats(s, v[0] != 0 ? out : NULL, (size_t)v[1]);
    size_t written = rc < 0 ? 0 : (size_t)v[1];
    unwritten(room + written, sizeof room - written);
    return rc;
}

static intmax_t call_fdslots_format_events(struct fdslots *s, const intmax_t *v)
{
    char room[65];
    (void)s;
    memset(room, UNWRITTEN, sizeof room);
    int rc = fdslots_format_events(v[0] != 0 ? room : NULL, (size_t)v[1], U(2));
    size_t written = v[0] != 0 ? (size_t)v[1] : 0;
    unwritten(room + written, sizeof room - written);
    return rc;
}

static bool format_events_gives(const intmax_t *v, intmax_t *result)
{
    *result = v[0] == 0 && v[1] > 0 ? -EINVAL : fdslots_format_events(NULL, 0, U(2));
    return true;
}

/* ---- streams ---- */

POOL(stream_pool, is_zero, 1, 0, 2, 3, 4, 5);

static FILE *closed_stream(void)
{
    FILE *stream = fopen("/dev/null", "w");
    if (stream != NULL)
        close(fileno(stream));
    return stream;
}

static FILE *stream_of(intmax_t value)
{
    static char text[4096];
    FILE *stream = value == 1   ? fmemopen(text, sizeof text, "w")
                   : value == 2 ? fopen("/dev/full", "w")
                   : value == 3 ? fopen("/dev/null", "r")
                   : value == 4 ? fmemopen(text, 16, "w")
                   : value == 5 ? closed_stream()
                                : NULL;
    ck_assert(stream != NULL || value == 0);
    if (stream != NULL)
        setvbuf(stream, NULL, _IONBF, 0);
    return stream;
}

static intmax_t call_fdslots_dump(struct fdslots *s, const intmax_t *v)
{
    FILE *stream = stream_of(v[0]);
    errno = ERRNO_BEFORE;
    int rc = fdslots_dump(s, stream);
    int after = errno;
    if (stream != NULL)
        fclose(stream);
    errno = after;
    return rc;
}

static bool dump_gives(const intmax_t *v, intmax_t *result)
{
    *result = -EIO;
    return v[0] > 1;
}

/* ---- the table ---- */

#define EPOLL_ERRORS ENOTSUP, EMFILE, ENFILE, ENOMEM

#define ROW(function, null_gives, effect, params, ...)                                             \
    {                                                                                              \
#function, call_##function, null_gives, effect, params, __VA_ARGS__                        \
    }
#define P(...)                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

const struct hostile_call hostile_calls[] = {
    ROW(fdslots_size, NO_BUFFER, READS, P(&nslots_pool), size_gives, {0}),
    ROW(fdslots_init, NO_BUFFER, READS,
        P(&mem_pool, &missing_pool, &nslots_pool, &flags_pool, &pointer_pool), init_gives,
        {ENOTSUP}),
    ROW(fdslots_create, NO_BUFFER, READS, P(&nslots_pool, &flags_pool, &pointer_pool), NULL,
        {ENOMEM, ENOTSUP}),
    ROW(fdslots_resize, -EINVAL, CHANGES, P(&capacity_pool, &pointer_pool), NULL, {ENOMEM}),
    ROW(fdslots_move, -EINVAL, MOVES, P(&mem_pool, &missing_pool, &capacity_pool, &pointer_pool),
        init_gives, {0}),
    ROW(fdslots_destroy, 0, ENDS, P(NULL), NULL, {0}),
    ROW(fdslots_capacity, 0, READS, P(NULL), NULL, {0}),
    ROW(fdslots_set_index, -EINVAL, CHANGES, P(&index_pool, &fd_pool, &events_pool), NULL, {0}),
    ROW(fdslots_set_events, -EINVAL, CHANGES, P(&index_pool, &events_pool), NULL, {ENOENT}),
    ROW(fdslots_invalidate_index, -EINVAL, CHANGES, P(&index_pool), NULL, {0}),
    ROW(fdslots_close_index, -EINVAL, CHANGES, P(&index_pool), NULL, {ENOENT, EBADF}),
    ROW(fdslots_pause_index, -EINVAL, CHANGES, P(&index_pool), NULL, {ENOENT}),
    ROW(fdslots_resume_index, -EINVAL, CHANGES, P(&index_pool), NULL, {ENOENT}),
    ROW(fdslots_is_paused, -EINVAL, READS, P(&index_pool), NULL, {0}),
    ROW(fdslots_get_fd, -EINVAL, READS, P(&index_pool), NULL, {ENOENT}),
    ROW(fdslots_get_events, -EINVAL, READS, P(&index_pool), NULL, {0}),
    ROW(fdslots_get_revents, -EINVAL, READS, P(&index_pool), NULL, {0}),
    ROW(fdslots_get_generation, -EINVAL, READS, P(&index_pool), NULL, {0}),
    ROW(fdslots_next_used, -EINVAL, READS, P(&from_pool), next_used_gives, {ENOENT}),
    ROW(fdslots_next_free, -EINVAL, READS, P(&from_pool), next_free_gives, {ENOSPC}),
    ROW(fdslots_poll, -EINVAL, WAITS, P(&nfds_pool, &ms_pool), NULL, {0}),
    ROW(fdslots_ppoll, -EINVAL, WAITS, P(&nfds_pool, &timespec_pool, &mask_pool), NULL, {ENOTSUP}),
    ROW(fdslots_epoll_wait, -EINVAL, WAITS, P(&ms_pool), NULL, {EPOLL_ERRORS}),
    ROW(fdslots_epoll_pwait, -EINVAL, WAITS, P(&timespec_pool, &mask_pool), NULL, {EPOLL_ERRORS}),
    ROW(fdslots_wait, -EINVAL, WAITS, P(&ns_pool, &mask_pool), NULL, {ENOTSUP}),
    ROW(fdslots_wait_until, -EINVAL, WAITS, P(&ns_pool, &mask_pool), NULL, {ENOTSUP}),
    ROW(fdslots_set_max_ready, -EINVAL, CHANGES, P(&max_ready_pool), NULL, {0}),
    ROW(fdslots_ready, 0, READS, P(&optional_pool), NULL, {0}),
    ROW(fdslots_iter_ready, -EINVAL, READS, P(&pointer_pool, &optional_pool), NULL, {0}),
    ROW(fdslots_clear_ready, 0, WAITS, P(NULL), NULL, {0}),
    ROW(fdslots_view, 0, READS, P(NULL), NULL, {0}),
    ROW(fdslots_waker_open, -EINVAL, CHANGES, P(&index_pool), NULL, {EEXIST, EBUSY}),
    ROW(fdslots_wake, -EINVAL, READS, P(NULL), NULL, {ENOENT}),
    ROW(fdslots_waker_drain, -EINVAL, READS, P(NULL), NULL, {ENOENT}),
    ROW(fdslots_epoll_fd, -EINVAL, READS, P(NULL), NULL, {EPOLL_ERRORS}),
    ROW(fdslots_rebuild, -EINVAL, READS, P(NULL), NULL, {EPOLL_ERRORS}),
    ROW(fdslots_get_stats, -EINVAL, READS, P(&pointer_pool, &stats_size_pool), NULL, {0}),
    ROW(fdslots_dump, -EINVAL, READS, P(&stream_pool), dump_gives, {EIO}),
    ROW(fdslots_format_events, NO_BUFFER, READS,
        P(&optional_pool, &text_size_pool, &any_events_pool), format_events_gives, {0}),
    ROW(fdslots_version, NO_BUFFER, READS, P(NULL), NULL, {0}),
    ROW(fdslots_has, NO_BUFFER, READS, P(&feature_pool), NULL, {0}),
};

const int hostile_call_count = LENGTH(hostile_calls);
