"""What is asked of a model and what comes back: plain arrays, fit to travel between processes and machines."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Latent = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Job:
    """One request for one model.

    decode takes z; sample and latents take seeds; encode and reconstruct take pictures; posterior takes nothing.
    """

    verb: str  # a row of engine.batching.OPERATIONS
    model: str
    z: Latent | None = None  # (n, latent)
    pictures: Bytes | None = None  # (n, height, width, channel)
    seeds: tuple[int, ...] = ()
    y: NDArray[np.int64] | None = None  # (n,)
    truncation: float = 1.0
    who: str = ""  # people take turns; nobody in particular may ask side by side
    slot: str = ""  # of one person's jobs in one slot the newest replaces those that still wait
    patience: float | None = None  # seconds from arrival after which nobody waits for the answer

    @property
    def rows(self) -> int:
        """How many pictures the answer holds."""
        given = self.z if self.z is not None else self.pictures
        if given is None:
            return max(1, len(self.seeds))
        return len(given) if given.ndim else 1  # a number alone is refused later, with a sentence

    def part(self, first: int, last: int) -> "Job":
        """Rows first to last of this job, as a job."""
        rows = slice(first, last)
        return dataclasses.replace(
            self,
            z=None if self.z is None else self.z[rows],
            pictures=None if self.pictures is None else self.pictures[rows],
            seeds=self.seeds[rows],
            y=None if self.y is None else self.y[rows],
        )


@dataclass(frozen=True)
class Answer:
    """What a job gives: arrays by name, and where its milliseconds went.

    decode, sample and reconstruct give `pictures`, uint8 (n, height, width, channel); latents and encode give `z`,
    float32 (n, latent); posterior gives `z` and, where the data has them, `labels`, int16 (n,).
    """

    arrays: Mapping[str, NDArray[Any]]
    ms: Mapping[str, float] = field(default_factory=dict)  # queue: waiting; model: in the forward pass it shared
