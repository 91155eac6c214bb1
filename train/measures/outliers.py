"""How well outlier scores tell a model's own test pictures from those of other data.

The classical pair is Fashion-MNIST against MNIST: a density of clothes gives digits more than clothes (Nalisnick et
al., "Do Deep Generative Models Know What They Don't Know?", ICLR 2019). Scores are in engine/outliers.py.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import densities, images, noise, outliers
from engine.card import Metric, Outliers
from engine.errors import MissingData
from engine.outliers import CODECS, SEEN, UNITS, Numbers, Reading
from engine.registry import Model
from engine.sheet import Bytes
from engine.verbs import Bounds, Scores
from train.data import Dataset, Split, open_data
from train.measures.auroc import auroc
from train.measures.held_out import quantiles
from train.measures.subject import CACHED, Subject, spread

OTHERS = {"fashion": "mnist", "mnist": "fashion"}
"""Which data have the outliers for which."""
OUTLIERS = 10_000  # pictures at most, of either kind

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scored:
    """Pictures of one kind as a model sees them: what is known before any score, and log p(x|y) of each class."""

    reading: Reading
    given: NDArray[np.float32]  # (picture, class), one column where the model knows no classes
    rows: Tensor  # of the split that they come from


@dataclass(frozen=True, eq=False)
class Pair:
    """A model's own test pictures, and those of other data."""

    own: Scored
    other: Scored
    others: Dataset


def outlier_scores(subject: Subject) -> list[Metric]:
    """Measure the area under the receiver operating curve of every score that can be had, with its interval."""
    pair = scored(subject)
    if pair is None:
        return []
    own, other = outliers.scores(pair.own.reading), outliers.scores(pair.other.reading)
    codec, _ = CODECS[outliers.support(vars(subject.model.config))]
    found = []
    for name in own:
        area = auroc(own[name], other[name])
        beside = {"ratio": f", against {background(subject)}", "complexity": f", {codec}"}.get(name, "")
        words = f"{UNITS[name]}{beside}; {protocol(subject, pair)}; 95 % by DeLong"
        found.append(Metric(f"AUROC, {name}", area.value, "", words, (area.low, area.high)))
    return found


def protocol(subject: Subject, pair: Pair) -> str:
    """Say which pictures were scored, and by what."""
    pictures = f"{len(pair.own.rows)} test pictures against {len(pair.other.rows)} of {pair.others.name}"
    mean = ", mean over classes" if subject.model.config.classes else ""
    return f"{pictures}, {kind(subject)}{mean}"


def kind(subject: Subject) -> str:
    """Say what is known of a likelihood, and over what it is."""
    exact = "exact likelihood" if isinstance(subject.model, Scores) else "bound at one draw of the posterior"
    return f"{exact}, {SEEN[outliers.support(vars(subject.model.config))]}"


def for_card(subject: Subject) -> Outliers | None:
    """Give what a page needs to draw the scores of both kinds of pictures; None where there is nothing to measure."""
    pair = scored(subject)
    if pair is None:
        return None
    own, other = (quantiles(tensors(outliers.scores(part.reading))) for part in (pair.own, pair.other))
    return Outliers(pair.others.name, round(pair.own.reading.mean, 4), own, other, background(subject))


def tensors(numbers: dict[str, Numbers]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.asarray(values, np.float64)) for name, values in numbers.items()}


def background(subject: Subject) -> str:
    """Name the background model, "" where there is none."""
    return "" if subject.background is None else subject.background.name


# Reading pictures


@lru_cache(maxsize=1)
def scored(subject: Subject) -> Pair | None:
    """Read both kinds of pictures, once for all measures; None where none can be, with a note if data are away."""
    model, name = subject.model, OTHERS.get(subject.data.name)
    if name is None or not isinstance(model, Scores | Bounds):
        return None
    try:
        others = open_data(name, subject.data_dir)
    except MissingData as missing:
        log.warning("Outliers are not measured: %s", missing)
        return None
    if others.shape != subject.data.shape:
        return None
    count = min(OUTLIERS, subject.pictures)
    rows = [spread(len(split), count) for split in (subject.data.test, others.test)]
    own = read(subject, subject.data.test, rows[0], None)
    return Pair(own, read(subject, others.test, rows[1], own.reading.mean), others)


def read(subject: Subject, split: Split, rows: Tensor, mean: float | None) -> Scored:
    """Read pictures of a split; where no mean of −log p(x) is given, they are one's own and have it."""
    model, over = subject.model, outliers.support(vars(subject.model.config))
    pictures = outliers.seen(images.to_bytes(split.batch(rows).x), over)
    given = read_by(model, pictures)
    nats = total(given)
    known = subject.background
    return Scored(
        Reading(
            nats,
            outliers.file_bits(pictures, over),
            float(-nats.mean()) if mean is None else mean,
            None if known is None else total(read_by(known.model, pictures)),
            pictures[0].size if over == "density" else 0,
        ),
        given,
        rows,
    )


@torch.no_grad()
def read_by(model: Model, pictures: Bytes) -> NDArray[np.float32]:
    """Give log p(x|y), or its bound, of pictures as they are `seen`, (picture, class), as the engine does."""
    assert isinstance(model, Scores | Bounds)
    device = next(model.parameters()).device
    drawn = noise.normal([0], [model.config.latent]).to(device)
    classes: int = model.config.classes
    parts = np.array_split(pictures, max(1, -(-len(pictures) * max(1, classes) // CACHED)))
    found = []
    for part in parts:
        x = images.from_bytes(part).to(device)
        found.append(densities.by_class(model, classes, x, drawn.expand(len(x), -1)).float().cpu())
    return torch.cat(found).numpy()


def total(given: NDArray[np.float32]) -> NDArray[np.float64]:
    """log p(x) of log p(x|y), all classes being as likely."""
    return densities.marginal(torch.from_numpy(given).double()).numpy()
