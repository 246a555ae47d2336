/* SPDX-License-Identifier: ISC
 *
 * The counters of a buffer, the version of the library, and the features that work now, on this
 * kernel and in this process.
 */
#include "../kernel/kernel.h"
#include "../poll/poll.h"

#include <errno.h>
#include <string.h>

int fdslots_get_stats(const struct fdslots *s, struct fdslots_stats *out, size_t size)
{
    if (s == NULL || out == NULL || size == 0)
        return -EINVAL;
    /* The caller may have been compiled against an older or a newer header. */
    size_t known = size < sizeof s->stats ? size : sizeof s->stats;
    memset(out, 0, size);
    memcpy(out, &s->stats, known);
    return 0;
}

const char *fdslots_version(void)
{
    return PACKAGE_VERSION;
}

int fdslots_has(unsigned feature)
{
    switch (feature) {
    case FDSLOTS_HAS_PPOLL:
        return fdslots_ppoll_works();
    case FDSLOTS_HAS_EPOLL:
    case FDSLOTS_HAS_EPOLL_NS:
        return fdslots_kernel_has(feature);
    default:
        return -EINVAL;
    }
}
