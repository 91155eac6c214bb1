"""Which road between the web process and the engine's process keeps a drag live: zoetrope bench transport [--write].

An asyncio loop asks another process for 600 bytes, 60 kilobytes and a megabyte, and waits for each answer, as the live
channel does; with the process to itself, and beside a thread that burns Python as a page script may. Python's lock
comes back only after the switch interval, once for each system call that let go of it, so the roads differ in how many
such calls a question costs. The other process answers at once: this is the road alone.
"""

import argparse
import asyncio
import contextlib
import itertools
import mmap
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path

from bench.rig.report import publish

SIZES = {"600 B": 600, "60 KB": 60_000, "1 MB": 1_000_000}
INTERVALS = (5.0, 1.0, 0.5, 0.1)  # ms; the first is Python's own
REQUEST = struct.Struct("<QQ240x")  # number, bytes wanted, and about as much as a latent takes
HEAD = struct.Struct("<QQ")  # length, number; then the bytes
CHUNK = 65_536  # one read gets the head and, of most answers, the whole
ROOM = 2_000_000  # bytes of shared memory

Futures = dict[int, "Future[bytes]"]
Send = Callable[[bytes], object]
Receive = Callable[[], tuple[int, bytes]]


def message(near: socket.socket) -> tuple[int, bytes]:
    """Read one message in one system call, or two where it is large; the next is sent only after it was read."""
    start = near.recv(CHUNK)
    if not start:
        raise EOFError
    length, number = HEAD.unpack_from(start)
    if len(start) == length:
        return number, start
    whole = bytearray(length)
    whole[: len(start)] = start
    near.recv_into(memoryview(whole)[len(start) :], 0, socket.MSG_WAITALL)
    return number, bytes(whole)


# Roads: how to send, and how to start that what comes resolves its future


@contextlib.contextmanager
def pipe(near: socket.socket, memory: mmap.mmap, futures: Futures) -> Iterator[Send]:
    """Send by multiprocessing's Connection, and read it in a thread."""
    with Connection(os.dup(near.fileno())) as connection:

        def receive() -> tuple[int, bytes]:
            answer = connection.recv_bytes()
            return HEAD.unpack_from(answer)[1], answer

        with reader(receive, near, futures):
            yield connection.send_bytes


@contextlib.contextmanager
def by_thread(near: socket.socket, memory: mmap.mmap, futures: Futures) -> Iterator[Send]:
    """Send by a socket, and read it in a thread."""
    with reader(lambda: message(near), near, futures):
        yield near.sendall


@contextlib.contextmanager
def shared(near: socket.socket, memory: mmap.mmap, futures: Futures) -> Iterator[Send]:
    """Send by a socket; what comes lies in shared memory, and only its length travels."""

    def receive() -> tuple[int, bytes]:
        number, answer = message(near)
        return number, memory[: struct.unpack_from("<Q", answer, HEAD.size)[0]]

    with reader(receive, near, futures):
        yield near.sendall


@contextlib.contextmanager
def by_loop(near: socket.socket, memory: mmap.mmap, futures: Futures) -> Iterator[Send]:
    """Send by a socket, and read it in the asyncio loop itself."""
    loop, room, filled = asyncio.get_running_loop(), memoryview(bytearray(ROOM)), 0

    def readable() -> None:
        nonlocal filled
        filled += near.recv_into(room[filled:], 0, socket.MSG_DONTWAIT)
        length, number = HEAD.unpack_from(room)
        if filled == length:
            futures.pop(number).set_result(bytes(room[:filled]))
            filled = 0

    loop.add_reader(near, readable)
    yield near.sendall
    loop.remove_reader(near)


@contextlib.contextmanager
def reader(receive: Receive, near: socket.socket, futures: Futures) -> Iterator[None]:
    """Run a thread that resolves futures until the socket is shut."""

    def run() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                number, answer = receive()
                futures.pop(number).set_result(answer)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    near.shutdown(socket.SHUT_RDWR)
    thread.join()


ROADS = {"Pipe, thread": pipe, "socket, thread": by_thread, "socket, loop": by_loop, "shared memory, thread": shared}


# The other process


def child(road: str, handle: int, memory: int) -> None:
    """Answer what is asked with as many bytes, until nobody asks any more."""
    payload, room = b"x" * ROOM, mmap.mmap(memory, ROOM)
    with contextlib.suppress(EOFError, OSError), socket.socket(fileno=handle) as far:
        connection = Connection(os.dup(handle))
        piped = ROADS[road] is pipe
        while request := connection.recv_bytes() if piped else far.recv(REQUEST.size, socket.MSG_WAITALL):
            number, size = REQUEST.unpack(request)
            answer = HEAD.pack(size, number) + payload[: size - HEAD.size]
            if piped:
                connection.send_bytes(answer)
            elif ROADS[road] is shared:
                room[:size] = answer
                far.sendall(HEAD.pack(HEAD.size + 8, number) + struct.pack("<Q", size))
            else:
                far.sendall(answer)


@contextlib.contextmanager
def peer(road: str) -> Iterator[tuple[socket.socket, mmap.mmap]]:
    """Give our end of a socket to another process, and the memory that we share with it."""
    near, far = socket.socketpair()
    with near, far, tempfile.TemporaryFile() as file:
        file.truncate(ROOM)
        handles = [far.fileno(), file.fileno()]
        command = [sys.executable, __file__, "--child", road, *map(str, handles)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        process = subprocess.Popen(command, pass_fds=handles, env=environment)
        far.close()
        yield near, mmap.mmap(file.fileno(), ROOM)
        near.close()
        process.wait(10)


# Measuring


@contextlib.contextmanager
def burning(interval: float | None, threads: int = 1) -> Iterator[list[int]]:
    """Burn Python in threads at a switch interval in ms, and count their rounds; None burns nothing."""
    rounds, ended, before = [0] * threads, threading.Event(), sys.getswitchinterval()

    def burn(index: int) -> None:
        while not ended.is_set():
            sum(range(200))
            rounds[index] += 1

    burners = [threading.Thread(target=burn, args=(index,)) for index in range(threads if interval else 0)]
    sys.setswitchinterval((interval or 5.0) / 1000)
    for burner in burners:
        burner.start()
    yield rounds
    ended.set()
    for burner in burners:
        burner.join()
    sys.setswitchinterval(before)


async def trips(road: str, interval: float | None, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each question, by the size of the answer."""
    times: dict[str, list[float]] = {size: [] for size in SIZES}
    with peer(road) as (near, memory):
        futures: Futures = {}
        with ROADS[road](near, memory, futures) as send, burning(interval):
            number = itertools.count()
            for size, length in SIZES.items():
                await asyncio.sleep(0.1)
                until = time.perf_counter() + seconds
                while len(times[size]) < 3 or time.perf_counter() < until:
                    times[size].append(await trip(futures, send, next(number), length))
    return times


async def trip(futures: Futures, send: Send, number: int, size: int) -> float:
    start = time.perf_counter()
    future = futures[number] = Future()
    send(REQUEST.pack(number, size))
    assert len(await asyncio.wrap_future(future)) == size
    return 1000 * (time.perf_counter() - start)


def roads(seconds: float) -> Iterator[str]:
    yield "| beside it | road | " + " | ".join(f"{size}, ms" for size in SIZES) + " |"
    yield "|---|---|" + "---|" * len(SIZES)
    for interval in (None, *INTERVALS):
        for road in ROADS:
            beside = f"a busy thread, switch interval {interval} ms" if interval else "nobody"
            times = asyncio.run(trips(road, interval, seconds))
            yield f"| {beside} | {road} | " + " | ".join(map(shown, times.values())) + " |"


def shown(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} (p95 {sorted(times)[int(0.95 * len(times))]:.2f})"


def price(seconds: float) -> Iterator[str]:
    """Tell what an interval costs two page scripts that burn side by side, against Python's own interval."""
    done = {}
    for interval in INTERVALS:
        with burning(interval, threads=2) as rounds:
            time.sleep(seconds)
            done[interval] = sum(rounds)
    yield "| switch interval, ms | work of two busy threads together |"
    yield "|---|---|"
    for interval, rounds in done.items():
        yield f"| {interval} | {100 * rounds / done[INTERVALS[0]]:.0f} % |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    given = parser.parse_args()
    table = "\n".join([*roads(given.seconds), "", *price(4 * given.seconds)])
    publish("transport to the engine's process, median of round trips", table, given.write)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
