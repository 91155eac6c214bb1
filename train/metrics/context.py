"""What is measured, and on which pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.models.classifier import Classifier
from engine.protocols import Completes, Samples
from engine.registry import Model
from engine.types import Images, Labels
from train.data import Batch, Dataset, Split, binarized_test, dequantize
from train.recipe import Pixels, Recipe

CACHED = 20  # pictures of a pass whose maps stay in the cache of a processor: twice as fast as 200
View = Callable[[Images], Tensor]  # pictures → features, a row each


@dataclass(frozen=True)
class NamedClassifier:
    """A classifier that says what pictures show, and by which other models are measured."""

    name: str
    model: Classifier
    labels: tuple[str, ...] = ()  # of its answers

    def reads(self, model: Model) -> bool:
        """Whether it can look at a model's samples, and the model was not told what they show."""
        return self.model.config.shape == model.config.shape and not model.config.classes


@dataclass(frozen=True)
class Background:
    """A model of pictures of which a share is noise: what it finds likely says nothing of what the pictures show."""

    name: str
    model: Model


@dataclass(frozen=True)
class EvalContext:
    """A model beside the held-out pictures that it is measured on."""

    model: Model
    recipe: Recipe
    data: Dataset
    pictures: int  # at most so many for the measures that take long
    samples: int  # importance samples
    classifier: NamedClassifier | None = None  # a classifier of the same pictures, where there is one
    critic: View | None = None  # what the critic of the model's run sees in pictures, where that was given
    background: Background | None = None  # a model of the same family and data that saw mutated pictures, if there is
    data_dir: Path | None = None  # where data sets are

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def batches(self, count: int | None = None, size: int = 200) -> Iterator[Batch]:
        """Return the test split, pixels as the likelihood sees them; labels only to class-conditional models."""
        split = binarized_test(self.data.test) if self.recipe.pixels == "binarized" else self.data.test
        noise = torch.Generator().manual_seed(0)
        for rows in spread(len(split), count or len(split)).split(size):
            batch = split.batch(rows)
            x = dequantize(batch.x, noise) if self.recipe.pixels == "dequantized" else batch.x
            y = batch.y.to(self.device) if batch.y is not None and self.model.config.classes else None
            yield Batch(x.to(self.device), y)

    def given(self, split: Split, rows: torch.Tensor) -> tuple[Images, Labels | None]:
        """Return rows of a split on the model's device, pixels as they are; labels only to class-conditional models."""
        batch = split.batch(rows)
        y = batch.y.to(self.device) if batch.y is not None and self.model.config.classes else None
        return batch.x.to(self.device), y

    @property
    def binary(self) -> bool:
        """Whether the samples are drawn pixel by pixel, and binary: pictures beside them then have to be so as well."""
        return self.recipe.pixels == "binarized" and isinstance(self.model, Completes)

    def beside(self, split: Split) -> Split:
        """Return the pictures of a split as they can be compared with samples."""
        return binarized_test(split) if self.binary else split

    def sampled(self, seeds: Sequence[int]) -> Images:
        """Draw samples on the model's device; of a class-conditional model, classes in turn."""
        assert isinstance(self.model, Samples)
        classes = self.model.config.classes
        y = torch.tensor(seeds, device=self.device) % classes if classes else None
        return self.model.sample(seeds, y)

    def sample_batches(self, count: int) -> Iterator[Images]:
        """Draw the samples of seeds from 0; many at once where pixels drawn one after another leave a GPU idle."""
        size = 1_000 if self.device.type == "cuda" else 200
        return (self.sampled(range(i, min(i + size, count))) for i in range(0, count, size))

    def samples_of(self, count: int) -> Images:
        """Draw the samples of seeds from 0, all at once, on the host."""
        return torch.cat([x.cpu() for x in self.sample_batches(count)])


def spread(available: int, count: int) -> torch.Tensor:
    """Choose rows evenly: the first half of MNIST's test set, say, is easier than the second."""
    return torch.linspace(0, available - 1, min(count, available)).long()


def seen(pixels: Pixels) -> str:
    """Say how the pixels reach the likelihood."""
    return {
        "plain": "pixels as they are",
        "binarized": "binarized once by default_rng(0), trained on fresh draws",
        "dequantized": "pixels dequantized by uniform noise, in [0, 1]",
    }[pixels]
