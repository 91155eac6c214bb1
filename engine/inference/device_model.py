"""A model on one device: plain arrays in, plain arrays out, whatever their number."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis import familiarity, outliers, receptive_field, reference_images
from engine.analysis.neighbours import nearest
from engine.analysis.reference_images import ReferenceImages
from engine.checkpoints import directions, files
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.checkpoints.directions import Directions
from engine.errors import MissingVerb
from engine.image_grid import Bytes
from engine.inference.passes import UNKNOWN, Classes, Latent, Passes, posterior_noise
from engine.inference.pixel_sampling import PixelSampler, Sampling, finished
from engine.inference.verbs import TERMS
from engine.latent.sampling import draw
from engine.nn import noise
from engine.protocols import Infers
from engine.registry import Model

Arrays = dict[str, NDArray[Any]]


class DeviceModel(Passes):
    """One model on one device: what its passes make of plain arrays.

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
        super().__init__(model, card, device)
        self.place = place
        self.catalogue = Catalogue({card.name: card}, {}) if catalogue is None else catalogue
        self.means: Arrays | None = None
        self.by_pixels = by_pixels(card)
        self.familiarity = familiarity.load(place, card) if place else None
        self.infers = isinstance(model, Infers) and getattr(model.config, "stochastic", True)
        self.sampler = PixelSampler(self.float32, card, device, lambda: self._pass("draw"))

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
        many passes. Where z is the mean and training pictures are known, also `strangeness` and its parts `texture` and
        `turned` (n,), see `engine.analysis.familiarity`; without `terms` none is turned: that part is 0. A
        class-conditional model that bounds takes a row of no class for one of the class whose bound is highest: `y`
        (n,) says which.
        """
        y = self.likeliest(pictures, y)
        sampled = bool(seeds) and self.infers
        z = self._posterior_sample(pictures, y, seeds) if sampled else self.encode(pictures, y)
        flags = np.full(len(z), sampled, np.uint8)
        classes = {} if y is None else {"y": y}
        found = self._terms(pictures, y, seeds) if terms and "bounds" in self.card.verbs else {}
        made = self.decode(z, y)
        if self.familiarity and not sampled:
            made_turned = self._made_turned(pictures, y) if terms else None
            found |= self.familiarity.strangeness(pictures, made, z, made_turned)
        return {"pictures": made, "z": z, "drawn": flags, **classes, **found}

    def _made_turned(self, pictures: Bytes, y: Classes) -> Bytes | None:
        """Reconstruct pictures upside down, where it is known how training pictures fare so."""
        if self.familiarity is None or self.familiarity.turned is None:
            return None
        return self.decode(self.encode(familiarity.turned(pictures), y), y)

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


def by_pixels(card: Card) -> bool:
    """Whether a model draws its samples pixel by pixel, from no latent."""
    return "completes" in card.verbs and not card.latent
