"""What the engine on a Ray cluster costs and gives: zoetrope bench cluster [--write].

Callers that each ask for one picture, wait for it and ask again, of an engine in a process of its own and of
`zoetrope serve` on this machine; and the latter with every job in a request of its own, as it would be without the
joining of those that wait. The callers, the web server's part and the engine share this machine's cores.
"""

import argparse
import asyncio
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from app.network import free_port
from bench.rig.processes import descendants, memory, processor_seconds
from bench.rig.report import publish
from engine import checkpoint
from engine.serving.backend import Backend
from engine.serving.cluster import ClusterBackend, client
from engine.serving.jobs import Job
from engine.serving.process import ProcessBackend

MODEL = "frey-vae-2d"
CALLERS = (1, 32, 300)
JOINED, ALONE = "zoetrope serve", "zoetrope serve, each job in a request of its own"


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "serve", "--checkpoints", str(checkpoint.SHIPPED), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        process.stdout.readline()
        yield process, port
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


async def ask(backend: Backend, who: str, until: float, times: list[float]) -> None:
    random = np.random.default_rng(len(who))
    while (start := time.perf_counter()) < until:
        z = random.normal(size=(1, 2)).astype(np.float32)
        await asyncio.wrap_future(backend.submit(Job("decode", MODEL, z, who=who, slot="view")))
        times.append(1e3 * (time.perf_counter() - start))


async def crowd(backend: Backend, callers: int, seconds: float) -> list[float]:
    """Milliseconds of each call."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(backend, f"caller {i}", until, times) for i in range(callers)))
    return times


def speed(name: str, backend: Backend, seconds: float) -> Iterator[str]:
    for callers in CALLERS:
        times = asyncio.run(crowd(backend, callers, seconds))
        middle, late = statistics.median(times), sorted(times)[int(0.95 * len(times))]
        yield f"| {name} | {callers} | {len(times) / seconds:.0f} | {middle:.1f} | {late:.1f} |"


def rows(seconds: float) -> Iterator[str]:
    yield "| engine | callers | calls/s | ms a call, median | p95 |"
    yield "|---|---|---|---|---|"
    process = ProcessBackend([checkpoint.SHIPPED], threads=1, warm=(MODEL,))
    asyncio.run(crowd(process, 1, 1.0))
    yield from speed("in a process", process, seconds)
    process.close()
    start = time.perf_counter()
    with served() as (server, port):
        started = time.perf_counter() - start
        for name, most in ((JOINED, client.ROWS), (ALONE, 1)):
            client.ROWS = most
            backend = ClusterBackend(f"http://localhost:{port}")
            asyncio.run(crowd(backend, 1, 1.0))
            yield from speed(name, backend, seconds)
            backend.close()
        yield ""
        yield from costs(server.pid, started)


def costs(server: int, started: float) -> Iterator[str]:
    processes = [server, *descendants(server)]
    before = sum(map(processor_seconds, processes))
    time.sleep(5)
    idle = (sum(map(processor_seconds, processes)) - before) / 5
    yield "| zoetrope serve | |"
    yield "|---|---|"
    yield f"| start | {started:.1f} s |"
    yield f"| memory of its {len(processes)} processes | {sum(map(memory, processes)):.0f} MiB |"
    yield f"| processor time while nobody asks | {100 * idle:.0f} % of a core |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    given = parser.parse_args()
    publish(f"cluster of one machine, {MODEL}", "\n".join(rows(given.seconds)), given.write)


if __name__ == "__main__":
    main()
