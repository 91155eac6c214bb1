"""What every backend owes its callers, wherever its engine runs: the laws of engine.serving.protocol.

A new kind of backend is one more row of OPENERS.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.checkpoints import files
from engine.errors import EngineLost, Superseded, ZoetropeError
from engine.inference.engine import Engine
from engine.inference.requests import Answer, Job
from engine.serving.cluster import ClusterBackend
from engine.serving.local import ThreadBackend
from engine.serving.process import ProcessBackend
from engine.serving.protocol import Backend
from tests.served import RAY, serving
from tests.shelf import AE, ALI, CVAE, JUDGE, PIXELS, VAE, alike, keep, made

PATIENCE = 60.0  # seconds until a future that is never settled fails the test
CONFIGS: dict[str, Any] = {"toy-ae": AE, "toy-ali": ALI, "toy-cvae": CVAE, "toy-pixels": PIXELS, "toy-vae": VAE}
Opener = Callable[[], Backend]


@contextmanager
def thread(folder: Path) -> Iterator[Opener]:
    yield lambda: ThreadBackend(Engine([folder], "cpu"))


@contextmanager
def process(folder: Path) -> Iterator[Opener]:
    yield lambda: ProcessBackend([folder], "cpu")


@contextmanager
def cluster(folder: Path) -> Iterator[Opener]:
    with serving(folder) as url:
        yield lambda: ClusterBackend(url)


OPENERS: dict[str, Callable[[Path], AbstractContextManager[Opener]]] = {
    "thread": thread,
    "process": process,
    "cluster": cluster,
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for name, config in CONFIGS.items():
        keep(folder, name, made(config))
    keep(folder, "toy-judge", made(JUDGE))
    keep(folder, "toy-blind", made(JUDGE), feature_variance=None)
    keep(folder, "toy-late", made(VAE), config={**dataclasses.asdict(VAE), "width": 5})  # broken, as opening it shows
    keep(folder, "toy-broken", made(VAE))
    (folder / "toy-broken" / files.WEIGHTS).write_bytes(b"cut short")
    return folder


@pytest.fixture(scope="module", params=[pytest.param(name, marks=RAY if name == "cluster" else ()) for name in OPENERS])
def opener(request: pytest.FixtureRequest, shelf: Path) -> Iterator[Opener]:
    with OPENERS[request.param](shelf) as opener:
        yield opener


@pytest.fixture(scope="module")
def alone(opener: Opener, shelf: Path) -> Engine:
    """An engine that knows no more than the backend's: what is refused when it is opened changes the catalogue."""
    return Engine([shelf], "cpu")


@pytest.fixture(scope="module")
def backend(opener: Opener) -> Iterator[Backend]:
    backend = opener()
    yield backend
    backend.close()


def drawn(seed: int, model: str | None = None, rows: int | None = None) -> Job:
    """One of all the jobs there are."""
    random = np.random.default_rng(seed)
    model = model or str(random.choice(list(CONFIGS)))
    config, n = CONFIGS[model], int(random.integers(1, 6)) if rows is None else rows
    channels, height, width = config.shape
    y = random.integers(0, config.classes, n) if config.classes and random.random() < 0.5 else None
    pictures = random.integers(0, 256, (n, height, width, channels), np.uint8)
    verbs = ["decode", "encode", "reconstruct", "draw", "invert", "distance", "latents", "posterior"]
    verbs += ["sample", "wall"] * (model != "toy-ae") + ["score"] * ("vae" in model) + ["classify"]
    if model == "toy-pixels":
        verbs = ["complete", "surprise", "receptive", "score", "sample", "wall", "latents"]
    match str(random.choice(verbs)):
        case "decode":
            return Job("decode", model, z=random.normal(size=(n, config.latent)).astype(np.float32), y=y)
        case "encode" | "reconstruct" as verb:
            return Job(verb, model, pictures=pictures, y=y)
        case "draw":
            return Job("reconstruct", model, pictures=pictures, y=y, seeds=tuple(map(int, random.integers(0, 99, n))))
        case "invert":
            state = np.abs(random.normal(size=(n, 3 * config.latent + 1))).astype(np.float32)
            return Job("invert", model, pictures=pictures, state=state, steps=int(random.choice([1, 2, 9])), y=y)
        case "distance":
            pairs = random.integers(0, 256, (2, n, 8, 6, 1), np.uint8)
            return Job("distance", "toy-judge", pictures=pairs[0], others=pairs[1])
        case "classify":
            return Job("classify", "toy-judge", pictures=random.integers(0, 256, (n, 8, 6, 1), np.uint8))
        case "score":
            return Job("score", model, pictures=pictures, y=y)
        case "complete":
            first, hidden = int(random.integers(0, 20)), random.integers(0, 2, (n, height, width), np.uint8)
            ends: dict[str, Any] = {"first": first, "last": first + int(random.integers(1, 29))}
            return Job("complete", model, pictures=pictures, hidden=hidden, seeds=tuple(range(n)), y=y, **ends)
        case "surprise" | "receptive" as verb:
            return Job(verb, model, pictures=pictures, first=int(random.integers(0, 48)), y=y)
        case "sample" | "wall" as verb:
            seeds = tuple(map(int, random.integers(0, 99, n)))
            return Job(verb, model, seeds=seeds, y=y, truncation=float(random.choice([1.0, 0.5])))
        case "latents":
            return Job("latents", model, seeds=tuple(range(n)), truncation=0.7)
        case verb:
            return Job(verb, model)


def z_of(model: str, rows: int = 1, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=(rows, CONFIGS[model].latent)).astype(np.float32)


def answer_alone(engine: Engine, job: Job) -> Answer | ZoetropeError:
    (outcome,) = engine.run(job.model, [job])
    return outcome


def same(given: Answer, wanted: Answer | ZoetropeError) -> bool:
    assert isinstance(wanted, Answer)
    assert given.arrays.keys() == wanted.arrays.keys()
    for name, array in wanted.arrays.items():
        assert alike(given.arrays[name], array)
    return True


# What there is


def test_the_catalogue_is_the_engines(backend: Backend, alone: Engine) -> None:
    told = backend.catalogue(PATIENCE)
    assert told.cards == alone.catalogue.cards
    assert told.faults == alone.catalogue.faults


def test_who_watches_hears_the_state_at_once(backend: Backend) -> None:
    heard: list[str] = []
    backend.catalogue(PATIENCE)
    backend.watch(heard.append)
    assert heard == ["ready"]


# Answers


def test_all_get_what_the_engine_gives_each_alone_bit_for_bit(backend: Backend, alone: Engine) -> None:
    jobs = [drawn(seed) for seed in range(120)]
    futures = [backend.submit(job) for job in jobs]
    assert all(
        same(future.result(PATIENCE), answer_alone(alone, job)) for future, job in zip(futures, jobs, strict=True)
    )


def test_many_people_at_once_get_their_own(backend: Backend, alone: Engine) -> None:
    def asked(seed: int) -> tuple[Job, Answer]:
        job = drawn(seed)
        return job, backend.submit(job).result(PATIENCE)

    with ThreadPoolExecutor(8) as people:
        assert all(same(answer, answer_alone(alone, job)) for job, answer in people.map(asked, range(200, 280)))


@pytest.mark.parametrize("rows", [0, 150])
def test_a_job_of_any_length_comes_back_whole(backend: Backend, alone: Engine, rows: int) -> None:
    job = Job("decode", "toy-cvae", z=z_of("toy-cvae", rows), y=np.arange(rows) % 4)
    answer = backend.submit(job).result(PATIENCE)
    assert same(answer, answer_alone(alone, job))
    assert answer.ms["model"] >= 0
    assert answer.ms["queue"] >= 0


def test_an_inversion_takes_the_same_way_however_it_is_cut(backend: Backend) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    job = Job("invert", "toy-cvae", pictures=pictures, state=np.zeros((1, 10), np.float32), steps=25)
    whole = backend.submit(job).result(PATIENCE)
    assert whole.arrays["losses"].shape == (1, 25)
    assert whole.arrays["losses"][0, -1] < whole.arrays["losses"][0, 0]
    losses: list[Any] = []
    for steps in (1, 7, 17):
        answer = backend.submit(dataclasses.replace(job, steps=steps)).result(PATIENCE)
        job = dataclasses.replace(job, state=answer.arrays["state"])
        losses.append(answer.arrays["losses"])
    assert (np.concatenate(losses, axis=1) == whole.arrays["losses"]).all()
    assert (answer.arrays["state"] == whole.arrays["state"]).all()
    assert (answer.arrays["pictures"] == whole.arrays["pictures"]).all()


def test_a_long_drawing_comes_back_whole_and_others_come_in_between(backend: Backend, alone: Engine) -> None:
    job = Job("wall", "toy-pixels", seeds=tuple(range(500)))
    backend.submit(Job("decode", "toy-vae", z=z_of("toy-vae"))).result(PATIENCE)
    backend.submit(Job("latents", "toy-pixels", seeds=(1,))).result(PATIENCE)
    long = backend.submit(job)
    for seed in range(2):
        backend.submit(Job("decode", "toy-vae", z=z_of("toy-vae", 1, seed), who="ben")).result(PATIENCE)
    assert not long.done()
    assert same(long.result(PATIENCE), answer_alone(alone, job))
    assert long.result().ms["model"] > 0


# Refusals

GREY = np.zeros((1, 8, 6, 1), np.uint8)
REFUSED = {
    "an unknown model": Job("decode", "toy-nothing", z=z_of("toy-vae")),
    "an unknown verb": Job("dream", "toy-vae", z=z_of("toy-vae")),
    "a verb that the family lacks": Job("sample", "toy-ae", seeds=(1,)),
    "a broken checkpoint": Job("decode", "toy-broken", z=z_of("toy-vae")),
    "a latent of the wrong length": Job("decode", "toy-vae", z=z_of("toy-cvae")),
    "no latent at all": Job("decode", "toy-vae"),
    "a number for a latent": Job("decode", "toy-vae", z=np.array(1, np.float32)),
    "a latent that is not finite": Job("decode", "toy-vae", z=np.full((1, 2), np.nan, np.float32)),
    "a class out of range": Job("decode", "toy-cvae", z=z_of("toy-cvae"), y=np.array([4])),
    "too few classes": Job("decode", "toy-cvae", z=z_of("toy-cvae", 150), y=np.zeros(149, np.int64)),
    "too many classes": Job("decode", "toy-cvae", z=z_of("toy-cvae", 150), y=np.zeros(151, np.int64)),
    "a picture of another shape": Job("encode", "toy-vae", pictures=np.zeros((1, 8, 8, 3), np.uint8)),
    "a reconstruction by a model without an encoder": Job("reconstruct", "toy-judge", pictures=GREY),
    "a completion by a model that does not complete": Job(
        "complete", "toy-vae", pictures=GREY, hidden=GREY[..., 0], seeds=(1,), last=9
    ),
    "a mask of another size": Job("complete", "toy-pixels", pictures=GREY, hidden=GREY[..., :5, 0], seeds=(1,), last=9),
    "a stretch that ends beyond the picture": Job(
        "complete", "toy-pixels", pictures=GREY, hidden=GREY[..., 0], seeds=(1,), last=49
    ),
    "too few seeds": Job("reconstruct", "toy-vae", pictures=GREY, seeds=(1, 2)),
    "a distance by a model that does not classify": Job("distance", "toy-vae", pictures=GREY, others=GREY),
    "a likelihood of a model that knows none": Job("score", "toy-ae", pictures=GREY),
    "a likelihood of nothing": Job("score", "toy-vae"),
    "a class by a model that does not classify": Job("classify", "toy-vae", pictures=GREY),
    "a distance without a measure": Job("distance", "toy-blind", pictures=GREY, others=GREY),
    "a distance without a pair": Job("distance", "toy-judge", pictures=GREY),
    "an inversion of a classifier": Job("invert", "toy-judge", pictures=GREY, state=np.zeros((1, 1), np.float32)),
    "an inversion without a state": Job("invert", "toy-vae", pictures=GREY),
    "a state of the wrong size": Job("invert", "toy-vae", pictures=GREY, state=np.zeros((1, 6), np.float32)),
    "a state that is not finite": Job("invert", "toy-vae", pictures=GREY, state=np.full((1, 7), np.nan, np.float32)),
    "too many steps": Job("invert", "toy-vae", pictures=GREY, state=np.zeros((1, 7), np.float32), steps=26),
    "a truncation below 0": Job("sample", "toy-vae", seeds=(1,), truncation=-1.0),
    "a seed below 0": Job("sample", "toy-vae", seeds=(-1,)),
    "a checkpoint that fails to open": Job("decode", "toy-late", z=z_of("toy-vae")),
}


@pytest.mark.parametrize("job", REFUSED.values(), ids=REFUSED)
def test_a_refusal_has_the_engines_sentence_and_reaches_its_caller_only(
    backend: Backend, alone: Engine, job: Job
) -> None:
    wanted = answer_alone(alone, job)
    assert isinstance(wanted, ZoetropeError)
    bystanders = [drawn(seed, "toy-cvae", 1) for seed in range(6)]
    before = [backend.submit(each) for each in bystanders[:3]]
    refused = backend.submit(job)
    after = [backend.submit(each) for each in bystanders[3:]]
    with pytest.raises(type(wanted)) as caught:
        refused.result(PATIENCE)
    assert type(caught.value) is type(wanted)
    assert str(caught.value) == str(wanted)
    for future, each in zip(before + after, bystanders, strict=True):
        assert same(future.result(PATIENCE), answer_alone(alone, each))


# Comings and goings


def test_the_newest_of_a_slot_is_answered_and_last(backend: Backend, alone: Engine) -> None:
    def note(number: int, future: Future[Answer]) -> None:
        (superseded if isinstance(future.exception(), Superseded) else answered).append(number)
        noted.release()

    answered: list[int] = []
    superseded: list[int] = []
    noted = threading.Semaphore(0)
    jobs = [Job("decode", "toy-vae", z=z_of("toy-vae", 1 + i % 9, i), who="anna", slot="view") for i in range(60)]
    futures = []
    for number, job in enumerate(jobs):
        futures.append(backend.submit(job))
        futures[-1].add_done_callback(partial(note, number))
    assert all(noted.acquire(timeout=PATIENCE) for _ in jobs)
    assert same(futures[-1].result(), answer_alone(alone, jobs[-1]))
    assert answered == sorted(answered)
    assert answered[-1] == 59
    assert sorted(answered + superseded) == list(range(60))
    assert all(same(futures[number].result(), answer_alone(alone, jobs[number])) for number in answered)


def test_slots_of_several_people_are_their_own(backend: Backend, alone: Engine) -> None:
    jobs = [Job("decode", "toy-vae", z=z_of("toy-vae", 1, i), who=f"phone {i}", slot="view") for i in range(40)]
    futures = [backend.submit(job) for job in jobs]
    assert all(
        same(future.result(PATIENCE), answer_alone(alone, job)) for future, job in zip(futures, jobs, strict=True)
    )


def test_a_cancelled_caller_harms_nobody(backend: Backend, alone: Engine) -> None:
    jobs = [drawn(seed, "toy-cvae") for seed in range(30)]
    futures = [backend.submit(job) for job in jobs]
    for future in futures[::2]:
        future.cancel()
    for future, job in list(zip(futures, jobs, strict=True))[1::2]:
        assert same(future.result(PATIENCE), answer_alone(alone, job))
    assert wait(futures, PATIENCE).not_done == set()


def test_who_is_forgotten_keeps_nobody_waiting(backend: Backend, alone: Engine) -> None:
    jobs = [drawn(seed, "toy-vae") for seed in range(10)]
    theirs = [backend.submit(Job("decode", "toy-cvae", z=z_of("toy-cvae", 4000), who="anna")) for _ in range(5)]
    others = [backend.submit(job) for job in jobs]
    backend.forget("anna")
    assert wait(theirs, PATIENCE).not_done == set()
    assert theirs[-1].cancelled()
    assert all(
        same(future.result(PATIENCE), answer_alone(alone, job)) for future, job in zip(others, jobs, strict=True)
    )
    assert same(backend.submit(jobs[0]).result(PATIENCE), answer_alone(alone, jobs[0]))


def test_after_the_end_all_have_heard(opener: Opener) -> None:
    backend = opener()
    backend.catalogue(PATIENCE)
    futures = [backend.submit(Job("decode", "toy-cvae", z=z_of("toy-cvae", 4000))) for _ in range(20)]
    backend.close()
    assert wait(futures, PATIENCE).not_done == set()
    assert isinstance(futures[-1].exception(), EngineLost)
    with pytest.raises(EngineLost):
        backend.submit(Job("decode", "toy-vae", z=z_of("toy-vae"))).result(PATIENCE)
    backend.close()


# The engine in this process, which can be watched at work


class Watched(Engine):
    """Notes how many jobs each pass held, and opens toy-cvae only when it is told to."""

    passes: list[int]
    opening: threading.Event
    go_on: threading.Event

    def run(self, name: str, jobs: Sequence[Job]) -> list[Answer | ZoetropeError]:
        self.passes.append(len(jobs))
        return super().run(name, jobs)

    def model(self, name: str) -> Any:
        if name == "toy-cvae":
            self.opening.set()
            assert self.go_on.wait(PATIENCE)
        return super().model(name)


@pytest.fixture
def watched(shelf: Path) -> Iterator[ThreadBackend]:
    engine = Watched([shelf], "cpu")
    engine.passes, engine.opening, engine.go_on = [], threading.Event(), threading.Event()
    backend = ThreadBackend(engine)
    yield backend
    engine.go_on.set()
    backend.close()


def test_forty_waiting_jobs_make_few_passes(watched: ThreadBackend) -> None:
    engine: Any = watched.engine
    futures = [watched.submit(Job("decode", "toy-cvae", z=z_of("toy-cvae", 1, i))) for i in range(40)]
    assert engine.opening.wait(PATIENCE)
    engine.go_on.set()
    assert wait(futures, PATIENCE).not_done == set()
    assert sum(engine.passes) == 40
    assert len(engine.passes) == math.ceil(40 / engine.limit("toy-cvae"))


def test_a_drag_goes_on_while_another_model_is_opened(watched: ThreadBackend) -> None:
    engine: Any = watched.engine
    watched.submit(Job("decode", "toy-vae", z=z_of("toy-vae"))).result(PATIENCE)
    slow = watched.submit(Job("decode", "toy-cvae", z=z_of("toy-cvae"), who="anna"))
    assert engine.opening.wait(PATIENCE)
    for seed in range(5):
        assert watched.submit(Job("decode", "toy-vae", z=z_of("toy-vae", 1, seed), who="anna")).result(PATIENCE)
    assert not slow.done()
    engine.go_on.set()
    assert slow.result(PATIENCE)


def test_a_warm_model_is_ready_before_it_is_asked_for(watched: ThreadBackend) -> None:
    watched.warm(["toy-nothing", "toy-vae", "toy-cvae"])
    engine: Any = watched.engine
    assert engine.opening.wait(PATIENCE)
    assert engine.is_loaded("toy-vae")
    assert engine.passes == []


def test_who_watches_hears_the_end(watched: ThreadBackend) -> None:
    heard: list[str] = []
    watched.watch(heard.append)
    watched.close()
    assert heard == ["ready", "lost"]
