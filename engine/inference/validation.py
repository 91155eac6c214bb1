"""What a model accepts: each check returns the clean value, or raises a sentence that says what was given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.checkpoints.card import Card
from engine.errors import BadLatent, BadPicture, BadValue
from engine.image_grid import Bytes


def check_latent(card: Card, z: Any) -> NDArray[np.float32]:
    """Return z as float32 (n, latent). Raises BadLatent."""
    array = np.array(z, np.float32, order="C")  # a copy: torch warns of arrays that may not be written to
    if array.ndim != 2 or array.shape[1] != card.latent:
        raise BadLatent(f"A latent of shape {array.shape} was given; {card.name} takes (n, {card.latent}).")
    if not np.isfinite(array).all():
        raise BadLatent(f"A latent that is not finite was given; {card.name} takes finite numbers, mostly within ±3.")
    return array


def check_pictures(card: Card, pictures: Any) -> Bytes:
    """Return uint8 pictures (n, height, width, channel) of the model's size. Raises BadPicture."""
    pictures = np.asarray(pictures)
    channels, height, width = card.shape
    if pictures.dtype != np.uint8 or pictures.ndim != 4:
        raise BadPicture(
            f"An array of {pictures.dtype} {pictures.shape} was given; pictures are uint8 (n, height, width, 1 or 3)."
        )
    if pictures.shape[1:] != (height, width, channels):
        raise BadPicture(f"Pictures {pictures.shape} were given; {card.name} takes (n, {height}, {width}, {channels}).")
    return pictures


def check_others(card: Card, others: Any, count: int) -> Bytes:
    """Return pictures of the model's size, one for each of `count`. Raises BadPicture."""
    others = check_pictures(card, others)
    if len(others) != count:
        raise BadPicture(f"{len(others)} other pictures were given to {count}; pictures are compared in pairs.")
    return others


def check_state(card: Card, state: Any, count: int) -> NDArray[np.float32]:
    """Return the state of an inversion as float32 (count, 3 · latent + 1). Raises BadLatent."""
    array = np.array(state, np.float32, order="C")
    if array.shape != (count, 3 * card.latent + 1):
        raise BadLatent(
            f"A state of shape {array.shape} was given; {card.name} takes ({count}, {3 * card.latent + 1}): "
            "z, first moment, second moment, steps done."
        )
    if not np.isfinite(array).all():
        raise BadLatent("A state that is not finite was given. Start again from a latent, its moments and steps 0.")
    if (array[:, 2 * card.latent :] < 0).any():
        raise BadLatent("A second moment or a count of steps below 0 was given. Start again, with all of them 0.")
    return array


def check_hidden(card: Card, hidden: Any, count: int) -> Bytes:
    """Return a mask, uint8 (count, height, width) of 0 and 1, one for each picture. Raises BadPicture."""
    hidden, (_, height, width) = np.asarray(hidden), card.shape
    if hidden.dtype != np.uint8 or hidden.shape != (count, height, width):
        raise BadPicture(
            f"A mask of {hidden.dtype} {hidden.shape} was given; {card.name} takes uint8 ({count}, {height}, {width}): "
            "1 where a pixel is to be drawn, else 0."
        )
    if (hidden > 1).any():
        raise BadPicture(f"A mask with a {hidden.max()} was given; give 1 where a pixel is to be drawn, else 0.")
    return hidden


def check_pixel(card: Card, pixel: int) -> int:
    """Return the number of a pixel, row · width + column. Raises BadValue outside the picture."""
    _, height, width = card.shape
    if not 0 <= pixel < height * width:
        raise BadValue(f"Pixel {pixel} was asked for; {card.name} has 0 … {height * width - 1}, row by row.")
    return pixel


def check_last(card: Card, first: int, last: int) -> int:
    """Return the pixel before which a stretch ends. Raises BadValue where that is empty, or not inside the picture."""
    _, height, width = card.shape
    if not 0 <= first < last <= height * width:
        raise BadValue(
            f"Pixels from {first} to {last} were asked for; {card.name} has 0 … {height * width - 1}, and a stretch "
            "ends before its last number."
        )
    return last


def check_classes(card: Card, y: NDArray[Any] | None, count: int) -> NDArray[np.int64] | None:
    """Return a class for each row; none where the model knows no classes. Raises BadValue."""
    if y is None:
        return None
    if y.shape != (count,) or y.dtype.kind not in "iu":
        raise BadValue(f"Classes of shape {y.shape} were given for {count} pictures; give a whole number each.")
    if not card.classes:
        return None
    if not ((y >= 0) & (y < len(card.classes))).all():
        given, last = y[(y < 0) | (y >= len(card.classes))][0], len(card.classes) - 1
        raise BadValue(f"A class of {given} was given; {card.name} has 0 … {last}: {', '.join(card.classes)}.")
    return y.astype(np.int64)


def check_truncation(truncation: float) -> float:
    """Return a number from 0 up. Raises BadValue."""
    if not 0 <= truncation < np.inf:
        raise BadValue(f"A truncation of {truncation} was given; it scales the draws, from 0 up; 1 is whole.")
    return truncation
