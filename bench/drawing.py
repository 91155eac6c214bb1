"""A drag while pictures are drawn pixel by pixel: zoetrope bench drawing [--checkpoints FOLDER] [--write].

In an engine of a process of its own, one person has a model draw: one picture, a wall, and eight fillings of a lower
half. Another drags meanwhile, asking for the next picture when the last has come, as a browser does.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.rig.report import publish, table
from engine.checkpoints.catalogue import Catalogue
from engine.inference.requests import Job
from engine.serving.process import ProcessBackend
from engine.serving.protocol import Backend

HEAD = ("model", "drawn", "alone, s", "beside the drag, s", "drag, pictures/s", "95 % within, ms", "slowest, ms")
WANTED = 50.0  # pictures a second of the drag
PATIENCE = 300.0
DRAGGED = "frey-vae-2d"


def main() -> None:
    given = options()
    backend = ProcessBackend(given.checkpoints and [given.checkpoints], given.device, threads=given.threads)
    try:
        rows = measured(backend, backend.catalogue(PATIENCE), given.wall)
    finally:
        backend.close()
    protocol = (
        f"A wall has {given.wall} pictures; threads: {given.threads}; device: {given.device}; {DRAGGED} is dragged."
    )
    publish("drawing", f"{protocol}\n\n{table(HEAD, rows)}", given.write)
    sys.exit(not rows or min(float(str(row[4])) for row in rows) < WANTED)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a drag while pictures are drawn pixel by pixel.")
    parser.add_argument("--checkpoints", type=Path, help="a folder; the shipped and your own if not given")
    parser.add_argument("--wall", type=int, default=64, help="pictures of a wall (64)")
    parser.add_argument("--threads", type=int, default=1, help="of the engine (1)")
    parser.add_argument("--device", default="auto", help="cpu or cuda")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    return parser.parse_args()


def measured(backend: Backend, models: Catalogue, wall: int) -> list[tuple[object, ...]]:
    """Draw by every model that completes, alone and beside a drag."""
    rows = list[tuple[object, ...]]()
    backend.submit(moved(0)).result(PATIENCE)
    for name in models.names("completes"):
        for what, job in drawings(models, name, wall).items():
            backend.submit(job.part(0, 1)).result(PATIENCE)  # it is opened
            began = time.perf_counter()
            backend.submit(job).result(PATIENCE)
            alone = time.perf_counter() - began
            sampling = backend.submit(dataclasses.replace(job, seeds=tuple(seed + 1000 for seed in job.seeds)))
            gaps = dragged(backend, sampling.done)
            sampling.result()
            rate, spent = len(gaps) / gaps.sum(), gaps.sum()
            rows.append((name, what, alone, spent, rate, 1e3 * np.percentile(gaps, 95), 1e3 * gaps.max()))
    return rows


def drawings(models: Catalogue, name: str, wall: int) -> dict[str, Job]:
    """Return what a model is asked to draw, by name."""
    channels, height, width = models.card(name).shape
    hidden = np.zeros((8, height, width), np.uint8)
    hidden[:, height // 2 :] = 1
    blank, first = np.zeros((8, height, width, channels), np.uint8), height // 2 * width
    stretch = Job("complete", name, pictures=blank, hidden=hidden, first=first, last=height * width, terms=False)
    return {
        "a picture": Job("wall", name, seeds=(1,), who="anna"),
        "a wall": Job("wall", name, seeds=tuple(range(wall)), who="anna"),
        "eight fillings": dataclasses.replace(stretch, seeds=tuple(range(8)), who="anna"),
    }


def moved(step: int) -> Job:
    """Return the next picture of a drag."""
    return Job("decode", DRAGGED, z=np.full((1, 2), step % 100 / 50 - 1, np.float32), who="ben", slot="live")


def dragged(backend: Backend, over: Callable[[], bool]) -> NDArray[np.float64]:
    """Drag until something is over: the seconds from one picture to the next."""
    times = [time.perf_counter()]
    while not over():
        backend.submit(moved(len(times))).result(PATIENCE)
        times.append(time.perf_counter())
    return np.diff(np.array(times))


if __name__ == "__main__":
    main()
