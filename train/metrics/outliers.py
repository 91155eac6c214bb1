"""How well outlier scores tell a model's own test pictures from those that it never learnt from.

The classical pair is Fashion-MNIST against MNIST: a density of clothes gives digits more than clothes (Nalisnick et
al., "Do Deep Generative Models Know What They Don't Know?", ICLR 2019). Scores are in engine.analysis.outliers; what
they tell beyond the size of a file, which needs no model, is their gain.
"""

import logging
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis import densities, outliers
from engine.analysis.outliers import BASELINE, CODECS, SEEN, UNITS, Numbers, Reading
from engine.checkpoints.card import TAIL, Metric, Outliers, Strangers
from engine.errors import MissingData
from engine.image_grid import Bytes
from engine.inference import images
from engine.nn import noise
from engine.protocols import Bounds, Scores
from engine.registry import Model
from train.data import Dataset, Split, open_data
from train.metrics.auroc import INTERVAL, Area, auroc, gain
from train.metrics.context import CACHED, EvalContext, spread
from train.metrics.held_out import quantiles
from train.metrics.strangers import ANY, KINDS, STRANGERS, Kind, Rows, equal_sizes

OUTLIERS = 10_000  # pictures at most, of either kind
FEWEST = 30  # pairs of equal file size, below which nothing is said of them
KEPT = 95  # percent of one's own test pictures that are not refused

log = logging.getLogger(__name__)
Found = dict[str, Numbers]  # score → of each picture


@dataclass(frozen=True, eq=False)
class Pair:
    """Scores of some of a model's own test pictures, and of strangers of one kind."""

    kind: str
    own: Found
    other: Found
    pictures: Bytes  # the strangers
    protocol: str
    apart: bool = False  # whether its own are others than those that were scored for all kinds


@dataclass(frozen=True, eq=False)
class Scored:
    """What a model makes of its own test pictures, and of strangers of every kind."""

    own: Found
    mean: float  # of −log p(x) over training pictures
    pairs: list[Pair]


def outlier_scores(context: EvalContext) -> list[Metric]:
    """Measure the area under the receiver operating curve of every score against the first other data there are."""
    found = scored(context)
    return [] if found is None or not KINDS[found.pairs[0].kind].data else areas(context, found.pairs[0])


def for_card(context: EvalContext) -> Outliers | None:
    """Return what a page needs to draw and to judge every score; None where there is nothing to measure."""
    found = scored(context)
    if found is None:
        return None
    kinds = tuple(strangers(context, pair) for pair in found.pairs)
    own = tensors(found.own)
    count = len(found.own[BASELINE])
    return Outliers(
        round(found.mean, 4), quantiles(own), kinds, background(context), count, quantiles(own, torch.tensor(TAIL))
    )


def strangers(context: EvalContext, pair: Pair) -> Strangers:
    """Return what a card keeps of a pair."""
    own = quantiles(tensors(pair.own)) if pair.apart else {}
    figures = (*areas(context, pair), *gains(pair), *rejected(pair))
    return Strangers(pair.kind, quantiles(tensors(pair.other)), figures, own)


# Figures of a pair


def areas(context: EvalContext, pair: Pair) -> list[Metric]:
    """Measure the area under the curve of each score with its interval."""
    codec, _ = CODECS[outliers.support(vars(context.model.config))]
    beside = {"ratio": f", against {background(context)}", "complexity": f", {codec}"}
    found = []
    for name in pair.own:
        area, words = auroc(pair.own[name], pair.other[name]), f"{UNITS[name]}{beside.get(name, '')}"
        if name == BASELINE:
            area, words = either_way(area), f"{words}, no model: {codec}, the {direction(pair)} file being the stranger"
        protocol = f"{words}; {pair.protocol}; {INTERVAL}"
        found.append(Metric(f"AUROC, {name}", area.value, "", protocol, (area.low, area.high)))
    return found


def gains(pair: Pair) -> list[Metric]:
    """Measure how much larger the area of each score is than that of the size of the file alone."""
    sign = -1 if direction(pair) == "shorter" else 1
    size = sign * pair.own[BASELINE], sign * pair.other[BASELINE]
    found = []
    for name in by_model(pair):
        more = gain((pair.own[name], pair.other[name]), size)
        protocol = f"AUROC less that of file size, p {chance(more.p)}; {pair.protocol}; paired, 95 % by DeLong"
        found.append(Metric(f"gain, {name}", more.value, "", protocol, (more.low, more.high)))
    return found


def rejected(pair: Pair) -> list[Metric]:
    """Measure the share of strangers that each score refuses, where it keeps KEPT percent of its own."""
    found = []
    for name in by_model(pair):
        bound = float(np.percentile(pair.own[name], KEPT))
        share = 100 * float((pair.other[name] > bound).mean())
        rule = f"above {bound:.5g} {UNITS[name]}, below which {KEPT} % of its own lie"
        found.append(Metric(f"outliers refused, {name}", share, "%", f"{rule}; {pair.protocol}"))
    return found


def by_model(pair: Pair) -> list[str]:
    return [name for name in pair.own if name != BASELINE]


def direction(pair: Pair) -> str:
    """Say by which files strangers are told best: either way is open to who has no model."""
    return "shorter" if auroc(pair.own[BASELINE], pair.other[BASELINE]).value < 0.5 else "longer"


def either_way(area: Area) -> Area:
    return Area(1 - area.value, 1 - area.high, 1 - area.low) if area.value < 0.5 else area


def chance(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {p:.3f}"


def tensors(numbers: Found) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.asarray(values, np.float64)) for name, values in numbers.items()}


def background(context: EvalContext) -> str:
    """Name the background model, "" where there is none."""
    return "" if context.background is None else context.background.name


# Reading pictures


@lru_cache(maxsize=1)
def scored(context: EvalContext) -> Scored | None:
    """Score all kinds of pictures, once for all measures; None where none can be, with a note if data are away."""
    if not isinstance(context.model, Scores | Bounds):
        return None
    try:
        return Reader(context).scored()
    except MissingData as missing:
        log.warning("Outliers are not measured: %s", missing)
        return None


class Reader:
    """Scores pictures by a model, and the one behind it."""

    def __init__(self, context: EvalContext) -> None:
        self.context, self.test = context, context.data.test
        self.over = outliers.support(vars(context.model.config))
        self.count = min(OUTLIERS, context.pictures)
        self.learnt = spread(len(context.data.train), max(1, self.count // 2))
        self.rows = spread(len(self.test), self.count)

    def scored(self) -> Scored:
        """Score the model's own pictures, and strangers of every kind for its data."""
        wanted = {name: KINDS[name] for name in STRANGERS.get(self.context.data.name, ANY)}
        others = {kind.data: self.open(kind.data) for kind in wanted.values() if kind.data}
        found = [self.pair(name, kind, others) for name, kind in wanted.items()]
        return Scored(self.own, self.mean, [pair for pair in found if pair])

    @cached_property
    def mean(self) -> float:
        learnt = self.seen(bytes_of(self.context.data.train, self.learnt))
        return -float(total(read_by(self.context.model, learnt)).mean())

    @cached_property
    def own(self) -> Found:
        return self.scores(bytes_of(self.test, self.rows))

    def open(self, name: str) -> Dataset:
        return open_data(name, self.context.data_dir, self.context.data.shape)

    def pair(self, name: str, kind: Kind, others: dict[str, Dataset]) -> Pair | None:
        if kind.equal:
            return self.equal(name, others[kind.data])
        if kind.data:
            test = others[kind.data].test
            pictures = bytes_of(test, spread(len(test), self.count))
            return self.against(name, self.own, pictures, f"{len(pictures)} of {kind.data}")
        assert kind.change is not None
        # Half of the pictures are changed, the others stay as they are: DeLong's interval is of independent pictures.
        pictures = np.ascontiguousarray(kind.change(bytes_of(self.test, self.rows[1::2])))
        own = {score: values[::2] for score, values in self.own.items()}
        return self.against(name, own, pictures, f"{len(pictures)} others of them, {name}")

    def equal(self, name: str, others: Dataset) -> Pair | None:
        """Score pictures of both kinds of which as many have a file of every size; None of too few."""
        every = [bytes_of(split, torch.arange(len(split))) for split in (self.test, others.test)]
        pairs = equal_sizes(*(outliers.file_bits(self.seen(pictures), self.over) for pictures in every))
        chosen = spread(len(pairs[0]), max(1, self.count // 2)).numpy()
        if len(chosen) < FEWEST:
            return None
        mine, theirs = (pictures[rows[chosen]] for pictures, rows in zip(every, pairs, strict=True))
        return self.against(
            name, self.scores(mine), theirs, f"{len(theirs)} of {others.name}, file by file of its size", True
        )

    def against(self, kind: str, own: Found, pictures: Bytes, words: str, apart: bool = False) -> Pair:
        protocol = f"{len(own[BASELINE])} test pictures against {words}, {self.protocol}"
        return Pair(kind, own, self.scores(pictures), pictures, protocol, apart)

    @property
    def protocol(self) -> str:
        """Say what is known of the likelihood, and over what it is."""
        exact = isinstance(self.context.model, Scores)
        known = "exact likelihood" if exact else "bound at one draw of the posterior"
        mean = ", mean over classes" if self.context.model.config.classes else ""
        typical = f"typicality from the mean of {len(self.learnt)} training pictures"
        return f"{known}, {SEEN[self.over]}{mean}; {typical}"

    def seen(self, pictures: Bytes) -> Bytes:
        return outliers.seen(pictures, self.over)

    def scores(self, pictures: Bytes) -> Found:
        """Score pictures as they are."""
        pictures, behind = self.seen(pictures), self.context.background
        return outliers.scores(
            Reading(
                total(read_by(self.context.model, pictures)),
                outliers.file_bits(pictures, self.over),
                self.mean,
                None if behind is None else total(read_by(behind.model, pictures)),
                pictures[0].size if self.over == "density" else 0,
            )
        )


def bytes_of(split: Split, rows: Tensor | Rows) -> Bytes:
    return images.to_bytes(split.batch(torch.as_tensor(rows)).x)


@torch.no_grad()
def read_by(model: Model, pictures: Bytes) -> NDArray[np.float32]:
    """Return log p(x|y), or its bound, of pictures as they are `seen`, (picture, class), as the engine does."""
    assert isinstance(model, Scores | Bounds)
    device = next(model.parameters()).device
    epsilon = noise.normal([0], [model.config.latent]).to(device)
    classes: int = model.config.classes
    parts = np.array_split(pictures, max(1, -(-len(pictures) * max(1, classes) // CACHED)))
    found = []
    for part in parts:
        x = densities.asked(images.from_bytes(part).to(device), outliers.support(vars(model.config)))
        found.append(densities.by_class(model, classes, x, epsilon.expand(len(x), -1)).float().cpu())
    return torch.cat(found).numpy()


def total(given: NDArray[np.float32]) -> NDArray[np.float64]:
    """log p(x) of log p(x|y), all classes being as likely."""
    return densities.marginal(torch.from_numpy(given).double()).numpy()
