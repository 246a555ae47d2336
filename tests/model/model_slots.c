/* SPDX-License-Identifier: ISC
 *
 * The operations of the model on slots. They do the same on every buffer.
 */
#include "model_world.h"

#include <errno.h>

/* ---- events ---- */

static const uint32_t masks[] = {
    0,
    POLLIN,
    POLLOUT,
    POLLIN | POLLOUT,
    POLLPRI,
    POLLRDHUP,
    POLLIN | POLLPRI | POLLRDHUP,
    POLLRDNORM,
    POLLWRNORM,
    POLLRDBAND | POLLWRBAND,
    POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND,
    POLLERR | POLLHUP | POLLNVAL,
    POLLIN,
    POLLOUT | POLLRDHUP,
    POLLIN | POLLERR,
    POLLWRBAND,
};

/* EXCLUSIVE is valid with few other events. If epoll does not support it, it is never used. */
static uint32_t with_exclusive(uint32_t events)
{
    const uint32_t allowed = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;
    return HAVE_DECL_EPOLLEXCLUSIVE && (events & ~allowed) == 0 ? events | FDSLOTS_EXCLUSIVE
                                                                : events;
}

uint32_t model_events(uint8_t c)
{
    uint32_t events = masks[c & 15];
    switch (c >> 4) {
    case 4:
    case 9:
        return events | FDSLOTS_ONESHOT;
    case 14:
        return events | FDSLOTS_ONESHOT | FDSLOTS_EDGE;
    case 3:
    case 8:
    case 13:
        return events | FDSLOTS_EDGE;
    case 12:
        return with_exclusive(events);
    case 7:
        return with_exclusive(events) | FDSLOTS_EDGE;
    case 2:
        return events | FDSLOTS_POLLED;
    case 6:
        return events | FDSLOTS_POLLED | FDSLOTS_EDGE;
    case 10:
        return events | FDSLOTS_POLLED | FDSLOTS_ONESHOT;
    case 11:
        return with_exclusive(events) | FDSLOTS_POLLED;
    default:
        return events;
    }
}

/* ---- setting ---- */

void model_expect(const struct subject *s, const char *call, unsigned slot, int rc, int wanted)
{
    if (rc != wanted)
        model_complain(s, call, slot, -rc, -wanted);
}

static void expect_rc(const struct subject *s, const char *call, unsigned slot, int rc)
{
    model_expect(s, call, slot, rc, s->slots[slot].fd < 0 ? -ENOENT : 0);
}

static void set_slot_of(struct subject *s, unsigned slot, int fd, uint32_t events)
{
    const uint32_t index = place(s, slot);
    int64_t generation = fdslots_get_generation(s->buffer, index);
    model_owe_less(s, s->slots[slot].fd);
    model_owe_less(s, fd);
    int rc = fdslots_set_index(s->buffer, index, model_own(s, fd), given(s, events));
    model_expect(s, "set_index", slot, rc, 0);
    if (fd >= 0 && fdslots_get_generation(s->buffer, index) == generation)
        model_complain(s, "generation", slot, (int)generation, 0);
    s->slots[slot] = (struct expected){
        .fd = fd < 0 ? -1 : fd, .events = events, .due = true, .dead = object_at(fd) == NULL};
}

void model_set_slot(unsigned slot, int fd, uint32_t events)
{
    FOR_EACH_SUBJECT(s)
    set_slot_of(s, slot, fd, events);
}

void op_set(const struct op *op)
{
    unsigned o = op->b % OBJECTS;
    model_set_slot(op->a % SLOTS, world.open[o] ? world.objects[o].fd : CLOSED,
                   model_events(op->c));
}

void op_set_number(const struct op *op)
{
    model_set_slot(op->a % SLOTS, HIGH + op->b % HIGHS, model_events(op->c));
}

/* Now and then this is a slot that was reported just before, because programs often change
 * those. */
static unsigned slot_of(const struct op *op)
{
    const struct subject *s = &subjects[op->b / 4 % SUBJECTS];
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s->buffer, &count);
    return op->b % 4 == 0 && count > 0 ? ready[op->a % count] / s->stride : op->a % SLOTS;
}

/* A one-shot slot that was reported is armed again, and the kernel looks at the file again. */
static void arm(struct expected *e)
{
    e->due |= e->fired;
    e->fired = false;
}

void op_set_events(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        struct expected *e = &s->slots[slot];
        uint32_t events = model_events(op->c);
        int rc = fdslots_set_events(s->buffer, place(s, slot), given(s, events));
        expect_rc(s, "set_events", slot, rc);
        if (e->fd < 0)
            continue;
        model_owe_less(s, e->fd);
        e->due |= (given(s, e->events) & FDSLOTS_EDGE) != 0; /* the kernel looks again */
        e->events = events;
        arm(e);
    }
}

void op_invalidate(const struct op *op)
{
    model_set_slot(slot_of(op), -1, 0);
}

void op_pause(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        expect_rc(s, "pause_index", slot, fdslots_pause_index(s->buffer, place(s, slot)));
        model_owe_less(s, s->slots[slot].fd);
        s->slots[slot].paused = true;
    }
}

void op_resume(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        expect_rc(s, "resume_index", slot, fdslots_resume_index(s->buffer, place(s, slot)));
        model_owe_less(s, s->slots[slot].fd);
        s->slots[slot].paused = false;
        arm(&s->slots[slot]);
    }
}

void op_set_same(const struct op *op)
{
    unsigned slot = slot_of(op);
    struct expected now = subjects[0].slots[slot];
    model_set_slot(slot, now.fd, now.events);
}

void op_swap(const struct op *op)
{
    struct expected a = subjects[0].slots[op->a % SLOTS];
    struct expected b = subjects[0].slots[op->b % SLOTS];
    model_set_slot(op->a % SLOTS, b.fd, b.events);
    model_set_slot(op->b % SLOTS, a.fd, a.events);
}

/* A rebuild makes the kernel report ready edges again. */
void op_rebuild(const struct op *op)
{
    (void)op;
    FOR_EACH_SUBJECT(s)
    {
        int rc = fdslots_rebuild(s->buffer);
        if (rc != 0 && rc != -ENOTSUP && !(world.limit != 0 && rc == -EMFILE))
            model_complain(s, "rebuild", 0, -rc, 0);
        for (unsigned i = 0; i < SLOTS && rc == 0; i++)
            s->slots[i].due = true;
    }
}
