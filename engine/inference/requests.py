"""What is asked of a model and what comes back: plain arrays, fit to travel between processes and machines."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ZoetropeError
from engine.inference.verbs import STEPS, VERBS

Latent = NDArray[np.float32]
Bytes = NDArray[np.uint8]

DRAWS = 8  # of a posterior, by which the terms of a bound are estimated


@dataclass(frozen=True)
class Job:
    """One request for one model: the fields that its verb takes, see `engine.inference.verbs`."""

    verb: str  # a row of VERBS
    model: str
    z: Latent | None = None  # (n, latent)
    pictures: Bytes | None = None  # (n, height, width, channel)
    others: Bytes | None = None  # (n, height, width, channel), to be compared with pictures one by one
    state: Latent | None = None  # (n, 3 · latent + 1), of an inversion: z, two moments, steps done
    hidden: Bytes | None = None  # (n, height, width), of a completion: 1 where a pixel is to be drawn, else 0
    first: int = 0  # of a completion, the pixel row · width + column with which it begins; the one that sees
    last: int = 0  # of a completion, the pixel before which it ends
    steps: int = 1  # of an inversion
    neighbours: int = 1  # of nearest
    terms: bool = True  # of a reconstruction: rate and distortion too, where the model bounds; of a completion: chances
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

    @property
    def work(self) -> int:
        """How many decoded rows take as long, about."""
        verb = VERBS.get(self.verb)  # what there is not is refused later, with a sentence
        steps = self.steps if verb and STEPS in verb.parameters else 1
        return self.rows * (verb.cost if verb else 1) * max(1, steps)

    def part(self, first: int, last: int) -> "Job":
        """Rows first to last of this job, as a job."""
        rows = slice(first, last)
        return dataclasses.replace(
            self,
            z=None if self.z is None else self.z[rows],
            pictures=None if self.pictures is None else self.pictures[rows],
            others=None if self.others is None else self.others[rows],
            state=None if self.state is None else self.state[rows],
            hidden=None if self.hidden is None else self.hidden[rows],
            seeds=self.seeds[rows],
            y=None if self.y is None else self.y[rows],
        )


@dataclass(frozen=True)
class Answer:
    """What a job gives: the arrays of its verb by name, see `engine.inference.verbs`, and where its time went."""

    arrays: Mapping[str, NDArray[Any]]
    ms: Mapping[str, float] = field(default_factory=dict)  # queue: waiting; model: in the forward pass it shared


Outcome = Answer | ZoetropeError


def settle(future: "Future[Answer]", outcome: Outcome) -> None:
    """Answer a caller, unless they have cancelled. Call it once, and without a lock: callbacks run in it."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, ZoetropeError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
