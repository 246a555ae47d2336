/* SPDX-License-Identifier: ISC
 *
 * What works on this kernel, in this process, now.
 */
#include "slots.h"
#include "sys.h"

int fdslots_has(enum fdslots_feature feature)
{
    switch (feature) {
    case FDSLOTS_HAS_PPOLL:
        return fdslots_sys_has_ppoll();
    case FDSLOTS_HAS_EPOLL:
    case FDSLOTS_HAS_EPOLL_NS:
        return 0;
    }
    return -EINVAL;
}
