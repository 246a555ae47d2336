/* SPDX-License-Identifier: ISC
 *
 * The operations of the model. Each does the same to every buffer, and keeps the caller's rule.
 */
#include "model_world.h"
#include "sleeper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- operations on slots: the same on every buffer ---- */

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

/* EXCLUSIVE goes with few others, and with none where epoll does not know it. */
static uint32_t with_exclusive(uint32_t events)
{
    const uint32_t allowed = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;
    return HAVE_DECL_EPOLLEXCLUSIVE && (events & ~allowed) == 0 ? events | FDSLOTS_EXCLUSIVE
                                                                : events;
}

static uint32_t mask_of(uint8_t c)
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
    default:
        return events;
    }
}

static void expect_rc(const struct subject *s, const char *call, unsigned slot, int rc)
{
    int wanted = s->slots[slot].fd < 0 ? -ENOENT : 0;
    if (rc != wanted)
        model_complain(s, call, slot, -rc, -wanted);
}

void model_set_slot(unsigned slot, int fd, uint32_t events)
{
    FOR_EACH_SUBJECT(s)
    {
        int64_t generation = fdslots_get_generation(s->buffer, place(s, slot));
        if (fdslots_set_index(s->buffer, place(s, slot), fd, given(s, events)) != 0)
            model_complain(s, "set_index", slot, fd, 0);
        if (fd >= 0 && fdslots_get_generation(s->buffer, place(s, slot)) == generation)
            model_complain(s, "generation", slot, (int)generation, 0);
        s->slots[slot] = (struct expected){.fd = fd < 0 ? -1 : fd, .events = events, .due = true};
    }
}

static void op_set(const struct op *op)
{
    unsigned o = op->b % OBJECTS;
    model_set_slot(op->a % SLOTS, world.open[o] ? world.objects[o].fd : CLOSED, mask_of(op->c));
}

static void op_set_number(const struct op *op)
{
    model_set_slot(op->a % SLOTS, HIGH + op->b % HIGHS, mask_of(op->c));
}

/* Now and then a slot that was reported just before, as programs have it. */
static unsigned slot_of(const struct op *op)
{
    const struct subject *s = &subjects[op->b / 4 % SUBJECTS];
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s->buffer, &count);
    return op->b % 4 == 0 && count > 0 ? ready[op->a % count] / s->stride : op->a % SLOTS;
}

/* A one-shot slot that was reported is armed again, and the kernel looks anew. */
static void arm(struct expected *e)
{
    e->due |= e->fired;
    e->fired = false;
}

static void op_set_events(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        uint32_t events = mask_of(op->c);
        int rc = fdslots_set_events(s->buffer, place(s, slot), given(s, events));
        expect_rc(s, "set_events", slot, rc);
        if (s->slots[slot].fd >= 0)
            s->slots[slot].events = events;
        arm(&s->slots[slot]);
    }
}

static void op_invalidate(const struct op *op)
{
    model_set_slot(slot_of(op), -1, 0);
}

static void op_pause(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        expect_rc(s, "pause_index", slot, fdslots_pause_index(s->buffer, place(s, slot)));
        s->slots[slot].paused = true;
    }
}

static void op_resume(const struct op *op)
{
    unsigned slot = slot_of(op);
    FOR_EACH_SUBJECT(s)
    {
        expect_rc(s, "resume_index", slot, fdslots_resume_index(s->buffer, place(s, slot)));
        s->slots[slot].paused = false;
        arm(&s->slots[slot]);
    }
}

static void op_set_same(const struct op *op)
{
    unsigned slot = slot_of(op);
    struct expected now = subjects[0].slots[slot];
    model_set_slot(slot, now.fd, now.events);
}

static void op_swap(const struct op *op)
{
    struct expected a = subjects[0].slots[op->a % SLOTS];
    struct expected b = subjects[0].slots[op->b % SLOTS];
    model_set_slot(op->a % SLOTS, b.fd, b.events);
    model_set_slot(op->b % SLOTS, a.fd, a.events);
}

static void op_rebuild(const struct op *op)
{
    (void)op;
    FOR_EACH_SUBJECT(s)
    fdslots_rebuild(s->buffer);
}

/* ---- operations on files ---- */

static void tell_before_close(int fd)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            model_set_slot(i, -1, 0);
}

static void close_object(unsigned o)
{
    if (!world.open[o])
        return;
    tell_before_close(world.objects[o].fd);
    close(world.objects[o].fd);
    object_close_rest(&world.objects[o]);
    world.open[o] = false;
}

static void move_fd(unsigned o, int number)
{
    int fd = world.objects[o].fd;
    if (fd == number)
        return;
    if (world.objects[o].peer == number)
        world.objects[o].peer = dup(number);
    if (dup2(fd, number) < 0)
        return;
    close(fd);
    world.objects[o].fd = number;
}

static void op_open(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    unsigned kind = op->b % object_kinds();
    if (kind >= object_quick_kinds() && op->c % 32 != 0)
        kind = op->c % object_quick_kinds();
    close_object(o);
    world.open[o] = object_open(&world.objects[o], kind) == 0;
    int number = HIGH + op->c % HIGHS;
    if (world.open[o] && op->c % 3 == 0 && fcntl(number, F_GETFD) < 0)
        move_fd(o, number); /* slots that hold the number come to life */
}

static void op_close(const struct op *op)
{
    close_object(op->a % OBJECTS);
}

/* Close and open at once: the number is another file, and the slots get it anew. */
static void op_reuse(const struct op *op)
{
    struct expected before[SLOTS];
    unsigned o = op->a % OBJECTS;
    int fd = world.objects[o].fd;
    if (!world.open[o])
        return;
    memcpy(before, subjects[0].slots, sizeof before);
    op_open(op);
    if (!world.open[o])
        return;
    move_fd(o, fd);
    for (unsigned i = 0; i < SLOTS; i++)
        if (before[i].fd == fd)
            model_set_slot(i, fd, before[i].events);
}

/* fdslots_close_index in one buffer; the others are told. */
static void op_close_index(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    struct subject *closer = &subjects[op->b % SUBJECTS];
    int fd = world.objects[o].fd;
    if (!world.open[o])
        return;
    unsigned index = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            index = i;
    if (index == SLOTS)
        return;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (subjects[0].slots[i].fd != fd)
            continue;
        FOR_EACH_SUBJECT(s)
        {
            /* The closer's other slots with this fd are left as they are, or told, by turns. */
            if (s != closer || (i != index && op->c % 2 == 0))
                fdslots_invalidate_index(s->buffer, place(s, i));
            s->slots[i] = (struct expected){.fd = -1};
        }
    }
    fdslots_close_index(closer->buffer, place(closer, index));
    for (unsigned i = 0; i < SLOTS; i++)
        if (fdslots_get_fd(closer->buffer, place(closer, i)) == fd)
            model_set_slot(i, CLOSED, POLLIN);
    object_close_rest(&world.objects[o]);
    world.open[o] = false;
}

static void op_poke(const struct op *op)
{
    if (world.open[op->a % OBJECTS])
        object_poke(&world.objects[op->a % OBJECTS], op->b % object_pokes());
}

static void op_keep(const struct op *op)
{
    int *kept = &world.kept[op->b % KEPT];
    if (*kept >= 0)
        close(*kept);
    *kept = world.open[op->a % OBJECTS] ? dup(world.objects[op->a % OBJECTS].fd) : -1;
    world.kept_kind[op->b % KEPT] = world.objects[op->a % OBJECTS].kind;
}

/* Put another file, or the same one again, under a number in use. */
static void op_dup2(const struct op *op)
{
    struct expected before[SLOTS];
    unsigned o = op->a % OBJECTS;
    int fd = world.objects[o].fd;
    int kept = world.kept[op->b % KEPT];
    if (!world.open[o] || kept < 0)
        return;
    memcpy(before, subjects[0].slots, sizeof before);
    tell_before_close(fd);
    if (op->c % 2 == 0)
        close(fd);
    dup2(kept, fd);
    world.objects[o].kind = world.kept_kind[op->b % KEPT];
    for (unsigned i = 0; i < SLOTS; i++)
        if (before[i].fd == fd)
            model_set_slot(i, fd, before[i].events);
}

/* A child holds every file open until a later operation ends it. */
static void op_fork(const struct op *op)
{
    pid_t *child = &world.children[op->a % CHILDREN];
    if (*child > 0) {
        sleeper_end(*child);
        *child = 0;
    } else if (op->c % 64 == 0) {
        *child = sleeper_fork();
    }
}

/* ---- the program ---- */

static const struct {
    const char *name;
    void (*run)(const struct op *op);
    unsigned weight;
} operations[] = {
    {"set", op_set, 14},
    {"set_events", op_set_events, 10},
    {"poke", op_poke, 24},
    {"open", op_open, 6},
    {"invalidate", op_invalidate, 3},
    {"pause", op_pause, 5},
    {"resume", op_resume, 5},
    {"set_same", op_set_same, 3},
    {"swap", op_swap, 2},
    {"close", op_close, 2},
    {"reuse", op_reuse, 3},
    {"close_index", op_close_index, 2},
    {"keep", op_keep, 3},
    {"dup2", op_dup2, 2},
    {"set_number", op_set_number, 1},
    {"rebuild", op_rebuild, 1},
    {"fork", op_fork, 1},
    {"iterate", op_iterate, 2},
    {"clear", op_clear, 1},
    {"nest", op_nest, 1},
    {"wake", op_wake, 1},
    {"child_waits", op_child_waits, 1},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static unsigned operation_of(uint8_t code)
{
    unsigned total = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    unsigned at = code % total;
    unsigned i = 0;
    while (at >= operations[i].weight)
        at -= operations[i++].weight;
    return i;
}

static void print_op(FILE *out, const struct op *op)
{
    fprintf(out, "    {%3u, %3u, %3u, %3u}, /* %s", op->code, op->a, op->b, op->c,
            operations[operation_of(op->code)].name);
    void (*run)(const struct op *) = operations[operation_of(op->code)].run;
    if (run == op_poke)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_poke_name(op->b % object_pokes()));
    else if (run == op_open || run == op_reuse)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_kind_name(op->b % object_kinds()));
    else if (run == op_set)
        fprintf(out, " slot %u object %u events 0x%x", op->a % SLOTS, op->b % OBJECTS,
                (unsigned)mask_of(op->c));
    else if (run == op_close || run == op_keep || run == op_dup2 || run == op_close_index)
        fprintf(out, " object %u", op->a % OBJECTS);
    else
        fprintf(out, " slot %u%s events 0x%x", op->a % SLOTS,
                op->b % 4 == 0 ? " or a ready one" : "", (unsigned)mask_of(op->c));
    fprintf(out, " */\n");
}

void model_print(FILE *out, const struct op *program, size_t length)
{
    for (size_t i = 0; i < length; i++)
        print_op(out, &program[i]);
}

void model_operate(const struct op *op)
{
    operations[operation_of(op->code)].run(op);
}

void model_close_all(void)
{
    const struct op all_children[CHILDREN] = {{0, 0, 0, 1}, {0, 1, 0, 1}};
    for (unsigned i = 0; i < CHILDREN; i++)
        op_fork(&all_children[i]);
    for (unsigned i = 0; i < OBJECTS; i++)
        close_object(i);
    for (unsigned i = 0; i < KEPT; i++)
        if (world.kept[i] >= 0)
            close(world.kept[i]);
}
