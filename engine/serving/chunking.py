"""Long jobs: one forward pass, or a few steps, at a time, so that others come in between."""

import dataclasses
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ZoetropeError
from engine.inference.requests import Answer, Job, Outcome
from engine.inference.verbs import VERBS

Run = Callable[[str, list[Job]], Sequence[Outcome]]
Chunks = Generator[None, None, Outcome]  # yields between forward passes, returns the outcome

CHUNK_SECONDS = 0.004
"""Seconds that a drawing goes on before others get their turn; a screen is refreshed every 0.017."""


def in_parts(run: Run, job: Job, limit: int) -> Chunks:
    """Answer a job of more work than one pass takes, `limit` rows at a time, or as many steps as cost the same."""
    answers = []
    for first in range(0, job.rows, limit):
        if first:
            yield
        outcome = yield from in_steps(run, job.part(first, first + limit), limit)
        if isinstance(outcome, ZoetropeError):
            return outcome
        answers.append(outcome)
    return joined(answers)


def in_steps(run: Run, job: Job, limit: int) -> Chunks:
    """Answer an inversion of many steps some at a time, each part from where the last got; any other job at once."""
    at_once = max(1, limit // (VERBS["invert"].cost * max(1, job.rows)))
    if job.verb != "invert" or job.steps <= at_once:
        return run(job.model, [job])[0]
    state, parts = job.state, list[Answer]()
    for first in range(0, job.steps, at_once):
        if first:
            yield
        some = min(at_once, job.steps - first)
        outcome = run(job.model, [dataclasses.replace(job, state=state, steps=some)])[0]
        if isinstance(outcome, ZoetropeError):
            return outcome
        parts.append(outcome)
        state = outcome.arrays["state"]
    losses = np.concatenate([part.arrays["losses"] for part in parts], axis=1)
    return Answer({**parts[-1].arrays, "losses": losses}, spent(parts))


def in_time(sampling: Generator[None, None, Mapping[str, NDArray[Any]]], clock: Callable[[], float]) -> Chunks:
    """Answer by a drawing, as many of its pieces at a time as go into CHUNK_SECONDS, and one at least."""
    spent = 0.0
    while True:
        began = clock()
        try:
            next(sampling)
            while clock() - began < CHUNK_SECONDS:
                next(sampling)
        except StopIteration as end:
            return Answer(end.value, {"model": 1e3 * (spent + clock() - began)})
        spent += clock() - began
        yield


def joined(answers: Sequence[Answer]) -> Answer:
    """Put the answers of consecutive parts together: rows behind rows, milliseconds added up."""
    arrays = {name: np.concatenate([answer.arrays[name] for answer in answers]) for name in answers[0].arrays}
    return Answer(arrays, spent(answers))


def spent(answers: Sequence[Answer]) -> dict[str, float]:
    """Add up the milliseconds of each stage."""
    return {stage: sum(answer.ms[stage] for answer in answers) for stage in answers[0].ms}
