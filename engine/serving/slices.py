"""Long jobs: one forward pass at a time, so that others come in between."""

from collections.abc import Callable, Generator, Sequence

import numpy as np

from engine.errors import ZoetropeError
from engine.serving.jobs import Answer, Job

Outcome = Answer | ZoetropeError
Run = Callable[[str, list[Job]], Sequence[Outcome]]
Slices = Generator[None, None, Outcome]  # yields between forward passes, returns the outcome


def in_parts(run: Run, job: Job, limit: int) -> Slices:
    """Answer a job of more rows than one pass takes, `limit` rows at a time."""
    answers = []
    for first in range(0, job.rows, limit):
        if first:
            yield
        (outcome,) = run(job.model, [job.part(first, first + limit)])
        if isinstance(outcome, ZoetropeError):
            return outcome
        answers.append(outcome)
    return joined(answers)


def joined(answers: Sequence[Answer]) -> Answer:
    """Put the answers of consecutive parts together: rows behind rows, milliseconds added up."""
    arrays = {name: np.concatenate([answer.arrays[name] for answer in answers]) for name in answers[0].arrays}
    ms = {stage: sum(answer.ms[stage] for answer in answers) for stage in answers[0].ms}
    return Answer(arrays, ms)
