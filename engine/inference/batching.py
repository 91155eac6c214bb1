"""Jobs of one model, joined into few forward passes: what each gets is what it would have got alone."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.checkpoints.card import Card
from engine.errors import BadValue, ModelFault, UnknownName, ZoetropeError
from engine.inference.device_model import DeviceModel
from engine.inference.passes import UNKNOWN
from engine.inference.pixel_sampling import Sampling, finished
from engine.inference.requests import Answer, Job
from engine.inference.validation import (
    check_classes,
    check_hidden,
    check_last,
    check_latent,
    check_others,
    check_pictures,
    check_pixel,
    check_state,
    check_truncation,
)
from engine.inference.verbs import CLASS, NEIGHBOURS, STEPS, VERBS, Verb
from engine.latent.sampling import draw
from engine.nn import noise

Arrays = dict[str, NDArray[Any]]
log = logging.getLogger(__name__)


RUN: dict[str, Callable[[DeviceModel, Any], Arrays]] = {  # of a job that was checked
    "decode": lambda model, job: {"pictures": model.decode(job.z, job.y)},
    "sample": lambda model, job: {"pictures": model.sample(job.seeds, job.y, job.truncation)},
    "latents": lambda model, job: {"z": draw(model.card, job.seeds, job.truncation)},
    "encode": lambda model, job: {"z": model.encode(job.pictures, job.y)},
    "reconstruct": lambda model, job: model.reconstruct(job.pictures, job.y, job.seeds, job.terms),
    "classify": lambda model, job: {"logits": model.classify(job.pictures)},
    "score": lambda model, job: model.score(job.pictures, job.y),
    "distance": lambda model, job: {"distance": model.distance(job.pictures, job.others)},
    "invert": lambda model, job: model.invert(job.pictures, job.state, job.steps, job.y),
    "complete": lambda model, job: finished(completion(model, job)),
    "surprise": lambda model, job: {"surprise": model.surprise(job.pictures, job.y)},
    "receptive": lambda model, job: {"reach": model.receptive(job.pictures, job.first, job.y)},
    "wall": lambda model, job: {"pictures": model.wall(job.seeds, job.y, job.truncation)},
    "pictures": lambda model, job: {"pictures": model.reference_images().sample(job.seeds, job.y)},
    "points": lambda model, job: {"points": model.points(job.seeds, job.truncation)},
    "nearest": lambda model, job: model.nearest(job.pictures, job.neighbours),
    "posterior": lambda model, job: model.posterior(),
    "masks": lambda model, job: model.masks(),
    "directions": lambda model, job: model.directions().arrays(),
}
"""How each of VERBS is answered."""


def completion(model: DeviceModel, job: Job) -> Sampling:
    """Draw what a checked job to complete asks for, giving way to others after each little piece."""
    assert job.pictures is not None
    assert job.hidden is not None
    return model.completion(job.pictures, job.hidden, job.seeds, (job.first, job.last), job.y, job.terms)


def pixel_sampling(model: DeviceModel, job: Job) -> Sampling | None:
    """Return the drawing, pixel by pixel, that answers a checked job; None where a pass answers it."""
    if job.verb == "complete":
        return completion(model, job)
    if job.verb in ("sample", "wall") and model.by_pixels:
        return model.sampling(job.seeds, job.y)
    return None


def run_batch(model: DeviceModel, jobs: Sequence[Job]) -> list[Answer | ZoetropeError]:
    """Answer jobs of one model, each with its arrays or with the error in their place, in the order given."""
    outcomes = [_checked(model, job) for job in jobs]
    answers: dict[int, Answer | ZoetropeError] = {}
    for group in _groups(outcomes):
        members = [job for _, job in group]
        answers.update(zip((i for i, _ in group), _together(model, members), strict=True))
    return [answers[i] if isinstance(outcome, Job) else outcome for i, outcome in enumerate(outcomes)]


def _groups(outcomes: Sequence[Job | ZoetropeError]) -> Iterable[list[tuple[int, Job]]]:
    """Sort those that may share a pass into groups, each with its place in the line."""
    groups: dict[tuple[Any, ...], list[tuple[int, Job]]] = {}
    for i, job in enumerate(outcomes):
        if isinstance(job, Job):
            alike = job.verb, bool(job.seeds), *(getattr(job, name) for name in ALONE)
            groups.setdefault(alike, []).append((i, job))
    return groups.values()


def _together(model: DeviceModel, jobs: Sequence[Job]) -> Sequence[Answer | ZoetropeError]:
    """Answer checked jobs of one group by one call; where that fails, each by its own, so that one fails alone."""
    rows = VERBS[jobs[0].verb].rows
    began = time.perf_counter()
    outcome = _attempt(model, _joined(rows, jobs))
    if isinstance(outcome, ZoetropeError):
        return [outcome] if len(jobs) == 1 else [_together(model, [job])[0] for job in jobs]
    ms = {"model": 1e3 * (time.perf_counter() - began)}
    return [Answer(arrays, ms) for arrays in _split(rows, outcome, jobs)]


def _attempt(model: DeviceModel, job: Job) -> Arrays | ZoetropeError:
    try:
        return RUN[job.verb](model, job)
    except ZoetropeError as error:
        return error.with_traceback(None)  # a traceback pins the tensors of every frame in it
    except Exception as error:
        log.info("%s failed on %s", job.model, job.verb, exc_info=True)
        # Its kind alone: the text may hold paths and shapes, which are nothing to the person who asked.
        return ModelFault(
            f"{job.model} failed on this request ({type(error).__name__}). Change it, or take another model."
        )


# Rows of several jobs as those of one


def _joined(rows: str, jobs: Sequence[Job]) -> Job:
    """Make one job of the rows of all; a row without a class among those with one has class −1, "unknown"."""
    if len(jobs) == 1 or not rows:
        return jobs[0]
    counts = [len(getattr(job, rows)) for job in jobs]
    classes = [np.full(count, UNKNOWN) if job.y is None else job.y for count, job in zip(counts, jobs, strict=True)]
    fields: dict[str, Any] = {"seeds": sum((job.seeds for job in jobs), ())}
    for array in VERBS[jobs[0].verb].takes:
        fields[array.name] = np.concatenate([getattr(job, array.name) for job in jobs])
    fields["y"] = None if all(job.y is None for job in jobs) else np.concatenate(classes)
    return replace(jobs[0], **fields)


def _split(rows: str, arrays: Arrays, jobs: Sequence[Job]) -> Iterable[Arrays]:
    """Give each job its rows of each array; where all get the same, the whole."""
    if not rows:
        return [arrays] * len(jobs)
    ends = np.cumsum([len(getattr(job, rows)) for job in jobs])
    parts = {name: np.split(array, ends[:-1]) for name, array in arrays.items()}
    return [{name: parts[name][i] for name in arrays} for i in range(len(jobs))]


# Checks, job by job


def _checked(model: DeviceModel, job: Job) -> Job | ZoetropeError:
    try:
        return check(model, job)
    except ZoetropeError as error:
        return error.with_traceback(None)
    except (TypeError, ValueError) as error:
        return BadValue(f"A job that cannot be read was given: {error}.")


ARRAYS: dict[str, Callable[[Card, Any, int], Any]] = {  # by a model's card, and for so many rows
    "z": lambda card, z, rows: check_latent(card, z),
    "pictures": lambda card, pictures, rows: check_pictures(card, pictures),
    "others": check_others,
    "state": check_state,
    "hidden": check_hidden,
}
ALONE: dict[str, Callable[[Card, Job], Any]] = {
    "truncation": lambda card, job: check_truncation(job.truncation),
    "steps": lambda card, job: STEPS.check(job.steps),
    "neighbours": lambda card, job: NEIGHBOURS.check(job.neighbours),
    "terms": lambda card, job: bool(job.terms),
    "first": lambda card, job: check_pixel(card, job.first),
    "last": lambda card, job: check_last(card, job.first, job.last),
}
"""Parameters that a job has once: those who share a pass share them."""


def check(model: DeviceModel, job: Job) -> Job:
    """Return a job with clean arrays. Raises a ZoetropeError that says what is accepted."""
    if job.verb not in VERBS:
        raise UnknownName("verb", job.verb, VERBS)
    verb, card = VERBS[job.verb], model.card
    for need in verb.needs:
        model.catalogue.able(card.name, need)
    clean: dict[str, Any] = {name: getattr(Job, name) for name in ALONE}  # what means nothing keeps no jobs apart
    for array in verb.takes:
        if (given := getattr(job, array.name)) is None:
            raise BadValue(f"A job to {job.verb} came without {array.name}. Give it, a row for each picture.")
        clean[array.name] = ARRAYS[array.name](card, given, len(clean.get(verb.rows, ())))
    clean["seeds"] = _seeds(verb, job, len(clean.get(verb.rows, ())))
    clean |= {each.name: ALONE[each.name](card, job) for each in verb.parameters if each.name in ALONE}
    clean["y"] = check_classes(card, job.y, len(clean.get(verb.rows, ()))) if CLASS in verb.parameters else None
    return replace(job, **clean)


def _seeds(verb: Verb, job: Job, rows: int) -> tuple[int, ...]:
    """Check the seeds of a job: as many as it likes, one for each of its rows, or none."""
    seed = next((each for each in verb.parameters if each.field == "seeds"), None)
    if seed is None or not (job.seeds or seed.required):
        return ()
    return tuple(map(noise.check_seed, job.seeds)) if seed.many == "list" else check_seeds(job.seeds, rows)


def check_seeds(seeds: Sequence[int], count: int) -> tuple[int, ...]:
    """Return a seed for each row. Raises BadValue."""
    if len(seeds) != count:
        raise BadValue(f"{len(seeds)} seeds were given for {count} pictures; give one each. A mean takes none.")
    return tuple(map(noise.check_seed, seeds))
