# SPDX-License-Identifier: ISC
"""Rounds of all calls leave no object, no memory and no fd behind."""

import gc
import os
import sys
import unittest

from fdslots import POLLIN, POLLOUT, Selector, Slots

ROUNDS = int(os.environ.get("FDSLOTS_ROUNDS", 10000))


class Leaks(unittest.TestCase):
    def setUp(self):
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)

    def use_slots(self):
        s = Slots(8)
        s.set_index(0, self.writer, POLLOUT)
        s.set_index(1, self.reader, POLLIN)
        s.epoll_wait(0)
        list(s.ready())
        with memoryview(s):
            pass
        repr(s), s.get_stats()
        s.resize(16)
        try:
            s.get_fd(16)
        except OSError:
            pass

    def use_selector(self):
        with Selector() as s:
            s.register(self.writer, 2)
            s.select(0)

    def measure(self):
        gc.collect()
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
        return sys.getallocatedblocks(), len(os.listdir("/proc/self/fd")), pages

    def assert_no_leak(self, use):
        for _ in range(ROUNDS // 10):
            use()
        blocks, fds, pages = self.measure()
        for _ in range(ROUNDS):
            use()
        blocks_now, fds_now, pages_now = self.measure()
        self.assertLess(blocks_now - blocks, ROUNDS // 10)
        self.assertEqual(fds_now, fds)
        self.assertLess(pages_now - pages, 256)

    def test_slots(self):
        self.assert_no_leak(self.use_slots)

    def test_selector(self):
        self.assert_no_leak(self.use_selector)

    def test_types_are_not_held(self):
        before = sys.getrefcount(Slots)
        for _ in range(1000):
            Slots(1).close()
        self.assertLess(sys.getrefcount(Slots) - before, 10)


if __name__ == "__main__":
    unittest.main()
