# SPDX-License-Identifier: ISC
"""Selector, compared with PollSelector where those of the standard library differ; and asyncio."""

import asyncio
import gc
import os
import resource
import selectors
import tempfile
import threading
import time
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
        held = [(i, i) for i in range(5000)]  # so that every pair is a new allocation
        self.addCleanup(gc.callbacks.clear)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        gc.callbacks[:] = [lambda *_: keys.clear()]
        for threshold in range(1, 8):  # the collector runs at different allocations
            keys.update((fd, selectors.SelectorKey(fd, fd, WRITE, "kept")) for fd in fds)
            gc.set_threshold(threshold)
            found = _fdslots.select_keys(self.selector._slots, 0, keys)
            gc.set_threshold(0)
            for key, events in found:
                self.assertEqual((key.fd in fds, key.data, events), (True, "kept", WRITE))
        self.assertEqual(len(held), 5000)


class Threads(unittest.TestCase):
    """As with EpollSelector, other threads may change a selector during a wait."""

    def setUp(self):
        self.selector = fdslots.Selector()
        self.addCleanup(self.selector.close)
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)
        self.answers = []

    def start(self, select):
        thread = threading.Thread(target=select)
        thread.start()
        while not repr(self.selector._slots).endswith("waiting>"):
            pass
        return thread

    def wait(self):
        self.answers.append(self.selector.select())

    def test_what_is_registered_during_a_wait_ends_it(self):
        thread = self.start(self.wait)
        idle = self.selector.register(self.reader, READ)
        key = self.selector.register(self.writer, WRITE)
        thread.join()
        self.assertEqual(self.answers, [[(key, WRITE)]])
        self.selector.unregister(idle.fileobj)

    def test_a_guest_takes_no_time_from_the_wait(self):
        start = time.monotonic()
        thread = self.start(lambda: self.answers.append(self.selector.select(0.05)))
        for _ in range(100):
            self.selector.register(self.reader, READ)
            self.selector.modify(self.reader, READ | WRITE)
            self.selector.unregister(self.reader)
        thread.join()
        self.assertGreaterEqual(time.monotonic() - start, 0.05)
        self.assertEqual(self.answers, [[]])

    def test_many_guests_grow_it(self):
        thread = self.start(self.wait)
        fds = [os.dup(self.reader) for _ in range(200)]
        for fd in fds:
            self.addCleanup(os.close, fd)

        def visit(mine):
            for fd in mine:
                self.selector.register(fd, READ)

        guests = [threading.Thread(target=visit, args=(fds[i::4],)) for i in range(4)]
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.join()
        os.write(self.writer, b"!")
        thread.join()
        self.assertGreaterEqual(len(self.answers[0]), 1)
        self.assertEqual(len(self.selector.select(0)), len(fds))

    def test_close_ends_a_wait(self):
        def select():
            with self.assertRaises(ValueError):
                self.selector.select()
            self.answers.append("ended")

        thread = self.start(select)
        self.selector.close()
        thread.join()
        self.assertEqual(self.answers, ["ended"])

    def test_a_second_wait_is_refused(self):
        thread = self.start(self.wait)
        self.assertRaises(RuntimeError, self.selector.select)
        self.selector.register(self.writer, WRITE)
        thread.join()

    def test_a_child_finds_a_wait_of_its_parent_refused(self):
        thread = self.start(self.wait)
        child = os.fork()
        if child == 0:
            try:
                self.selector.register(self.writer, WRITE)
            except RuntimeError:
                os._exit(7)
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
        self.selector.register(self.writer, WRITE)
        thread.join()


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
