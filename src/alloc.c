/* SPDX-License-Identifier: ISC
 *
 * The only file that may allocate.
 */
#include "backend.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

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
    int rc = fdslots_init_at(mem, nslots, flags, out);
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
    fdslots_epoll_close(s);
    fdslots_waker_close(s);
    if (s->owns_memory)
        free(s);
    restore_errno(saved);
}
