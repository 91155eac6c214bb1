"""How often a classifier is right about held-out pictures."""

import torch

from engine.checkpoints.card import Metric
from engine.models.classifier import Classifier
from train.data import Batch
from train.metrics.context import EvalContext
from train.objectives.classification import correct


@torch.no_grad()
def accuracy(context: EvalContext) -> list[Metric]:
    """Measure the share of right answers; for attributes the mean over them, and over what guessing would give."""
    model, test = context.model, context.data.test
    if not isinstance(model, Classifier):
        return []
    hits = []
    for rows in torch.arange(len(test)).split(200):
        batch = test.batch(rows)
        y, attrs = (None if known is None else known.to(context.device) for known in (batch.y, batch.attrs))
        hits.append(correct(model, Batch(batch.x.to(context.device), y, attrs)))
    value = 100 * float(torch.cat(hits).mean())
    if test.attrs is None or not model.config.attributes:
        return [Metric("test accuracy", value, "%", f"{len(test)} test pictures")]
    share = test.attrs.float().mean(0)
    guess = 100 * float(torch.maximum(share, 1 - share).mean())
    protocol = f"{len(test)} test pictures, mean over {len(share)} attributes; the commoner answer has {guess:.1f}"
    return [Metric("test accuracy", value, "%", protocol)]
