"""A class-conditional density, which tells classes apart by Bayes' rule, may refuse: a classifier has to answer.

A picture is refused whose score is above that of 95 % of the model's own test pictures.
"""

import numpy as np
import torch

from engine import outliers
from engine.card import Metric
from engine.outliers import UNITS
from engine.verbs import Bounds, Scores
from train.measures.outliers import Pair, protocol, scored
from train.measures.subject import Subject

KEPT = 95  # percent of one's own test pictures that are not refused


@torch.no_grad()
def refusal(subject: Subject) -> list[Metric]:
    """Measure the share of other pictures that each score refuses, and how sure of them the judge is."""
    if not isinstance(subject.model, Scores | Bounds) or not subject.model.config.classes:
        return []
    pair = scored(subject)
    return [] if pair is None else [*refused(subject, pair), *sureness(subject, pair)]


def refused(subject: Subject, pair: Pair) -> list[Metric]:
    """Measure the share of the other pictures that each score refuses."""
    own, other = outliers.scores(pair.own.reading), outliers.scores(pair.other.reading)
    found = []
    for name in own:
        bound = float(np.percentile(own[name], KEPT))
        share = 100 * float((other[name] > bound).mean())
        rule = f"above {bound:.5g} {UNITS[name]}, below which {KEPT} % of its own lie"
        found.append(Metric(f"outliers refused, {name}", share, "%", f"{rule}; {protocol(subject, pair)}"))
    return found


def sureness(subject: Subject, pair: Pair) -> list[Metric]:
    """Measure how sure of its answer to the other pictures a classifier of the same data is, which has to give one."""
    judge, rows = subject.judge, pair.other.rows
    if judge is None or judge.model.config.attributes or judge.model.config.shape != subject.data.shape:
        return []
    device = next(judge.model.parameters()).device
    batches = (pair.others.test.batch(part).x.to(device) for part in rows.split(200))
    value = 100 * float(torch.cat([judge.model.probabilities(x).amax(1) for x in batches]).double().mean())
    words = f"mean probability that {judge.name}, which has to answer, gives its answer to {len(rows)} pictures"
    return [Metric("classifier's confidence in outliers", value, "%", f"{words} of {pair.others.name}")]
