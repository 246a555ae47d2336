/* SPDX-License-Identifier: ISC
 *
 * What works on this kernel, in this process, now.
 */
#include "backend.h"
#include "sys.h"

int fdslots_has(enum fdslots_feature feature)
{
    switch (feature) {
    case FDSLOTS_HAS_PPOLL:
        return fdslots_sys_has_ppoll();
    case FDSLOTS_HAS_EPOLL:
        return fdslots_epoll_works();
    case FDSLOTS_HAS_EPOLL_NS:
        return fdslots_epoll_has_ns();
    }
    return -EINVAL;
}
