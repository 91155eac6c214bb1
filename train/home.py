"""Where a checkpoint is first shown: a draw that is typical and others unlike it, by a rule or by somebody's eye.

Pictures are compared in the oriented gradients of train/metrics/gradients.py, those of a few pixels by their pixels.
Of the draws by seeds 0 to 63 the model opens at the one whose picture is least far from the others on average. The
keys of a first walk begin with it; each further one is the draw furthest from those before it, among the half that is
least far from all, since what lies further out is likelier to be broken.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.checkpoints import files
from engine.checkpoints.card import Card, Home
from engine.errors import BadValue
from engine.image_grid import Bytes, encode, sheet
from engine.inference import images
from engine.inference.engine import Engine
from engine.inference.validation import check_truncation
from engine.latent.path import LatentPath, moments
from engine.latent.sampling import draw
from engine.protocols import Completes, Decodes
from engine.registry import Model
from train.metrics.gradients import histograms

SEEDS = range(64)
KEYS = 5
FEW = 10  # latents up to which the middle of a prior is as likely as any place
TRUNCATION = 0.7  # of a game's many latents, where draws are likelier to be broken the further out they lie
STEPS = 20  # pictures from one key of a strip to the next
WIDEST = 16_383  # pixels of a WebP
SCALE, COLUMNS = 192, 8  # pixels at least of a numbered picture's longer side, and pictures of a row

Features = NDArray[np.float64]  # (picture, feature)
Draw = Callable[[Sequence[int], Sequence[int] | None], Bytes]  # seeds and classes → pictures


@dataclass(frozen=True)
class Choice:
    """What a person has chosen; the rule finds the rest."""

    seed: int | None = None
    keys: tuple[int, ...] = ()
    z: tuple[float, ...] = ()  # in place of a seed
    y: int | None = None
    truncation: float | None = None


def choose(engine: Engine, name: str, choice: Choice) -> Card:
    """Write where a checkpoint opens into its card, which is returned. Raises BadValue for a choice that cannot be."""
    card = engine.card(name)
    home = home_of(card, sampler_of(engine, card, usual(card, choice.truncation)), choice)
    place = engine.place(name)
    card = dataclasses.replace(files.read_card(place), home=home)
    files.write_card(place, card)
    return card


def home_of(card: Card, made: Draw, choice: Choice) -> Home:
    """Find where a model opens, of which `made` gives the pictures. Raises BadValue for a choice that cannot be."""
    if not {"decodes", "samples", "completes"} & set(card.verbs):
        raise BadValue(f"{card.name} draws no pictures, so it opens nowhere. Choose a model that does.")
    if choice.z and len(choice.z) != card.latent:
        raise BadValue(f"--z gives {len(choice.z)} numbers, and {card.name} has {card.latent} latents.")
    if choice.z and choice.seed is not None:
        raise BadValue("Give --seed or --z: each says where the model opens.")
    if choice.y is not None and choice.y not in range(len(card.classes)):
        has = f"classes 0 to {len(card.classes) - 1}" if card.classes else "no classes"
        raise BadValue(f"Class {choice.y} was asked for; {card.name} has {has}.")
    truncation = usual(card, choice.truncation)
    y = (choice.y or 0) if card.classes else None
    by_rule = choice.seed is None and not choice.z
    seed = typical(made(SEEDS, None if y is None else [y] * len(SEEDS))) if by_rule else choice.seed
    keys = choice.keys or walk(card, made, seed)
    z = choice.z or tuple(draw(card, [seed], truncation)[0].tolist() if card.latent and seed is not None else ())
    return Home(tuple(round(value, 4) for value in z), y, seed, truncation, keys, protocol(by_rule, bool(choice.keys)))


def usual(card: Card, truncation: float | None) -> float:
    """Return the truncation of the draws: as chosen, else below one for a game of many latents."""
    if truncation is not None:
        return check_truncation(truncation)
    game = {"samples", "decodes"} <= set(card.verbs) and "bounds" not in card.verbs
    return TRUNCATION if game and card.latent > FEW else 1.0


def protocol(by_rule: bool, keys_chosen: bool) -> str:
    """Say how a home was chosen."""
    rule = f"of seeds 0 to {len(SEEDS) - 1} the draw whose picture is least far from the others on average"
    place = f"home: {rule}" if by_rule else "home: chosen by a person"
    apart = "each the draw furthest from those before, of the more typical half"
    further = "chosen by a person" if keys_chosen else apart
    return f"{place}; keys: {further}"


# The rule


def typical(pictures: Bytes) -> int:
    """Name the picture that is least far from the others on average."""
    return int(distances(features(pictures)).mean(1).argmin())


def walk(card: Card, made: Draw, seed: int | None) -> tuple[int, ...]:
    """Name the seeds of a first walk; of a model that knows classes the i-th is of class i, and typical of it."""
    if card.classes:
        kinds = range(min(KEYS, len(card.classes)))
        return tuple(typical(made(SEEDS, [y] * len(SEEDS))) for y in kinds)
    seeds = [*SEEDS] if seed is None or seed in SEEDS else [seed, *SEEDS]
    return tuple(seeds[at] for at in apart(features(made(seeds, None)), 0 if seed is None else seeds.index(seed)))


def apart(points: Features, first: int) -> list[int]:
    """Choose points that are far from each other, beginning with one, among the half that is least far from all."""
    far = distances(points)
    near = np.argsort(far.mean(1), kind="stable")[: max(KEYS, len(points) // 2)]
    chosen = [first]
    while len(chosen) < min(KEYS, len(near)):
        chosen.append(int(near[far[near][:, chosen].min(1).argmax()]))
    return chosen


def features(pictures: Bytes) -> Features:
    """Describe pictures by how their edges run, and those of a few pixels by their pixels."""
    x = images.from_bytes(pictures)
    found = histograms(x) if min(x.shape[2:]) > 1 else x.flatten(1)
    return found.double().numpy()


def distances(points: Features) -> Features:
    """Return the distance of each point from each, (point, point)."""
    rows = torch.from_numpy(points)
    found: Features = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").numpy()
    return found


# Pictures to choose by, and of what was chosen


def sampler_of(engine: Engine, card: Card, truncation: float) -> Draw:
    """Return what draws pictures of a checkpoint by seeds."""

    def made(seeds: Sequence[int], y: Sequence[int] | None) -> Bytes:
        if "decodes" in card.verbs:
            return engine.decode(card.name, draw(card, seeds, truncation), y)
        return engine.sample(card.name, seeds, y)

    return made


def bare(model: Model, card: Card) -> Draw | None:
    """Return what draws pictures of a model that no engine holds; None where it decodes none, or in many passes."""
    if not isinstance(model, Decodes) or isinstance(model, Completes):
        return None

    @torch.no_grad()
    def made(seeds: Sequence[int], y: Sequence[int] | None) -> Bytes:
        z = torch.from_numpy(draw(card, seeds, usual(card, None)))
        return images.to_bytes(model.decode(z, None if y is None else torch.tensor(y)))

    return made


def numbered(pictures: Bytes, seeds: Sequence[int]) -> Image.Image:
    """Lay pictures out with their seeds, to choose by."""
    factor = max(1, round(SCALE / max(pictures.shape[1:3])))
    large = pictures.repeat(factor, 1).repeat(factor, 2)
    laid = sheet(np.broadcast_to(large, (*large.shape[:3], 3)), COLUMNS, gap=2)
    shown = Image.fromarray(laid)
    pen = ImageDraw.Draw(shown)
    height, width = large.shape[1] + 2, large.shape[2] + 2
    for i, seed in enumerate(seeds):
        corner = (i % COLUMNS) * width + 4, (i // COLUMNS) * height + 3
        pen.text(corner, str(seed), fill="white", stroke_width=2, stroke_fill="black", font_size=max(12, SCALE // 10))
    return shown


def save_numbered(engine: Engine, name: str, choice: Choice, path: Path) -> None:
    """Draw the pictures of seeds 0 to 63 with their numbers into a file, PNG."""
    card = engine.card(name)
    y = None if not card.classes else [choice.y or 0] * len(SEEDS)
    numbered(sampler_of(engine, card, usual(card, choice.truncation))(SEEDS, y), SEEDS).save(path, "PNG")


def save_strip(engine: Engine, card: Card, path: Path) -> None:
    """Draw the way through the keys of a card's home and back as one strip, WebP."""
    home = card.home
    if home is None or len(home.keys) < 2 or "decodes" not in card.verbs:
        raise BadValue(f"{card.name} has no way between keys. Choose a model that decodes, and two keys at least.")
    if STEPS * len(home.keys) * card.shape[2] > WIDEST:
        raise BadValue(f"A strip through {len(home.keys)} keys is wider than a WebP can be. Give fewer --keys.")
    latent_path = LatentPath(draw(card, home.keys, home.truncation), loop=True)
    times = moments(STEPS * len(home.keys), loop=True)
    y = None if not card.classes else [i % len(card.classes) for i in latent_path.nearest(times).tolist()]
    pictures = engine.decode(card.name, latent_path.at(times), y)
    files.write_atomically(path, encode(sheet(pictures, len(pictures)), "WEBP", quality=80))
