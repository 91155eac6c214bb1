"""A density may refuse a picture, where a classifier has to answer.

A picture is refused whose score is above that of 95 % of the model's own test pictures.
"""

import torch

from engine.checkpoints.card import Metric
from engine.inference import images
from train.metrics.outliers import Pair, refused, scored
from train.metrics.strangers import KINDS
from train.metrics.subject import Subject


@torch.no_grad()
def refusal(subject: Subject) -> list[Metric]:
    """Measure the share of pictures of other data that each score refuses, and how sure of them the judge is."""
    found = scored(subject)
    if found is None or not KINDS[found.pairs[0].kind].data:
        return []
    return [*refused(found.pairs[0]), *sureness(subject, found.pairs[0])]


def sureness(subject: Subject, pair: Pair) -> list[Metric]:
    """Measure how sure of its answer to strangers a classifier of the same data is, which has to give one."""
    judge = subject.judge
    if judge is None or judge.model.config.attributes or judge.model.config.shape != subject.data.shape:
        return []
    device = next(judge.model.parameters()).device
    batches = (images.unit(part).to(device) for part in torch.from_numpy(pair.pictures).split(200))
    value = 100 * float(torch.cat([judge.model.probabilities(x).amax(1) for x in batches]).double().mean())
    words = (
        f"mean probability that {judge.name}, which has to answer, gives its answer to {len(pair.pictures)} pictures"
    )
    return [Metric("classifier's confidence in outliers", value, "%", f"{words} of {pair.kind}")]
