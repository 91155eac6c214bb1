"""How well the strangeness of `engine.analysis` tells pictures of other kinds from a model's own test pictures.

The kinds are made here, cut from scikit-learn's two photographs, taken from the test pictures of other data, or the
model's own test pictures after a change. What the measure looks at was chosen on celeba-vae and fashion-vae; the kinds
of APART were looked at only once that was done. That a picture is rebuilt upside down as well came later, with all
kinds in view.
"""

import dataclasses
import logging
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.analysis import familiarity, outliers
from engine.analysis.familiarity import FILE, Familiarity
from engine.checkpoints import files
from engine.checkpoints.card import Card, Metric, Strangeness
from engine.errors import MissingData
from engine.image_grid import Bytes
from engine.inference import images
from engine.protocols import Bounds, Decodes, Encodes
from engine.registry import Model
from train.data import Dataset, Split, open_data
from train.data.pictures import fit
from train.metrics.auroc import auroc
from train.metrics.context import EvalContext, spread
from train.metrics.held_out import quantiles
from train.metrics.outliers import read_by
from train.metrics.reconstruction import decoded

TRAINING, TEST, STRANGERS = 4_000, 1_000, 250  # pictures at most: training ones, test ones, and of another kind
OTHERS = {"mnist": "digits", "fashion": "clothes", "celeba": "faces", "sprites": "sprites", "frey": "Frey faces"}
BLOCKS = 4  # along a side of a picture whose parts are put in disorder
FLAT = ((0, 0, 0), (255, 255, 255), (245, 245, 220), (222, 199, 170), (128, 128, 128))

APART = ("on its side", "negative", "halves of two")

Shape = tuple[int, int, int]
log = logging.getLogger(__name__)


class Measured(NamedTuple):
    """What a model knows of its training pictures, and how strange test pictures and others are to it."""

    known: Familiarity
    own: NDArray[np.float32]
    others: dict[str, NDArray[np.float32]]
    decoded: str = "posterior mean"  # what reconstructions were made of


def familiarity_of(context: EvalContext) -> list[Metric]:
    """Measure the area under the curve of the strangeness: the mean over all kinds of strange pictures."""
    found = measured(context)
    if found is None or not found.others:
        return []
    strangeness = for_card(found)
    values = {kind: area[0] for kind, area in strangeness.areas.items()}
    words = ", ".join(f"{kind} {value:.3f}" for kind, value in values.items())
    return [
        Metric("AUROC, strangeness", float(np.mean([*values.values()])), "", f"mean of {words}; {strangeness.protocol}")
    ]


def for_card(found: Measured) -> Strangeness:
    """Say how well each kind is told from test pictures, with 95 % intervals."""
    areas = {kind: auroc(found.own, other) for kind, other in found.others.items()}
    count = max(map(len, found.others.values()))
    kept = f"the measure was chosen on other kinds than {', '.join(APART)}, but for its look at pictures upside down"
    against = f"{len(found.own)} test pictures against up to {count} of each kind, {found.decoded}"
    protocol = f"{against}; {kept}; 95 % by DeLong"
    rounded = {kind: (round(value, 4), round(low, 4), round(high, 4)) for kind, (value, low, high) in areas.items()}
    return Strangeness(rounded, protocol)


@lru_cache(maxsize=1)
def measured(context: EvalContext) -> Measured | None:
    """Get to know a model's training pictures, and score others; None for a model that does not reconstruct."""
    model, data = context.model, context.data
    if not reconstructs(model):
        return None
    known = learnt(model, data)
    kinds = strangers(data, context.data_dir)
    own = strangeness(model, known, some(data.test, TEST))
    others = {kind: strangeness(model, known, pictures) for kind, pictures in kinds}
    return Measured(known, own, others, decoded(model))


def reconstructs(model: Model) -> bool:
    return isinstance(model, Encodes) and isinstance(model, Decodes)


def learnt(model: Model, data: Dataset) -> Familiarity:
    """Get to know the training pictures of a model that reconstructs."""
    pictures = some(data.train, TRAINING)
    return familiarity.of(pictures, *reconstruction(model, pictures))


def strangeness(model: Model, known: Familiarity, pictures: Bytes) -> NDArray[np.float32]:
    """Score pictures, uint8 (n, height, width, channel), as the engine does."""
    return known.strangeness(pictures, *reconstruction(model, pictures))["strangeness"]


@torch.no_grad()
def reconstruction(model: Any, pictures: Bytes) -> tuple[Bytes, NDArray[np.float32], Bytes]:
    """Return what a model makes of pictures, their codes, and what it makes of them upside down.

    Each is taken for of its likeliest class, the right way up, where the model has any.
    """
    device = next(model.parameters()).device
    found: list[tuple[Tensor, ...]] = []
    for part in np.array_split(pictures, -(-len(pictures) // 100)):
        y = likeliest(model, part)
        z, over = (model.encode(images.from_bytes(given).to(device), y) for given in (part, familiarity.turned(part)))
        found.append((images.quantized(model.decode(z, y)), z.float(), images.quantized(model.decode(over, y))))
    made, codes, made_turned = (torch.cat(parts).cpu().numpy() for parts in zip(*found, strict=True))
    return made, codes, made_turned


def likeliest(model: Model, pictures: Bytes) -> Tensor | None:
    """Return the class of highest bound, as the engine does; none where there are no classes."""
    device = next(model.parameters()).device
    if not model.config.classes:
        return None
    if not isinstance(model, Bounds):
        return torch.full([len(pictures)], -1, device=device)
    seen = outliers.seen(pictures, outliers.support(vars(model.config)))
    return torch.from_numpy(read_by(model, seen).argmax(1)).to(device)


# The checkpoint


def keep(place: Path, found: Measured) -> Card:
    """Write what a model knows of its training pictures beside it, and what the page needs into its card."""
    content, card = familiarity.written(found.known), files.read_card(place)  # before its file is another
    files.write_atomically(place / FILE, content)
    own = quantiles({"strangeness": torch.from_numpy(found.own).double()})
    card = dataclasses.replace(
        card,
        digests={**card.digests, FILE: files.digest(content)},
        held_out={**card.held_out, **own},
        strangeness=for_card(found) if found.others else card.strangeness,
    )
    files.write_card(place, card)
    return card


def keep_exported(place: Path, model: Model, data: Dataset) -> None:
    """Do the same at once for a checkpoint that has just been exported, without any other kind of pictures."""
    known = learnt(model, data)
    keep(place, Measured(known, strangeness(model, known, some(data.test, TEST)), {}))


# Pictures


def some(split: Split, count: int) -> Bytes:
    """Take pictures spread over a split, uint8 (n, height, width, channel)."""
    pictures: Bytes = split.pictures[spread(len(split), count)].permute(0, 2, 3, 1).contiguous().numpy()
    return pictures


def strangers(data: Dataset, folder: Path | None) -> Iterator[tuple[str, Bytes]]:
    """Return pictures that are none of a data set's, by kind; kinds whose data are away are left out, with a note."""
    random, own = np.random.default_rng(0), some(data.test, STRANGERS)
    yield "even colour", even(data.shape, random)
    yield "noise", noisy(data.shape, random)
    yield "photographs", photographs(data.shape, random)
    for name, kind in OTHERS.items():
        if name != data.name:
            try:
                yield kind, resized(of_another(name, folder), data.shape)
            except MissingData as missing:
                log.warning("Strangeness is not measured on %s: %s", kind, missing)
    yield "upside down", np.ascontiguousarray(own[:, ::-1])
    yield "in disorder", disordered(own, random)
    yield "one half mirrored", mirrored(own)
    yield "on its side", resized(np.rot90(own, axes=(1, 2)), data.shape)
    yield "negative", 255 - own
    yield "halves of two", joined(own)


@cache
def of_another(name: str, folder: Path | None) -> Bytes:
    """Take test pictures of another data set, which is opened once: of sprites all 110,000 are drawn for that."""
    return some(open_data(name, folder).test, STRANGERS)


def even(shape: Shape, random: np.random.Generator) -> Bytes:
    """Make sheets of one colour: half of them plain ones, half at random."""
    channels, height, width = shape
    plain = np.resize(np.array(FLAT), (STRANGERS // 2, 3))
    colours = np.concatenate([plain, random.integers(0, 256, (STRANGERS - len(plain), 3))])
    colours = colours if channels == 3 else colours.mean(1, keepdims=True)
    return np.tile(colours[:, None, None].astype(np.uint8), (1, height, width, 1))


def noisy(shape: Shape, random: np.random.Generator) -> Bytes:
    """Make noise: half uniform, half normal of any mean and deviation."""
    channels, height, width = shape
    size = (STRANGERS // 2, height, width, channels)
    each = (STRANGERS // 2, 1, 1, 1)
    normal = random.uniform(40, 215, each) + random.uniform(10, 80, each) * random.standard_normal(size)
    return np.concatenate([random.integers(0, 256, size), normal.clip(0, 255)]).astype(np.uint8)


def photographs(shape: Shape, random: np.random.Generator) -> Bytes:
    """Cut squares of any size and place out of scikit-learn's two photographs."""
    from sklearn.datasets import load_sample_images  # here, not above: it takes a while that no other command needs

    whole, parts = load_sample_images().images, []
    for i in range(STRANGERS):
        picture = whole[i % len(whole)]
        side = int(min(picture.shape[:2]) * random.uniform(0.15, 1))
        top, left = (random.integers(0, length - side + 1) for length in picture.shape[:2])
        parts.append(picture[top : top + side, left : left + side])
    return np.concatenate([resized(part[None], shape) for part in parts])


def resized(pictures: Bytes, shape: Shape) -> Bytes:
    """Bring pictures to a shape as a data set would."""
    pillow = [Image.fromarray(each[:, :, 0] if each.shape[2] == 1 else each) for each in pictures]
    return np.stack([fit(each, shape).transpose(1, 2, 0) for each in pillow])


def disordered(own: Bytes, random: np.random.Generator) -> Bytes:
    """Put the blocks of each picture in another order."""
    height, width = own.shape[1] // BLOCKS, own.shape[2] // BLOCKS
    corners = [(row * height, column * width) for row in range(BLOCKS) for column in range(BLOCKS)]
    made = own.copy()
    for i, picture in enumerate(own):
        for (to, left), k in zip(corners, random.permutation(len(corners)), strict=True):
            row, column = corners[k]
            made[i, to : to + height, left : left + width] = picture[row : row + height, column : column + width]
    return made


def mirrored(own: Bytes) -> Bytes:
    """Replace the right half of each picture by its left one, mirrored."""
    half, made = own.shape[2] // 2, own.copy()
    made[:, :, -half:] = own[:, :, :half][:, :, ::-1]
    return made


def joined(own: Bytes) -> Bytes:
    """Replace the right half of each picture by that of another."""
    half, made = own.shape[2] // 2, own.copy()
    made[:, :, half:] = np.roll(own, 1, axis=0)[:, :, half:]
    return made
