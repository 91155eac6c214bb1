"""The door to the models: plain arrays in, uint8 pictures out, safe to knock at from many threads."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import checkpoint, images, noise
from engine.card import Card
from engine.errors import BadLatent, BadPicture, BadValue, CheckpointRefused, MissingVerb, UnknownName
from engine.registry import Model
from engine.sheet import Bytes

Latent = NDArray[np.float32]
Classes = NDArray[np.integer[Any]] | Sequence[int] | None

RESIDENT = 32  # models kept on the device; the least recently used leaves first


class Engine:
    """Every checkpoint of some folders, ready to be asked by name.

    Refused checkpoints do not stop the others: `faults` says which and why. Latents are float32 (n, latent),
    pictures uint8 (n, height, width, channel), classes n whole numbers.
    """

    def __init__(self, folders: Sequence[Path] | None = None, device: str = "auto") -> None:
        self.folders = [checkpoint.SHIPPED, checkpoint.user_folder()] if folders is None else list(folders)
        self.device = torch.device(pick_device() if device == "auto" else device)
        self.models: OrderedDict[str, Model] = OrderedDict()
        self.lock = threading.RLock()
        self.refresh()

    # What there is

    def refresh(self) -> None:
        """Look through the folders again."""
        places, cards, faults = {}, {}, {}
        for place in checkpoint.places(self.folders):
            try:
                cards[place.name], places[place.name] = checkpoint.read_card(place), place
            except (CheckpointRefused, OSError) as error:
                faults[place.name] = str(error)
        with self.lock:
            self._places, self._cards, self._faults = places, cards, faults
            self.models.clear()

    def names(self, verb: str | None = None) -> list[str]:
        """Name the checkpoints, or those that have a verb."""
        able = (name for name, card in self._cards.items() if verb is None or verb in card.verbs)
        return [name for name in able if name not in self._faults]

    def faults(self) -> dict[str, str]:
        """Say why folders were refused: name → sentence."""
        return dict(self._faults)

    def card(self, name: str) -> Card:
        """Give a checkpoint's card. Raises UnknownName, or CheckpointRefused with the reason."""
        if name in self._faults:
            raise CheckpointRefused(self._faults[name])
        if name not in self._cards:
            raise UnknownName("checkpoint", name, self._cards)
        return self._cards[name]

    def place(self, name: str) -> Path:
        """Give the folder of a checkpoint."""
        self.card(name)
        return self._places[name]

    def sheet(self, name: str) -> bytes:
        """Give a checkpoint's sheet of samples, WebP."""
        return (self.place(name) / checkpoint.SHEET).read_bytes()

    def posterior(self, name: str) -> tuple[Latent, NDArray[np.int16] | None]:
        """Give the posterior means of held-out pictures (m, latent) and their labels (m,)."""
        return checkpoint.load_posterior(self.place(name))

    def model(self, name: str) -> Model:
        """Give the ready model itself, loading it if need be. A checkpoint that fails to load joins the faults."""
        self.card(name)
        with self.lock:
            if name not in self.models:
                self.models[name] = self._load(name)
                while len(self.models) > RESIDENT:
                    self.models.popitem(last=False)
            self.models.move_to_end(name)
            return self.models[name]

    # Verbs

    def latents(self, name: str, seeds: Sequence[int], truncation: float = 1.0) -> Latent:
        """Draw latents, each by its own seed: from the prior, or where there is none a Gaussian fitted to the codes."""
        card = self.card(name)
        check_truncation(truncation)
        z = truncation * noise.normal(seeds, [card.latent]).numpy()
        if "samples" not in card.verbs and card.axes:
            z = z * [axis.deviation for axis in card.axes] + [axis.mean for axis in card.axes]
        return z.astype(np.float32)

    def decode(self, name: str, z: Latent, y: Classes = None) -> Bytes:
        """Turn latents into pictures. Raises BadLatent for a wrong length or a value that is not finite."""
        latents = torch.from_numpy(check_latent(self.card(name), z)).to(self.device)
        classes = self._classes(name, y, len(z))
        return self._ask(name, "decodes", lambda model: model.decode(latents, classes))

    def sample(self, name: str, seeds: Sequence[int], y: Classes = None, truncation: float = 1.0) -> Bytes:
        """Draw pictures, each by its own seed."""
        check_truncation(truncation)
        classes = self._classes(name, y, len(seeds))
        return self._ask(name, "samples", lambda model: model.sample(list(seeds), classes, truncation))

    def encode(self, name: str, pictures: Bytes, y: Classes = None) -> Latent:
        """Turn pictures into latents. Raises BadPicture for another shape than the model's."""
        return self._encode(name, pictures, y).cpu().numpy()

    def reconstruct(self, name: str, pictures: Bytes, y: Classes = None) -> Bytes:
        """Encode pictures and decode them again."""
        z = self._encode(name, pictures, y)
        return self._ask(name, "decodes", lambda model: model.decode(z, self._classes(name, y, len(pictures))))

    # Inside

    def _encode(self, name: str, pictures: Bytes, y: Classes) -> Tensor:
        x = images.from_bytes(pictures).to(self.device)
        if tuple(x.shape[1:]) != self.card(name).shape:
            channels, height, width = self.card(name).shape
            raise BadPicture(f"Pictures {pictures.shape} were given; {name} takes (n, {height}, {width}, {channels}).")
        model = self._able(name, "encodes")
        with torch.inference_mode():
            z: Tensor = model.encode(x, self._classes(name, y, len(pictures)))
        return z

    def _ask(self, name: str, verb: str, question: Callable[[Any], Tensor]) -> Bytes:
        model = self._able(name, verb)
        with torch.inference_mode():
            return images.to_bytes(question(model))

    def _able(self, name: str, verb: str) -> Any:
        card = self.card(name)
        if verb not in card.verbs:
            able = ", ".join(self.names(verb)) or "none"
            raise MissingVerb(f"{name} is of family {card.family}, which has no {verb!r}. These have it: {able}.")
        return self.model(name)

    def _classes(self, name: str, y: Classes, count: int) -> Tensor | None:
        if y is None:
            return None
        labels, classes = np.asarray(y), self.card(name).classes
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            raise BadValue(
                f"Classes of shape {labels.shape} were given for {count} pictures; give a whole number each."
            )
        if classes and not ((labels >= 0) & (labels < len(classes))).all():
            given, last = labels[(labels < 0) | (labels >= len(classes))][0], len(classes) - 1
            raise BadValue(f"A class of {given} was given; {name} has 0 … {last}: {', '.join(classes)}.")
        return torch.from_numpy(labels.astype(np.int64)).to(self.device) if classes else None

    def _load(self, name: str) -> Model:
        try:
            return checkpoint.load_model(self._places[name]).to(self.device)
        except (CheckpointRefused, OSError) as error:
            self._faults[name] = str(error)
            raise CheckpointRefused(str(error)) from error


def load(name: str, device: str = "auto", folder: Path | None = None) -> Model:
    """Load a ready model by name, for people who script: `engine.load("frey-vae-2d").sample([1, 2, 3])`.

    Raises UnknownName, or CheckpointRefused with the reason.
    """
    return Engine(None if folder is None else [folder], device).model(name)


def pick_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def check_truncation(truncation: float) -> None:
    if not 0 <= truncation < math.inf:
        raise BadValue(f"A truncation of {truncation} was given; it scales the draws, from 0 up; 1 is whole.")


def check_latent(card: Card, z: Latent) -> Latent:
    """Return z as float32 (n, latent). Raises BadLatent."""
    array = np.array(z, np.float32, order="C")  # a copy: torch warns of arrays that may not be written to
    if array.ndim != 2 or array.shape[1] != card.latent:
        raise BadLatent(f"A latent of shape {array.shape} was given; {card.name} takes (n, {card.latent}).")
    if not np.isfinite(array).all():
        raise BadLatent(f"A latent that is not finite was given; {card.name} takes finite numbers, mostly within ±3.")
    return array
