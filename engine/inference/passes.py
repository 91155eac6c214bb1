"""A model on one device, and its forward passes: rows on the device → what the host wants of them."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis import densities, outliers, receptive_field
from engine.checkpoints.card import Card
from engine.inference import images
from engine.inference.batch_runner import SIZES, BatchRunner
from engine.inference.buffers import Forward, Rows
from engine.inference.optimize import half_type, in_half, prepared
from engine.inference.requests import DRAWS
from engine.latent import inversion
from engine.latent.sampling import draw, spread_of
from engine.nn import bounds, noise
from engine.nn.autoregressive.raster import Draws, Raster
from engine.registry import Model

Latent = NDArray[np.float32]
Classes = NDArray[np.int64] | None

MAIN = {"decodes": "decode", "completes": "draw", "samples": "sample", "classifies": "classify"}  # pass, by a verb
OTHERS = 0x9E3779B9  # tells the seed of the further draws of a posterior from that of the first
UNKNOWN = -1  # the class of a row that has none
SINGLE = ("evidence", "score", "invert", "surprise", "receptive")  # sums, slopes, steps that magnify the last bit
HOSTED = ("sample", "invert", "draw", "receptive")  # no graph: noise drawn on the host, or a gradient's own thread
# Rows drawn pixel by pixel at a time: of fewer a product sums in another order; of more, a pixel takes others' turns.
TOGETHER = {"cpu": (4, 16, 32), "cuda": (4, 32, 64)}
PROBED = 3  # pixels by which they are compared


class Passes:
    """`float32`, and `fast`, by which it decodes, in half precision where that is invisible."""

    def __init__(self, model: Model, card: Card, device: torch.device) -> None:
        self.card, self.device = card, device
        self.lock = threading.Lock()
        self.passes: dict[str, BatchRunner] = {}
        self.float32: Any = prepared(model, device)
        self.fast: Any = self._in_half() or self.float32
        self.dtype: torch.dtype = next(self.fast.parameters()).dtype
        self.mean, self.deviation = (torch.from_numpy(part).to(device) for part in spread_of(card))
        self.main = self._pass(next(one for verb, one in MAIN.items() if verb in card.verbs))

    @property
    def limit(self) -> int:
        """The most rows of one forward pass."""
        return self.main.limit

    @property
    def bytes(self) -> int:
        """How much of the device's memory it holds."""
        copies = {id(copy): copy for copy in (self.float32, self.fast)}.values()
        weights = sum(tensor.nbytes for copy in copies for tensor in copy.state_dict().values())
        return weights + sum(one.bytes for one in list(self.passes.values()))

    def _in_half(self) -> Any:
        if "decodes" not in self.card.verbs:
            return None
        with torch.inference_mode():
            z, *y = (torch.from_numpy(part[:16]).to(self.device) for part in self.probe("decode"))
            return in_half(self.float32, half_type(self.device), z, *y)

    def _pass(self, verb: str) -> BatchRunner:
        """Return the pass of a verb, timed at its first use: the main one before anybody waits for it."""
        with self.lock:
            if verb not in self.passes:
                self.passes[verb] = self._made(verb)
            return self.passes[verb]

    def _made(self, verb: str) -> BatchRunner:
        forward: Forward = getattr(self, f"_{verb}_rows")
        draws, single = verb == "draw" and isinstance(self.float32, Draws), verb in (*SINGLE, "draw")
        sizes = TOGETHER[self.device.type] if draws else (1,) if single else ()
        return BatchRunner(
            self.card.name, forward, self.probe(verb), self.device, verb not in HOSTED, sizes, bitwise=draws
        )

    def probe(self, verb: str) -> Rows:
        """Rows such as people ask for."""
        seeds = range(max(SIZES[self.device.type]))
        labels = self._labels(np.arange(len(seeds)) % max(1, len(self.card.classes)), len(seeds))
        if verb == "decode":
            return [draw(self.card, seeds), *labels]
        if verb == "sample":
            return [np.array(seeds), np.ones(len(seeds)), *labels]
        channels, height, width = self.card.shape
        shape = len(seeds), height, width, channels
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        epsilon = noise.normal(seeds, [self.card.latent]).numpy()
        if verb == "score":
            return [pictures, epsilon]
        if verb == "infer":
            return [pictures, epsilon, *labels]
        if verb == "evidence":
            return [pictures, posterior_noise(seeds, self.card.latent), *labels]
        if verb == "draw":
            return [pictures, noise.uniform(seeds, self.card.shape).numpy(), *labels]
        if verb == "receptive":
            return [pictures, np.full(len(seeds), height * width // 2), *labels]
        if verb == "invert":
            return [pictures, states_of(draw(self.card, seeds)), *labels]
        return [pictures, *labels]

    def _labels(self, y: Classes, count: int) -> list[NDArray[np.int64]]:
        """Give every row a class; none where the model knows no classes."""
        if not self.card.classes:
            return []
        return [np.full(count, UNKNOWN) if y is None else y]

    # The passes

    def _decode_rows(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return images.quantized(self.fast.decode(z.to(self.dtype), y))

    def _sample_rows(self, seeds: Tensor, truncation: Tensor, y: Tensor | None = None) -> Tensor:
        return images.quantized(self.float32.sample(seeds.tolist(), y, float(truncation[0])))

    def _encode_rows(self, pictures: Tensor, y: Tensor | None = None) -> Tensor:
        return self.float32.encode(images.unit(pictures), y)

    def _classify_rows(self, pictures: Tensor) -> Tensor:
        return self.float32.logits(images.unit(pictures))

    def _features_rows(self, pictures: Tensor) -> Tensor:
        return self.float32.features(images.unit(pictures))

    def _evidence_rows(self, pictures: Tensor, epsilon: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the terms of the bound by several draws of each posterior, see `mean_terms`."""
        x, count = self._asked(pictures), epsilon.shape[1]
        labels = None if y is None else y.repeat_interleave(count, 0)
        found = self.float32.evidence(x.repeat_interleave(count, 0), labels, epsilon.flatten(0, 1))
        return bounds.mean_terms(found.rate.view(-1, count), found.distortion.view(-1, count))

    def _score_rows(self, pictures: Tensor, epsilon: Tensor) -> Tensor:
        given = densities.by_class(self.float32, len(self.card.classes), self._asked(pictures), epsilon)
        return torch.cat([densities.marginal(given)[:, None], given], dim=1)

    def _infer_rows(self, pictures: Tensor, epsilon: Tensor, y: Tensor | None = None) -> Tensor:
        sample: Tensor = self.float32.posterior_sample(images.unit(pictures), epsilon, y)
        return sample

    def _invert_rows(self, pictures: Tensor, state: Tensor, y: Tensor | None = None) -> Tensor:
        return inversion.step(self.float32, images.unit(pictures), state, self.mean, self.deviation, y)

    def _draw_rows(self, pictures: Tensor, u: Tensor, y: Tensor | None = None) -> Tensor:
        """Draw the first pixels of the second row; the last bits of their probabilities tell what is alike."""
        picture, first = Raster(images.unit(pictures), torch.ones_like(u[:, :1], dtype=torch.bool), u, True), u.shape[3]
        if not isinstance(self.float32, Draws):
            return u
        for at in self.float32.draw(picture, first, u[0, 0].numel(), y):
            if at >= first + PROBED:
                break
        return torch.cat(list(picture.probs.values()), dim=1)

    def _surprise_rows(self, pictures: Tensor, y: Tensor | None = None) -> Tensor:
        return receptive_field.surprise(self.float32, images.unit(pictures), y)

    def _receptive_rows(self, pictures: Tensor, pixel: Tensor, y: Tensor | None = None) -> Tensor:
        return receptive_field.receptive(self.float32, images.unit(pictures), int(pixel[0]), y)  # rows go alone

    def _asked(self, pictures: Tensor) -> Tensor:
        """Turn uint8 pictures into what the model's likelihood is asked about."""
        return densities.asked(images.unit(pictures), outliers.support(self.card.config))


def posterior_noise(seeds: Sequence[int], latent: int) -> Latent:
    """Draw the noise of several draws of each posterior, (n, DRAWS, latent), the first that of the seed alone."""
    first = noise.normal(seeds, [1, latent])
    others = noise.normal([seed ^ OTHERS for seed in seeds], [DRAWS - 1, latent])
    return torch.cat([first, others], dim=1).numpy()


def states_of(z: Latent) -> Latent:
    """Return states of inversions that are some steps on their way."""
    moments = 1e-3 * np.roll(z, 1, axis=0)
    return np.concatenate([z, moments, moments**2, np.full((len(z), 1), 5)], axis=1, dtype=np.float32)
