/* SPDX-License-Identifier: ISC */
#include "oracle.h"
#include "common.h"

#include <string.h>

static uint16_t revents_of(const struct pollfd *pollfd)
{
    return (uint16_t)pollfd->revents;
}

/* Whether a slot reads as poll(2) says, both by the calls and in the view. A slot that is not ready
 * reads 0. */
static bool slot_agrees(const struct fdslots *s, uint32_t i, const struct pollfd *want)
{
    const struct pollfd *view = fdslots_view(s) + i;
    if (fdslots_get_revents(s, i) != revents_of(want))
        return false;
    return want->fd < 0 || (fdslots_get_fd(s, i) == want->fd && view->events == want->events &&
                            view->revents == want->revents);
}

/* This is one assertion, because Check writes to a file for each. */
static void compare_slots(const struct entry *e, const struct fdslots *s, const struct pollfd *want,
                          uint32_t n)
{
    uint32_t i = 0;
    while (i < n && slot_agrees(s, i, &want[i]))
        i++;
    ck_assert_msg(i == n, "%s: slot %u, fd %d, events %#x: fd %d, revents %#x, poll(2) says %#x",
                  e->name, (unsigned)i, want[i].fd, (unsigned)(uint16_t)want[i].events,
                  fdslots_get_fd(s, i), (unsigned)fdslots_get_revents(s, i),
                  (unsigned)revents_of(&want[i]));
    while (i < fdslots_capacity(s) && fdslots_get_revents(s, i) == 0)
        i++;
    ck_assert_uint_eq(i, fdslots_capacity(s));
}

/* The ready list names every ready slot once. After a poll entry point it is in order. */
static void compare_ready(const struct entry *e, const struct fdslots *s, int rc,
                          const struct pollfd *want, uint32_t n)
{
    uint32_t expected = 0;
    uint32_t count = UINT32_MAX;
    const uint32_t *ready = fdslots_ready(s, &count);
    for (uint32_t i = 0; i < n; i++)
        expected += want[i].revents != 0;
    ck_assert_msg(rc == (int)expected, "%s returned %d, poll(2) says %u", e->name, rc,
                  (unsigned)expected);
    ck_assert_uint_eq(count, expected);
    expect_distinct(ready, count);
    for (uint32_t r = 0; r < count; r++) {
        ck_assert_uint_lt(ready[r], n);
        ck_assert_int_ne(want[ready[r]].revents, 0);
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
    const bool same = index == walk->ready[walk->seen] && fd == walk->want[index].fd &&
                      revents == revents_of(&walk->want[index]);
    walk->seen += same;
    return !same;
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

#define MOST 1024

/* Ask poll(2) with a copy, because some kernels write into the events. */
static void ask(struct pollfd *want, uint32_t n)
{
    static struct pollfd question[MOST];
    ck_assert_uint_le(n, MOST);
    memcpy(question, want, n * sizeof *want);
    ck_assert_int_ge(poll(question, n, 0), 0);
    for (uint32_t i = 0; i < n; i++)
        want[i].revents = question[i].revents;
}

/* The network may still be delivering data, so only a wait between two equal answers of poll(2)
 * counts. */
int oracle_check(const struct entry *e, struct fdslots *s, struct pollfd *want, uint32_t n)
{
    static struct pollfd before[MOST];
    int rc;
    do {
        ask(want, n);
        memcpy(before, want, n * sizeof *want);
        errno = ERRNO_BEFORE;
        rc = e->wait(s, 0, NULL);
        ck_assert_int_eq(errno, ERRNO_BEFORE);
        ask(want, n);
    } while (memcmp(before, want, n * sizeof *want) != 0);
    oracle_compare(e, s, rc, want, n);
    return rc;
}

void oracle_fill(struct fdslots *s, const struct pollfd *want, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        EXPECT(fdslots_set_index(s, i, want[i].fd, (uint16_t)want[i].events), 0);
}
