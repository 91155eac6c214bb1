"""Real pictures of a data set put where the engine finds them: for blind guesses, and to look for neighbours."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis import reference_images
from engine.analysis.reference_images import ReferenceImages, Shape
from engine.checkpoints.files import WEIGHTS
from engine.errors import BadValue
from engine.inference.engine import Engine
from train.data.base import Dataset, Split

PART = 1000  # pictures that a classifier looks at before the next are read
TRAIN, TEST = 20_000, 5_000
"""Pictures that are kept of each split; more find no better neighbours to speak of, and take their room on the disk."""


def gather(data: Dataset, train: int = TRAIN, test: int = TEST) -> tuple[Path, ReferenceImages]:
    """Write pictures of both splits into the person's own folder, always the same ones. Raises BadValue for points."""
    if data.train.pictures.is_floating_point():
        raise BadValue(f"{data.name} are points of the plane, made by our own code: there are no pictures to gather.")
    if train < 1 or test < 1:
        raise BadValue(f"{train} training and {test} test pictures were asked for; gather at least one of each.")
    kept = [_kept(split, count) for split, count in ((data.train, train), (data.test, test))]
    made = ReferenceImages(kept[0][0], kept[1][0], kept[0][1], kept[1][1])
    path = reference_images.place_of(data.name, data.shape)
    reference_images.save(path, made)
    return path, made


def write_features(data: str, shape: Shape, kept: ReferenceImages, engine: Engine) -> list[str]:
    """Write what each classifier of the data sees in the training pictures, (n, feature); names those classifiers."""
    cards = [engine.card(name) for name in engine.names("classifies")]
    classifiers = [card for card in cards if (card.data, card.shape) == (data, shape)]
    for card in classifiers:
        classifier = engine.device_model(card.name)
        parts = [classifier.features(kept.train[first : first + PART]) for first in range(0, len(kept.train), PART)]
        path = reference_images.features_of(data, shape, card.digests.get(WEIGHTS, ""))
        reference_images.save_features(path, np.concatenate(parts).astype(np.float16))
    return [card.name for card in classifiers]


def _kept(split: Split, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int16] | None]:
    """Return the pictures (n, height, width, channel) and the labels that are kept of a split."""
    rows = np.sort(np.random.default_rng(0).permutation(len(split))[:count])
    pictures = split.pictures[rows].permute(0, 2, 3, 1).contiguous().numpy()
    return pictures, None if split.y is None else split.y[rows].numpy().astype(np.int16)
