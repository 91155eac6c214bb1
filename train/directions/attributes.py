"""Directions of a latent space: principal components, and attributes that a linear map can read in the latents.

Components are those of an encoder's codes; of a generator without one those of its early activations, mapped back to
the latent by regression: Härkönen et al., "GANSpace", NeurIPS 2020 (arXiv 2004.02546), equations 1 and 2. An
attribute's direction is the normal of the plane by which logistic regression tells latents that have it from those that
have not: Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing", CVPR 2020 (arXiv 1907.10786).
Where a classifier answers the same question, the direction is the step of metric_direction.py instead, and the plane
says only how well latents tell the attribute.

The latents that it is fitted on are draws of the posterior where there is one. Fitted on its means, the plane leans on
axes along which means differ by far less than they are uncertain, and a step across it changes no picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.checkpoints.directions import Directions, Kind, Note, Vectors
from engine.errors import BadValue
from engine.models.classifier import Classifier
from engine.nn import noise
from engine.nn.prior import draw
from engine.protocols import Bounds, Decodes, Encodes, Infers
from engine.registry import Model
from engine.types import Images, Labels, Latents
from train.activations import early
from train.data import Dataset, Split
from train.directions.metric_direction import SHARE, metric_direction, slopes
from train.metrics.context import NamedClassifier, spread

PICTURES = 10_000  # latents to fit attributes and an encoder's components on
HELD_OUT = 5_000  # latents that attributes are tried on
HELD_OUT_SEEDS = range(2**31, 2**31 + HELD_OUT)  # of draws; those that are fitted on have seeds from 0
DRAWS = 5_000  # latents whose early activations are looked at
COMPONENTS = 10
SMALLEST = 0.005  # share of the variance of a component that is worth a slider
STRENGTH = 0.1  # C of scikit-learn, on latents of deviation one: the smaller, the nearer to the difference of means
REACH = 6.0  # deviations of a step of metric_direction.py: as it changes little else, it can be taken further
LEAST = 50  # fitted latents with and without an attribute
BATCH = 250

TRIED = 200  # latents that a direction is tried on
MOVED_BY = 3.0  # deviations to either side
LEAST_MOVED = 0.2  # share of pictures that a direction has to give its attribute, for it to be kept
FIRST = "Smiling"  # what a person looks for in a face

Codes = NDArray[np.float32]  # (n, latent)
Answers = NDArray[np.bool_]  # (n, question)
Found = tuple[Vectors, Note]  # a direction (latent,) and what is known of it


@dataclass(frozen=True, eq=False)
class Known:
    """Latents to fit on and others to try on, with the answers to the same questions about both."""

    fitted: Codes
    means: Codes  # of the posteriors that the fitted are draws of
    held: Codes
    questions: tuple[str, ...]
    asked: Answers  # about the fitted
    wanted: Answers  # about the held
    what: str  # what the latents are, for the protocol


def find(
    model: Model, data: Dataset | None, classifier: NamedClassifier | None = None, pictures: int = PICTURES
) -> Directions:
    """Find the directions of a model: an encoder's by the labels of its data, another's by a classifier of samples.

    A classifier of attributes, each by itself, also says which step changes one and little else.

    Raises BadValue for a model without a latent, or an encoder without its data.
    """
    if not isinstance(model, Decodes):
        raise BadValue("This checkpoint has no latent to move in. Directions are found for models that decode.")
    if isinstance(model, Encodes):
        if data is None:
            raise BadValue("The directions of a model that encodes come from its data. Give the data.")
        known = encoded(model, data, pictures)
        components = of_codes(known)
    else:
        known = sampled(model, classifier, pictures)
        components = of_activations(model, known)
    improved = list(with_metric_directions(model, classifier, known, list(attributes(known))))
    found = [*in_order(tried(model, classifier, known, improved)), *components]
    vectors = np.array([vector for vector, _ in found], np.float32).reshape(len(found), model.config.latent)
    return Directions(vectors, tuple(note for _, note in found))


# Latents, and what can be asked about them


@torch.no_grad()
def encoded(model: Any, data: Dataset, pictures: int) -> Known:
    """Encode training pictures and held-out ones; what the decoder is told anyway, its class, is not asked."""
    names = () if model.config.classes else questions(data)
    rows, held = spread(len(data.train), pictures), spread(len(data.test), HELD_OUT)
    fitted, means = codes(model, data.train, rows)
    asked, wanted = answers(data.train, rows, names), answers(data.test, held, names)
    drawn_from = "draws of the posteriors" if isinstance(model, Infers | Bounds) else "the codes"
    what = f"{drawn_from} of {len(rows)} training pictures"
    return Known(fitted, means, codes(model, data.test, held)[1], names, asked, wanted, what)


def questions(data: Dataset) -> tuple[str, ...]:
    """Name what a data set knows of each picture: its attributes, or its classes, each against the rest."""
    if data.train.attrs is not None:
        return data.train.attr_names
    return data.labels if data.train.y is not None else ()


def codes(model: Any, split: Split, rows: Tensor) -> tuple[Codes, Codes]:
    """Encode pictures of a split: a draw of the posterior of each, by a seed of its own, and the mean."""
    device, draws, means = next(model.parameters()).device, [], []
    for part in rows.split(BATCH):
        batch = split.batch(part)
        x, y = batch.x.to(device), batch.y.to(device) if batch.y is not None and model.config.classes else None
        draws.append(drawn_by(model, x, noise.normal(part.tolist(), [model.config.latent]).to(device), y).float().cpu())
        means.append(model.encode(x, y).float().cpu())
    return torch.cat(draws).numpy(), torch.cat(means).numpy()


def drawn_by(model: Encodes, x: Images, normal: Latents, y: Labels | None) -> Latents:
    """Draw of the posterior by standard normal noise; its mean where there is none to draw from."""
    if isinstance(model, Infers):
        return model.posterior_sample(x, normal, y)
    return model.evidence(x, y, normal).z if isinstance(model, Bounds) else model.encode(x, y)


def answers(split: Split, rows: Tensor, names: tuple[str, ...]) -> Answers:
    if split.attrs is not None and names:
        return split.attrs[rows].bool().numpy()
    if split.y is not None and names:
        return (split.y[rows, None] == torch.arange(len(names))).numpy()
    return np.zeros((len(rows), 0), np.bool_)


def sampled(model: Any, classifier: NamedClassifier | None, pictures: int) -> Known:
    """Draw latents from the prior, and have a classifier say what their pictures show, if it can look at such."""
    asks = classifier if classifier is not None and classifier.reads(model) else None
    (fitted, asked), (held, wanted) = labelled(model, asks, range(pictures)), labelled(model, asks, HELD_OUT_SEEDS)
    what = f"{len(fitted)} draws of the prior" + (f", which {asks.name} has looked at" if asks else "")
    return Known(fitted, fitted, held, asks.labels if asks else (), asked, wanted, what)


@torch.no_grad()
def labelled(model: Any, classifier: NamedClassifier | None, seeds: range) -> tuple[Codes, Answers]:
    """Draw latents by their seeds, and say what a classifier sees in their pictures."""
    latents, said = [], [torch.zeros(0, len(classifier.labels) if classifier else 0, dtype=torch.bool)]
    for first in range(0, len(seeds), BATCH):
        z = draw(model, seeds[first : first + BATCH])
        latents.append(z.cpu())
        said.append(
            verdicts(classifier.model, model.decode(z)) if classifier else torch.zeros(len(z), 0, dtype=torch.bool)
        )
    return torch.cat(latents).numpy(), torch.cat(said).numpy()


def verdicts(classifier: Classifier, x: Tensor) -> Tensor:
    """Say yes or no to each answer of a classifier, (batch, answer)."""
    logits = classifier.logits(x).cpu()
    return logits > 0 if classifier.config.attributes else logits == logits.amax(1, keepdim=True)


# Principal components


def of_codes(known: Known) -> Iterator[Found]:
    """Return the principal components of the codes, the strongest first."""
    vectors, shares = principal(known.means)
    protocol = f"principal component of the codes of {len(known.means)} training pictures; its share of their variance"
    for i, vector in enumerate(vectors):
        yield vector, note(f"PC {i + 1}", "pca", float(shares[i]), None, known.fitted @ vector, protocol)


def of_activations(model: Model, known: Known) -> Iterator[Found]:
    """Return the directions behind the principal components of the early activations, the strongest first."""
    z = known.fitted[:DRAWS]
    activations = early(model, torch.from_numpy(z)).numpy()
    bases, shares = (part[: z.shape[1]] for part in principal(activations))  # no more than the latent has room for
    behind = mapped_back(z, (activations - activations.mean(0)) @ bases.T)
    protocol = f"principal component of the early activations of {len(z)} draws, mapped back to the latent (GANSpace)"
    for i, vector in enumerate(behind):
        yield vector, note(f"PC {i + 1}", "pca", float(shares[i]), None, known.fitted @ vector, protocol)


def principal(rows: NDArray[np.float32]) -> tuple[Vectors, NDArray[np.floating[Any]]]:
    """Return the principal components of rows, (component, column), and their shares of the variance.

    The largest entry of each is positive; components with hardly any variance are left out.
    """
    from sklearn.decomposition import PCA  # here and below: it takes seconds that no other command needs

    found = PCA(min(COMPONENTS, *rows.shape), random_state=0).fit(rows)
    alive = found.explained_variance_ratio_ > SMALLEST
    return found.components_[alive].astype(np.float32), found.explained_variance_ratio_[alive]


def mapped_back(z: Codes, coordinates: NDArray[np.float32]) -> Vectors:
    """Return the direction of the latent behind each coordinate, (coordinate, latent), by least squares (eq. 2)."""
    behind = np.linalg.lstsq(coordinates / coordinates.std(0), z - z.mean(0), rcond=None)[0]
    found: Vectors = (behind / np.linalg.norm(behind, axis=1, keepdims=True)).astype(np.float32)
    return found


# Attributes


def attributes(known: Known) -> Iterator[Found]:
    """Return the direction of each attribute that held-out latents tell better than the commonest answer does."""
    for name, asked, wanted in zip(known.questions, known.asked.T, known.wanted.T, strict=True):
        if min(asked.sum(), (~asked).sum()) < LEAST:
            continue
        vector, right = separated(known.fitted, asked, known.held, wanted)
        base = max(float(wanted.mean()), 1 - float(wanted.mean()))
        if right > base + 2 * (base * (1 - base) / len(wanted)) ** 0.5:  # two standard errors
            protocol = f"logistic regression (L2, C = {STRENGTH}) on {known.what}; tried on {len(wanted)} held-out ones"
            yield vector, note(name, "attribute", right, base, known.fitted @ vector, protocol)


def with_metric_directions(
    model: Model, classifier: NamedClassifier | None, known: Known, found: list[Found]
) -> Iterator[Found]:
    """Take for each attribute that the classifier answers the step of metric_direction.py; leave others as found."""
    if classifier is None or not (found and classifier.reads(model) and classifier.model.config.attributes):
        yield from found
        return
    moves = slopes(model, classifier.model)
    for vector, note in found:
        if note.name not in classifier.labels:
            yield vector, note
            continue
        step = metric_direction(moves, classifier.model.head.weight[classifier.labels.index(note.name)]).astype(
            np.float32
        )
        mean, deviation = extent(known.fitted @ step)
        protocol = (
            f"{note.protocol}; the step is the one that moves {classifier.name}'s answer most while its other features"
            f" move {SHARE} times as far as by a random step"
        )
        yield step, replace(note, mean=mean, deviation=deviation, protocol=protocol, reach=REACH)


@torch.no_grad()
def tried(model: Any, classifier: NamedClassifier | None, known: Known, found: list[Found]) -> Iterator[Found]:
    """Note of each attribute that the classifier sees in how many pictures its direction brings it about.

    Those that do so in few are left out; what no classifier sees stays as it was found.
    """
    if classifier is None or not classifier.reads(model):
        yield from found
        return
    latents = torch.from_numpy(known.held[:TRIED])
    for vector, note in found:
        if note.name not in classifier.labels:
            yield vector, note
            continue
        step, answer = torch.from_numpy(vector), classifier.labels.index(note.name)
        level = latents - (latents @ step - note.mean)[:, None] * step  # all at the mean along it
        ends = (level + side * MOVED_BY * note.deviation * step for side in (-1, 1))
        low, high = (positive_rate(model, classifier, z, answer) for z in ends)
        if high - low >= LEAST_MOVED:
            protocol = (
                f"{note.protocol}; of {len(latents)} pictures {classifier.name} says yes to {100 * low:.0f} % at"
                f" -{MOVED_BY:g} deviations and to {100 * high:.0f} % at +{MOVED_BY:g}"
            )
            yield vector, replace(note, moved=round(high - low, 5), protocol=protocol)


def positive_rate(model: Any, classifier: NamedClassifier, latents: Tensor, answer: int) -> float:
    """Return the share of latents in whose pictures a classifier says yes to one of its answers."""
    device = next(model.parameters()).device
    said = [verdicts(classifier.model, model.decode(part.to(device)))[:, answer] for part in latents.split(BATCH)]
    return float(torch.cat(said).float().mean())


def in_order(found: Iterable[Found]) -> list[Found]:
    """Sort attributes: smiles first, then those that change most pictures; untried ones by how well they are told."""

    def rank(each: Found) -> tuple[bool, float, float]:
        note = each[1]
        improved = (note.value - (note.base or 0)) / max(1e-6, 1 - (note.base or 0))
        return note.name == FIRST, -1.0 if note.moved is None else note.moved, improved

    return sorted(found, key=rank, reverse=True)


def separated(fitted: Codes, asked: NDArray[np.bool_], held: Codes, wanted: NDArray[np.bool_]) -> tuple[Vectors, float]:
    """Fit the plane between no and yes: its normal towards yes, of unit length, and its share of right answers."""
    from sklearn.linear_model import LogisticRegression

    mean = fitted.mean(0)
    scale = float((fitted - mean).std())  # one for all axes, so that a dead one is not blown up
    plane = LogisticRegression(C=STRENGTH, solver="newton-cholesky").fit((fitted - mean) / scale, asked)
    right = float((plane.predict((held - mean) / scale) == wanted).mean())
    return (plane.coef_[0] / np.linalg.norm(plane.coef_[0])).astype(np.float32), right


def note(name: str, kind: Kind, value: float, base: float | None, along: NDArray[np.float32], protocol: str) -> Note:
    """Write down a direction, with the mean and the deviation of latents along it."""
    rounded = None if base is None else round(base, 5)
    return Note(name, kind, round(value, 5), rounded, *extent(along), protocol)


def extent(along: NDArray[np.float32]) -> tuple[float, float]:
    """Return the mean and the deviation of latents along a direction."""
    return round(float(along.mean()), 5), round(float(along.std()), 5)
