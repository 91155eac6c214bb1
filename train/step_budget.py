"""How many steps fit into a time: the rate falls along all of them, so that their number is wanted at the first."""

import time
from collections.abc import Callable

import torch

from engine.errors import BadValue
from train.data import Dataset
from train.devices import find_distributed, flushing
from train.loop import Training, prepared
from train.recipe import Recipe

WARMING, TIMED = 3, 20  # steps
SHARE = 0.9  # of the time; the rest goes into sheets and saved states


def steps_within(recipe: Recipe, data: Dataset, minutes: float, clock: Callable[[], float] = time.perf_counter) -> int:
    """Return how many of a recipe's steps this machine takes in some minutes, by the pace of its first ones.

    Raises BadValue for a time in which nothing is done, and where several ranks would each find a number of its own.
    """
    if not minutes > 0:
        raise BadValue(f"--minutes is {minutes:g}; it has to be more than 0. Without it all steps are taken.")
    distributed = find_distributed()
    if distributed.ranks > 1:
        raise BadValue("--minutes goes by the pace of one process. With torchrun give the number of --steps.")
    training, began = Training(recipe, distributed), 0.0
    with flushing():
        for step in range(WARMING + TIMED):
            if step == WARMING:
                synchronize(distributed.device)
                began = clock()
            training.advance(prepared(recipe, data.train, step, distributed, training.objective.batches))
        synchronize(distributed.device)
    seconds = (clock() - began) / TIMED
    return max(1, int(min(recipe.steps, SHARE * 60 * minutes / seconds)))


def synchronize(device: torch.device) -> None:
    """Wait for what was begun."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
