"""What is asked of a model and what comes back: plain arrays, fit to travel between processes and machines."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ZoetropeError

Latent = NDArray[np.float32]
Bytes = NDArray[np.uint8]

DRAWS = 8  # of a posterior, by which the terms of a bound are estimated
TERMS = ("rate", "distortion", "rate_error", "distortion_error", "elbo_error")
MAX_STEPS = 25
"""The most steps of an inversion that one job may ask for; the next one goes on from its state."""
MAX_NEIGHBOURS = 12
"""The most neighbours of a picture that one job may ask for."""
STEP_ROWS = 4
"""How many decoded rows a step of one row counts for: it goes there and back."""
SAMPLED_ROWS = 1024
"""How many decoded rows one that is drawn pixel by pixel counts for: more than any pass takes, so it goes in chunks."""

SAMPLED = ("complete", "sample", "wall")
"""Verbs that may be answered by a drawing, pixel by pixel."""


@dataclass(frozen=True)
class Job:
    """One request for one model.

    decode takes z; sample and latents take seeds; encode takes pictures; reconstruct takes pictures, and seeds if it is
    to draw, and terms; distance takes pictures and others; invert takes pictures, state and steps; nearest takes
    pictures and neighbours; classify, score and surprise take pictures; complete takes pictures, hidden, seeds, first
    and last; receptive takes pictures and first; posterior, directions and masks take nothing.
    """

    verb: str  # a row of engine.inference.batching.OPERATIONS
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
        each = {"invert": STEP_ROWS * max(1, self.steps), "complete": SAMPLED_ROWS}
        return self.rows * each.get(self.verb, 1)

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
    """What a job gives: arrays by name, and where its milliseconds went.

    decode, sample, reconstruct and invert give `pictures`, uint8 (n, height, width, channel); latents, encode and
    reconstruct give `z`, float32 (n, latent); posterior gives `z` and, where the data has them, `labels`, int16 (n,);
    directions gives `z` and `about`, a JSON list of what is known of each, as uint8.
    reconstruct also gives `drawn`, uint8 (n,), and with terms, of models that bound, `rate` and `distortion`, means of
    DRAWS draws, and their standard errors `rate_error`, `distortion_error` and `elbo_error`, float32 (n,), in nats;
    where training pictures are known, `strangeness`, the distance from them, and its parts `texture` and `turned`,
    float32 (n,);
    classify gives `logits` (n, answers), float32; score gives `log_prob` or, of models that bound, `elbo` (n,) in nats,
    `file_bits` (n,) of the pictures' files and, of class-conditional models, `given` (n, classes), all float32;
    distance gives `distance`, float32 (n,); invert gives `state` (n, 3 · latent + 1) and `losses` (n, steps), float32;
    nearest gives `pictures` (n, neighbours, height, width, channel) and `distance` (n, neighbours), float32.
    complete gives `pictures` and, with terms, `chances`, float32 (n, last − first, channel, levels): those of each
    value, given all before it. surprise gives `surprise` and receptive `reach`, float32 (n, height, width). masks
    gives `masks`, float32 (m, side, side), and `about`, a JSON list of what is known of each, as uint8.
    """

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
