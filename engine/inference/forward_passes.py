"""The forward passes of a model, by verb: rows on its device become floats, and what the host wants of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis import densities, outliers, receptive_field
from engine.checkpoints.card import Card
from engine.inference import images
from engine.inference.batch_runner import SIZES, Pass
from engine.inference.buffers import Forward, Rows
from engine.inference.optimize import half_type, in_half, prepared
from engine.inference.requests import DRAWS
from engine.latent import inversion
from engine.latent.sampling import draw, spread_of
from engine.nn import bounds, noise
from engine.nn.autoregressive.raster import Draws, Raster
from engine.protocols import Infers
from engine.registry import Model

Latent = NDArray[np.float32]
Classes = NDArray[np.int64] | None

OTHERS = 0x9E3779B9  # tells the seed of the further draws of a posterior from that of the first
UNKNOWN = -1  # the class of a row that has none
ALONE = ("evidence", "score", "invert", "surprise", "receptive")  # sums, slopes, steps that magnify others' last bit
HOSTED = ("sample", "invert", "draw", "receptive")  # no graph: noise drawn on the host, or a gradient's own thread
# Rows drawn pixel by pixel at a time: of fewer a product sums in another order; of more, a pixel takes others' turns.
TOGETHER = {"cpu": (4, 16, 32), "cuda": (4, 32, 64)}
PROBED = 3  # pixels by which they are compared


class Forwards:
    """A model on a device, `exact` in float32 and `quick` to decode by, and the passes that it can do."""

    def __init__(self, model: Model, card: Card, device: torch.device) -> None:
        self.card, self.device = card, device
        self.exact: Any = prepared(model, device)
        self.quick: Any = self.exact
        self.mean, self.deviation = (torch.from_numpy(part).to(device) for part in spread_of(card))
        if "decodes" in card.verbs:
            with torch.inference_mode():
                z, *y = (torch.from_numpy(part[:16]).to(device) for part in self.probe("decode"))
                self.quick = in_half(self.exact, half_type(device), z, *y) or self.exact
        self.dtype: torch.dtype = next(self.quick.parameters()).dtype
        copies = {id(copy): copy for copy in (self.exact, self.quick)}.values()
        self.bytes = sum(tensor.nbytes for copy in copies for tensor in copy.state_dict().values())

    def proven(self, verb: str) -> Pass:
        """Make the pass of a verb for any number of rows."""
        forwards: dict[str, Forward] = {
            "decode": self.decode,
            "sample": self.sample,
            "encode": self.encode,
            "classify": self.classify,
            "features": self.features,
            "evidence": self.evidence,
            "score": self.score,
            "infer": self.infer,
            "invert": self.invert,
            "draw": self.draw,
            "surprise": self.surprise,
            "receptive": self.receptive,
        }
        alone = (
            verb in ALONE
            or (verb == "draw" and not isinstance(self.exact, Draws))
            # Exponentials on the way to a latent are rounded by where in memory a row lies: too seldom for a proof.
            or (verb in ("encode", "infer") and isinstance(self.exact, Infers))
        )
        sizes, graphs = TOGETHER[self.device.type] if verb == "draw" else (), verb not in HOSTED
        return Pass(self.card.name, forwards[verb], self.probe(verb), self.device, graphs, alone, sizes)

    # Of each verb

    def decode(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.quick.decode(z.to(self.dtype), y)
        return x, images.quantized(x)

    def sample(self, seeds: Tensor, truncation: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = self.exact.sample(seeds.tolist(), y, float(truncation[0]))
        return x, images.quantized(x)

    def encode(self, pictures: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = self.exact.encode(images.unit(pictures), y)
        return z, z

    def classify(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.exact.logits(images.unit(pictures))
        return logits, logits

    def features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.exact.features(images.unit(pictures))
        return features, features

    def evidence(self, pictures: Tensor, drawn: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give the terms of the bound by several draws of each posterior, see `mean_terms`."""
        x, count = self.asked(pictures), drawn.shape[1]
        labels = None if y is None else y.repeat_interleave(count, 0)
        found = self.exact.evidence(x.repeat_interleave(count, 0), labels, drawn.flatten(0, 1))
        parts = bounds.mean_terms(found.rate.view(-1, count), found.distortion.view(-1, count))
        return parts, parts

    def score(self, pictures: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        given = densities.by_class(self.exact, len(self.card.classes), self.asked(pictures), drawn)
        found = torch.cat([densities.marginal(given)[:, None], given], dim=1)
        return found, found

    def infer(self, pictures: Tensor, drawn: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x, exact = images.unit(pictures), self.exact
        z = exact.posterior_sample(x, drawn, y) if isinstance(exact, Infers) else exact.evidence(x, y, drawn).z
        return z, z

    def invert(self, pictures: Tensor, state: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        found = inversion.step(self.exact, images.unit(pictures), state, self.mean, self.deviation, y)
        return found, found

    def draw(self, pictures: Tensor, u: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draw the first pixels of the second row; the chances they had tell by their last bits what is alike."""
        picture, first = Raster(images.unit(pictures), torch.ones_like(u[:, :1], dtype=torch.bool), u, True), u.shape[3]
        if not isinstance(self.exact, Draws):
            return u, u
        for at in self.exact.draw(picture, first, u[0, 0].numel(), y):
            if at >= first + PROBED:
                break
        chances = torch.cat(list(picture.probs.values()), dim=1)
        return chances, chances

    def surprise(self, pictures: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        bits = receptive_field.surprise(self.exact, images.unit(pictures), y)
        return bits, bits

    def receptive(self, pictures: Tensor, pixel: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        reach = receptive_field.receptive(self.exact, images.unit(pictures), int(pixel[0]), y)  # rows go alone
        return reach, reach

    # What they take

    def asked(self, pictures: Tensor) -> Tensor:
        """Turn uint8 pictures into what the model's likelihood is asked about."""
        return densities.asked(images.unit(pictures), outliers.support(self.card.config))

    def probe(self, verb: str) -> Rows:
        """Rows such as people ask for."""
        seeds = range(max(SIZES[self.device.type]))
        labels = self.labels(np.arange(len(seeds)) % max(1, len(self.card.classes)), len(seeds))
        if verb == "decode":
            return [draw(self.card, seeds), *labels]
        if verb == "sample":
            return [np.array(seeds), np.ones(len(seeds)), *labels]
        channels, height, width = self.card.shape
        shape = len(seeds), height, width, channels
        pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        drawn = noise.normal(seeds, [self.card.latent]).numpy()
        if verb == "score":
            return [pictures, drawn]
        if verb == "infer":
            return [pictures, drawn, *labels]
        if verb == "evidence":
            return [pictures, posterior_noise(seeds, self.card.latent), *labels]
        if verb == "draw":
            return [pictures, noise.uniform(seeds, self.card.shape).numpy(), *labels]
        if verb == "receptive":
            return [pictures, np.full(len(seeds), height * width // 2), *labels]
        if verb == "invert":
            return [pictures, states_of(draw(self.card, seeds)), *labels]
        return [pictures, *labels]

    def labels(self, y: Classes, count: int) -> list[NDArray[np.int64]]:
        """Give every row a class; none where the model knows no classes."""
        if not self.card.classes:
            return []
        return [np.full(count, UNKNOWN) if y is None else y]


def posterior_noise(seeds: Sequence[int], latent: int) -> Latent:
    """Draw the noise of several draws of each posterior, (n, DRAWS, latent), the first that of the seed alone."""
    first = noise.normal(seeds, [1, latent])
    others = noise.normal([seed ^ OTHERS for seed in seeds], [DRAWS - 1, latent])
    return torch.cat([first, others], dim=1).numpy()


def states_of(z: Latent) -> Latent:
    """Give states of inversions that are some steps on their way."""
    moments = 1e-3 * np.roll(z, 1, axis=0)
    return np.concatenate([z, moments, moments**2, np.full((len(z), 1), 5)], axis=1, dtype=np.float32)
