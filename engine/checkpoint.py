"""A checkpoint on disk: NAME/weights.safetensors + posterior.safetensors + card.json + sheet.webp.

Loading checks every digest, is strict about names and shapes, and never unpickles.
"""

import dataclasses
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from engine.card import Card, from_json, to_json
from engine.errors import BadValue, CheckpointRefused
from engine.registry import FAMILIES, Model, build, config_from
from engine.verbs import verbs_of

CARD, WEIGHTS, POSTERIOR, SHEET = "card.json", "weights.safetensors", "posterior.safetensors", "sheet.webp"
DIRECTIONS = "directions.safetensors"  # checked by engine/directions.py: a bad one does not stop the model
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".npy", ".joblib"}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
LARGEST_CARD = 4 * 2**20

SHIPPED = Path(__file__).parent.parent / "checkpoints"


def user_folder() -> Path:
    """Where a person's own checkpoints live."""
    return Path.home() / ".local" / "share" / "zoetrope" / "checkpoints"


Labels = NDArray[np.int16]
Means = NDArray[np.float32]


# Writing


def save(
    folder: Path, model: Model, card: Card, sheet: bytes, means: Means | None, labels: Labels | None = None
) -> Card:
    """Write a checkpoint into folder/card.name; returns the card with its digests. Raises BadValue for a bad name."""
    if not NAME.fullmatch(card.name):
        raise BadValue(f"{card.name!r} cannot name a checkpoint; names look like frey-vae-2d: DATA-FAMILY[-VARIANT].")
    files = {WEIGHTS: save_tensors({name: tensor.contiguous() for name, tensor in model.state_dict().items()})}
    if means is not None:
        arrays: dict[str, NDArray[np.generic]] = {"means": means.astype(np.float16)}
        files[POSTERIOR] = save_arrays(arrays if labels is None else {**arrays, "labels": labels})
    files[SHEET] = sheet
    card = dataclasses.replace(card, digests={name: digest(content) for name, content in files.items()})
    place = folder / card.name
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_atomically(place / name, content)
    write_card(place, card)
    return card


def write_card(place: Path, card: Card) -> None:
    """Write a card alone, last of all, so that a half-written checkpoint has none."""
    write_atomically(place / CARD, to_json(card).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file whole: write beside it, fsync, rename, fsync the folder."""
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# Reading


def read_card(place: Path) -> Card:
    """Read and check a checkpoint's card and digests without loading it. Raises CheckpointRefused."""
    path = place / CARD
    if not path.is_file():
        raise CheckpointRefused(f"{place.name}: {without_card(place)}")
    if path.stat().st_size > LARGEST_CARD:
        raise CheckpointRefused(f"{place.name}: card.json is over {LARGEST_CARD >> 20} MB, which no card is.")
    card = from_json(path.read_text("utf-8", errors="replace"), place.name)
    if card.name != place.name:
        raise CheckpointRefused(f"{place.name}: its card says {card.name!r}. Give the folder that name.")
    check_config(card)
    if WEIGHTS not in card.digests:
        raise CheckpointRefused(f"{place.name}: its card has no digest of {WEIGHTS}. Export the run again.")
    for name, wanted in card.digests.items():
        if name != DIRECTIONS:
            check_digest(place, name, wanted)
    return card


def check_config(card: Card) -> None:
    """Compare what the card promises with the config that the model will be built by."""
    if card.family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise CheckpointRefused(f"{card.name}: unknown family {card.family!r}. This version knows: {known}.")
    try:
        config = config_from(card.family, card.config)
    except BadValue as error:
        raise CheckpointRefused(f"{card.name}: its config does not fit {card.family}: {error}") from error
    promised, built = (card.shape, card.latent, len(card.classes)), (config.shape, config.latent, config.classes)
    if promised != built:
        raise CheckpointRefused(
            f"{card.name}: shape, latents, classes are {promised} in the card, {built} in the config."
        )


def without_card(place: Path) -> str:
    if not place.is_dir():
        return "its files have gone from this machine. Put them back, or take another model."
    if pickles := sorted(file.name for file in place.iterdir() if file.suffix in PICKLES):
        return f"{pickles[0]} may hold a pickle, which can run code, and is never opened. Export to safetensors."
    return "there is no card.json, so nothing says what it is. Export the run with zoetrope-train export."


def check_digest(place: Path, name: str, wanted: str) -> None:
    if Path(name).name != name or not (place / name).is_file():
        raise CheckpointRefused(f"{place.name}: {name} is missing. Copy the whole folder again.")
    if (found := digest((place / name).read_bytes())) != wanted:
        raise CheckpointRefused(
            f"{place.name}: {name} has SHA-256 {found[:12]}…, its card says {wanted[:12]}…: "
            "it was changed or cut short. Copy the folder again."
        )


def load_model(place: Path, known: Card | None = None) -> Model:
    """Load a checkpoint's model, float32, in evaluation mode. Raises CheckpointRefused, also for any but `known`."""
    card = read_card(place)
    if known is not None and known.digests != card.digests:
        raise CheckpointRefused(
            f"{place.name}: it was replaced since it was last looked at. Restart to see the new one."
        )
    with torch.device("meta"):
        model = build(config_from(card.family, card.config))
    check_shapes(place, model)
    tensors = {name: tensor.float() for name, tensor in load_tensors((place / WEIGHTS).read_bytes()).items()}
    model.load_state_dict(tensors, strict=True, assign=True)
    if verbs_of(model) != card.verbs:
        raise CheckpointRefused(f"{place.name}: its card claims {card.verbs}, its family has {verbs_of(model)}.")
    return model.eval().requires_grad_(False)


def check_shapes(place: Path, model: Model) -> None:
    """Compare the file's header with the model before any tensor is read."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        with safe_open(place / WEIGHTS, "pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except SafetensorError as error:
        raise CheckpointRefused(f"{place.name}: {WEIGHTS} is no safetensors file ({error}).") from error
    if wrong := sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)):
        name = wrong[0]
        raise CheckpointRefused(
            f"{place.name}: {name} is {found.get(name, 'missing')} in the file and {wanted.get(name, 'unknown')} "
            f"in the model; {len(wrong)} of {len(wanted)} tensors differ."
        )


def load_posterior(place: Path) -> tuple[Means, Labels | None]:
    """Read the posterior means of pictures, float32 (m, latent), and their labels. Raises CheckpointRefused."""
    card = read_card(place)
    try:
        arrays = load_arrays((place / POSTERIOR).read_bytes()) if POSTERIOR in card.digests else {}
    except SafetensorError as error:
        raise CheckpointRefused(f"{place.name}: {POSTERIOR} is no safetensors file ({error}).") from error
    means, labels = arrays.get("means", np.zeros((0, card.latent))), arrays.get("labels")
    if means.shape != (len(means), card.latent) or (labels is not None and labels.shape != (len(means),)):
        raise CheckpointRefused(f"{place.name}: {POSTERIOR} holds means of {means.shape} for {card.latent} latents.")
    return means.astype(np.float32), None if labels is None else labels.astype(np.int16)


def places(folders: Iterable[Path]) -> Iterator[Path]:
    """List the folders that may be checkpoints, the first of a name before its namesakes."""
    seen: set[str] = set()
    for folder in folders:
        for place in sorted(folder.iterdir()) if folder.is_dir() else []:
            if place.is_dir() and not place.name.startswith(".") and place.name not in seen:
                seen.add(place.name)
                yield place


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
