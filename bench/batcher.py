"""The batching core by itself, over models that cost nothing: zoetrope bench batcher [--seconds 2] [--write].

Callers are threads that ask again as soon as they are answered, or one that submits 4,000 jobs of 300 people before it
waits. A call is submit to answer: what the core adds to a forward pass.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time

import numpy as np

from bench.rig.report import publish, table
from engine.serving.jobs import Answer, Job
from engine.serving.queue import Batcher

LIMIT = 16
FLOOD = 4000
HEAD = ("callers", "models", "calls/s", "jobs a pass", "median ms", "p95 ms", "ms of core a call")
ANSWER = Answer({"pictures": np.zeros((1, 28, 20, 1), np.uint8)}, {"model": 0.0})
Z = np.zeros((1, 2), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each line is measured")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    rows = [asking(callers, given.seconds) for callers in (1, 8, 32, 300)] + [flood(1), flood(11)]
    publish("batcher", table(HEAD, rows), given.write)


class Core:
    """A batcher whose models answer at once, and a count of its passes."""

    def __init__(self) -> None:
        self.passes = 0
        self.batcher = Batcher(self.run, lambda model: LIMIT)

    def run(self, model: str, jobs: list[Job]) -> list[Answer]:
        self.passes += 1
        return [ANSWER] * len(jobs)


def asking(callers: int, seconds: float) -> list[object]:
    """Measure threads that ask again and again."""
    core, waits = Core(), list[float]()

    def ask(who: str) -> None:
        while time.perf_counter() < end:
            asked = time.perf_counter()
            core.batcher.submit(Job("decode", "frey", z=Z, who=who, slot="view")).result()
            waits.append(1e3 * (time.perf_counter() - asked))

    people = [threading.Thread(target=ask, args=(f"phone {i}",)) for i in range(callers)]
    began = time.perf_counter()
    end = began + seconds
    for person in people:
        person.start()
    for person in people:
        person.join()
    return line(f"{callers} in turn", 1, core, len(waits), time.perf_counter() - began, waits)


def flood(models: int) -> list[object]:
    """Measure jobs that all wait at once."""
    core = Core()
    jobs = [Job("decode", f"model {i % models}", z=Z, who=f"phone {i % 300}") for i in range(FLOOD)]
    began = time.perf_counter()
    for future in [core.batcher.submit(job) for job in jobs]:
        future.result()
    return line(f"{FLOOD} waiting", models, core, FLOOD, time.perf_counter() - began, [])


def line(who: str, models: int, core: Core, calls: int, seconds: float, waits: list[float]) -> list[object]:
    core.batcher.close()
    middle = statistics.median(waits) if waits else float("nan")
    slow = statistics.quantiles(waits, n=20)[-1] if waits else float("nan")
    return [who, models, calls / seconds, calls / core.passes, middle, slow, 1e3 * seconds / calls]


if __name__ == "__main__":
    main()
