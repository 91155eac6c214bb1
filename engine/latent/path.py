"""A journey through many key latents: which leg a moment falls on, how far along it, and how far out it lies.

app/components/web/morph/journey.js is the same in a browser's words; tests hold the two to one result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.latent.interpolation import WALKS, Array, Exact

SEGMENTS = 64  # straight pieces by which the length of a leg is measured


def _smooth(t: Exact) -> Exact:
    return t * t * (3 - 2 * t)


EASINGS: dict[str, tuple[Callable[[Exact], Exact], Callable[[Exact], Exact]]] = {
    "steady": (lambda t: t, lambda t: t),
    "ends": (_smooth, lambda t: t),
    "keys": (lambda t: t, _smooth),
}
"""How time passes, over the journey and on each leg: "ends" starts and stops softly, "keys" lingers at each key."""
PACES = ("time", "length")
"""Each leg takes the same time, or a time in proportion to its length."""


@dataclass(frozen=True, eq=False)
class Journey:
    """A path through keys, float32 (keys, latent); a loop goes on from the last to the first."""

    keys: Array
    way: str = "spherical"  # a row of WALKS
    easing: str = "keys"  # a row of EASINGS
    pace: str = "time"  # one of PACES
    loop: bool = False

    @property
    def legs(self) -> int:
        return len(self.keys) if self.loop else len(self.keys) - 1

    @cached_property
    def ends(self) -> Exact:
        """When each leg ends, (legs,) in (0, 1]."""
        lengths = [self._length(leg) for leg in range(self.legs)] if self.pace == "length" else []
        if not sum(lengths) > 0:  # keys that are all the same have legs all the same
            lengths = [1.0] * self.legs
        ends = np.cumsum(lengths) / sum(lengths)
        ends[-1] = 1.0
        return ends

    def places(self, times: Sequence[float] | Exact) -> tuple[NDArray[np.int64], Exact]:
        """Find the leg of each time in [0, 1], and how far along it, 0 … 1; both (n,)."""
        whole, each = EASINGS[self.easing]
        passed = whole(np.asarray(times, float))
        leg = np.minimum(np.searchsorted(self.ends, passed, side="right"), self.legs - 1)
        starts = np.concatenate([[0.0], self.ends[:-1]])
        spans = self.ends[leg] - starts[leg]
        along = np.divide(passed - starts[leg], spans, out=np.zeros_like(passed), where=spans > 0)
        return leg.astype(np.int64), each(np.clip(along, 0, 1))

    def at(self, times: Sequence[float] | Exact) -> Array:
        """Walk to each time in [0, 1], float32 (n, latent)."""
        legs, along = self.places(times)
        z = np.empty((len(legs), self.keys.shape[1]))
        for leg in np.unique(legs):
            here = legs == leg
            z[here] = self._walk(int(leg), along[here, None])
        return z.astype(np.float32)

    def nearest(self, times: Sequence[float] | Exact) -> NDArray[np.int64]:
        """Name the key that lies nearer on the leg of each time, (n,): whose class a picture there has."""
        legs, along = self.places(times)
        return (legs + (along >= 0.5)) % len(self.keys)

    def _walk(self, leg: int, t: Exact) -> Exact:
        return WALKS[self.way](self.keys[leg], self.keys[(leg + 1) % len(self.keys)], t)

    def _length(self, leg: int) -> float:
        walked = self._walk(leg, np.linspace(0, 1, SEGMENTS + 1)[:, None])
        return float(np.linalg.norm(np.diff(walked, axis=0), axis=1).sum())


def moments(frames: int, loop: bool) -> Exact:
    """Space the times of a film's frames evenly, (frames,): from end to end, or of a loop to just before its start."""
    return np.arange(frames) / max(1, frames if loop else frames - 1)


def radii(z: Array) -> Exact:
    """How far each latent lies from the origin, (n,)."""
    return np.linalg.norm(z.astype(float), axis=1)


def shell(latent: int, parts: Sequence[float] = (0.05, 0.5, 0.95)) -> tuple[float, ...]:
    """Give the radii within which these parts of a standard normal of so many dimensions lie: a chi distribution's.

    Its density r^(latent − 1) exp(−r² / 2) is summed here, since scipy, which has its inverse, is 130 MB to load.
    """
    r = np.linspace(0, np.sqrt(latent) + 6, 8001)[1:]
    log_density = (latent - 1) * np.log(r) - r**2 / 2
    mass = np.cumsum(np.exp(log_density - log_density.max()))
    return tuple(np.interp(parts, mass / mass[-1], r).tolist())
