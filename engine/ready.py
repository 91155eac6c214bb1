"""A model made ready for one device: plain arrays in, plain arrays out, whatever their number."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import checkpoint, images
from engine.buffers import Forward, Rows
from engine.card import Card
from engine.catalogue import Catalogue
from engine.latents import draw
from engine.passes import SIZES, Pass
from engine.prepare import in_half, prepared
from engine.registry import Model
from engine.sheet import Bytes

Latent = NDArray[np.float32]
Classes = NDArray[np.int64] | None

UNKNOWN = -1  # the class of a row that has none
MAIN = {"decodes": "decode", "samples": "sample", "classifies": "classify"}  # a model's main pass, by its verbs


class Ready:
    """One model on one device.

    The same row gives the same picture, bit for bit, alone or in any company. A model that outgrows the memory goes on
    with fewer rows at once; OutOfMemory is raised where a single one is too many.
    """

    def __init__(
        self,
        model: Model,
        card: Card,
        device: torch.device,
        catalogue: Catalogue | None = None,
        place: Path | None = None,
    ) -> None:
        self.card, self.device, self.place = card, device, place
        self.catalogue = Catalogue({card.name: card}, {}) if catalogue is None else catalogue
        self.lock = threading.Lock()
        self.passes: dict[str, Pass] = {}
        self.means: dict[str, NDArray[Any]] | None = None
        self.exact: Any = prepared(model, device)
        self.quick: Any = self.exact
        if "decodes" in card.verbs:
            with torch.inference_mode():
                z, *y = (torch.from_numpy(part[:16]).to(device) for part in self._probe("decode"))
                self.quick = in_half(self.exact, device, z, *y) or self.exact
        self.dtype: torch.dtype = next(self.quick.parameters()).dtype
        self.main = self._pass(next(one for verb, one in MAIN.items() if verb in card.verbs))

    @property
    def limit(self) -> int:
        """The most rows of one forward pass."""
        return self.main.limit

    @property
    def bytes(self) -> int:
        """How much of the device's memory it holds."""
        copies = {id(model): model for model in (self.exact, self.quick)}.values()
        weights = sum(tensor.nbytes for model in copies for tensor in model.state_dict().values())
        return weights + sum(one.bytes for one in list(self.passes.values()))

    # Verbs

    def decode(self, z: Latent, y: Classes = None) -> Bytes:
        """Turn latents (n, latent) into pictures."""
        return self._pass("decode")(z, *self._labels(y, len(z)))

    def sample(self, seeds: Sequence[int], y: Classes = None, truncation: float = 1.0) -> Bytes:
        """Draw pictures, each by its own seed."""
        rows = np.array(seeds, np.int64), np.full(len(seeds), truncation)
        return self._pass("sample")(*rows, *self._labels(y, len(seeds)))

    def encode(self, pictures: Bytes, y: Classes = None) -> Latent:
        """Turn pictures into latents (n, latent)."""
        return self._pass("encode")(pictures, *self._labels(y, len(pictures)))

    def classify(self, pictures: Bytes) -> NDArray[np.float32]:
        """Turn pictures into logits (n, answers), whose names are the card's labels."""
        return self._pass("classify")(pictures)

    def reconstruct(self, pictures: Bytes, y: Classes = None) -> Bytes:
        """Encode pictures and decode them again."""
        return self.decode(self.encode(pictures, y), y)

    def posterior(self) -> dict[str, NDArray[Any]]:
        """Read the posterior means of held-out pictures, `z` (m, latent), and their `labels` (m,) where there are."""
        if self.place is None:
            return {"z": np.zeros((0, self.card.latent), np.float32)}
        if self.means is None:
            z, labels = checkpoint.load_posterior(self.place)
            self.means = {"z": z} if labels is None else {"z": z, "labels": labels}
        return self.means

    # Passes: proven at their first use, the main one before anybody waits for it

    def _pass(self, verb: str) -> Pass:
        with self.lock:
            if verb not in self.passes:
                forwards: dict[str, Forward] = {
                    "decode": self._decode,
                    "sample": self._sample,
                    "encode": self._encode,
                    "classify": self._classify,
                }
                graphs = verb != "sample"  # whose noise is drawn on the host
                self.passes[verb] = Pass(self.card.name, forwards[verb], self._probe(verb), self.device, graphs)
            return self.passes[verb]

    def _decode(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.quick.decode(z.to(self.dtype), y)
        return x, images.quantized(x)

    def _sample(self, seeds: Tensor, truncation: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.exact.sample(seeds.tolist(), y, float(truncation[0]))
        return x, images.quantized(x)

    def _encode(self, pictures: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = self.exact.encode(images.unit(pictures), y)
        return z, z

    def _classify(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.exact.logits(images.unit(pictures))
        return logits, logits

    def _probe(self, verb: str) -> Rows:
        """Rows such as people ask for."""
        seeds = range(max(SIZES[self.device.type]))
        labels = self._labels(np.arange(len(seeds)) % max(1, len(self.card.classes)), len(seeds))
        if verb == "decode":
            return [draw(self.card, seeds), *labels]
        if verb == "sample":
            return [np.array(seeds), np.ones(len(seeds)), *labels]
        channels, height, width = self.card.shape
        shape = len(seeds), height, width, channels
        return [np.random.default_rng(0).integers(0, 256, shape, np.uint8), *labels]

    def _labels(self, y: Classes, count: int) -> list[NDArray[np.int64]]:
        """Give every row a class; none where the model knows no classes."""
        if not self.card.classes:
            return []
        return [np.full(count, UNKNOWN) if y is None else y]
