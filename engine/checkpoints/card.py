"""The card that travels with the weights: what a checkpoint is, what it can do, how it was made and measured."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from engine import schema
from engine.errors import BadValue, CheckpointRefused

FORMAT = 1
RECIPES = ("config", "recipe", "history")  # fields that hold those of a recipe
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
PERCENTS = 101  # 0 % … 100 %
TAIL = tuple(0.95 + 0.0005 * i for i in range(PERCENTS))  # 95 % … 100 %, where it is told who is rare


@dataclass(frozen=True)
class Axis:
    """One axis of the latent space, measured on held-out pictures."""

    kl: float | None  # nats, mean KL(q(z|x) ‖ p(z)), by one draw each where it has no closed form; None without q
    spread: float  # mean absolute change of a pixel from the axis' 5 % to its 95 % quantile, 0 … 1
    quantiles: tuple[float, ...]  # of the aggregate posterior, at QUANTILES
    mean: float
    deviation: float
    name: str = ""  # where a person has given one: "pose"

    @property
    def collapsed(self) -> bool:
        """Whether the posterior ignores the picture on this axis."""
        return self.kl is not None and abs(self.kl) < 0.01  # by draws it may be below zero


@dataclass(frozen=True)
class Metric:
    """A number and the protocol without which it is none."""

    name: str
    value: float
    unit: str
    protocol: str
    interval: tuple[float, float] | None = None  # of 95 % confidence, where it was estimated


@dataclass(frozen=True)
class Strangers:
    """Scores of pictures of a kind that a model never learnt from, and how well they tell these from its own."""

    kind: str  # a data set, or what was done to the model's own test pictures
    scores: dict[str, tuple[float, ...]]  # score → that of these pictures, at each percent
    metrics: tuple[Metric, ...] = ()  # "AUROC, SCORE"; "gain, SCORE" over the size of the file alone
    own: dict[str, tuple[float, ...]] = field(default_factory=dict)  # of its own beside them; all test pictures if none


@dataclass(frozen=True)
class Outliers:
    """Scores of test pictures beside those of other kinds: all can be drawn where the data are not."""

    mean: float  # of −log p(x), or of a bound, over training pictures, in nats
    own: dict[str, tuple[float, ...]]  # score → that of test pictures, at each percent
    kinds: tuple[Strangers, ...]
    background: str = ""  # the checkpoint that the likelihood ratio is against
    count: int = 0  # test pictures in `own`, of which the rarest is one in so many; 0 where it was not noted
    tail: dict[str, tuple[float, ...]] = field(default_factory=dict)  # score → its quantiles at TAIL


@dataclass(frozen=True)
class TrainingRun:
    """One of the runs that a checkpoint's weights went through. Raises BadValue for a count below zero."""

    recipe: dict[str, Any]  # empty where it is not on record
    steps: int | None  # taken, which may be fewer than the recipe's; None where it is not on record
    pictures: int | None  # drawn in these steps, each as often as it was drawn; None where it is not on record
    initial_digest: str | None  # SHA-256 of the weights it began from; "": drawn by the seed; None: not on record
    note: str = ""

    def __post_init__(self) -> None:
        for name, count in (("steps", self.steps), ("pictures", self.pictures)):
            if count is not None and count < 0:
                raise BadValue(f"history: {name} is {count}; it has to be at least 0.")


@dataclass(frozen=True)
class Strangeness:
    """How well the strangeness of pictures tells those of other kinds from a model's own test pictures."""

    areas: dict[str, tuple[float, float, float]]  # kind → AUROC and its 95 % interval
    protocol: str


@dataclass(frozen=True)
class Home:
    """Where a model is first shown, and the draws that a first walk leads through. Raises BadValue for no seeds."""

    z: tuple[float, ...]  # none of a model without latents
    y: int | None = None  # class, where the model has classes
    seed: int | None = None  # of the draw; None where z was given by numbers
    truncation: float = 1.0  # of the draw and of the keys
    keys: tuple[int, ...] = ()  # seeds of pictures that are unlike each other; the i-th of class i
    protocol: str = ""  # how all this was chosen

    def __post_init__(self) -> None:
        seeds = self.keys if self.seed is None else (self.seed, *self.keys)
        if not all(0 <= seed < 2**32 for seed in seeds):
            raise BadValue(f"home: the seeds are {seeds}; a seed is a whole number from 0 to 2^32 - 1.")
        if not (all(map(math.isfinite, self.z)) and 0 <= self.truncation < math.inf):
            raise BadValue("home: z has to be finite, and the truncation a finite number from 0 up.")


@dataclass(frozen=True)
class Card:
    """Everything that can be known about a checkpoint without loading its weights."""

    name: str  # DATA-FAMILY[-VARIANT], the name of the folder
    family: str
    config: dict[str, Any]
    verbs: tuple[str, ...]
    shape: tuple[int, int, int]  # channel, height, width
    latent: int
    title: str
    description: str  # one plain sentence
    data: str
    terms: str  # under which the data may be used
    licence: str  # of the weights
    recipe: dict[str, Any]
    parameters: int
    digests: dict[str, str]  # file name → SHA-256
    versions: dict[str, str]  # library → version
    classes: tuple[str, ...] = ()  # names of y, where the model is class-conditional
    labels: tuple[str, ...] = ()  # names of the labels of the posterior means
    axes: tuple[Axis, ...] = ()
    levels: dict[str, tuple[int, int]] = field(default_factory=dict)  # named slices of z, the uppermost level first
    metrics: tuple[Metric, ...] = ()
    held_out: dict[str, tuple[float, ...]] = field(default_factory=dict)  # figures of test pictures, at each percent
    feature_variance: float | None = None  # of a classifier: total variance of its features on test pictures
    outliers: Outliers | None = None  # where they were scored
    history: tuple[
        TrainingRun, ...
    ] = ()  # the runs that led to the weights, oldest first; none in cards of before it was kept
    strangeness: Strangeness | None = None  # of a model that reconstructs, where it was measured
    home: Home | None = None  # where somebody, or the rule of train/home.py, has chosen one
    pixels: tuple[float, float] = (0.0, 1.0)
    format: int = FORMAT

    def metric(self, name: str) -> Metric | None:
        """Look a figure up; None where it was not measured."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def to_json(card: Card) -> str:
    """Write a card as indented JSON."""
    return json.dumps(dataclasses.asdict(card), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str, origin: str) -> Card:
    """Read a card. Raises CheckpointRefused, naming `origin`, for anything that is not a whole card of this format."""
    try:
        fields = json.loads(text)
        json.dumps(fields, ensure_ascii=False).encode()  # half a pair of surrogates is no text that can be sent
    except (ValueError, RecursionError) as error:
        raise CheckpointRefused(f"{origin}: card.json is not JSON ({error}). Export the run again.") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise CheckpointRefused(f"{origin}: card.json names no format, so it is no Zoetrope card.")
    if fields["format"] > FORMAT:
        raise CheckpointRefused(
            f"{origin}: the card has format {fields['format']}; this version reads up to {FORMAT}. Update Zoetrope."
        )
    try:
        card: Card = schema.read(renewed(fields), Card, "the card")
    except BadValue as error:
        raise CheckpointRefused(f"{origin}: card.json is not a whole card: {error} Export the run again.") from error
    if len(card.axes) not in (0, card.latent):
        raise CheckpointRefused(f"{origin}: the card has {len(card.axes)} axes for {card.latent} latents.")
    if card.levels and not divides(card.levels, card.latent):
        raise CheckpointRefused(f"{origin}: the levels {card.levels} do not divide the {card.latent} latents.")
    if wrong := [name for name, values in card.held_out.items() if not rises(values)]:
        raise CheckpointRefused(f"{origin}: held_out {wrong[0]!r} is no list of {PERCENTS} quantiles, least first.")
    if card.outliers and (wrong := unlike(card.outliers)):
        raise CheckpointRefused(f"{origin}: the outlier scores {wrong[0]!r} are no lists of {PERCENTS} quantiles.")
    if card.outliers and not (card.outliers.kinds and card.outliers.count >= 0):
        raise CheckpointRefused(f"{origin}: the outlier scores are of no other kind, or their count is below zero.")
    if card.feature_variance is not None and not 0 < card.feature_variance < math.inf:
        raise CheckpointRefused(f"{origin}: a variance of {card.feature_variance} cannot be one of features.")
    if card.home and (len(card.home.z) != card.latent or (card.home.y or 0) not in range(max(1, len(card.classes)))):
        raise CheckpointRefused(
            f"{origin}: its home has {len(card.home.z)} latents, class {card.home.y}: no such place."
        )
    return card


def renewed(fields: dict[str, Any]) -> dict[str, Any]:
    """Lay out the fields of a card as they are now, by their names of now: outliers were once of one kind only.

    Scores by a codec that is no longer used are left out: they cannot be compared with scores by another.
    """
    fields = {**fields, **{name: schema.renamed(fields[name]) for name in RECIPES if name in fields}}
    known, config = fields.get("outliers"), fields.get("config")
    if not isinstance(known, dict) or not isinstance(config, dict) or not {"data", "own", "other"} <= known.keys():
        return fields
    binary = "bernoulli" in (config.get("output"), config.get("likelihood"))

    def kept(scores: Any) -> Any:
        if binary or not isinstance(scores, dict):
            return scores
        return {name: value for name, value in scores.items() if name != "complexity"}

    rest = {name: value for name, value in known.items() if name not in ("data", "other")}
    kinds = [{"kind": known["data"], "scores": kept(known["other"])}]
    return {**fields, "outliers": {**rest, "own": kept(known["own"]), "kinds": kinds}}


def unlike(outliers: Outliers) -> list[str]:
    """Name the scores that are not quantiles of every kind of pictures."""
    parts = [outliers.own, *(part for kind in outliers.kinds for part in (kind.scores, kind.own or outliers.own))]
    names = sorted({*outliers.tail}.union(*parts))
    tails = [outliers.tail] if outliers.tail else []
    return [name for name in names if not all(rises(part.get(name, ())) for part in (*parts, *tails))]


def rises(values: tuple[float, ...]) -> bool:
    """Whether these are quantiles, one for each percent."""
    finite = all(map(math.isfinite, values))
    return finite and len(values) == PERCENTS and all(low <= high for low, high in pairwise(values))


def divides(levels: dict[str, tuple[int, int]], latent: int) -> bool:
    """Whether every axis of a latent lies in exactly one level."""
    ends = sorted(levels.values())
    meet = all(end == start for (_, end), (start, _) in pairwise(ends))
    return meet and (ends[0][0], ends[-1][1]) == (0, latent) and all(start < end for start, end in ends)
