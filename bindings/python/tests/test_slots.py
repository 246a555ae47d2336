# SPDX-License-Identifier: ISC
"""Slots, compared with select.poll where possible."""

import errno
import gc
import os
import select
import signal
import struct
import threading
import time
import unittest
import weakref

import fdslots
from fdslots import POLLIN, POLLOUT, Slots


class WithPipe(unittest.TestCase):
    def setUp(self):
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)

    def assert_error(self, number, call, *args):
        with self.assertRaises(OSError) as caught:
            call(*args)
        self.assertEqual(caught.exception.errno, number)


class Setting(WithPipe):
    def test_a_slot_holds_what_was_set(self):
        with Slots(8) as s:
            before = s.get_generation(3)
            s.set_index(3, self.reader, POLLIN)
            self.assertEqual((s.get_fd(3), s.get_events(3)), (self.reader, POLLIN))
            self.assertNotEqual(s.get_generation(3), before)
            s.set_events(3, POLLOUT)
            self.assertEqual(s.get_events(3), POLLOUT)
            s.invalidate_index(3)
            self.assert_error(errno.ENOENT, s.get_fd, 3)

    def test_objects_with_fileno_are_taken(self):
        with Slots(8) as s, open(os.devnull) as file:
            s.set_index(0, file, POLLIN)
            self.assertEqual(s.get_fd(0), file.fileno())

    def test_searches_end_with_none(self):
        with Slots(2) as s:
            self.assertIsNone(s.next_used(0))
            s.set_index(1, self.reader, POLLIN)
            self.assertEqual((s.next_used(0), s.next_free(0)), (1, 0))
            self.assertIsNone(s.next_free(1))

    def test_bad_input_is_an_oserror(self):
        with Slots(8) as s:
            for index in (8, -1, 1 << 32, 1 << 80):
                self.assert_error(errno.EINVAL, s.set_index, index, self.reader, POLLIN)
                self.assert_error(errno.EINVAL, s.get_revents, index)
            self.assert_error(errno.EINVAL, s.set_index, 0, self.reader, 1 << 40)
            self.assertRaises(TypeError, s.set_index, 0, self.reader)
            self.assertRaises(ValueError, s.set_index, 0, -1, POLLIN)
        self.assert_error(errno.EINVAL, Slots, 0)

    def test_one_wait_reports_at_most_so_many(self):
        with Slots(8) as s:
            for index in range(8):
                s.set_index(index, self.writer, POLLOUT)
            for refused in (0, -1, -(1 << 80)):
                self.assert_error(errno.EINVAL, s.set_max_ready, refused)
            s.set_max_ready(3)
            self.assertEqual(s.wait(0), 3)
            s.set_max_ready(1 << 80)
            self.assertEqual(s.wait(0), 8)

    def test_the_flags_of_a_slot(self):
        with Slots(8) as s:
            s.set_index(0, self.writer, POLLOUT | fdslots.EDGE)
            self.assertEqual((s.wait(0), s.wait(0)), (1, 0))
            self.assert_error(errno.ENOTSUP, s.poll, 0)
            s.rebuild()
            self.assertEqual(s.wait(0), 1)
            s.set_index(0, self.writer, POLLOUT | fdslots.ONESHOT)
            self.assertEqual((s.wait(0), s.wait(0)), (1, 0))
            self.assertTrue(s.is_paused(0))
            s.set_index(0, self.writer, POLLOUT | fdslots.POLLED)
            self.assertEqual((s.epoll_wait(0), s.get_stats()["polled"]), (1, 1))
            self.assert_error(
                errno.EINVAL, s.set_index, 0, self.writer, fdslots.EXCLUSIVE | fdslots.ONESHOT
            )

    def test_the_flags_of_the_slots(self):
        with Slots(8, fdslots.NO_EPOLL) as s:
            self.assert_error(errno.ENOTSUP, s.epoll_wait, 0)
        with Slots(8, flags=fdslots.CHECK) as s:
            closed = os.dup(self.reader)
            s.set_index(0, closed, POLLIN)
            self.assertEqual(s.wait(0), 0)
            os.close(closed)
            self.assertEqual((s.wait(0), s.get_revents(0)), (1, fdslots.POLLNVAL))
            self.assertEqual(s.get_stats()["lost"], 1)

    def test_slots_in_slots(self):
        with Slots(8) as inner, Slots(8) as outer:
            inner.set_index(2, self.reader, POLLIN)
            outer.set_index(0, inner.epoll_fd(), POLLIN)
            self.assertEqual(outer.wait(0), 0)
            os.write(self.writer, b"!")
            self.assertEqual((outer.wait(), inner.epoll_wait(0)), (1, 1))
            outer.invalidate_index(0)

    def test_pause(self):
        with Slots(8) as s:
            s.set_index(0, self.writer, POLLOUT)
            s.pause_index(0)
            self.assertTrue(s.is_paused(0))
            self.assertEqual(s.wait(0), 0)
            s.resume_index(0)
            self.assertEqual(s.wait(0), 1)


class Waiting(WithPipe):
    def test_every_entry_point_answers_as_poll(self):
        os.write(self.writer, b"!")
        oracle = select.poll()
        oracle.register(self.reader, POLLIN)
        oracle.register(self.writer, POLLOUT)
        expected = sorted(oracle.poll(0))
        with Slots(8) as s:
            s.set_index(2, self.reader, POLLIN)
            s.set_index(5, self.writer, POLLOUT)
            for wait in (s.wait, s.poll, s.epoll_wait, s.wait_until):
                self.assertEqual(wait(0), 2)
                self.assertEqual(sorted((fd, seen) for _, fd, seen in s.ready()), expected)

    def test_a_timeout_never_ends_early(self):
        with Slots(8) as s:
            for wait in (s.wait, s.poll, s.epoll_wait):
                start = time.monotonic()
                self.assertEqual(wait(0.003), 0)
                self.assertGreaterEqual(time.monotonic() - start, 0.003)

    def test_bad_arguments(self):
        with Slots(8) as s:
            self.assertRaises(ValueError, s.wait, float("nan"))
            self.assertRaises(TypeError, s.wait, "1")
            self.assertRaises(TypeError, s.wait, tomorrow=1)
            self.assertRaises(TypeError, s.wait, 1, None, 2)
            self.assertRaises(TypeError, s.wait, 0, timeout=0)
            self.assertRaises(TypeError, s.wait_until)
            self.assertRaises(ValueError, s.wait, 0, [0])
            self.assert_error(errno.EINVAL, s.poll, 0, None, 9)

    def test_a_wake_from_another_thread_ends_a_wait(self):
        with Slots(8) as s:
            s.waker_open(7)
            thread = threading.Thread(target=s.wake)
            thread.start()
            self.assertEqual(s.wait(), 1)
            thread.join()
            s.waker_drain()
            self.assertEqual(s.wait(0), 0)

    def test_other_threads_keep_out_of_a_wait(self):
        with Slots(8) as s:
            s.waker_open(7)
            thread = threading.Thread(target=s.wait)
            thread.start()
            with self.assertRaises(RuntimeError):
                while True:  # until the thread waits
                    s.get_fd(7)
            self.assertRaises(RuntimeError, s.close)
            s.wake()
            thread.join()


class Signals(WithPipe):
    def handle(self, handler):
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, handler))
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        # The timer repeats, because the first signal may come just before the wait.
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.05)

    def test_a_handler_runs_and_the_wait_goes_on(self):
        self.handle(lambda *_: os.write(self.writer, b"!"))
        with Slots(8) as s:
            s.set_index(0, self.reader, POLLIN)
            self.assertEqual(s.wait(), 1)

    def test_an_exception_of_a_handler_ends_the_wait(self):
        raised = []

        def handler(*_):
            if not raised:
                raised.append(1)
                raise KeyError("from the handler")

        def wait():
            self.handle(handler)
            s.wait()

        with Slots(8) as s:
            self.assertRaises(KeyError, wait)

    def test_a_handler_may_close(self):
        s = Slots(8)
        self.handle(lambda *_: s.close())
        self.assertRaises(ValueError, s.wait)

    def test_a_mask_lets_in_what_is_pending(self):
        seen = []
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.getsignal(signal.SIGUSR1))
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGUSR1])
        os.kill(os.getpid(), signal.SIGUSR1)
        with Slots(8) as s:
            self.assertEqual(s.wait(0), 0)
            self.assertEqual(seen, [])
            self.assertEqual(s.wait(0, sigmask=[]), 0)
            self.assertEqual(seen, [1])


class Ready(WithPipe):
    def two_ready(self):
        s = Slots(8)
        self.addCleanup(s.close)
        s.set_index(0, self.writer, POLLOUT)
        s.set_index(1, self.writer, POLLOUT)
        self.assertEqual(s.wait(0), 2)
        return s

    def test_what_was_changed_is_skipped(self):
        s = self.two_ready()
        ready = s.ready()
        first, _, _ = next(ready)
        s.invalidate_index(1 - first)
        self.assertEqual(list(ready), [])

    def test_an_iteration_ends_with_its_ready_set(self):
        for end in (lambda s: s.wait(0), Slots.clear_ready, lambda s: s.resize(16)):
            s = self.two_ready()
            ready = s.ready()
            next(ready)
            end(s)
            self.assertEqual(list(ready), [])

    def test_an_iterator_keeps_its_slots(self):
        s = Slots(8)
        s.set_index(0, self.writer, POLLOUT)
        s.wait(0)
        ready = s.ready()
        del s
        gc.collect()
        self.assertEqual(list(ready), [(0, self.writer, POLLOUT)])


    def test_a_cycle_through_an_iterator_is_collected(self):
        class Owner(Slots):
            pass

        owner = Owner(8)
        owner.iterator = owner.ready()
        gone = weakref.ref(owner)
        del owner
        gc.collect()
        self.assertIsNone(gone())


class Closing(WithPipe):
    def test_close_index_closes(self):
        with Slots(8) as s:
            s.set_index(0, os.dup(self.reader), POLLIN)
            fd = s.get_fd(0)
            s.close_index(0)
            self.assert_error(errno.EBADF, os.fstat, fd)
            self.assert_error(errno.ENOENT, s.close_index, 0)

    def test_a_child_has_a_copy_of_its_own(self):
        with Slots(8) as s:
            s.set_index(0, self.writer, POLLOUT)
            s.epoll_wait(0)
            child = os.fork()
            if child == 0:
                s.invalidate_index(0)
                os._exit(s.epoll_wait(0))
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(s.epoll_wait(0), 1)


class Memory(WithPipe):
    def test_growth_keeps_all(self):
        with Slots(1) as s:
            s.set_index(0, self.writer, POLLOUT)
            s.wait(0)
            s.resize(1000)
            self.assertEqual(len(s), 1000)
            self.assertEqual(s.get_revents(0), POLLOUT)

    def test_a_view_shows_the_slots_and_keeps_them_in_place(self):
        with Slots(8) as s:
            s.set_index(1, self.writer, POLLOUT)
            s.wait(0)
            with memoryview(s) as view:
                self.assertTrue(view.readonly)
                self.assertEqual(view.shape, (2,))
                self.assertEqual(
                    list(struct.iter_unpack("ihh", view))[1], (self.writer, POLLOUT, POLLOUT)
                )
                self.assertRaises(BufferError, s.resize, 16)
                self.assertRaises(BufferError, s.close)
            s.resize(16)

    def test_closed(self):
        s = Slots(8)
        s.close()
        s.close()
        self.assertTrue(s.closed)
        for call in (s.wait, s.wake, s.ready, s.dump, s.__enter__, lambda: memoryview(s)):
            self.assertRaises(ValueError, call)

    def test_text(self):
        with Slots(8) as s:
            s.set_index(1, self.writer, POLLOUT)
            s.wait(0)
            self.assertEqual(repr(s), f"<fdslots.Slots of 8, 1: fd {self.writer} OUT -> OUT>")
            self.assertIn("OUT", s.dump())
            self.assertEqual(s.get_stats()["waits"], 1)
        self.assertEqual(fdslots.format_events(POLLIN | POLLOUT), "IN|OUT")


if __name__ == "__main__":
    unittest.main()
