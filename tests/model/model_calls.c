/* SPDX-License-Identifier: ISC
 *
 * The operations of the model that look at what was reported, or wait elsewhere.
 */
#include "model_world.h"
#include "sleeper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- the ready set ---- */

struct walk {
    const struct subject *s;
    uint32_t index; /* the slot that the first call changes */
    struct expected now;
    bool changed;
};

/* What was reported must be of the owner that the slot has now. */
static int visit(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct walk *walk = arg;
    struct fdslots *buffer = walk->s->buffer;
    unsigned slot = index / walk->s->stride;
    if (fd != fdslots_get_fd(buffer, index) || (int)revents != fdslots_get_revents(buffer, index))
        model_complain(walk->s, "visited", slot, (int)revents, fdslots_get_revents(buffer, index));
    if (walk->changed && index == walk->index)
        model_complain(walk->s, "visited after a change", slot, (int)revents, 0);
    if (!walk->changed)
        fdslots_set_index(buffer, walk->index, walk->now.fd, given(walk->s, walk->now.events));
    walk->changed = true;
    return 0;
}

/* A callback changes a slot: empties it, or sets it again to what it is. */
void op_iterate(const struct op *op)
{
    unsigned slot = op->a % SLOTS;
    struct expected now = subjects[0].slots[slot];
    if (op->b % 2 == 0)
        now.fd = -1;
    FOR_EACH_SUBJECT(s)
    {
        struct walk walk = {.s = s, .index = place(s, slot), .now = now};
        fdslots_iter_ready(s->buffer, visit, &walk);
    }
    model_set_slot(slot, now.fd, now.events);
}

void op_clear(const struct op *op)
{
    (void)op;
    FOR_EACH_SUBJECT(s)
    {
        uint32_t count;
        fdslots_clear_ready(s->buffer);
        fdslots_ready(s->buffer, &count);
        if (count != 0)
            model_complain(s, "ready after clear", 0, (int)count, 0);
        for (unsigned i = 0; i < SLOTS; i++)
            if (fdslots_get_revents(s->buffer, place(s, i)) != 0)
                model_complain(s, "revents after clear", i, 1, 0);
    }
}

/* ---- nested in another loop ---- */

static bool epoll_takes(int fd)
{
    struct epoll_event event = {.events = 0};
    int set = epoll_create1(0);
    if (set < 0)
        abort();
    int rc = epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    close(set);
    return rc == 0;
}

static bool shows_outside(const struct subject *s)
{
    struct pollfd fds[SLOTS];
    model_ask(s, fds);
    for (unsigned i = 0; i < SLOTS; i++)
        if (fds[i].revents != 0 && !model_changes_by_itself(fds[i].fd) && epoll_takes(fds[i].fd))
            return true;
    return false;
}

/* The buffer's epoll fd reads ready while a registered slot is. */
void op_nest(const struct op *op)
{
    struct subject *s = &subjects[op->a % SUBJECTS];
    if (s->edges)
        return; /* an edge that was reported does not show */
    int fd = fdslots_epoll_fd(s->buffer);
    if (fd == -ENOTSUP)
        return;
    struct pollfd outer = {.fd = fd, .events = POLLIN};
    if (fd < 0)
        model_complain(s, "error of epoll_fd", 0, -fd, 0);
    else if (shows_outside(s) && poll(&outer, 1, 0) != 1)
        model_complain(s, "epoll_fd not ready", 0, 0, POLLIN);
}

/* ---- the waker ---- */

static void expect_result(const struct subject *s, const char *call, int rc, int wanted)
{
    if (rc != wanted)
        model_complain(s, call, 0, -rc, -wanted);
}

/* A waker is opened in an empty slot, woken, drained and closed; each time the buffer waits. */
void op_wake(const struct op *op)
{
    struct subject *s = &subjects[op->b % SUBJECTS];
    unsigned slot = op->a % SLOTS;
    struct expected *e = &s->slots[slot];
    if (e->fd >= 0)
        return;
    expect_result(s, "waker_open", fdslots_waker_open(s->buffer, place(s, slot)), 0);
    *e = (struct expected){
        .fd = fdslots_get_fd(s->buffer, place(s, slot)), .events = POLLIN, .due = true};
    for (unsigned i = 0; i < op->c % 4u; i++) {
        expect_result(s, "wake", fdslots_wake(s->buffer), 0);
        model_forget_answers();
        model_agrees(s, op->c);
    }
    expect_result(s, "waker_open", fdslots_waker_open(s->buffer, place(s, slot)), -EEXIST);
    expect_result(s, "waker_drain", fdslots_waker_drain(s->buffer), 0);
    model_forget_answers();
    model_agrees(s, op->c);
    expect_result(s, "close_index", fdslots_close_index(s->buffer, place(s, slot)), 0);
    expect_result(s, "wake", fdslots_wake(s->buffer), -ENOENT);
    *e = (struct expected){.fd = -1};
}

/* ---- in a child ---- */

static void wait_as_child(unsigned manner)
{
    bool agree = true;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned slot = manner % 4; slot < SLOTS; slot += 4)
        model_set_slot(slot, -1, 0);
    FOR_EACH_SUBJECT(s)
    agree = agree && model_agrees(s, manner);
    if (world.log != NULL)
        fflush(world.log);
    _exit(agree ? 0 : 1);
}

/* A child has all that its parent has, empties some slots and waits; the parent must not notice. */
void op_child_waits(const struct op *op)
{
    if (op->c % 16 != 0)
        return;
    if (world.log != NULL)
        fflush(world.log);
    pid_t child = fork();
    if (child == 0)
        wait_as_child(op->b);
    int status = child_status(child);
    if (status != 0)
        model_complain(&subjects[0], "status of a child that waits", 0, status, 0);
}
