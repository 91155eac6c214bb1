"""A model on one device: plain arrays in, plain arrays out, whatever their number."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis import densities, familiarity, outliers, receptive_field, reference_images
from engine.analysis.neighbours import nearest
from engine.analysis.reference_images import ReferenceImages
from engine.checkpoints import directions, files
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.checkpoints.directions import Directions
from engine.errors import MissingVerb
from engine.image_grid import Bytes
from engine.inference import images
from engine.inference.batch_runner import SIZES, BatchRunner
from engine.inference.buffers import Forward, Rows
from engine.inference.optimize import half_type, in_half, prepared
from engine.inference.pixel_sampling import PixelSampler, Sampling, finished
from engine.inference.requests import DRAWS, TERMS
from engine.latent import inversion
from engine.latent.sampling import draw, spread_of
from engine.nn import bounds, noise
from engine.nn.autoregressive.raster import Draws, Raster
from engine.protocols import Infers
from engine.registry import Model

Arrays = dict[str, NDArray[Any]]
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


class DeviceModel:
    """One model on one device: `float32`, and `fast`, by which it decodes, in half precision where that is invisible.

    A row gives the same picture in any batch, to one grey level. A model that outgrows the memory goes on with fewer
    rows at once; OutOfMemory is raised where a single one is too many.
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
        self.passes: dict[str, BatchRunner] = {}
        self.means: Arrays | None = None
        self.float32: Any = prepared(model, device)
        self.fast: Any = self._in_half() or self.float32
        self.dtype: torch.dtype = next(self.fast.parameters()).dtype
        self.mean, self.deviation = (torch.from_numpy(part).to(device) for part in spread_of(card))
        self.by_pixels = by_pixels(card)
        self.familiarity = familiarity.load(place, card) if place else None
        self.infers = isinstance(model, Infers) and getattr(model.config, "stochastic", True)
        self.sampler = PixelSampler(self.float32, card, device, lambda: self._pass("draw"))
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

    # Verbs

    def decode(self, z: Latent, y: Classes = None) -> Bytes:
        """Turn latents (n, latent) into pictures."""
        return self._pass("decode")(z, *self._labels(y, len(z)))

    def sample(self, seeds: Sequence[int], y: Classes = None, truncation: float = 1.0) -> Bytes:
        """Draw pictures, each by its own seed."""
        if self.by_pixels:
            return finished(self.sampling(seeds, y))["pictures"]
        rows = np.array(seeds, np.int64), np.full(len(seeds), truncation)
        return self._pass("sample")(*rows, *self._labels(y, len(seeds)))

    def sampling(self, seeds: Sequence[int], y: Classes = None) -> Sampling:
        """Do what `sample` does by a model that draws pixel by pixel, giving way to others: `pictures`."""
        return self.sampler.sample(seeds, self._labels(y, len(seeds)))

    def completion(
        self, pictures: Bytes, hidden: Bytes, seeds: Sequence[int], ends: tuple[int, int], y: Classes, with_probs: bool
    ) -> Sampling:
        """Draw the hidden pixels between the ends, giving way to others, see `engine.inference.pixel_sampling`."""
        return self.sampler.complete(pictures, hidden, seeds, ends, self._labels(y, len(pictures)), with_probs)

    def surprise(self, pictures: Bytes, y: Classes = None) -> NDArray[np.float32]:
        """Return −log2 p of each pixel given those before it, (n, height, width): bits, all its channels together."""
        return self._pass("surprise")(pictures, *self._labels(y, len(pictures)))

    def receptive(self, pictures: Bytes, pixel: int, y: Classes = None) -> NDArray[np.float32]:
        """Return how steeply the mean of a pixel's distribution changes with each pixel, (n, height, width).

        It is zero where the model does not see.
        """
        return self._pass("receptive")(pictures, np.full(len(pictures), pixel), *self._labels(y, len(pictures)))

    def masks(self) -> Arrays:
        """Show what the layers see around a pixel, see `engine.analysis.receptive_field`."""
        return receptive_field.masks(self.float32)

    def encode(self, pictures: Bytes, y: Classes = None) -> Latent:
        """Turn pictures into latents (n, latent)."""
        return self._pass("encode")(pictures, *self._labels(y, len(pictures)))

    def classify(self, pictures: Bytes) -> NDArray[np.float32]:
        """Turn pictures into logits (n, answers), whose names are the card's labels."""
        return self._pass("classify")(pictures)

    def features(self, pictures: Bytes) -> NDArray[np.float32]:
        """Turn pictures into what a classifier sees in them (n, feature)."""
        return self._pass("features")(pictures)

    def score(self, pictures: Bytes, y: Classes = None) -> Arrays:
        """Say how likely pictures are, and how large their files: `log_prob` or `elbo` (n,) in nats, `file_bits` (n,).

        log p(x) of a model that scores; of one that bounds, its bound at the draw of seed 0. Of a class-conditional
        model also `given` (n, classes), log p(x|y) of each class; a row of no class has the log of their mean p(x|y).
        """
        names = {"scores": "log_prob", "bounds": "elbo"}
        kind = next((name for verb, name in names.items() if verb in self.card.verbs), None)
        if kind is None:
            able = ", ".join((*self.catalogue.names("scores"), *self.catalogue.names("bounds"))) or "none"
            raise MissingVerb(f"{self.card.name} knows no likelihood. These do: {able}.")
        over = outliers.support(self.card.config)
        pictures = outliers.seen(pictures, over)
        epsilon = noise.normal([0] * len(pictures), [self.card.latent]).numpy()
        nats, given = np.split(self._pass("score")(pictures, epsilon), [1], axis=1)
        nats = nats[:, 0]
        if y is not None and self.card.classes:
            nats = np.where(y < 0, nats, given[np.arange(len(given)), y])
        found = {kind: nats, "file_bits": outliers.file_bits(pictures, over).astype(np.float32)}
        return {**found, "given": np.ascontiguousarray(given)} if self.card.classes else found

    def reconstruct(self, pictures: Bytes, y: Classes = None, seeds: Sequence[int] = (), terms: bool = True) -> Arrays:
        """Encode pictures and decode them again: `pictures` and their latents `z` (n, latent).

        z is the mean of the posterior or, with a seed for each row, a draw, where the family has a posterior: `drawn`
        (n,) is then 1. With `terms`, of models that bound also `rate` and `distortion` (n,) in nats, means of DRAWS
        draws, and their standard errors `rate_error`, `distortion_error` and, of their sum, `elbo_error`; this takes as
        many passes. Where z is the mean and training pictures are known, also `strangeness` and `texture` (n,), see
        `engine.analysis.familiarity`. A class-conditional model that bounds takes a row of no class for one of the
        class whose bound is highest: `y` (n,) says which.
        """
        y = self.likeliest(pictures, y)
        sampled = bool(seeds) and self.infers
        z = self._posterior_sample(pictures, y, seeds) if sampled else self.encode(pictures, y)
        flags = np.full(len(z), sampled, np.uint8)
        classes = {} if y is None else {"y": y}
        found = self._terms(pictures, y, seeds) if terms and "bounds" in self.card.verbs else {}
        made = self.decode(z, y)
        if self.familiarity and not sampled:
            found |= self.familiarity.strangeness(pictures, made, z)
        return {"pictures": made, "z": z, "drawn": flags, **classes, **found}

    def likeliest(self, pictures: Bytes, y: Classes = None) -> Classes:
        """Give a row of no class the one whose bound on log p(x|y) is highest, by models that have classes and bounds.

        What such a model makes of no class at all it has seldom been taught: by a tenth of its pictures.
        """
        if not self.card.classes or "bounds" not in self.card.verbs:
            return y
        y = np.full(len(pictures), UNKNOWN) if y is None else y.copy()
        if (untold := y < 0).any():
            y[untold] = self.score(pictures[untold])["given"].argmax(1)
        return y

    def _posterior_sample(self, pictures: Bytes, y: Classes, seeds: Sequence[int]) -> Latent:
        """Draw of each posterior by a seed."""
        epsilon = noise.normal(seeds, [self.card.latent]).numpy()
        return self._pass("infer")(pictures, epsilon, *self._labels(y, len(pictures)))

    def _terms(self, pictures: Bytes, y: Classes, seeds: Sequence[int]) -> Arrays:
        """Take the bound apart by several draws of each posterior, the first by the seed, or by 0 if none is given."""
        epsilon = posterior_noise(seeds or (0,) * len(pictures), self.card.latent)
        found = self._pass("evidence")(pictures, epsilon, *self._labels(y, len(pictures)))
        return dict(zip(TERMS, np.ascontiguousarray(found.T), strict=True))

    def distance(self, pictures: Bytes, others: Bytes) -> NDArray[np.float32]:
        """Return how far pictures are from others in the features of a classifier, (n,), as a share of their variance.

        The squared distance of the features of a pair over the total variance of those of held-out pictures: 1 is as
        far as these are from their mean. Raises MissingVerb where that variance has not been measured.
        """
        variance = self._variance()
        both = self.features(np.concatenate([pictures, others])).astype(np.float64)
        squares = (both[: len(pictures)] - both[len(pictures) :]) ** 2
        return (squares.sum(1) / variance).astype(np.float32)

    def _variance(self) -> float:
        variance = self.card.feature_variance
        if variance is None:
            raise MissingVerb(
                f"The card of {self.card.name} has no variance of its features, so a distance in them says nothing. "
                f"Measure it: zoetrope-train evaluate {self.card.name}"
            )
        return variance

    def invert(self, pictures: Bytes, state: Latent, steps: int, y: Classes = None) -> Arrays:
        """Go on descending towards latents whose pictures are those given, see `engine.latent.inversion`.

        Gives the `pictures` of where it got, the new `state` (n, 3 · latent + 1), and in `losses` (n, steps) the mean
        squared error of a pixel before each step. However often it is cut into calls, it takes the same way.
        """
        losses = np.zeros((len(pictures), steps), np.float32)
        for i in range(steps):
            found = self._pass("invert")(pictures, state, *self._labels(y, len(pictures)))
            state, losses[:, i] = np.ascontiguousarray(found[:, :-1]), found[:, -1]
        z = np.ascontiguousarray(state[:, : self.card.latent])
        return {"pictures": self.decode(z, y), "state": state, "losses": losses}

    def wall(self, seeds: Sequence[int], y: Classes = None, truncation: float = 1.0) -> Bytes:
        """Show what the model makes of seeds: decoded draws of its prior, or of its codes; else its own samples."""
        if "decodes" in self.card.verbs:
            return self.decode(draw(self.card, seeds, truncation), y)
        if "samples" in self.card.verbs:
            return self.sample(seeds, y, truncation)
        raise MissingVerb(f"{self.card.name} draws no pictures. Take a model that decodes or samples.")

    def points(self, seeds: Sequence[int], truncation: float = 1.0) -> NDArray[np.float32]:
        """Return the points (n, 2) that a toy makes of seeds. Raises MissingVerb for a model of pictures."""
        if not getattr(self.float32.config, "extent", 0):
            raise MissingVerb(f"{self.card.name} draws pictures, not points of the plane. Take a toy: ring or grid.")
        with torch.inference_mode():
            made = self.float32.generate(torch.from_numpy(draw(self.card, seeds, truncation)).to(self.device))
        return made.flatten(1).float().cpu().numpy()

    def reference_images(self) -> ReferenceImages:
        """Open the real pictures of the model's data. Raises MissingData, with how to get them."""
        return reference_images.load(self.card.data, self.card.shape)  # anew: they may have been gathered again

    def nearest(self, pictures: Bytes, neighbours: int) -> Arrays:
        """Find the training pictures nearest to some: `pictures` (n, neighbours, height, width, channel), `distance`.

        The `distance` (n, neighbours) is the root of the mean squared error of a pixel, on a scale of 0 to 1; that of a
        classifier, in its features, the root of what `distance` gives. Raises MissingData, with how to get them.
        """
        train = self.reference_images().train
        if "classifies" in self.card.verbs:
            digest = self.card.digests.get(files.WEIGHTS, "")
            among = reference_images.load_features(self.card.data, self.card.shape, digest, len(train))
            squares, rows = nearest(self.features(pictures), among, neighbours)
            unit = self._variance()
        else:
            squares, rows = nearest(pictures.reshape(len(pictures), -1), train.reshape(len(train), -1), neighbours)
            unit = 255.0**2 * pictures[0].size
        return {"pictures": train[rows], "distance": np.sqrt(squares / unit).astype(np.float32)}

    def posterior(self) -> Arrays:
        """Read the posterior means of held-out pictures, `z` (m, latent), and their `labels` (m,) where there are."""
        if self.place is None:
            return {"z": np.zeros((0, self.card.latent), np.float32)}
        if self.means is None:
            z, labels = files.load_posterior(self.place)
            self.means = {"z": z} if labels is None else {"z": z, "labels": labels}
        return self.means

    def directions(self) -> Directions:
        """Read the directions that were found in the latent space. Raises CheckpointRefused for a bad file."""
        if self.place is None:
            return directions.none(self.card.latent)
        return directions.load(self.place, self.card)

    # Passes

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

    # Forward passes: rows on the device → what the host wants of them

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
        """Draw the first pixels of the second row; the chances they had tell by their last bits what is alike."""
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


def by_pixels(card: Card) -> bool:
    """Whether a model draws its samples pixel by pixel, from no latent."""
    return "completes" in card.verbs and not card.latent


def posterior_noise(seeds: Sequence[int], latent: int) -> Latent:
    """Draw the noise of several draws of each posterior, (n, DRAWS, latent), the first that of the seed alone."""
    first = noise.normal(seeds, [1, latent])
    others = noise.normal([seed ^ OTHERS for seed in seeds], [DRAWS - 1, latent])
    return torch.cat([first, others], dim=1).numpy()


def states_of(z: Latent) -> Latent:
    """Return states of inversions that are some steps on their way."""
    moments = 1e-3 * np.roll(z, 1, axis=0)
    return np.concatenate([z, moments, moments**2, np.full((len(z), 1), 5)], axis=1, dtype=np.float32)
