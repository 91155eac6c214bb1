"""What the one loop costs over a bare hand-written loop on the same model: zoetrope bench loop [--write].

Both take the same steps on the same random pictures, in turn, several times; the figure is the median of the
ratios pair by pair, so that a machine whose speed drifts cannot favour either.
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from bench.rig.report import publish
from engine.models.vae import VAE
from engine.registry import build
from train.data import Dataset, Split
from train.devices import autocast_to, find_distributed
from train.loop import Training, follow
from train.recipe import Recipe
from train.recipes import RECIPES
from train.runs import Run

ROUNDS = 12
STEPS = {"frey-vae-2d": 200, "mnist-vae": 50}  # whole reports: the loop reports every 50 steps
Steps = Callable[[int], None]


def pictures(shape: tuple[int, int, int]) -> Dataset:
    split = Split(torch.randint(0, 256, (4_096, *shape), dtype=torch.uint8))
    return Dataset("random", split, split, None, (), "", shape)


def bare(recipe: Recipe, data: Dataset) -> Steps:
    """Write the loop as one would by hand for this one model."""
    device = find_distributed().device
    model = build(recipe.model).to(device).to(memory_format=torch.channels_last)
    assert isinstance(model, VAE)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    autocast = autocast_to(recipe.precision, device, model)
    bytes_ = data.train.pictures

    def steps(count: int) -> None:
        for _ in range(count):
            x = bytes_[torch.randint(len(bytes_), (recipe.batch,))].float().div_(255).to(device)
            x = x.contiguous(memory_format=torch.channels_last)
            noise = torch.rand_like(x)
            x = (255 * x + noise) / 256 if recipe.pixels == "dequantized" else (noise < x).float()
            with autocast:
                evidence = model.evidence(x)
                loss = -evidence.log_likelihood.mean() + evidence.kl.mean(0).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average.update_parameters(model)

    return steps


def ours(recipe: Recipe, data: Dataset, folder: Path) -> Steps:
    training = Training(dataclasses.replace(recipe, sheets=0, save_every=10**9), find_distributed())
    run = Run.start(folder, recipe)
    walk = follow(training, data, run)

    def steps(count: int) -> None:
        until = training.step + count
        while training.step < until:
            next(walk)

    return steps


def seconds(steps: Steps, count: int) -> float:
    start = time.perf_counter()
    steps(count)
    return time.perf_counter() - start


def paired(by_loop: Steps, by_hand: Steps, count: int, round: int) -> tuple[float, float]:
    """Time both, each first in every other round."""
    if round % 2:
        hand = seconds(by_hand, count)
        return seconds(by_loop, count), hand
    return seconds(by_loop, count), seconds(by_hand, count)


def compare(name: str, rounds: int, steps: int) -> str:
    """Return one row of the table."""
    recipe, data, count = RECIPES[name], pictures(RECIPES[name].model.shape), steps or STEPS[name]
    with tempfile.TemporaryDirectory() as folder:
        by_hand, by_loop = bare(recipe, data), ours(recipe, data, Path(folder) / "run")
        seconds(by_hand, count), seconds(by_loop, count)  # warm up
        pairs = [paired(by_loop, by_hand, count, round) for round in range(rounds)]
    ratio = statistics.median(loop / hand for loop, hand in pairs)
    each = [1000 * statistics.median(column) / count for column in zip(*pairs, strict=True)]
    return f"| {name} | {each[0]:.2f} | {each[1]:.2f} | {100 * (ratio - 1):+.1f} % |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"pairs to time ({ROUNDS})")
    parser.add_argument(
        "--steps", type=int, default=0, help="of each turn, a multiple of 50 (200, and 50 of mnist-vae)"
    )
    parser.add_argument("--recipes", default=",".join(STEPS), help=f"names, one comma between two ({', '.join(STEPS)})")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    table = "| recipe | the loop, ms a step | by hand, ms a step | the loop costs |\n|---|---|---|---|\n"
    table += "\n".join(compare(name, given.rounds, given.steps) for name in given.recipes.split(","))
    publish("loop against a bare loop", table, given.write)


if __name__ == "__main__":
    main()
