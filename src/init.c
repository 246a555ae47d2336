/* SPDX-License-Identifier: ISC
 *
 * Where the parts of a buffer lie in the caller's memory.
 */
#include "backend.h"
#include "waker.h"

#include <errno.h>
#include <limits.h>

/* Place the arrays of a buffer at `base`, or with NULL only measure them: the bytes they take. */
static uint64_t lay_out(struct fdslots *s, unsigned char *base, uint32_t nslots)
{
    struct layout at = {base, 0};
    fdslots_layout_take(&at, 1, sizeof(struct fdslots));
    s->ready = fdslots_layout_take(&at, nslots, sizeof(uint32_t));
    s->pollfds = fdslots_layout_take(&at, nslots, sizeof(struct pollfd));
    s->slots = fdslots_layout_take(&at, nslots, sizeof(struct slot));
    s->waker = fdslots_layout_take(&at, 1, sizeof(struct waker));
    fdslots_index_sets_lay_out(&s->sets, &at, nslots);
    fdslots_epoll_lay_out(&s->epoll, &at, nslots);
    return at.end;
}

size_t fdslots_size(uint32_t nslots)
{
    struct fdslots measured;
    if (nslots == 0 || nslots > INT_MAX) /* a wait returns their number as an int */
        return 0;
    uint64_t bytes = lay_out(&measured, NULL, nslots);
    return bytes <= PTRDIFF_MAX ? (size_t)bytes : 0;
}

int fdslots_init_at(void *mem, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    if ((flags & ~(FDSLOTS_NO_EPOLL | FDSLOTS_CHECK)) != 0)
        return -EINVAL;
    if (!fdslots_epoll_built())
        flags |= FDSLOTS_NO_EPOLL;
    if ((flags & FDSLOTS_NO_EPOLL) != 0 && (flags & FDSLOTS_CHECK) != 0)
        return -ENOTSUP;
    struct fdslots *s = mem;
    *s = (struct fdslots){.capacity = nslots, .flags = flags};
    s->epoll = (struct epoll_set){.fd = -1, .outer_fd = -1};
    lay_out(s, mem, nslots);
    *s->waker = (struct waker){.read_fd = -1, .write_fd = -1};
    *out = s;
    return 0;
}

int fdslots_init(void *mem, size_t size, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    size_t needed = fdslots_size(nslots);
    if (mem == NULL || (uintptr_t)mem % LAYOUT_ALIGN != 0 || needed == 0 || size < needed ||
        out == NULL)
        return -EINVAL;
    return fdslots_init_at(mem, nslots, flags, out);
}

uint32_t fdslots_capacity(const struct fdslots *s)
{
    return s != NULL ? s->capacity : 0;
}
