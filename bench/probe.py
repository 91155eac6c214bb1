"""Reconstruction rows, the drawing pad and inversion: zoetrope bench probe [--seconds 2] [--write].

A row is one picture through every shipped encoder of its shape, one job each in turn, as the page asks for it: picture,
latent, rate and distortion. The pad asks for its next row as soon as it has the last. An inversion goes on by 5 steps
at a time. Times run from submit to answer, through the engine's queue in this process; figures are medians, but for
the time of core, the mean, which other programs at work do not lengthen much.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from bench.rig.report import publish, table
from engine.runtime import Engine
from engine.serving.jobs import Job
from engine.serving.thread import ThreadBackend

STEPS = 5
HEAD = ("ms", "a second", "ms of core")
Ask = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each line is measured")
    parser.add_argument("--threads", type=int, default=1, help="cores that a pass takes (1)")
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    given = parser.parse_args()
    backend = ThreadBackend(Engine(threads=given.threads))
    try:
        found = [rows(backend, given.seconds), inversions(backend, given.seconds)]
    finally:
        backend.close()
    publish("probe", "\n\n".join(found), given.write)


def rows(backend: ThreadBackend, seconds: float) -> str:
    """Measure one picture through all encoders of each shape."""
    cards = [backend.catalogue().card(name) for name in backend.catalogue().names("encodes")]
    lines = []
    for shape in dict.fromkeys(card.shape for card in cards):
        names = [card.name for card in cards if card.shape == shape]
        jobs = [Job("reconstruct", name, pictures=picture(shape)) for name in names]
        began = time.perf_counter()
        answered(backend, jobs)
        first = 1e3 * (time.perf_counter() - began)
        times = timed(lambda jobs=jobs: answered(backend, jobs), seconds)  # type: ignore[misc]
        lines.append([size(shape), len(names), ", ".join(names), first, *times])
    return table(("picture", "encoders", "which", "first row, ms", *HEAD), lines)


def inversions(backend: ThreadBackend, seconds: float) -> str:
    """Measure the steps of an inversion by each model that decodes."""
    lines = []
    for name in backend.catalogue().names("decodes"):
        card = backend.catalogue().card(name)
        state = np.zeros((1, 3 * card.latent + 1), np.float32)
        job = Job("invert", name, pictures=picture(card.shape), state=state, steps=STEPS)
        answered(backend, [job])
        times = timed(lambda job=job: answered(backend, [job]), seconds)  # type: ignore[misc]
        lines.append([name, size(card.shape), *times])
    return table(("inversion by", f"picture, {STEPS} steps", *HEAD), lines)


def answered(backend: ThreadBackend, jobs: Sequence[Job]) -> None:
    for future in [backend.submit(job) for job in jobs]:
        future.result()


def timed(ask: Ask, seconds: float) -> tuple[float, float, float]:
    """Ask again and again: the median milliseconds, how often in a second, and the mean milliseconds of core."""
    times, core, began = list[float](), time.process_time(), time.perf_counter()
    while not times or time.perf_counter() < began + seconds:
        asked = time.perf_counter()
        ask()
        times.append(1e3 * (time.perf_counter() - asked))
    return statistics.median(times), 1e3 * len(times) / sum(times), 1e3 * (time.process_time() - core) / len(times)


def picture(shape: tuple[int, int, int]) -> np.ndarray:
    channels, height, width = shape
    return np.random.default_rng(0).integers(0, 256, (1, height, width, channels), np.uint8)


def size(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{height}×{width}, {'grey' if channels == 1 else 'colour'}"


if __name__ == "__main__":
    main()
