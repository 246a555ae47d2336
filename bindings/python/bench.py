# SPDX-License-Identifier: ISC
"""Selector against EpollSelector and uvloop, in an echo server; Slots against select.poll and epoll.

    python3 bench.py [--rounds N] [--seconds N]

The ways take turns in every round, and a figure is the median of the rounds. uvloop is left out if
it is not installed. The clients run in a process of their own, so two cores are needed.
"""

import argparse
import asyncio
import contextlib
import os
import pathlib
import resource
import select
import selectors
import socket
import statistics
import subprocess
import sys
import time

import fdslots

MESSAGE = b"x" * 64
# Number of connections, and how many of them send.
LOADS = [(100, 100), (2000, 2000), (2000, 1)]
# Number of sockets, and how many of them are ready.
WAITS = [(10, 1), (10, 10), (100, 1), (100, 100), (1000, 1), (1000, 100), (1000, 1000)]


# ---- The echo server ----


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def new_loop(way):
    if way == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    selector = fdslots.Selector() if way == "fdslots" else selectors.EpollSelector()
    return asyncio.SelectorEventLoop(selector)


def serve(way):
    loop = new_loop(way)
    server = loop.run_until_complete(loop.create_server(Echo, "127.0.0.1", 0, backlog=4096))
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(0, loop.stop)  # at the end of the input
    loop.run_forever()
    os._exit(0)


def start_server(way):
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", way],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    return process, int(process.stdout.readline())


def cpu_seconds(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def connect(port, count):
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for s in sockets:
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sockets


def exchange(sockets, seconds):
    """Keep one request in progress on each socket; return the number of answers and the time."""
    by_fd = {s.fileno(): s for s in sockets}
    answers = 0
    with select.epoll() as epoll:
        for fd, s in by_fd.items():
            epoll.register(fd, select.EPOLLIN)
            s.send(MESSAGE)
        start = now = time.perf_counter()
        while now - start < seconds:
            ready = epoll.poll()
            for fd, _ in ready:
                by_fd[fd].recv(4096)
                by_fd[fd].send(MESSAGE)
            answers += len(ready)
            now = time.perf_counter()
    return answers, now - start


def requests_a_second(way, connections, active, seconds):
    """Return the requests per second, and per second of the server's CPU time."""
    process, port = start_server(way)
    sockets = connect(port, connections)
    exchange(sockets[:active], seconds / 5)  # to warm up
    before = cpu_seconds(process.pid)
    answers, took = exchange(sockets[:active], seconds)
    used = cpu_seconds(process.pid) - before
    for s in sockets:
        s.close()
    process.communicate()
    return answers / took, answers / used


def ways():
    yield from ("EpollSelector", "fdslots")
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401

        yield "uvloop"


def take_turns(names, measure, rounds):
    """Return a row of figures for each round; each round starts with another name."""
    for i in range(rounds):
        first = i % len(names)
        figures = {name: measure(name) for name in names[first:] + names[:first]}
        yield [figures[name] for name in names]


def ratios_of(turns):
    """Return the median over all rounds of each figure's ratio to the first one in its round."""
    return [statistics.median(turn[i] / turn[0] for turn in turns) for i in range(len(turns[0]))]


def bench_servers(rounds, seconds):
    names = list(ways())  # all figures but the first are ratios
    print("| connections | of which send | EpollSelector |" + "".join(
        f" {name} | by CPU time |" for name in names[1:]))
    print("|--:|--:|--:|" + "--:|--:|" * (len(names) - 1))
    for connections, active in LOADS:
        turns = list(take_turns(
            names, lambda name: requests_a_second(name, connections, active, seconds), rounds))
        wall, cpu = ([[figure[i] for figure in turn] for turn in turns] for i in (0, 1))
        print(f"| {connections:,} | {active:,} | {statistics.median(t[0] for t in wall):,.0f}/s | "
              + " | ".join(f"{w:.2f} | {c:.2f}" for w, c in
                           list(zip(ratios_of(wall), ratios_of(cpu)))[1:]) + " |", flush=True)


# ---- A wait ----


def by_slots(fds):
    slots = fdslots.Slots(len(fds))
    for index, fd in enumerate(fds):
        slots.set_index(index, fd, fdslots.POLLIN)

    def wait():
        slots.wait(1)
        for _ in slots.ready():
            pass

    return wait


def by_select(poller, flag):
    def make(fds):
        for fd in fds:
            poller.register(fd, flag)
        timeout = 1000 if isinstance(poller, type(select.poll())) else 1

        def wait():
            for _ in poller.poll(timeout):
                pass

        return wait

    return make


def by_selector(selector):
    def make(fds):
        for fd in fds:
            selector.register(fd, selectors.EVENT_READ)

        def wait():
            for _ in selector.select(1):
                pass

        return wait

    return make


def time_a_call(call):
    calls = 20
    while True:
        start = time.process_time()
        for _ in range(calls):
            call()
        took = time.process_time() - start
        if took > 0.01:
            return took / calls * 1e6
        calls *= 2


def cells_of(calls, rounds):
    """Return the time of the first call, and how many times as long the others take."""
    turns = [[time_a_call(call) for call in calls] for _ in range(rounds)]
    yield f"{statistics.median(turn[0] for turn in turns):.2f} µs"
    yield from (f"{ratio:.2f}" for ratio in ratios_of(turns)[1:])


def bench_waits(rounds):
    print("| n | ready | Slots | select.epoll | select.poll | Selector | EpollSelector |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for n, ready in WAITS:
        pairs = [socket.socketpair() for _ in range(n)]
        fds = [ours.fileno() for ours, _ in pairs]
        for _, peer in pairs[:ready]:
            peer.send(b"!")
        native = [
            by_slots(fds),
            by_select(select.epoll(), select.EPOLLIN)(fds),
            by_select(select.poll(), select.POLLIN)(fds),
        ]
        loops = [by_selector(make())(fds) for make in (fdslots.Selector, selectors.EpollSelector)]
        cells = [*cells_of(native, rounds), *cells_of(loops, rounds)]
        print(f"| {n:,} | {ready:,} | " + " | ".join(cells) + " |", flush=True)
        for pair in pairs:
            for s in pair:
                s.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    if options.serve:
        serve(options.serve)
    bench_waits(options.rounds)
    print()
    bench_servers(options.rounds, options.seconds)


if __name__ == "__main__":
    main()
