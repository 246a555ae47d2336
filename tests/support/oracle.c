/* SPDX-License-Identifier: ISC */
#include "oracle.h"
#include "common.h"

#include <string.h>

static uint16_t revents_of(const struct pollfd *pollfd)
{
    return (uint16_t)pollfd->revents;
}

/* Every slot, by call and by view; those that are not ready read 0. */
static void compare_slots(const struct entry *e, const struct fdslots *s, const struct pollfd *want,
                          uint32_t n)
{
    const struct pollfd *view = fdslots_view(s);
    for (uint32_t i = 0; i < n; i++) {
        int got = fdslots_get_revents(s, i);
        ck_assert_msg(got == revents_of(&want[i]),
                      "%s: slot %u, fd %d, events %#x: revents %#x, poll(2) says %#x", e->name,
                      (unsigned)i, want[i].fd, (unsigned)(uint16_t)want[i].events, (unsigned)got,
                      (unsigned)revents_of(&want[i]));
        if (want[i].fd < 0)
            continue;
        ck_assert_int_eq(fdslots_get_fd(s, i), want[i].fd);
        ck_assert_int_eq(view[i].events, want[i].events);
        ck_assert_int_eq(view[i].revents, want[i].revents);
    }
    for (uint32_t i = n; i < fdslots_capacity(s); i++)
        ck_assert_int_eq(fdslots_get_revents(s, i), 0);
}

/* The ready list: each ready slot once, and in order after a poll entry point. */
static void compare_ready(const struct entry *e, const struct fdslots *s, int rc,
                          const struct pollfd *want, uint32_t n)
{
    uint32_t expected = 0;
    uint32_t count = UINT32_MAX;
    const uint32_t *ready = fdslots_ready(s, &count);
    for (uint32_t i = 0; i < n; i++)
        expected += want[i].revents != 0;
    ck_assert_msg(rc == (int)expected, "%s gave %d, poll(2) says %u", e->name, rc,
                  (unsigned)expected);
    ck_assert_uint_eq(count, expected);
    for (uint32_t r = 0; r < count; r++) {
        ck_assert_uint_lt(ready[r], n);
        ck_assert_int_ne(want[ready[r]].revents, 0);
        for (uint32_t before = 0; before < r; before++)
            ck_assert_uint_ne(ready[before], ready[r]);
        if (!e->is_epoll && r > 0)
            ck_assert_uint_lt(ready[r - 1], ready[r]);
    }
}

struct walk {
    const struct pollfd *want;
    const uint32_t *ready;
    uint32_t seen;
};

static int compare_call(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct walk *walk = arg;
    ck_assert_uint_eq(index, walk->ready[walk->seen++]);
    ck_assert_int_eq(fd, walk->want[index].fd);
    ck_assert_uint_eq(revents, revents_of(&walk->want[index]));
    return 0;
}

void oracle_compare(const struct entry *e, struct fdslots *s, int rc, const struct pollfd *want,
                    uint32_t n)
{
    compare_slots(e, s, want, n);
    compare_ready(e, s, rc, want, n);
    struct walk walk = {.want = want, .ready = fdslots_ready(s, NULL)};
    EXPECT(fdslots_iter_ready(s, compare_call, &walk), 0);
    ck_assert_uint_eq(walk.seen, (unsigned)rc);
}

/* The network may be still at work: what counts is a wait between two equal answers. */
int oracle_check(const struct entry *e, struct fdslots *s, struct pollfd *want, uint32_t n)
{
    static struct pollfd before[1024];
    ck_assert_uint_le(n, 1024);
    int rc;
    do {
        ck_assert_int_ge(poll(want, n, 0), 0);
        memcpy(before, want, n * sizeof *want);
        errno = ERRNO_BEFORE;
        rc = e->wait(s, 0, NULL);
        ck_assert_int_eq(errno, ERRNO_BEFORE);
        ck_assert_int_ge(poll(want, n, 0), 0);
    } while (memcmp(before, want, n * sizeof *want) != 0);
    oracle_compare(e, s, rc, want, n);
    return rc;
}

void oracle_fill(struct fdslots *s, const struct pollfd *want, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        EXPECT(fdslots_set_index(s, i, want[i].fd, (uint16_t)want[i].events), 0);
}
