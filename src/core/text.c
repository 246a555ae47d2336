/* SPDX-License-Identifier: ISC
 *
 * Slots and events as text.
 */
#include "slots.h"

#include <errno.h>

static const struct {
    uint32_t bits;
    const char *name;
} event_names[] = {
    {POLLIN, "IN"},
    {POLLPRI, "PRI"},
    {POLLOUT, "OUT"},
    {POLLERR, "ERR"},
    {POLLHUP, "HUP"},
    {POLLNVAL, "NVAL"},
    {POLLRDHUP, "RDHUP"},
    {POLLRDNORM, "RDNORM"},
    {POLLRDBAND, "RDBAND"},
    {POLLWRNORM, "WRNORM"},
    {POLLWRBAND, "WRBAND"},
    {FDSLOTS_EDGE, "EDGE"},
    {FDSLOTS_ONESHOT, "ONESHOT"},
    {FDSLOTS_EXCLUSIVE, "EXCLUSIVE"},
    {FDSLOTS_POLLED, "POLLED"},
};

/* Text that is cut at the end of its buffer, but whose whole length is counted. */
struct text {
    char *buf;
    size_t size;
    size_t length;
};

static void append(struct text *text, const char *piece)
{
    for (; *piece != '\0'; piece++, text->length++)
        if (text->length + 1 < text->size)
            text->buf[text->length] = *piece;
}

static void append_name(struct text *text, const char *name)
{
    if (text->length > 0)
        append(text, "|");
    append(text, name);
}

int fdslots_format_events(char *buf, size_t size, uint32_t events)
{
    if (buf == NULL && size > 0)
        return -EINVAL;
    struct text text = {buf, size, 0};
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
        /* If a platform gives two names to one bit, the first is written. */
        if ((events & event_names[i].bits) == 0)
            continue;
        append_name(&text, event_names[i].name);
        events &= ~event_names[i].bits;
    }
    if (events != 0) {
        char hex[sizeof "0x12345678"];
        snprintf(hex, sizeof hex, "0x%x", (unsigned)events);
        append_name(&text, hex);
    }
    if (text.length == 0)
        append(&text, "0");
    if (size > 0)
        buf[text.length < size ? text.length : size - 1] = '\0';
    return (int)text.length;
}

#define EVENTS_TEXT_SIZE 128 /* all names together take 104 */

static const char *state(const struct fdslots *s, uint32_t index)
{
    uint32_t flags = s->slots[index].flags;
    if ((flags & SLOT_LOST) != 0)
        return " lost";
    if ((flags & SLOT_PAUSED) != 0)
        return " paused";
    return (flags & SLOT_FIRED) != 0 ? " fired" : "";
}

static int dump_slot(const struct fdslots *s, uint32_t index, FILE *stream)
{
    char events[EVENTS_TEXT_SIZE];
    char revents[EVENTS_TEXT_SIZE];
    fdslots_format_events(events, sizeof events, (uint32_t)fdslots_get_events(s, index));
    fdslots_format_events(revents, sizeof revents, (uint32_t)fdslots_get_revents(s, index));
    return fprintf(stream, "%8u %8d %10u  %-24s %-16s%s\n", (unsigned)index,
                   fdslots_get_fd(s, index), (unsigned)s->slots[index].generation, events, revents,
                   state(s, index));
}

int fdslots_dump(const struct fdslots *s, FILE *stream)
{
    if (s == NULL || stream == NULL)
        return -EINVAL;
    int saved = errno;
    int rc = fprintf(stream, "fdslots: %u of %u slots used, %u ready\n%8s %8s %10s  %-24s %s\n",
                     (unsigned)fdslots_index_set_count(&s->used), (unsigned)s->capacity,
                     (unsigned)s->ready_count, "index", "fd", "generation", "events", "revents");
    for (uint32_t i = 0; rc >= 0 && (i = fdslots_index_set_next(&s->used, i)) != INDEX_NONE; i++)
        rc = dump_slot(s, i, stream);
    errno = saved;
    return rc >= 0 ? 0 : -EIO;
}
