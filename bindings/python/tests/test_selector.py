# SPDX-License-Identifier: ISC
"""Selector: where the selectors of the standard library differ, as PollSelector; and asyncio."""

import asyncio
import gc
import os
import resource
import selectors
import tempfile
import unittest

import fdslots
from fdslots import _fdslots

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Keys(unittest.TestCase):
    def setUp(self):
        self.selector = fdslots.Selector()
        self.addCleanup(self.selector.close)
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)

    def test_answers_are_those_of_pollselector(self):
        with selectors.PollSelector() as oracle:
            for selector in (oracle, self.selector):
                selector.register(self.reader, READ, "in")
                selector.register(self.writer, WRITE, "out")
            os.write(self.writer, b"!")
            self.assertCountEqual(self.selector.select(0), oracle.select(0))

    def test_regular_files_are_always_ready(self):
        with tempfile.TemporaryFile() as file:
            key = self.selector.register(file, READ | WRITE)
            self.assertEqual(self.selector.select(), [(key, READ | WRITE)])

    def test_modify_changes_events_and_data(self):
        self.selector.register(self.writer, READ)
        key = self.selector.modify(self.writer, WRITE, "new")
        self.assertEqual(self.selector.select(0), [(key, WRITE)])
        self.assertRaises(ValueError, self.selector.modify, self.writer, 0)
        self.assertEqual(self.selector.get_key(self.writer), key)

    def test_bad_timeouts_are_refused(self):
        self.assertRaises(TypeError, self.selector.select, "soon")
        self.assertEqual(self.selector.select(-1), [])

    def test_a_high_fd_makes_room(self):
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        high = min(soft, 5000) - 1
        os.dup2(self.writer, high)
        self.addCleanup(os.close, high)
        key = self.selector.register(high, WRITE)
        self.assertEqual(self.selector.select(0), [(key, WRITE)])

    def test_the_collector_may_unregister(self):
        class Cycle:
            def __del__(cycle):
                if self.writer in self.selector.get_map():
                    self.selector.unregister(self.writer)

        self.selector.register(self.writer, WRITE)
        cycle = Cycle()
        cycle.self = cycle
        del cycle
        threshold = gc.get_threshold()
        self.addCleanup(gc.set_threshold, *threshold)
        gc.set_threshold(1)
        self.selector.select(0)

    def test_a_key_dropped_by_the_collector_lives_on(self):
        fds = [os.dup(self.writer) for _ in range(8)]
        for fd in fds:
            self.addCleanup(os.close, fd)
            self.selector.register(fd, WRITE, "kept")
        keys = self.selector._fd_to_key
        held = [(i, i) for i in range(5000)]  # so that each pair is a new allocation
        self.addCleanup(gc.callbacks.clear)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        gc.callbacks[:] = [lambda *_: keys.clear()]
        for threshold in range(1, 8):  # the collector comes at one allocation or another
            keys.update((fd, selectors.SelectorKey(fd, fd, WRITE, "kept")) for fd in fds)
            gc.set_threshold(threshold)
            found = _fdslots.select_keys(self.selector._slots, 0, keys)
            gc.set_threshold(0)
            for key, events in found:
                self.assertEqual((key.fd in fds, key.data, events), (True, "kept", WRITE))
        self.assertEqual(len(held), 5000)


async def echo_once(text):
    async def serve(reader, writer):
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(text)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


class Asyncio(unittest.TestCase):
    def test_streams(self):
        with asyncio.Runner(loop_factory=fdslots.new_event_loop) as runner:
            self.assertEqual(runner.run(echo_once(b"hello")), b"hello")

    def test_threads_wake_the_loop(self):
        with asyncio.Runner(loop_factory=fdslots.new_event_loop) as runner:
            self.assertEqual(runner.run(asyncio.to_thread(lambda: 5)), 5)


if __name__ == "__main__":
    unittest.main()
