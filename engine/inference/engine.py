"""The models by name: plain arrays in, uint8 pictures out, safe to ask from many threads."""

import contextlib
import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.checkpoints import files, listing
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import CheckpointRefused, ZoetropeError
from engine.image_grid import Bytes
from engine.inference.batching import run_batch
from engine.inference.device_model import DeviceModel, by_pixels
from engine.inference.requests import Answer, Job
from engine.inference.validation import check_truncation
from engine.inference.verbs import MAX_STEPS
from engine.latent.sampling import draw, spread_of
from engine.registry import Model

Latent = NDArray[np.float32]
Classes = NDArray[np.integer[Any]] | Sequence[int] | None

LIMIT = 16  # rows of a pass of a model that has not been loaded yet
GIB = 2**30


class Engine:
    """Every checkpoint of some folders, ready to be asked by name.

    Refused checkpoints do not stop the others: `catalogue.faults` says which and why. Latents are float32 (n, latent),
    pictures uint8 (n, height, width, channel), classes n whole numbers. The models on the device hold at most `budget`
    bytes of it, the least recently used leaving first. `threads` is how many cores of this process a pass takes.
    """

    def __init__(
        self,
        folders: Sequence[Path] | None = None,
        device: str = "auto",
        threads: int | None = None,
        budget: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.folders = [listing.SHIPPED, listing.user_folder()] if folders is None else list(folders)
        self.device = torch.device(pick_device() if device == "auto" else device)
        self.budget = usual_budget(self.device) if budget is None else budget
        self.models: OrderedDict[str, DeviceModel] = OrderedDict()
        self.lock = threading.RLock()  # of the tables; never held while a model loads
        self.loading: dict[str, threading.Lock] = {}
        # On a GPU one model at a time has its passes captured; on a processor none waits for another.
        self.capture_lock = threading.Lock() if self.device.type == "cuda" else contextlib.nullcontext()
        self.refresh()

    # What there is

    def refresh(self) -> None:
        """Look through the folders again."""
        places, cards, faults = {}, {}, {}
        for place in listing.places(self.folders):
            try:
                cards[place.name], places[place.name] = files.read_card(place), place
            except (CheckpointRefused, OSError) as error:
                faults[files.spelt(place.name)] = str(error)
        with self.lock:
            self._places, self.catalogue = places, Catalogue(cards, faults)
            self.models.clear()

    def names(self, verb: str | None = None) -> list[str]:
        """Name the checkpoints, or those that have a verb."""
        return self.catalogue.names(verb)

    def faults(self) -> dict[str, str]:
        """Say why folders were refused: name → sentence."""
        return dict(self.catalogue.faults)

    def card(self, name: str) -> Card:
        """Return a checkpoint's card. Raises UnknownName, or CheckpointRefused with the reason."""
        return self.catalogue.card(name)

    def place(self, name: str) -> Path:
        """Return the folder of a checkpoint."""
        self.card(name)
        return self._places[name]

    def sheet(self, name: str) -> bytes:
        """Return a checkpoint's sheet of samples, WebP."""
        return (self.place(name) / files.SHEET).read_bytes()

    def posterior(self, name: str) -> tuple[Latent, NDArray[np.int16] | None]:
        """Return the posterior means of held-out pictures (m, latent) and their labels (m,)."""
        return files.load_posterior(self.place(name))

    # Models

    def model(self, name: str) -> Model:
        """Load the bare model, as it was trained, for people who script. It is theirs: the engine keeps no hold of it.

        A checkpoint that fails to load joins the faults.
        """
        card, place = self.card(name), self.place(name)
        try:
            return files.load_model(place, card).to(self.device)
        except (CheckpointRefused, OSError) as error:
            fault = str(error)
        with self.lock:
            faults = {**self.catalogue.faults, name: fault}
            cards = {other: card for other, card in self.catalogue.cards.items() if other != name}
            self.catalogue = dataclasses.replace(self.catalogue, cards=cards, faults=faults)
        raise CheckpointRefused(fault)

    def device_model(self, name: str) -> DeviceModel:
        """Return the model prepared for the device, loading it if need be; callers in the meantime wait."""
        self.card(name)
        with self.lock:
            lock = self.loading.setdefault(name, threading.Lock())
        with lock:
            loaded = self.models.get(name) or self._prepared(name)
            with self.lock:
                if self.catalogue.cards.get(name) is loaded.card:  # else it was replaced while it loaded
                    self.models[name] = loaded
                    self.models.move_to_end(name)
                    self._make_room()
        return loaded

    def is_loaded(self, name: str) -> bool:
        """Whether a model can be asked without waiting for it to load."""
        return name in self.models

    def limit(self, name: str) -> int:
        """How many rows of a model go into one forward pass; a guess where it has not been loaded.

        None do where it draws pixel by pixel: whatever it is asked goes in chunks.
        """
        card = self.catalogue.cards.get(name)
        if card is not None and by_pixels(card):
            return 0
        loaded = self.models.get(name)
        return LIMIT if loaded is None else loaded.limit

    def _prepared(self, name: str) -> DeviceModel:
        card, catalogue, place = self.card(name), self.catalogue, self.place(name)
        model = self.model(name)
        with self.capture_lock:
            return DeviceModel(model, card, self.device, catalogue, place)

    def _make_room(self) -> None:
        """Let the least recently used go until the rest fits the budget; the newest stays in any case."""
        while len(self.models) > 1 and sum(loaded.bytes for loaded in self.models.values()) > self.budget:
            self.models.popitem(last=False)

    # Verbs

    def run(self, name: str, jobs: Sequence[Job]) -> list[Answer | ZoetropeError]:
        """Answer jobs of one model together, each with its arrays or with the error in their place."""
        try:
            loaded = self.device_model(name)
        except ZoetropeError as error:
            return [error.with_traceback(None)] * len(jobs)
        return run_batch(loaded, jobs)

    def latents(self, name: str, seeds: Sequence[int], truncation: float = 1.0) -> Latent:
        """Draw latents, each by its own seed: from the prior, or where there is none a Gaussian fitted to the codes."""
        card = self.card(name)
        check_truncation(truncation)
        return draw(card, seeds, truncation)

    def decode(self, name: str, z: Latent, y: Classes = None) -> Bytes:
        """Turn latents into pictures. Raises BadLatent for a wrong length or a value that is not finite."""
        return self._answer(Job("decode", name, z=z, y=labels(y)))["pictures"]

    def sample(self, name: str, seeds: Sequence[int], y: Classes = None, truncation: float = 1.0) -> Bytes:
        """Draw pictures, each by its own seed."""
        return self._answer(Job("sample", name, seeds=tuple(seeds), y=labels(y), truncation=truncation))["pictures"]

    def encode(self, name: str, pictures: Bytes, y: Classes = None) -> Latent:
        """Turn pictures into latents. Raises BadPicture for another shape than the model's."""
        return self._answer(Job("encode", name, pictures=pictures, y=labels(y)))["z"]

    def reconstruct(self, name: str, pictures: Bytes, y: Classes = None) -> Bytes:
        """Encode pictures and decode them again."""
        return self._answer(Job("reconstruct", name, pictures=pictures, y=labels(y), terms=False))["pictures"]

    def distance(self, name: str, pictures: Bytes, others: Bytes) -> NDArray[np.float32]:
        """Compare pictures with others in the features of a classifier, (n,): 1 is as unlike as to the mean of all."""
        return self._answer(Job("distance", name, pictures=pictures, others=others))["distance"]

    def complete(self, name: str, pictures: Bytes, hidden: Bytes, seeds: Sequence[int], y: Classes = None) -> Bytes:
        """Draw the pixels of pictures that are hidden, uint8 (n, height, width) of 0 and 1, each by its own seed."""
        _, height, width = self.card(name).shape
        ends: dict[str, Any] = {"first": 0, "last": height * width, "terms": False}
        job = Job("complete", name, pictures=pictures, hidden=hidden, seeds=tuple(seeds), y=labels(y), **ends)
        return self._answer(job)["pictures"]

    def surprise(self, name: str, pictures: Bytes, y: Classes = None) -> NDArray[np.float32]:
        """Return the bits of each pixel given those before it, (n, height, width)."""
        return self._answer(Job("surprise", name, pictures=pictures, y=labels(y)))["surprise"]

    def invert(self, name: str, pictures: Bytes, steps: int = 200, y: Classes = None) -> Latent:
        """Search latents whose pictures are those given, by gradient descent from the middle of the prior."""
        card = self.card(name)
        middle, _ = spread_of(card)
        state = np.zeros((len(pictures), 3 * card.latent + 1), np.float32)
        state[:, : card.latent] = middle
        for first in range(0, steps, MAX_STEPS):
            some = min(MAX_STEPS, steps - first)
            state = self._answer(Job("invert", name, pictures=pictures, state=state, steps=some, y=labels(y)))["state"]
        return state[:, : card.latent]

    def _answer(self, job: Job) -> dict[str, NDArray[Any]]:
        (outcome,) = self.run(job.model, [job])
        if isinstance(outcome, ZoetropeError):
            raise outcome
        return dict(outcome.arrays)


def load(name: str, device: str = "auto", folder: Path | None = None) -> Model:
    """Load a ready model by name, for people who script: `engine.load("frey-vae-2d").sample([1, 2, 3])`.

    Raises UnknownName, or CheckpointRefused with the reason.
    """
    return Engine(None if folder is None else [folder], device).model(name)


def pick_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def usual_budget(device: torch.device) -> int:
    """Half of a GPU's memory; of a CPU's, 2 GiB."""
    return torch.cuda.get_device_properties(device).total_memory // 2 if device.type == "cuda" else 2 * GIB


def labels(y: Classes) -> Any:
    """Return classes as an array, where there are any; what is no whole number stays as it is, to be refused."""
    array = None if y is None else np.asarray(y)
    return array.astype(np.int64) if array is not None and array.dtype.kind in "iu" else array
