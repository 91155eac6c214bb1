"""What an engine in a process of its own costs and gives: zoetrope bench process [--write].

A drag's single pictures, asked for one after the other from an asyncio loop as the live channel does, of an engine in
this process and of one in its own; alone, and beside a thread of this process that burns Python as a page script may.
Then the time from a kill -9 of the engine to the next picture, and what the processes hold of memory.
"""

import argparse
import asyncio
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.rig.report import publish
from engine import checkpoint
from engine.runtime import Engine
from engine.serving.backend import Backend
from engine.serving.jobs import Job
from engine.serving.process import ProcessBackend
from engine.serving.thread import ThreadBackend

MODEL = "frey-vae-2d"
INTERVALS = (None, 5.0, 0.5)  # ms between switches of threads beside one that burns; None: nobody burns
KILLS = 10


def job() -> Job:
    return Job("decode", MODEL, np.zeros((1, 2), np.float32))


@contextmanager
def burning(interval: float | None) -> Iterator[None]:
    """Burn Python in a thread, at a switch interval in ms; None burns nothing."""
    ended, before = threading.Event(), sys.getswitchinterval()

    def burn() -> None:
        while not ended.is_set():
            sum(range(200))

    burner = threading.Thread(target=burn)
    if interval:
        sys.setswitchinterval(interval / 1000)
        burner.start()
    yield
    ended.set()
    if interval:
        burner.join()
    sys.setswitchinterval(before)


async def calls(backend: Backend, seconds: float) -> list[float]:
    """Milliseconds of each call."""
    times = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        await asyncio.wrap_future(backend.submit(job()))
        times.append(1000 * (time.perf_counter() - start))
    return times


def speed(backends: dict[str, Backend], seconds: float) -> Iterator[str]:
    yield "| beside it | engine | ms a picture | p95 | pictures/s |"
    yield "|---|---|---|---|---|"
    for interval in INTERVALS:
        for name, backend in backends.items():
            with burning(interval):
                times = asyncio.run(calls(backend, seconds))
            beside = f"a busy thread, switch interval {interval} ms" if interval else "nobody"
            middle, late = statistics.median(times), sorted(times)[int(0.95 * len(times))]
            yield f"| {beside} | {name} | {middle:.2f} | {late:.2f} | {1000 * len(times) / sum(times):.0f} |"


def kill(backend: ProcessBackend) -> float:
    """Give the seconds from the engine's death to the next picture."""
    start = time.perf_counter()
    assert backend.pid is not None
    os.kill(backend.pid, signal.SIGKILL)
    backend.submit(job()).result()
    return time.perf_counter() - start


def supervision(backend: ProcessBackend, started: float) -> Iterator[str]:
    kills = [kill(backend) for _ in range(KILLS)]
    yield "| | |"
    yield "|---|---|"
    yield f"| start to first picture | {started:.2f} s |"
    yield f"| kill -9 to next picture, median of {KILLS} | {statistics.median(kills):.2f} s, at most {max(kills):.2f} |"
    nursery = backend.nursery.process
    assert nursery is not None
    for name, process in (("engine", backend.pid), ("nursery", nursery.pid)):
        yield f"| memory of the {name}, its share of what is shared included | {memory(process)} MB |"


def memory(process: int | None) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) // 1024
    raise ValueError("no Pss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    given = parser.parse_args()
    start = time.perf_counter()
    process = ProcessBackend([checkpoint.SHIPPED], threads=1, warm=(MODEL,))
    process.submit(job()).result()
    started = time.perf_counter() - start
    thread = ThreadBackend(Engine([checkpoint.SHIPPED], threads=1))
    thread.submit(job()).result()
    table = "\n".join([*speed({"in a thread": thread, "in a process": process}, given.seconds), ""])
    table += "\n" + "\n".join(supervision(process, started))
    thread.close()
    process.close()
    publish(f"process of the engine's own, {MODEL}", table, given.write)


if __name__ == "__main__":
    main()
