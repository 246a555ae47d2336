/* SPDX-License-Identifier: ISC
 *
 * The operations of the model on files. Each of them tells every buffer before a file closes.
 */
#include "model_world.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- objects and their numbers ---- */

static bool open_object(unsigned o, unsigned kind, unsigned first)
{
    struct object *object = &world.objects[o];
    world.open[o] = object_open(object, kind, first) == 0;
    if (world.open[o] && object->fd >= MOST) {
        close(object->fd);
        object_close_rest(object);
        world.open[o] = false;
    }
    if (world.open[o])
        world.at[object->fd] = object;
    FOR_EACH_SUBJECT(s)
    s->owed[o] = OWED_NOTHING;
    return world.open[o];
}

static void tell_before_close(int fd)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            model_set_slot(i, -1, 0);
}

/* Close what is left of an object whose fd is closed. */
static void forget_object(unsigned o)
{
    world.at[world.objects[o].fd] = NULL;
    object_close_rest(&world.objects[o]);
    world.open[o] = false;
}

static void close_object(unsigned o)
{
    if (!world.open[o])
        return;
    tell_before_close(world.objects[o].fd);
    close(world.objects[o].fd);
    forget_object(o);
}

static void move_fd(unsigned o, int number)
{
    int fd = world.objects[o].fd;
    if (fd == number)
        return;
    if (world.objects[o].peer == number)
        world.objects[o].peer = dup(number);
    if (world.objects[o].inner == number)
        world.objects[o].inner = dup(number);
    if (dup2(fd, number) < 0)
        return;
    close(fd);
    world.at[fd] = NULL;
    world.at[number] = &world.objects[o];
    world.objects[o].fd = number;
}

/* ---- opening and closing ---- */

void op_open(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    unsigned kind = op->b % object_kinds();
    if (kind >= object_quick_kinds() && op->c % 32 != 0)
        kind = op->c % object_quick_kinds();
    close_object(o);
    open_object(o, kind, op->c);
    int number = HIGH + op->c % HIGHS;
    if (world.open[o] && op->c % 3 == 0 && fcntl(number, F_GETFD) < 0 &&
        !object_is_once(&world.objects[o]))
        move_fd(o, number); /* slots that hold this number now have an open file */
}

void op_close(const struct op *op)
{
    close_object(op->a % OBJECTS);
}

/* Close and open in one step. The number is another file, and the slots are set again. */
void op_reuse(const struct op *op)
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

/* ---- closing through a slot ---- */

/* Another file takes the number that was closed through another slot. The buffer knows that the
 * number no longer belongs to its slots, and does not close it. */
static void find_gone(struct subject *s, int number, unsigned manner)
{
    if (manner % 2 != 0) {
        int stranger = eventfd(1, EFD_NONBLOCK);
        dup2(stranger, number);
        if (stranger != number)
            close(stranger);
    }
    const bool taken = fcntl(number, F_GETFD) >= 0;
    model_forget_answers();
    model_agrees(s, manner);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!s->slots[i].gone)
            continue;
        int rc = fdslots_close_index(s->buffer, place(s, i));
        model_expect(s, "close_index of a closed number", i, rc, -EBADF);
        s->slots[i] = (struct expected){.fd = -1};
    }
    if (taken && fcntl(number, F_GETFD) < 0)
        model_complain(s, "the new file with that number is closed", 0, number, 0);
    if (manner % 2 != 0)
        close(number);
}

/* One buffer closes the fd, and the others are told. The closer's other slots with this fd are
 * either told as well, or left unchanged. */
static void empty_slots(const struct subject *closer, int fd, unsigned index, bool tell)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (subjects[0].slots[i].fd != fd)
            continue;
        FOR_EACH_SUBJECT(s)
        {
            if (s == closer && i == index)
                continue;
            if (s == closer && !tell) {
                s->slots[i].gone = true;
                s->slots[i].fd = model_own(s, fd);
                continue;
            }
            fdslots_invalidate_index(s->buffer, place(s, i));
            s->slots[i] = (struct expected){.fd = -1};
        }
    }
}

/* A buffer without FDSLOTS_CHECK shows what poll(2) says of the closed number. */
static void set_gone_to_closed(const struct subject *closer)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (closer->slots[i].gone)
            model_set_slot(i, CLOSED, POLLIN);
}

static unsigned slot_with(int fd)
{
    unsigned slot = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            slot = i;
    return slot;
}

void op_close_index(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    struct object *object = &world.objects[o];
    struct subject *closer = &subjects[op->b % SUBJECTS];
    const unsigned index = world.open[o] ? slot_with(object->fd) : SLOTS;
    if (index == SLOTS)
        return;
    const int number = model_own(closer, object->fd);
    empty_slots(closer, object->fd, index, op->c % 2 == 0);
    int rc = fdslots_close_index(closer->buffer, place(closer, index));
    model_expect(closer, "close_index", index, rc, 0);
    closer->slots[index] = (struct expected){.fd = -1};
    object_was_closed(object, number);
    forget_object(o);
    if (is_checked(closer))
        find_gone(closer, number, op->c / 2);
    else
        set_gone_to_closed(closer);
}

/* ---- other operations ---- */

void op_poke(const struct op *op)
{
    if (world.open[op->a % OBJECTS])
        object_poke(&world.objects[op->a % OBJECTS], op->b % object_pokes());
}

/* A file that reports an event only once must not be duplicated, because the dup would consume the
 * event. */
void op_keep(const struct op *op)
{
    const struct object *o = &world.objects[op->a % OBJECTS];
    int *kept = &world.kept[op->b % KEPT];
    if (*kept >= 0)
        close(*kept);
    *kept = world.open[op->a % OBJECTS] && !object_is_once(o) ? dup(o->fd) : -1;
    world.kept_kind[op->b % KEPT] = o->kind;
}

/* Put another file, or the same one again, under a number that is in use. */
void op_dup2(const struct op *op)
{
    struct expected before[SLOTS];
    unsigned o = op->a % OBJECTS;
    struct object *object = &world.objects[o];
    int fd = object->fd;
    int kept = world.kept[op->b % KEPT];
    if (!world.open[o] || kept < 0 || object_is_once(object))
        return;
    memcpy(before, subjects[0].slots, sizeof before);
    tell_before_close(fd);
    if (op->c % 2 == 0)
        close(fd);
    if (dup2(kept, fd) == fd)
        object_become(object, world.kept_kind[op->b % KEPT]);
    else if (op->c % 2 == 0)
        forget_object(o);
    for (unsigned i = 0; i < SLOTS; i++)
        if (before[i].fd == fd)
            model_set_slot(i, fd, before[i].events);
}

void model_close_all(void)
{
    for (unsigned i = 0; i < OBJECTS; i++)
        close_object(i);
    for (unsigned i = 0; i < KEPT; i++)
        if (world.kept[i] >= 0)
            close(world.kept[i]);
}
