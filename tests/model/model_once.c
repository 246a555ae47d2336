/* SPDX-License-Identifier: ISC
 *
 * Files that hand out their event once. Each subject has an open file of its own, and the oracle
 * another, its shadow. Both are looked at by turns, so that they have the same to say: the event
 * that poll(2) reports of the shadow is the one that the buffer must report, in the same slot.
 *
 * Where the buffer does not report it at once, for a wait that failed or one that reports a few
 * slots at a time, it is owed.
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

/* ---- what is owed ---- */

static enum owed *owed_of(struct subject *s, const struct object *o)
{
    return &s->owed[o - world.objects];
}

/* With an event, the file of the host's name cannot be written to. */
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

/* A few slots at a time: of what is held back beside the event, what is wanted may show, too. */
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
