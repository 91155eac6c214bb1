"""A hand that drags over a latent plane at a steady rate, and what it saw."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.rig.live import Latent, Line, Reply, Trouble

MODEL = "frey-vae-2d"
REACH = 2.2
GOLDEN = 0.618034


@dataclass
class Seen:
    """What one hand saw: a drawing for each answer, and what went wrong."""

    began: float = field(default_factory=time.perf_counter)
    drawings: list[Drawing] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cuts: int = 0  # times that the socket was lost under way
    last: Latent | None = None  # the position in which the hand came to rest

    @property
    def milliseconds(self) -> list[float]:
        return [1e3 * (drawing.came - drawing.asked) for drawing in self.drawings]

    def rate(self) -> float:
        """Drawings a second between the first and the last."""
        if len(self.drawings) < 2:
            return 0.0
        return (len(self.drawings) - 1) / max(1e-9, self.drawings[-1].came - self.drawings[0].came)

    def longest_gap(self) -> float:
        """Seconds in which nothing new was drawn, at worst."""
        times = [self.began, *(drawing.came for drawing in self.drawings)]
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=float("inf"))

    def arrived(self) -> bool:
        """Whether the last drawing is the one of the position in which the hand came to rest."""
        return bool(self.drawings) and self.last is not None and np.array_equal(self.drawings[-1].z, self.last)


@dataclass(frozen=True)
class Drawing:
    """One picture on the canvas: where the hand was, when it asked, when the picture came, and its bytes."""

    z: Latent  # (1, latent)
    asked: float
    came: float
    picture: bytes
    queue: float  # ms in the engine's queue
    model: float  # ms in the forward pass


def place(hand: int, seconds: float, latents: int = 2) -> Latent:
    """Where a hand is on its curve after some seconds, float32 (1, latents); no two hands share one."""
    turn = 2 * np.pi * (hand * GOLDEN % 1)
    pace = 1.0 + 0.3 * (hand * GOLDEN * GOLDEN % 1)
    spot = REACH * np.sin(1.7 * pace * seconds + turn), REACH * np.sin(2.3 * pace * seconds + 0.4 + 2 * turn)
    return np.array([(spot * latents)[:latents]], np.float32)


async def drag(
    line: Line, hand: int, rate: float, going: float | Callable[[], bool], model: str = MODEL, latents: int = 2
) -> Seen:
    """Drag with one request in flight, as the page does, and come to rest; `going` is seconds, or says when to stop.

    A lost socket is opened again and the newest position asked again. Sentences are kept as errors.
    """
    seen = Seen()
    period = 1 / rate
    began = time.perf_counter() + random.uniform(0, period)  # hands do not move in step
    tick = 0
    while going() if callable(going) else tick * period < going:
        await asyncio.sleep(max(0.0, began + tick * period - time.perf_counter()))
        await draw(line, place(hand, time.perf_counter() - began, latents), seen, model)
        tick = max(tick + 1, int((time.perf_counter() - began) / period))  # the page asks for the newest place alone
    seen.last = place(hand, 1e3 + tick * period, latents)
    await draw(line, seen.last, seen, model)
    return seen


async def draw(line: Line, z: Latent, seen: Seen, model: str = MODEL, patience: float = 60.0) -> None:
    """Ask for the picture at one place until it has come, over a new socket where the old one was lost."""
    asked = time.perf_counter()
    try:
        async with asyncio.timeout(patience):
            reply = await _asked(line, model, z, seen)
            picture = reply.pictures.tobytes()
    except Trouble as trouble:
        seen.errors.append(str(trouble))
    except TimeoutError:
        seen.errors.append(f"No picture came within {patience:.0f} s.")
    else:
        ms = reply.header["ms"]
        seen.drawings.append(Drawing(z, asked, time.perf_counter(), picture, ms["queue"], ms["model"]))


async def _asked(line: Line, model: str, z: Latent, seen: Seen) -> Reply:
    while True:
        try:
            return await line.decode(model, z)
        except ConnectionResetError:
            seen.cuts += 1
            await line.again()


# In numbers


def percentile(values: Iterable[float], part: float) -> float:
    """Return the value below which a part of them lies; nan for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def milliseconds(seen: Sequence[Seen]) -> list[float]:
    return [value for one in seen for value in one.milliseconds]


def wrong(
    seen: Sequence[Seen], model: str = MODEL, at_most: int = 20_000, folders: Sequence[Path] | None = None
) -> tuple[int, int]:
    """Count drawings whose picture is more than one grey level off an engine's alone, and how many were compared.

    The last drawing of each hand is always compared, the others evenly spread.
    """
    from engine.inference.engine import Engine  # here, not above: torch must not be loaded while the load is generated

    lasts = [one.drawings[-1] for one in seen if one.drawings]
    others = [drawing for one in seen for drawing in one.drawings[:-1]]
    chosen = lasts + others[:: max(1, len(others) // max(1, at_most - len(lasts)))]
    engine = Engine(folders)
    pictures = (engine.decode(model, drawing.z)[0] for drawing in chosen)
    return sum(_off(picture, drawing) for picture, drawing in zip(pictures, chosen, strict=True)), len(chosen)


def _off(picture: NDArray[np.uint8], drawing: Drawing) -> bool:
    seen = np.frombuffer(drawing.picture, np.uint8).reshape(picture.shape)
    return bool((np.abs(seen.astype(int) - picture) > 1).any())
