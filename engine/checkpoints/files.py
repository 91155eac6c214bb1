"""A checkpoint on disk: NAME/weights.safetensors + posterior.safetensors + card.json + sheet.webp.

Loading checks every digest, is strict about names and shapes, and never unpickles.
"""

import dataclasses
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from engine.checkpoints.card import Card, from_json, to_json
from engine.checkpoints.listing import CARD as CARD
from engine.checkpoints.sizes import LARGEST_FILE, build_like, check_sizes, renamed, shapes_in
from engine.errors import BadValue, CheckpointRefused
from engine.protocols import VERBS, verbs_of
from engine.registry import FAMILIES, Model, config_from

WEIGHTS, POSTERIOR, SHEET = "weights.safetensors", "posterior.safetensors", "sheet.webp"
DIRECTIONS = "directions.safetensors"  # checked by engine/checkpoints/directions.py: a bad one does not stop the model
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".npy", ".joblib"}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
LIKE = "frey-vae-2d: DATA-FAMILY[-VARIANT]"
LARGEST_CARD = 4 * 2**20

Labels = NDArray[np.int16]
Means = NDArray[np.float32]


# Writing


def save(
    folder: Path, model: Model, card: Card, sheet: bytes, means: Means | None, labels: Labels | None = None
) -> Card:
    """Write a checkpoint into folder/card.name; returns the card with its digests. Raises BadValue for a bad name."""
    if not NAME.fullmatch(card.name):
        raise BadValue(f"{card.name!r} cannot name a checkpoint; names look like {LIKE}.")
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


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Replace a file whole: write beside it, fsync, rename, fsync the folder where that can be done.

    Raises OSError, the file that was there untouched.
    """
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    with suppress(OSError):  # network shares and Windows know no such thing
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# Reading


def read_card(place: Path) -> Card:
    """Read and check a checkpoint's card and digests without loading it. Raises CheckpointRefused."""
    path = place / CARD
    if not NAME.fullmatch(place.name):
        raise CheckpointRefused(f"{spelt(place.name)}: no checkpoint has such a name; names look like {LIKE}.")
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
    check_sizes(place.name, card.config, card.shape, shapes_in(place / WEIGHTS))
    return card


def check_config(card: Card) -> None:
    """Compare what the card promises with the config that the model will be built by."""
    if card.family not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise CheckpointRefused(f"{card.name}: unknown family {card.family!r}. This version knows: {known}.")
    if unknown := [verb for verb in card.verbs if verb not in VERBS]:
        raise CheckpointRefused(f"{card.name}: its card claims {unknown[0]!r}. There is: {', '.join(VERBS)}.")
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
        raise CheckpointRefused(f"{place.name}: {spelt(name)} is missing. Copy the whole folder again.")
    if (size := (place / name).stat().st_size) > LARGEST_FILE:
        raise CheckpointRefused(f"{place.name}: {name} has {size} bytes; up to {LARGEST_FILE} are accepted.")
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
    model = build_like(place.name, config_from(card.family, card.config), shapes_in(place / WEIGHTS))
    weights = renamed(load_tensors((place / WEIGHTS).read_bytes()))
    tensors = {name: tensor.float() for name, tensor in weights.items()}
    model.load_state_dict(tensors, strict=True, assign=True)
    if verbs_of(model) != card.verbs:
        raise CheckpointRefused(f"{place.name}: its card claims {card.verbs}, its family has {verbs_of(model)}.")
    return model.eval().requires_grad_(False)


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


def spelt(name: str) -> str:
    """Write a name that may hold anything so that it can be printed and sent: what is no letter is escaped."""
    return name if name.isprintable() else ascii(name)[1:-1]


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
