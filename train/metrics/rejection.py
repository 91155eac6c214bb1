"""A density may refuse a picture, where a classifier has to answer.

A picture is refused whose score is above that of 95 % of the model's own test pictures.
"""

import torch

from engine.checkpoints.card import Metric
from engine.inference import images
from train.metrics.context import EvalContext
from train.metrics.outliers import Pair, rejected, scored
from train.metrics.strangers import KINDS


@torch.no_grad()
def rejection(context: EvalContext) -> list[Metric]:
    """Measure the share of pictures of other data that each score refuses, and how sure of them the classifier is."""
    found = scored(context)
    if found is None or not KINDS[found.pairs[0].kind].data:
        return []
    return [*rejected(found.pairs[0]), *sureness(context, found.pairs[0])]


def sureness(context: EvalContext, pair: Pair) -> list[Metric]:
    """Measure how sure of its answer to strangers a classifier of the same data is, which has to give one."""
    classifier = context.classifier
    if classifier is None or classifier.model.config.attributes or classifier.model.config.shape != context.data.shape:
        return []
    device = next(classifier.model.parameters()).device
    batches = (images.unit(part).to(device) for part in torch.from_numpy(pair.pictures).split(200))
    value = 100 * float(torch.cat([classifier.model.probabilities(x).amax(1) for x in batches]).double().mean())
    said = f"mean probability that {classifier.name}, which has to answer, gives its answer"
    protocol = f"{said} to {len(pair.pictures)} pictures of {pair.kind}"
    return [Metric("classifier's confidence in outliers", value, "%", protocol)]
