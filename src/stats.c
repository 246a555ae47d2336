/* SPDX-License-Identifier: ISC
 *
 * What a buffer has done.
 */
#include "slots.h"

#include <errno.h>
#include <string.h>

int fdslots_stats(const struct fdslots *s, struct fdslots_stats *out, size_t size)
{
    if (s == NULL || out == NULL || size == 0)
        return -EINVAL;
    /* The caller may have been compiled against an older or a newer header. */
    size_t known = size < sizeof s->stats ? size : sizeof s->stats;
    memset(out, 0, size);
    memcpy(out, &s->stats, known);
    return 0;
}
