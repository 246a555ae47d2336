# SPDX-License-Identifier: ISC
"""Wait on file descriptors through slots addressed by index.

Slots      the library as it is
Selector   a selectors.BaseSelector over it, for asyncio and others
"""

from ._fdslots import (
    CHECK,
    EDGE,
    EXCLUSIVE,
    HAS_EPOLL,
    HAS_EPOLL_NS,
    HAS_PPOLL,
    NO_EPOLL,
    ONESHOT,
    POLLED,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLNVAL,
    POLLOUT,
    POLLPRI,
    POLLRDBAND,
    POLLRDNORM,
    POLLWRBAND,
    POLLWRNORM,
    Slots,
    format_events,
    has,
    version,
)
from ._selector import Selector, new_event_loop

try:
    from ._fdslots import POLLRDHUP
except ImportError:  # missing on this system
    pass

__all__ = [name for name in globals() if not name.startswith("_")]
