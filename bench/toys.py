"""How many modes each payoff finds, over several seeds: zoetrope bench toys [--recipes ring-gan …] [--runs 10].

Protocol of PacGAN (Lin et al. 2018, section 4.1): 2,500 samples a run, high quality within three deviations of a mode,
the mean of ten runs. A run that collapses counts as it is.
"""

import argparse
import dataclasses
import statistics
import tempfile
from pathlib import Path

from bench.rig.report import note, publish, table
from train.data import open_data
from train.data.plane import MODES
from train.loop import train
from train.measures.modes import mode_coverage
from train.measures.subject import Subject
from train.recipe import Recipe
from train.recipes import RECIPES
from train.runs import Run

TOYS = [name for name, recipe in RECIPES.items() if recipe.data in MODES]
HEAD = ("recipe", "runs", "modes, mean", "modes, each", "high quality %, mean", "least", "most")


def once(recipe: Recipe) -> tuple[float, float]:
    """Train by a recipe; give the modes found and the percentage of samples near one."""
    data = open_data(recipe.data, None)
    with tempfile.TemporaryDirectory() as folder:
        shipped = train(recipe, data, Run.start(Path(folder) / "run", recipe), progress_bar=False).shipped
    modes, quality = mode_coverage(Subject(shipped.eval(), recipe, data, pictures=0, samples=0))
    return modes.value, quality.value


def row(name: str, first: int, runs: int) -> tuple[object, ...]:
    results = []
    for seed in range(first, first + runs):
        results.append(once(dataclasses.replace(RECIPES[name], seed=seed, sheets=0, save_every=10**9)))
        note(f"{name} seed {seed}: {results[-1][0]:.0f} modes, {results[-1][1]:.1f} % of high quality")
    modes, quality = zip(*results, strict=True)
    each = " ".join(f"{found:.0f}" for found in modes)
    return name, runs, statistics.mean(modes), each, statistics.mean(quality), min(quality), max(quality)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=TOYS, choices=TOYS)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run, to go on where one was stopped")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    options = parser.parse_args()
    rows = [row(name, options.first, options.runs) for name in options.recipes]
    publish("toys and the modes that each payoff finds", table(HEAD, rows), options.write)


if __name__ == "__main__":
    main()
