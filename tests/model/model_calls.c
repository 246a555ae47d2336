/* SPDX-License-Identifier: ISC
 *
 * The operations of the model that use the ready set, wait in another loop, wake or resize.
 */
#include "model_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ready set ---- */

struct walk {
    const struct subject *s;
    uint32_t index; /* the slot that the first call changes */
    struct expected now;
    bool changed;
};

/* A report must belong to the owner that the slot has now. */
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
        fdslots_set_index(buffer, walk->index, model_own(walk->s, walk->now.fd),
                          given(walk->s, walk->now.events));
    walk->changed = true;
    return 0;
}

/* A callback changes a slot: it empties the slot, or sets it again to the same values. */
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

/* The buffer's epoll fd reads as ready while a registered slot is ready. */
void op_nest(const struct op *op)
{
    struct subject *s = &subjects[op->a % SUBJECTS];
    if (s->edges || world.limit != 0)
        return; /* an edge that has been reported does not show */
    int fd = fdslots_epoll_fd(s->buffer);
    if (fd == -ENOTSUP)
        return;
    struct pollfd outer = {.fd = fd, .events = POLLIN};
    if (fd < 0)
        model_complain(s, "error of epoll_fd", 0, -fd, 0);
    else if (model_shows_outside(s) && poll(&outer, 1, 0) != 1)
        model_complain(s, "epoll_fd not ready", 0, 0, POLLIN);
}

/* ---- the waker ---- */

/* A waker is opened in an empty slot, woken, drained and closed. The buffer waits after every
 * step. */
void op_wake(const struct op *op)
{
    struct subject *s = &subjects[op->b % SUBJECTS];
    unsigned slot = op->a % SLOTS;
    struct expected *e = &s->slots[slot];
    if (e->fd >= 0 || world.limit != 0)
        return;
    model_expect(s, "waker_open", slot, fdslots_waker_open(s->buffer, place(s, slot)), 0);
    *e = (struct expected){
        .fd = fdslots_get_fd(s->buffer, place(s, slot)), .events = POLLIN, .due = true};
    for (unsigned i = 0; i < op->c % 4u; i++) {
        model_expect(s, "wake", slot, fdslots_wake(s->buffer), 0);
        model_forget_answers();
        model_agrees(s, op->c);
    }
    model_expect(s, "waker_open", slot, fdslots_waker_open(s->buffer, place(s, slot)), -EEXIST);
    model_expect(s, "waker_drain", slot, fdslots_waker_drain(s->buffer), 0);
    model_forget_answers();
    model_agrees(s, op->c);
    model_expect(s, "close_index", slot, fdslots_close_index(s->buffer, place(s, slot)), 0);
    model_expect(s, "wake", slot, fdslots_wake(s->buffer), -ENOENT);
    *e = (struct expected){.fd = -1};
}

/* ---- growing and shrinking ---- */

/* The state of a slot that resizing must not change. */
struct shown {
    int64_t generation;
    int revents;
};

static void note_shown(const struct subject *s, struct shown *shown)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        shown[i].generation = fdslots_get_generation(s->buffer, place(s, i));
        shown[i].revents = fdslots_get_revents(s->buffer, place(s, i));
    }
}

/* An empty slot that was away for a moment has another generation, or it was never used. */
static void compare_shown(const struct subject *s, const struct shown *before)
{
    struct shown now[SLOTS];
    note_shown(s, now);
    for (unsigned i = 0; i < SLOTS; i++) {
        const bool used = s->slots[i].fd >= 0;
        if (now[i].revents != before[i].revents && used)
            model_complain(s, "revents after growing", i, now[i].revents, before[i].revents);
        if (used ? now[i].generation != before[i].generation
                 : now[i].generation < before[i].generation)
            model_complain(s, "generation after growing", i, (int)now[i].generation,
                           (int)before[i].generation);
    }
}

static void move(struct subject *s, uint32_t nslots)
{
    void *before = s->memory;
    const size_t size = fdslots_size(nslots);
    s->memory = malloc(size);
    if (s->memory == NULL)
        abort();
    memset(s->memory, 0x5a, size);
    model_expect(s, "move", nslots, fdslots_move(s->buffer, s->memory, size, nslots, &s->buffer),
                 0);
    free(before);
}

static void resize(struct subject *s, uint32_t nslots)
{
    model_expect(s, "resize", nslots, fdslots_resize(&s->buffer, nslots), 0);
    free(s->memory);
    s->memory = NULL;
}

/* Shrink as far as the used slots allow, and grow again, at least to the old capacity. */
void op_grow(const struct op *op)
{
    void (*const grow)(struct subject * s, uint32_t nslots) = op->b % 2 == 0 ? resize : move;
    FOR_EACH_SUBJECT(s)
    {
        struct shown before[SLOTS];
        unsigned used = SLOTS;
        while (used > 1 && s->slots[used - 1].fd < 0)
            used--;
        note_shown(s, before);
        if (op->b / 2 % 2 == 0)
            grow(s, place(s, used - 1) + 1);
        grow(s, SLOTS * s->stride + op->a);
        compare_shown(s, before);
    }
}
