"""Jobs of one model, joined into few forward passes: what each gets is what it would have got alone."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadValue, ModelFault, UnknownName, ZoetropeError
from engine.inference.device_model import DeviceModel
from engine.inference.passes import UNKNOWN
from engine.inference.pixel_sampling import Sampling, finished
from engine.inference.requests import Answer, Job
from engine.inference.validation import (
    check_classes,
    check_hidden,
    check_latent,
    check_neighbours,
    check_others,
    check_pictures,
    check_pixel,
    check_state,
    check_steps,
    check_stretch,
    check_truncation,
)
from engine.latent.sampling import draw
from engine.nn import noise

Arrays = dict[str, NDArray[Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """What a verb takes, which verbs of the card it needs, and how its rows become arrays."""

    takes: str  # the field of a job that holds its rows; "" where every job gets the same
    needs: tuple[str, ...]
    run: Callable[[DeviceModel, Any], Arrays]  # of a job that was checked
    beside: tuple[str, ...] = ()  # fields that hold as many rows


OPERATIONS: dict[str, Operation] = {
    "decode": Operation("z", ("decodes",), lambda model, job: {"pictures": model.decode(job.z, job.y)}),
    "sample": Operation(
        "seeds", ("samples",), lambda model, job: {"pictures": model.sample(job.seeds, job.y, job.truncation)}
    ),
    "latents": Operation("seeds", (), lambda model, job: {"z": draw(model.card, job.seeds, job.truncation)}),
    "encode": Operation("pictures", ("encodes",), lambda model, job: {"z": model.encode(job.pictures, job.y)}),
    "reconstruct": Operation(
        "pictures",
        ("encodes", "decodes"),
        lambda model, job: model.reconstruct(job.pictures, job.y, job.seeds, job.terms),
    ),
    "classify": Operation("pictures", ("classifies",), lambda model, job: {"logits": model.classify(job.pictures)}),
    "score": Operation("pictures", (), lambda model, job: model.score(job.pictures, job.y)),
    "distance": Operation(
        "pictures",
        ("classifies",),
        lambda model, job: {"distance": model.distance(job.pictures, job.others)},
        ("others",),
    ),
    "invert": Operation(
        "pictures",
        ("decodes",),
        lambda model, job: model.invert(job.pictures, job.state, job.steps, job.y),
        ("state",),
    ),
    "complete": Operation(
        "pictures",
        ("completes",),
        lambda model, job: finished(completion(model, job)),
        ("hidden",),
    ),
    "surprise": Operation(
        "pictures", ("completes",), lambda model, job: {"surprise": model.surprise(job.pictures, job.y)}
    ),
    "receptive": Operation(
        "pictures", ("completes",), lambda model, job: {"reach": model.receptive(job.pictures, job.first, job.y)}
    ),
    "wall": Operation("seeds", (), lambda model, job: {"pictures": model.wall(job.seeds, job.y, job.truncation)}),
    "pictures": Operation(
        "seeds", (), lambda model, job: {"pictures": model.reference_images().sample(job.seeds, job.y)}
    ),
    "points": Operation("seeds", ("decodes",), lambda model, job: {"points": model.points(job.seeds, job.truncation)}),
    "nearest": Operation("pictures", (), lambda model, job: model.nearest(job.pictures, job.neighbours)),
    "posterior": Operation("", (), lambda model, job: model.posterior()),
    "masks": Operation("", ("completes",), lambda model, job: model.masks()),
    "directions": Operation("", (), lambda model, job: model.directions().arrays()),
}


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
            alike = job.verb, job.truncation, job.steps, job.neighbours, bool(job.seeds), job.terms, job.first, job.last
            groups.setdefault(alike, []).append((i, job))
    return groups.values()


def _together(model: DeviceModel, jobs: Sequence[Job]) -> Sequence[Answer | ZoetropeError]:
    """Answer checked jobs of one group by one call; where that fails, each by its own, so that one fails alone."""
    operation = OPERATIONS[jobs[0].verb]
    began = time.perf_counter()
    outcome = _attempt(model, operation, _joined(operation, jobs))
    if isinstance(outcome, ZoetropeError):
        return [outcome] if len(jobs) == 1 else [_together(model, [job])[0] for job in jobs]
    ms = {"model": 1e3 * (time.perf_counter() - began)}
    return [Answer(arrays, ms) for arrays in _split(operation, outcome, jobs)]


def _attempt(model: DeviceModel, operation: Operation, job: Job) -> Arrays | ZoetropeError:
    try:
        return operation.run(model, job)
    except ZoetropeError as error:
        return error.with_traceback(None)  # a traceback pins the tensors of every frame in it
    except Exception as error:
        log.info("%s failed on %s", job.model, job.verb, exc_info=True)
        # Its kind alone: the text may hold paths and shapes, which are nothing to the person who asked.
        return ModelFault(
            f"{job.model} failed on this request ({type(error).__name__}). Change it, or take another model."
        )


# Rows of several jobs as those of one


def _rows(operation: Operation, job: Job) -> Any:
    return getattr(job, operation.takes) if operation.takes else ()


def _joined(operation: Operation, jobs: Sequence[Job]) -> Job:
    """Make one job of the rows of all; a row without a class among those with one has class −1, "unknown"."""
    if len(jobs) == 1 or not operation.takes:
        return jobs[0]
    rows = [_rows(operation, job) for job in jobs]
    classes = [np.full(len(given), UNKNOWN) if job.y is None else job.y for given, job in zip(rows, jobs, strict=True)]
    fields: dict[str, Any] = {"seeds": sum((job.seeds for job in jobs), ())}
    for name in (operation.takes, *operation.beside):
        if name != "seeds":
            fields[name] = np.concatenate([getattr(job, name) for job in jobs])
    fields["y"] = None if all(job.y is None for job in jobs) else np.concatenate(classes)
    return replace(jobs[0], **fields)


def _split(operation: Operation, arrays: Arrays, jobs: Sequence[Job]) -> Iterable[Arrays]:
    """Give each job its rows of each array; where all get the same, the whole."""
    if not operation.takes:
        return [arrays] * len(jobs)
    ends = np.cumsum([len(_rows(operation, job)) for job in jobs])
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


def check(model: DeviceModel, job: Job) -> Job:
    """Return a job with clean arrays. Raises a ZoetropeError that says what is accepted."""
    if job.verb not in OPERATIONS:
        raise UnknownName("verb", job.verb, OPERATIONS)
    operation = OPERATIONS[job.verb]
    for verb in operation.needs:
        model.catalogue.able(model.card.name, verb)
    for name in filter(None, (operation.takes, *operation.beside)):
        if getattr(job, name) is None:
            raise BadValue(f"A job to {job.verb} came without {name}. Give it, a row for each picture.")
    clean: dict[str, Any] = {
        "truncation": 1.0,
        "steps": 1,
        "neighbours": 1,
        "terms": bool(job.terms),
        "first": 0,
        "last": 0,
    }  # where they mean nothing, they do not keep jobs apart
    if operation.takes == "z":
        clean["z"] = check_latent(model.card, job.z)
    if operation.takes == "pictures":
        clean["pictures"] = check_pictures(model.card, job.pictures)
    if operation.takes == "seeds":
        clean["seeds"] = tuple(map(noise.check_seed, job.seeds))
        clean["truncation"] = check_truncation(job.truncation)
    if job.verb == "nearest":
        clean["neighbours"] = check_neighbours(job.neighbours)
    if job.verb == "complete":
        clean["first"], clean["last"] = check_stretch(model.card, job.first, job.last)
    if job.verb == "receptive":
        clean["first"] = check_pixel(model.card, job.first)
    count = len(clean.get(operation.takes, ()))
    clean |= _beside(model, operation, job, count)
    clean["y"] = check_classes(model.card, job.y, count)
    return replace(job, **clean)


def _beside(model: DeviceModel, operation: Operation, job: Job, count: int) -> dict[str, Any]:
    """Check what stands beside the pictures of a job, row by row."""
    clean: dict[str, Any] = {} if operation.takes == "seeds" else {"seeds": ()}
    if job.verb == "complete" or (job.verb == "reconstruct" and job.seeds):
        clean["seeds"] = check_seeds(job.seeds, count)
    if "hidden" in operation.beside:
        clean["hidden"] = check_hidden(model.card, job.hidden, count)
    if "others" in operation.beside:
        clean["others"] = check_others(model.card, job.others, count)
    if "state" in operation.beside:
        clean |= {"state": check_state(model.card, job.state, count), "steps": check_steps(job.steps)}
    return clean


def check_seeds(seeds: Sequence[int], count: int) -> tuple[int, ...]:
    """Return a seed for each row. Raises BadValue."""
    if len(seeds) != count:
        raise BadValue(f"{len(seeds)} seeds were given for {count} pictures; give one each. A mean takes none.")
    return tuple(map(noise.check_seed, seeds))
