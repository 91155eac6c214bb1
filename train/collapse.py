"""Collapse: a generator that makes one picture whatever its latent. Seen early, it costs minutes and not the night."""

from typing import Any

import torch

from engine.errors import TrainingStopped
from engine.nn.prior import draw
from train.data import Batch

PATIENCE = 20  # logs in a row


@torch.no_grad()
def relative_spread(model: Any, batch: Batch) -> float:
    """Measure the deviation of made samples over the batch's, both over samples, root of the mean over pixels."""
    was_training = model.training
    y = batch.y if model.config.classes else None
    made = model.eval().generate(draw(model, range(len(batch.x))), y)
    model.train(was_training)
    return float((made.var(0).mean() / batch.x.var(0).mean().clamp(min=1e-12)).sqrt())


class Watch:
    """Stops a run whose samples have hardly varied for a while."""

    def __init__(self, least: float) -> None:
        self.least, self.low = least, 0

    def see(self, diversity: float, step: int) -> None:
        """Take one reading. Raises TrainingStopped, with what to try, after PATIENCE low ones in a row."""
        self.low = self.low + 1 if diversity < self.least else 0
        if self.low >= PATIENCE:
            raise TrainingStopped(
                f"At step {step} the samples have varied less than {self.least:.0%} of the data for {PATIENCE} logs: "
                "the generator has collapsed. Try --objective.payoff non-saturating, --objective.r1 1, "
                "--objective.relativistic, --objective.instance-noise 0.1 or --objective.critic.packing 2; "
                "the last state is kept."
            )
