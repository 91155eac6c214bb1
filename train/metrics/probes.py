"""What a linear map can read in features: logistic regression on what an encoder, or a critic, makes of a picture.

Alain and Bengio, "Understanding Intermediate Layers Using Linear Classifier Probes", 2016 (arXiv 1610.01644); on the
features of a critic Radford et al., ICLR 2016, section 5.1, by a support vector machine.
"""

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.nn.nets import Encoder
from engine.protocols import Encodes
from train.data import Split
from train.metrics.context import EvalContext, View, spread

FITTED, HELD_OUT = 5_000, 5_000  # pictures at most
CHOOSING = 5  # every fifth fitted picture is set aside to choose the strength by, then fitted with the others
STRENGTHS = (0.001, 0.01, 0.1)  # C of scikit-learn: the smaller, the shorter the weights
LEAST = 10  # fitted pictures a class, or nothing can be learnt of it
QUESTIONS = 8  # of many attributes, those that the strength is chosen by
ITERATIONS = 100
CRITIC = "linear probe, critic features"

Features = NDArray[np.floating[Any]]  # (picture, feature)
Answers = NDArray[np.integer[Any]]  # (picture, question)


def encoder_probes(context: EvalContext) -> list[Metric]:
    """Probe the latents, and the features that the encoder's head reads; no label may have told them the answer."""
    model, encoder, found = context.model, getattr(context.model, "encoder", None), []
    if isinstance(model, Encodes) and not model.config.classes:
        found += probed(context, "linear probe, latents", model.encode)
    if isinstance(encoder, Encoder):
        found += probed(context, "linear probe, encoder features", encoder.hidden)
    return found


def critic_probe(context: EvalContext) -> list[Metric]:
    """Probe the features of the critic that taught the model."""
    return [] if context.critic is None else probed(context, CRITIC, context.critic)


def probed(context: EvalContext, name: str, view: View) -> list[Metric]:
    """Measure the share of right answers about held-out pictures: their class, or the mean over their attributes."""
    train, test = context.data.train, context.data.test
    rows, held = spread(len(train), FITTED), spread(len(test), min(HELD_OUT, context.pictures))
    asked, wanted = answers(train, rows), answers(test, held)
    if asked is None or wanted is None or LEAST * (int(asked.max()) + 1) > len(rows):
        return []
    known, unknown = features(context, view, train, rows), features(context, view, test, held)
    right = probe(known, asked, unknown, wanted)
    value, commonest = 100 * float(right.mean()), 100 * float(majority(asked, wanted).mean())
    what = "class" if train.y is not None else f"mean over {len(right)} attributes"
    fitted = f"logistic regression (L2, chosen on every fifth) of {len(rows)} training pictures, standardised"
    protocol = f"{fitted}, {len(held)} test pictures, {what}; always the commonest answer has {commonest:.1f}"
    return [Metric(name, value, "%", protocol)]


def answers(split: Split, rows: Tensor) -> Answers | None:
    """Return what is asked of pictures (picture, question): one class, or a yes or no for each attribute."""
    known = split.attrs if split.y is None else split.y[:, None]
    return None if known is None else known[rows].long().numpy()


@torch.no_grad()
def features(context: EvalContext, view: View, split: Split, rows: Tensor) -> Features:
    """Return the features of rows of a split."""
    parts = [view(split.batch(part).x.to(context.device)).flatten(1).float().cpu() for part in rows.split(200)]
    return torch.cat(parts).numpy()


# The regression


def probe(known: Features, asked: Answers, unknown: Features, wanted: Answers) -> NDArray[np.float64]:
    """Fit each question on known features, and give its share of right answers on the unknown, (question,)."""
    aside = np.arange(len(known)) % CHOOSING == CHOOSING - 1
    known, unknown = standardised(known, known), standardised(known, unknown)
    some = asked[:, :: -(-asked.shape[1] // QUESTIONS)]
    parts = known[~aside], some[~aside], known[aside], some[aside]
    strength = max(STRENGTHS, key=lambda one: float(shares(*parts, one).mean()))
    return shares(known, asked, unknown, wanted, strength)


def standardised(known: Features, features: Features) -> Features:
    """Shift and scale features by the mean and the deviation of the known; those that never change become zero."""
    deviation = known.std(0)
    return (features - known.mean(0)) / np.where(deviation > 1e-6 * np.abs(known).max(), deviation, np.inf)


def shares(known: Features, asked: Answers, unknown: Features, wanted: Answers, strength: float) -> NDArray[np.float64]:
    """Return the share of right answers to each question, (question,)."""
    found = [answered(known, one, unknown, strength) for one in asked.T]
    return np.mean(np.stack(found, axis=1) == wanted, axis=0)


def answered(known: Features, asked: Answers, unknown: Features, strength: float) -> Answers:
    """Answer one question about the unknown, (picture,); where the known have all one answer, by that."""
    from sklearn.exceptions import ConvergenceWarning  # here, not above: it takes seconds that no other command needs
    from sklearn.linear_model import LogisticRegression

    if (asked == asked[0]).all():
        return np.full(len(unknown), asked[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early it is weaker, and no less a probe
        return LogisticRegression(C=strength, max_iter=ITERATIONS).fit(known, asked).predict(unknown)


def majority(asked: Answers, wanted: Answers) -> NDArray[np.float64]:
    """Return what the commonest of the known answers scores, (question,)."""
    return np.array([np.mean(test == np.bincount(one).argmax()) for one, test in zip(asked.T, wanted.T, strict=True)])
