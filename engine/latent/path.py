"""A path through many key latents: which segment a moment falls on, how far along it, and how far out it lies.

app/components/web/latent/path.js is the same in a browser's words; tests hold the two to one result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.latent.interpolation import INTERPOLATIONS, Array, Exact

PIECES = 64  # straight pieces by which the length of a segment is measured


def _smooth(t: Exact) -> Exact:
    return t * t * (3 - 2 * t)


EASINGS: dict[str, tuple[Callable[[Exact], Exact], Callable[[Exact], Exact]]] = {
    "steady": (lambda t: t, lambda t: t),
    "ends": (_smooth, lambda t: t),
    "keys": (lambda t: t, _smooth),
}
"""How time passes, over the path and on each segment: "ends" starts and stops softly, "keys" lingers at each key."""
PACES = ("time", "length")
"""Each segment takes the same time, or a time in proportion to its length."""


@dataclass(frozen=True, eq=False)
class LatentPath:
    """A path through keys, float32 (keys, latent); a loop goes on from the last to the first."""

    keys: Array
    interpolation: str = "spherical"  # a row of WALKS
    easing: str = "keys"  # a row of EASINGS
    pace: str = "time"  # one of PACES
    loop: bool = False

    @property
    def segments(self) -> int:
        return len(self.keys) if self.loop else len(self.keys) - 1

    @cached_property
    def ends(self) -> Exact:
        """When each segment ends, (segments,) in (0, 1]."""
        lengths = [self._length(segment) for segment in range(self.segments)] if self.pace == "length" else []
        if not sum(lengths) > 0:  # keys that are all the same have segments all the same
            lengths = [1.0] * self.segments
        ends = np.cumsum(lengths) / sum(lengths)
        ends[-1] = 1.0
        return ends

    def locate(self, times: Sequence[float] | Exact) -> tuple[NDArray[np.int64], Exact]:
        """Find the segment of each time in [0, 1], and how far along it, 0 … 1; both (n,)."""
        whole, each = EASINGS[self.easing]
        passed = whole(np.asarray(times, float))
        segment = np.minimum(np.searchsorted(self.ends, passed, side="right"), self.segments - 1)
        starts = np.concatenate([[0.0], self.ends[:-1]])
        spans = self.ends[segment] - starts[segment]
        along = np.divide(passed - starts[segment], spans, out=np.zeros_like(passed), where=spans > 0)
        return segment.astype(np.int64), each(np.clip(along, 0, 1))

    def at(self, times: Sequence[float] | Exact) -> Array:
        """Walk to each time in [0, 1], float32 (n, latent)."""
        segments, along = self.locate(times)
        z = np.empty((len(segments), self.keys.shape[1]))
        for segment in np.unique(segments):
            here = segments == segment
            z[here] = self._point(int(segment), along[here, None])
        return z.astype(np.float32)

    def nearest(self, times: Sequence[float] | Exact) -> NDArray[np.int64]:
        """Name the key that lies nearer on the segment of each time, (n,): whose class a picture there has."""
        segments, along = self.locate(times)
        return (segments + (along >= 0.5)) % len(self.keys)

    def _point(self, segment: int, t: Exact) -> Exact:
        return INTERPOLATIONS[self.interpolation](self.keys[segment], self.keys[(segment + 1) % len(self.keys)], t)

    def _length(self, segment: int) -> float:
        walked = self._point(segment, np.linspace(0, 1, PIECES + 1)[:, None])
        return float(np.linalg.norm(np.diff(walked, axis=0), axis=1).sum())


def moments(frames: int, loop: bool) -> Exact:
    """Space the times of a film's frames evenly, (frames,): from end to end, or of a loop to just before its start."""
    return np.arange(frames) / max(1, frames if loop else frames - 1)


def shell(latent: int, parts: Sequence[float] = (0.05, 0.5, 0.95)) -> tuple[float, ...]:
    """Return the radii within which these parts of a standard normal of so many dimensions lie: a chi distribution's.

    Its density r^(latent − 1) exp(−r² / 2) is summed here, since scipy, which has its inverse, is 130 MB to load.
    """
    r = np.linspace(0, np.sqrt(latent) + 6, 8001)[1:]
    log_density = (latent - 1) * np.log(r) - r**2 / 2
    mass = np.cumsum(np.exp(log_density - log_density.max()))
    return tuple(np.interp(parts, mass / mass[-1], r).tolist())
