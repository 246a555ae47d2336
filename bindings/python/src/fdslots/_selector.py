# SPDX-License-Identifier: ISC
"""A selector in which the slot of an fd is fd + 1, because slot 0 belongs to the waker."""

import selectors

from ._fdslots import POLLIN, POLLOUT, Slots, guests_admit, select_keys

_FEW_SLOTS = 64
_POLL_EVENTS = {
    selectors.EVENT_READ: POLLIN,
    selectors.EVENT_WRITE: POLLOUT,
    selectors.EVENT_READ | selectors.EVENT_WRITE: POLLIN | POLLOUT,
}


# The base class, which the selectors of the standard library share, keeps the keys by fd.
class Selector(selectors._BaseSelectorImpl):
    """Waits by the cheaper of poll and epoll, and answers as PollSelector does."""

    def __init__(self):
        super().__init__()
        self._slots = Slots(_FEW_SLOTS)
        guests_admit(self._slots)

    def register(self, fileobj, events, data=None):
        key = super().register(fileobj, events, data)
        try:
            self._make_room(key.fd)
            self._slots.set_index(key.fd + 1, key.fd, _POLL_EVENTS[events])
        except BaseException:
            super().unregister(fileobj)
            raise
        return key

    def unregister(self, fileobj):
        key = super().unregister(fileobj)
        self._slots.invalidate_index(key.fd + 1)
        return key

    def modify(self, fileobj, events, data=None):
        key = self.get_key(fileobj)
        if events not in _POLL_EVENTS:
            raise ValueError(f"Invalid events: {events!r}")
        if events != key.events:
            self._slots.set_events(key.fd + 1, _POLL_EVENTS[events])
        key = key._replace(events=events, data=data)
        self._fd_to_key[key.fd] = key
        return key

    def select(self, timeout=None):
        return select_keys(self._slots, timeout, self._fd_to_key)

    def close(self):
        self._slots.close()
        super().close()

    def _make_room(self, fd):
        if fd + 1 >= len(self._slots):
            self._slots.resize(1 << (fd + 1).bit_length())


def new_event_loop():
    """Make an asyncio event loop that waits by a Selector, for asyncio.Runner(loop_factory=...)."""
    import asyncio

    return asyncio.SelectorEventLoop(Selector())
