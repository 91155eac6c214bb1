"""Pictures drawn pixel by pixel, with and without memory: zoetrope bench pixels [--models mnist-pixelcnn] [--write].

With memory a picture is drawn whole. Without, each value takes a whole pass, all alike, so that some in the middle of
the picture are timed, and stand for all. Both draw from the same noise, and have to draw the same there. A model that
is no checkpoint yet is built by its recipe: weights do not change how long it takes.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from bench.rig.report import publish, table
from engine import noise
from engine.aliases import Images
from engine.nn.raster import complete_naively
from engine.registry import build
from engine.runtime import Engine
from engine.verbs import Completes
from train.recipes import find_recipe

HEAD = ("model", "weights", "pictures", "drawn, s", "its processor, s", "by whole passes, s", "times faster", "alike")
WANTED = 20.0  # times faster than by whole passes


def main() -> None:
    given = options()
    if given.threads:
        torch.set_num_threads(given.threads)
    rows = [
        drawn(name, count, given) for name in given.models.split(",") for count in map(int, given.counts.split(","))
    ]
    protocol = f"The best of {given.times}, {torch.get_num_threads()} threads; {given.values} values by whole passes."
    publish("pixels", f"{protocol}\n\n{table(HEAD, rows)}", given.write)
    sys.exit(not all(row[-1] == "yes" and float(str(row[-2])) >= WANTED for row in rows))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long pictures take that are drawn pixel by pixel.")
    parser.add_argument("--models", default="mnist-pixelcnn,mnist-pixelcnn-gated", help="checkpoints, or recipes")
    parser.add_argument("--counts", default="1,64", help="pictures at once (1,64)")
    parser.add_argument("--values", type=int, default=8, help="values timed by whole passes (8)")
    parser.add_argument("--times", type=int, default=3, help="how often everything is timed (3)")
    parser.add_argument("--threads", type=int, default=0, help="of torch; its own choice if not given")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    return parser.parse_args()


def drawn(name: str, count: int, given: argparse.Namespace) -> tuple[object, ...]:
    """Draw pictures in both ways, in turns."""
    model = found(name)
    channels, height, width = model.config.shape
    u, middle = noise.uniform(range(count), model.config.shape), height * width // 2
    x, hidden = torch.zeros_like(u), torch.ones(count, 1, height, width, dtype=torch.bool)
    stretch = middle, middle + -(-given.values // channels)
    begun: Images = model.complete(x, hidden, u, 0, middle)
    ours, theirs = model.complete(begun, hidden, u, *stretch), complete_naively(model, begun, hidden, u, *stretch)
    with_memory, without = [], []
    for _ in range(given.times):
        with_memory.append(timed(lambda: model.complete(x, hidden, u, 0, height * width)))
        without.append(timed(lambda: complete_naively(model, begun, hidden, u, *stretch)))
    (spent, busy), (passes, _) = min(with_memory), min(without)
    whole = passes * height * width / (stretch[1] - stretch[0])
    parameters = f"{sum(weight.numel() for weight in model.parameters()):,}"
    alike = "yes" if torch.equal(ours, theirs) else "no"
    return name, parameters, count, spent, busy, whole, whole / spent, alike


def found(name: str) -> Any:
    """Give a checkpoint's model, or else a recipe's as it begins."""
    engine = Engine()
    model = engine.model(name) if name in engine.names() else build(find_recipe(name).model).eval()
    assert isinstance(model, Completes), f"{name} draws nothing pixel by pixel"
    return model


def timed(draw: Callable[[], Images]) -> tuple[float, float]:
    """Give the seconds that something takes, by the clock and of this thread's processor."""
    began, busy = time.perf_counter(), time.thread_time()
    draw()
    return time.perf_counter() - began, time.thread_time() - busy


if __name__ == "__main__":
    main()
