/* SPDX-License-Identifier: ISC
 *
 * Every function with every kind of bad input, in every state of a buffer and from inside
 * callbacks. The result is an error that the header names, nothing changes, and the next wait is
 * correct.
 */
#include "env.h"
#include "hostile.h"
#include "kernel.h"
#include "snapshot.h"

#include <string.h>
#include <unistd.h>

static const char *const states[] = {"never waited", "polled", "in an epoll set",
                                     "cut, with a waker", "without epoll"};
enum { NEVER_WAITED, POLLED, IN_A_SET, CUT_WITH_WAKER, WITHOUT_EPOLL, STATES };

static const char *const places[] = {"no callback", "a callback", "a callback in a callback",
                                     "a callback that destroyed another buffer", "no buffer"};
enum { OUTSIDE, IN_CALLBACK, IN_NESTED_CALLBACK, AFTER_DESTROY, NO_BUFFER_AT_ALL, PLACES };

/* One call and its surroundings. */
struct attempt {
    const struct hostile_call *call;
    intmax_t v[HOSTILE_PARAMS];
    int state;
    int place;
    char what[256];
    bool made;
    struct fdslots *s;
    struct fdslots *other; /* a second buffer with the same fds */
    int full[2];
    int empty[2];
    int duplicate;
};

/* ---- the buffers ---- */

#define CLOSED 900 /* a number that no test opens */

/* Slots that are ready, empty, idle, paused, one-shot, or that hold a dup, a shared fd or a closed
 * number. */
static void fill(struct fdslots *s, const struct attempt *a)
{
    EXPECT(fdslots_set_index(s, 0, a->full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, a->empty[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, a->full[1], POLLOUT), 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT(fdslots_set_index(s, 4, a->empty[1], POLLOUT | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_set_index(s, 5, a->duplicate, POLLIN | POLLOUT), 0);
    EXPECT(fdslots_set_index(s, 6, a->full[0], POLLIN | POLLRDNORM), 0);
    EXPECT(fdslots_set_index(s, 7, CLOSED, POLLIN), 0);
}

static void bring_into_state(struct attempt *a)
{
    if (a->state == CUT_WITH_WAKER) {
        EXPECT(fdslots_waker_open(a->s, 1), 0);
        EXPECT(fdslots_wake(a->s), 0);
        EXPECT(fdslots_set_max_ready(a->s, 2), 0);
    }
    bool by_epoll = a->state == IN_A_SET || a->state == CUT_WITH_WAKER;
    if (by_epoll && have_epoll())
        ck_assert_int_gt(fdslots_epoll_wait(a->s, 0), 0);
    else if (a->state != NEVER_WAITED)
        ck_assert_int_gt(fdslots_poll(a->s, HOSTILE_SLOTS, 0), 0);
}

static void begin(struct attempt *a)
{
    make_pipe(a->full, true);
    make_pipe(a->empty, false);
    a->duplicate = dup(a->full[0]);
    hostile_fd = a->full[0];
    uint32_t flags = a->state == WITHOUT_EPOLL ? FDSLOTS_NO_EPOLL : 0;
    EXPECT(fdslots_create(HOSTILE_SLOTS, flags, &a->s), 0);
    fill(a->s, a);
    bring_into_state(a);
    a->other = make_slots(HOSTILE_SLOTS);
    fill(a->other, a);
    ck_assert_int_gt(fdslots_wait(a->other, 0, NULL), 0);
    a->made = false;
}

static void end(struct attempt *a)
{
    fdslots_destroy(a->s);
    fdslots_destroy(a->other);
    close_pipe(a->full);
    close_pipe(a->empty);
    close(a->duplicate);
}

static void describe(struct attempt *a)
{
    snprintf(a->what, sizeof a->what, "%s(%jd, %jd, %jd, %jd, %jd) of a buffer %s, in %s",
             a->call->name, a->v[0], a->v[1], a->v[2], a->v[3], a->v[4], states[a->state],
             places[a->place]);
}

/* ---- judging ---- */

static bool names(const struct hostile_call *call, intmax_t error)
{
    for (int i = 0; i < HOSTILE_ERRORS; i++)
        if (call->errors[i] != 0 && call->errors[i] == error)
            return true;
    return false;
}

static bool has_bad_value(const struct attempt *a)
{
    for (int p = 0; p < HOSTILE_PARAMS && a->call->params[p] != NULL; p++)
        if (a->call->params[p]->bad != NULL && a->call->params[p]->bad(a->v[p]))
            return true;
    return false;
}

/* The only valid result, if there is just one. A bad value is found before anything else. */
static bool must_give(const struct attempt *a, intmax_t *want)
{
    *want = a->call->null_gives;
    if (a->s == NULL && *want != NO_BUFFER)
        return true;
    if (a->call->gives != NULL && a->call->gives(a->v, want))
        return true;
    *want = -EINVAL;
    return has_bad_value(a);
}

static void judge_result(const struct attempt *a, intmax_t rc)
{
    intmax_t want;
    if (!must_give(a, &want)) {
        ck_assert_msg(rc >= 0 || names(a->call, -rc), "%s returned %jd", a->what, rc);
        return;
    }
    bool not_here = a->s != NULL && rc == -ENOTSUP && names(a->call, ENOTSUP);
    ck_assert_msg(rc == want || not_here, "%s returned %jd, not %jd", a->what, rc, want);
}

/* Check a wait that was made: fds and events are unchanged, and after an error nothing is ready. */
static void judge_wait(const struct attempt *a, intmax_t rc, const struct snapshot *before)
{
    struct snapshot after;
    snapshot_take(&after, a->s);
    bool same = memcmp(before->fd, after.fd, sizeof after.fd) == 0 &&
                memcmp(before->events, after.events, sizeof after.events) == 0 &&
                memcmp(before->generation, after.generation, sizeof after.generation) == 0;
    ck_assert_msg(same, "%s changed\n%sto\n%s", a->what, before->dump, after.dump);
    intmax_t ready = rc > 0 ? rc : 0;
    ck_assert_msg(after.ready_count == ready, "%s returned %jd and left %u ready", a->what, rc,
                  (unsigned)after.ready_count);
}

static void judge_effect(const struct attempt *a, intmax_t rc, const struct snapshot *before)
{
    bool closed = rc == -EBADF; /* the error of close(2); the slot is emptied anyway */
    if (a->call->effect == WAITS && rc != -ENOTSUP && rc != -EINVAL)
        judge_wait(a, rc, before);
    else if (a->call->effect == READS || (rc < 0 && !closed))
        snapshot_compare(before, a->s, a->what);
}

/* Whatever the slots hold now, a wait finds the same as poll(2). */
static void judge_next_wait(struct fdslots *s, const char *what)
{
    struct pollfd want[HOSTILE_SLOTS];
    bool epoll_only = false;
    for (uint32_t i = 0; i < HOSTILE_SLOTS; i++) {
        want[i] = (struct pollfd){.fd = -1};
        if (fdslots_get_fd(s, i) >= 0)
            want[i] = fdslots_view(s)[i];
        uint32_t events = (uint32_t)fdslots_get_events(s, i);
        epoll_only |= (events & (FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE)) != 0;
    }
    if (epoll_only)
        return; /* poll(2) cannot be the oracle for edges */
    int ready = poll(want, HOSTILE_SLOTS, 0);
    EXPECT(fdslots_set_max_ready(s, UINT32_MAX), 0);
    int rc = fdslots_wait(s, 0, NULL);
    ck_assert_msg(rc == ready, "after %s: a wait returned %d, poll(2) %d", what, rc, ready);
    for (uint32_t i = 0; i < HOSTILE_SLOTS; i++)
        ck_assert_msg(fdslots_get_revents(s, i) == (uint16_t)want[i].revents,
                      "after %s: slot %u reads %#x, poll(2) %#x", what, (unsigned)i,
                      (unsigned)fdslots_get_revents(s, i), (unsigned)(uint16_t)want[i].revents);
}

/* ---- the call, and the places it comes from ---- */

static void call_now(struct attempt *a)
{
    struct snapshot before;
    if (a->s != NULL)
        snapshot_take(&before, a->s);
    errno = ERRNO_BEFORE;
    intmax_t rc = a->call->call(a->s, a->v);
    ck_assert_msg(errno == ERRNO_BEFORE, "%s changed errno to %d", a->what, errno);
    a->made = true;
    judge_result(a, rc);
    if (a->call->effect == ENDS || (a->call->effect == MOVES && rc >= 0))
        a->s = NULL;
    if (a->s != NULL)
        judge_effect(a, rc, &before);
}

static int call_in_callback(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct attempt *a = arg;
    (void)index, (void)fd, (void)revents;
    if (!a->made && a->place == AFTER_DESTROY) {
        fdslots_destroy(a->other);
        a->other = NULL;
    }
    if (!a->made)
        call_now(a);
    return 0;
}

static int walk_in_callback(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct attempt *a = arg;
    (void)index, (void)fd, (void)revents;
    if (!a->made)
        EXPECT(fdslots_iter_ready(a->s, call_in_callback, a), 0);
    return 0;
}

static void make_call(struct attempt *a)
{
    if (a->place == OUTSIDE)
        call_now(a);
    else if (a->place == IN_NESTED_CALLBACK)
        EXPECT(fdslots_iter_ready(a->other, walk_in_callback, a), 0);
    else
        EXPECT(fdslots_iter_ready(a->s, call_in_callback, a), 0);
}

static void attempt(struct attempt *a)
{
    if (a->state == NEVER_WAITED && a->place != OUTSIDE)
        a->state = POLLED; /* an empty ready set has nothing to iterate over */
    describe(a);
    if (a->place == NO_BUFFER_AT_ALL) {
        a->s = NULL;
        call_now(a);
        return;
    }
    begin(a);
    make_call(a);
    ck_assert_msg(a->made, "%s was never made", a->what);
    if (a->s != NULL)
        judge_next_wait(a->s, a->what);
    if (a->other != NULL)
        judge_next_wait(a->other, "a call to another buffer");
    end(a);
}

/* ---- all of them ---- */

#define MIXED 24 /* calls with a random value for each parameter */

static void good_values(struct attempt *a)
{
    for (int p = 0; p < HOSTILE_PARAMS; p++)
        a->v[p] = a->call->params[p] != NULL ? a->call->params[p]->values[0] : 0;
}

static void next_attempt(struct attempt *a)
{
    static unsigned turn;
    a->state = (int)(turn++ % STATES);
    attempt(a);
}

/* One value at a time, with all states in turn. */
static void single_values(struct attempt *a)
{
    for (int p = 0; p < HOSTILE_PARAMS && a->call->params[p] != NULL; p++) {
        for (int k = 0; k < a->call->params[p]->count; k++) {
            good_values(a);
            a->v[p] = a->call->params[p]->values[k];
            next_attempt(a);
        }
    }
}

static void mixed_values(struct attempt *a, uint64_t seed)
{
    for (int n = 0; n < MIXED && a->call->params[1] != NULL; n++) {
        good_values(a);
        for (int p = 0; p < HOSTILE_PARAMS && a->call->params[p] != NULL; p++) {
            const struct hostile_pool *pool = a->call->params[p];
            a->v[p] = pool->values[next_random(&seed) % (uint32_t)pool->count];
        }
        next_attempt(a);
    }
}

START_TEST(every_call)
{
    struct attempt a = {.call = &hostile_calls[_i]};
    for (a.place = 0; a.place < PLACES; a.place++) {
        good_values(&a);
        for (int state = 0; state < STATES; state++) {
            a.state = state;
            attempt(&a);
        }
        single_values(&a);
        /* valgrind is slow, and random values find no more memory errors than single ones. */
        if (!under_valgrind())
            mixed_values(&a, (uint64_t)_i * PLACES + (uint64_t)a.place);
    }
}
END_TEST

Suite *suite_hostile(void)
{
    Suite *suite = suite_create("hostile use");
    TCase *tcase = add_case(suite, "every call");
    tcase_add_loop_test(tcase, every_call, 0, hostile_call_count);
    return suite;
}
