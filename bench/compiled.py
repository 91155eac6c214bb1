"""What --compiled saves: steps of recipes plain and compiled, in turn: zoetrope bench compiled [--batch 16] [--write].

Both take the same steps on the same random pictures; the figure is the median of the ratios pair by pair, so that a
machine whose speed drifts cannot favour either. What compiling takes is told beside, since a short run pays it too.
"""

import argparse
import dataclasses
import statistics
import time
from itertools import count

from bench.loop import Steps, paired, pictures, seconds
from bench.rig.report import note, publish, table
from train.devices import find_place, flushing
from train.loop import Training, prepared
from train.recipes import find_recipe

RECIPES = "mnist-vae,mnist-pixelvae,mnist-pixelcnn,mnist-pixelcnn-gated,celeba-pixelcnn"
HEAD = ("recipe", "batch", "plain, ms a step", "compiled, ms a step", "times faster", "compiled in, s")
ROUNDS, STEPS = 6, 5


def steps_of(name: str, batch: int, compiled: bool) -> Steps:
    recipe = dataclasses.replace(find_recipe(name), batch=batch, compiled=compiled)
    training, data, numbers = Training(recipe, find_place()), pictures(recipe.model.shape), count()

    def steps(count: int) -> None:
        with flushing():
            for _ in range(count):
                step = next(numbers)
                training.advance(prepared(recipe, data.train, step, training.place, training.objective.batches))

    return steps


def compare(name: str, batch: int) -> tuple[object, ...]:
    """Give one row of the table."""
    note(f"{name} …")
    plain, compiled = (steps_of(name, batch, compiled) for compiled in (False, True))
    seconds(plain, 3)
    began = time.perf_counter()
    compiled(3)
    spent = time.perf_counter() - began
    pairs = [paired(compiled, plain, STEPS, round) for round in range(ROUNDS)]
    faster = statistics.median(slow / fast for fast, slow in pairs)
    fast, slow = (1000 * statistics.median(column) / STEPS for column in zip(*pairs, strict=True))
    return name, batch, slow, fast, faster, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", default=RECIPES, help=f"names of recipes, with commas ({RECIPES})")
    parser.add_argument("--batch", type=int, default=16, help="pictures a step (16)")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    rows = [compare(name, given.batch) for name in given.recipes.split(",")]
    publish("compiled steps of training", table(HEAD, rows), given.write)


if __name__ == "__main__":
    main()
