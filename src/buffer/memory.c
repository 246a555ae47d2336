/* SPDX-License-Identifier: ISC
 *
 * Where the parts of a buffer lie in its memory, and whose that is. The only file that may
 * allocate.
 */
#include "../kernel/kernel.h"
#include "../wait/choice.h"
#include "../waker/waker.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Place the parts of a buffer at `base`, or with NULL only measure them: the bytes they take. */
static uint64_t lay_out(struct fdslots *s, unsigned char *base)
{
    struct layout at = {base, 0};
    const uint32_t nslots = s->capacity;
    fdslots_layout_take(&at, 1, sizeof(struct fdslots));
    s->ready = fdslots_layout_take(&at, nslots, sizeof *s->ready);
    s->pollfds = fdslots_layout_take(&at, nslots, sizeof *s->pollfds);
    s->slots = fdslots_layout_take(&at, nslots, sizeof *s->slots);
    fdslots_index_set_lay_out(&s->used, &at, nslots);
    fdslots_index_set_lay_out(&s->roomy, &at, fdslots_index_set_words(nslots));
    fdslots_index_set_lay_out(&s->fresh, &at, nslots);
    fdslots_index_set_lay_out(&s->noted, &at, nslots);
    fdslots_index_set_lay_out(&s->lost, &at, nslots);
    fdslots_index_set_lay_out(&s->held, &at, nslots);
    fdslots_index_set_lay_out(&s->polled, &at, nslots);
    fdslots_waker_lay_out(s, &at);
    fdslots_choice_lay_out(s, &at);
    fdslots_kernel_lay_out(s, &at);
    return at.end;
}

size_t fdslots_size(uint32_t nslots)
{
    struct fdslots measured = {.capacity = nslots};
    if (nslots == 0 || nslots > INT_MAX) /* a wait returns their number as an int */
        return 0;
    uint64_t bytes = lay_out(&measured, NULL);
    return bytes <= PTRDIFF_MAX ? (size_t)bytes : 0;
}

/* The same as fdslots_init(), in memory that is large enough and aligned. */
static int init_at(void *mem, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    if ((flags & ~(FDSLOTS_NO_EPOLL | FDSLOTS_CHECK)) != 0)
        return -EINVAL;
    if (!fdslots_kernel_built())
        flags |= FDSLOTS_NO_EPOLL;
    if ((flags & FDSLOTS_NO_EPOLL) != 0 && (flags & FDSLOTS_CHECK) != 0)
        return -ENOTSUP;
    struct fdslots *s = mem;
    *s = (struct fdslots){.capacity = nslots, .flags = flags, .max_ready = UINT32_MAX};
    lay_out(s, mem);
    *out = s;
    return 0;
}

int fdslots_init(void *mem, size_t size, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    size_t needed = fdslots_size(nslots);
    if (mem == NULL || (uintptr_t)mem % LAYOUT_ALIGN != 0 || needed == 0 || size < needed ||
        out == NULL)
        return -EINVAL;
    return init_at(mem, nslots, flags, out);
}

/* clang holds that malloc and free leave errno alone, and drops a plain assignment. */
static void restore_errno(int saved)
{
    atomic_signal_fence(memory_order_seq_cst);
    errno = saved;
}

int fdslots_create(uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    size_t size = fdslots_size(nslots);
    if (size == 0 || out == NULL)
        return -EINVAL;
    int saved = errno;
    /* malloc, not calloc: a large piece comes untouched from the kernel, and stays so. */
    void *mem = malloc(size);
    restore_errno(saved);
    if (mem == NULL)
        return -ENOMEM;
    int rc = init_at(mem, nslots, flags, out);
    if (rc < 0)
        free(mem);
    else
        (*out)->owns_memory = true;
    return rc;
}

void fdslots_destroy(struct fdslots *s)
{
    if (s == NULL)
        return;
    int saved = errno;
    fdslots_kernel_close(s);
    fdslots_waker_close(s);
    if (s->owns_memory)
        free(s);
    restore_errno(saved);
}
