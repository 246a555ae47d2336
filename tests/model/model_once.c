/* SPDX-License-Identifier: ISC
 *
 * Files that report an event only once. Every subject opens such a file for itself, and the oracle
 * opens a second one, the shadow. Both are asked alternately, so they report the same: if poll(2)
 * reports an event of the shadow, the buffer must report it in the same slot.
 *
 * The buffer may not report the event at once, because the wait failed or reports only a few slots
 * at a time. The event is then owed.
 */
#include "model_world.h"

struct object *model_once_at(int fd)
{
    struct object *o = object_at(fd);
    return o != NULL && object_is_once(o) ? o : NULL;
}

static unsigned looker(const struct subject *s)
{
    return (unsigned)(s - subjects);
}

int model_own(const struct subject *s, int fd)
{
    const struct object *o = model_once_at(fd);
    return o == NULL ? fd : object_own(o, looker(s));
}

int model_shadow(const struct subject *s, int fd)
{
    const struct object *o = model_once_at(fd);
    return o == NULL ? fd : object_shadow(o, looker(s));
}

/* ---- owed events ---- */

static enum owed *owed_of(struct subject *s, const struct object *o)
{
    return &s->owed[o - world.objects];
}

/* While it has an event, the file of the host's name does not read as writable. */
#define OUT (POLLOUT | POLLWRNORM)

static bool has_event(int revents)
{
    return (revents & POLLERR) != 0;
}

void model_owe_all(struct subject *s, const struct pollfd *before)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct object *o = model_once_at(s->slots[i].fd);
        if (o != NULL && has_event(before[i].revents))
            *owed_of(s, o) = OWED;
    }
}

bool model_owes(const struct subject *s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct expected *e = &s->slots[i];
        const struct object *o = e->paused || e->fired ? NULL : model_once_at(e->fd);
        if (o != NULL && s->owed[o - world.objects] == OWED && !object_changes_by_itself(o))
            return true;
    }
    return false;
}

bool model_owes_any(void)
{
    FOR_EACH_SUBJECT(s)
    {
        for (unsigned o = 0; o < OBJECTS; o++)
            if (s->owed[o] != OWED_NOTHING)
                return true;
    }
    return false;
}

void model_owe_less(struct subject *s, int fd)
{
    const struct object *o = model_once_at(fd);
    if (o != NULL && *owed_of(s, o) == OWED)
        *owed_of(s, o) = OWED_MAYBE;
}

/* ---- comparing ---- */

/* With a limit on the ready slots, held events that the slot wants may show beside the new
 * event. */
static bool is_same(const struct subject *s, unsigned slot, int got, int told)
{
    const struct expected *e = &s->slots[slot];
    const int wanted = (int)(e->events & 0xffff) & ~POLLPRI & ~POLLERR;
    const int held = s->max_ready != 0 ? e->held & wanted : 0;
    return (got & told) == told && (got & ~(told | held)) == 0;
}

bool model_once_agrees(struct subject *s, const struct pollfd *before, unsigned slot)
{
    const struct object *o = model_once_at(s->slots[slot].fd);
    const int event = (s->slots[slot].events & POLLPRI) | POLLERR;
    const int told = (uint16_t)before[slot].revents;
    const int got = fdslots_get_revents(s->buffer, place(s, slot));
    const bool later = s->max_ready != 0;
    enum owed *owed = owed_of(s, o);
    if (has_event(got)) {
        bool due = *owed != OWED_NOTHING;
        *owed = OWED_NOTHING;
        return is_same(s, slot, got, told) || (due && (got | OUT) == (told | event | OUT));
    }
    if (has_event(told)) {
        *owed = OWED;
        return later && (got == 0 || got == (told & ~event));
    }
    return is_same(s, slot, got, told) || (later && got == 0);
}
