"""Jobs of one model in few passes: each gets what it would have got alone, and fails alone."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadLatent, BadPicture, BadValue, MissingVerb, ModelFault, OutOfMemory, UnknownName
from engine.inference.batching import RUN, run_batch
from engine.inference.device_model import DeviceModel
from engine.inference.fields import SIDES
from engine.inference.requests import Answer, Job
from engine.inference.verbs import TERMS, VERBS
from engine.registry import Config
from tests.shelf import AE, ALI, CVAE, JUDGE, PIXELS, VAE, alike, keep, made

CONFIGS: dict[str, Config] = {
    "toy-ae": AE,
    "toy-ali": ALI,
    "toy-blind": JUDGE,  # whose features were never measured
    "toy-cvae": CVAE,
    "toy-judge": JUDGE,
    "toy-pixels": PIXELS,
    "toy-vae": VAE,
}
CPU = torch.device("cpu")


def opened(folder: Path, name: str, kind: type[DeviceModel] = DeviceModel) -> DeviceModel:
    changes: dict[str, Any] = {"feature_variance": None} if name == "toy-blind" else {}
    return kind(made(CONFIGS[name]), keep(folder, name, made(CONFIGS[name]), **changes), CPU, place=folder / name)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DeviceModel]:
    folder = tmp_path_factory.mktemp("shelf")
    return {name: opened(folder, name) for name in CONFIGS}


def z_of(config: Config, count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(count, config.latent)).astype(np.float32)


def pictures_of(config: Config, count: int, seed: int = 0) -> Any:
    channels, height, width = config.shape
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, channels), np.uint8)


def job_of(name: str, verb: str, count: int, seed: int, truncation: float = 1.0, labelled: bool = False) -> Job:
    config = CONFIGS[name]
    job = Job(verb, name, y=np.arange(seed, seed + count) % 4 if labelled else None, truncation=truncation)
    if verb == "decode":
        return dataclasses.replace(job, z=z_of(config, count, seed))
    pictures = pictures_of(config, count, seed)
    if verb == "complete":
        hidden = np.random.default_rng(seed).integers(0, 2, pictures.shape[:3], np.uint8)
        stretch: dict[str, Any] = {"first": seed % 20, "last": 1 + seed % 20 + seed % 28, "terms": seed % 3 > 0}
        return dataclasses.replace(
            job, pictures=pictures, hidden=hidden, seeds=tuple(range(seed, seed + count)), **stretch
        )
    if verb == "receptive":
        return dataclasses.replace(job, pictures=pictures, first=seed % 48)
    if verb in ("encode", "nearest", "surprise", "score", "classify"):
        return dataclasses.replace(job, pictures=pictures)
    if verb == "reconstruct":
        return dataclasses.replace(job, pictures=pictures, seeds=tuple(range(count)) if seed % 2 else ())
    if verb == "distance":
        return dataclasses.replace(job, pictures=pictures, others=pictures_of(config, count, seed + 1))
    if verb == "invert":
        return dataclasses.replace(job, pictures=pictures, state=state_of(config, count, seed), steps=1 + seed % 3)
    return dataclasses.replace(
        job, seeds=tuple(range(seed, seed + count)) if verb not in ("posterior", "masks") else ()
    )


def state_of(config: Config, count: int, seed: int = 0) -> Any:
    z = z_of(config, count, seed)
    return np.concatenate([z, 0.01 * z[::-1], np.abs(0.01 * z), np.full((count, 1), seed)], axis=1, dtype=np.float32)


def same(answer: Any, other: Any) -> bool:
    if not isinstance(answer, Answer) or not isinstance(other, Answer):
        return type(answer) is type(other) and str(answer) == str(other)
    arrays, others = answer.arrays, other.arrays
    return arrays.keys() == others.keys() and all(alike(arrays[name], others[name]) for name in arrays)


# Together as alone


jobs = st.lists(
    st.tuples(
        st.sampled_from(sorted(VERBS)),
        st.integers(0, 20),  # rows
        st.integers(0, 99),  # seed
        st.sampled_from((0.5, 1.0)),  # truncation
        st.booleans(),  # labelled
    ),
    max_size=12,
)


@pytest.mark.parametrize("name", CONFIGS)
@given(asked=jobs)
@settings(max_examples=25)
def test_each_gets_what_it_would_have_got_alone(shelf: dict[str, DeviceModel], name: str, asked: Any) -> None:
    given_jobs = [job_of(name, *fields) for fields in asked]
    together = run_batch(shelf[name], given_jobs)
    assert len(together) == len(given_jobs)
    for job, answer in zip(given_jobs, together, strict=True):
        (alone,) = run_batch(shelf[name], [job])
        assert same(answer, alone), job


GIVES: dict[str, dict[str, tuple[int, ...]]] = {
    "decode": {"pictures": (3, 8, 8, 3)},
    "sample": {"pictures": (3, 8, 8, 3)},
    "latents": {"z": (3, 3)},
    "encode": {"z": (3, 3)},
    "reconstruct": {"pictures": (3, 8, 8, 3), "z": (3, 3), "drawn": (3,), "y": (3,)} | dict.fromkeys(TERMS, (3,)),
    "wall": {"pictures": (3, 8, 8, 3)},
    "distance": {"distance": (3,)},
    "invert": {"pictures": (3, 8, 8, 3), "state": (3, 10), "losses": (3, 2)},
    "posterior": {"z": (20, 3), "labels": (20,)},
    "score": {"elbo": (3,), "file_bits": (3,), "given": (3, 4)},
    "classify": {"logits": (3, 3)},
    "directions": {"z": (0, 3), "about": (2,)},  # nobody has looked for any: an empty list
    "complete": {"pictures": (3, 8, 6, 1), "chances": (3, 2, 1, 2)},
    "surprise": {"surprise": (3, 8, 6)},
    "receptive": {"reach": (3, 8, 6)},
    "masks": {"masks": (4, 7, 7), "about": (196,)},
}
ABLE = {
    "distance": "toy-judge",
    "classify": "toy-judge",
    "complete": "toy-pixels",
    "surprise": "toy-pixels",
    "receptive": "toy-pixels",
    "masks": "toy-pixels",
}


@pytest.mark.parametrize(("verb", "arrays"), GIVES.items(), ids=GIVES)
def test_a_verb_gives_its_arrays_and_its_milliseconds(shelf: dict[str, DeviceModel], verb: str, arrays: Any) -> None:
    name = ABLE.get(verb, "toy-cvae")
    (answer,) = run_batch(shelf[name], [job_of(name, verb, 3, 1)])
    assert isinstance(answer, Answer)
    assert {name: array.shape for name, array in answer.arrays.items()} == arrays
    assert answer.ms["model"] >= 0
    assert set(VERBS) == {*GIVES, "pictures", "points", "nearest"}  # these three in tests/test_reference_images.py


@pytest.mark.parametrize("verb", GIVES)
def test_what_a_verb_gives_is_what_the_table_says(shelf: dict[str, DeviceModel], verb: str) -> None:
    model = shelf[ABLE.get(verb, "toy-cvae")]
    (answer,) = run_batch(model, [job_of(model.card.name, verb, 3, 1)])
    assert isinstance(answer, Answer)
    gives = {given.name: given for given in VERBS[verb].gives}
    assert set(answer.arrays) <= set(gives)
    assert {name for name, given in gives.items() if not given.when} <= set(answer.arrays)
    sides = {name: side(model.card) for name, side in SIDES.items()}
    sides |= {"n": 3, "steps": 2, "last − first": 2, "levels": 2, "labels": 3, "classes": 4}
    for name, array in answer.arrays.items():
        assert array.dtype == gives[name].dtype, name
        assert len(array.shape) == len(gives[name].shape), name
        expected = [sides.get(side, size) for side, size in zip(gives[name].shape, array.shape, strict=True)]
        assert list(array.shape) == expected, name  # of its own accord: m, the side of a mask, the bytes of a list


def test_every_verb_of_the_table_is_answered() -> None:
    assert RUN.keys() == VERBS.keys()


class Counting(DeviceModel):
    """Counts the calls, and fails on request."""

    calls: list[int]

    def decode(self, z: Any, y: Any = None) -> Any:
        self.__dict__.setdefault("calls", []).append(len(z))
        if (z == 7).any():
            raise self.__dict__.get("fault", ArithmeticError("the poison works"))
        return super().decode(z, y)


def test_forty_jobs_of_one_row_are_one_call(tmp_path: Path) -> None:
    ready: Any = opened(tmp_path, "toy-cvae", Counting)
    asked = [job_of("toy-cvae", "decode", 1, seed, labelled=seed % 2 == 0) for seed in range(40)]
    answers = run_batch(ready, asked)
    assert ready.calls == [40]
    assert all(same(answer, run_batch(ready, [job])[0]) for job, answer in zip(asked, answers, strict=True))


def test_nothing_asked_is_nothing_run(tmp_path: Path) -> None:
    ready: Any = opened(tmp_path, "toy-vae", Counting)
    assert run_batch(ready, []) == []
    assert "calls" not in vars(ready)


# Failing alone


def poisoned() -> Job:
    return Job("decode", "toy-vae", z=np.full((1, 2), 7, np.float32))


def test_a_job_that_raises_fails_alone_and_in_a_sentence(tmp_path: Path) -> None:
    ready: Any = opened(tmp_path, "toy-vae", Counting)
    well = [job_of("toy-vae", "decode", 2, seed) for seed in range(4)]
    answers = run_batch(ready, [*well[:2], poisoned(), *well[2:]])
    assert isinstance(answers[2], ModelFault)
    assert str(answers[2]) == ("toy-vae failed on this request (ArithmeticError). Change it, or take another model.")
    rest = [*answers[:2], *answers[3:]]
    assert all(same(answer, run_batch(ready, [job])[0]) for job, answer in zip(well, rest, strict=True))


def test_a_sentence_from_within_passes_through(tmp_path: Path) -> None:
    ready: Any = opened(tmp_path, "toy-vae", Counting)
    ready.fault = OutOfMemory("Too large.")
    answers = run_batch(ready, [poisoned(), job_of("toy-vae", "decode", 1, 0)])
    assert isinstance(answers[0], OutOfMemory)
    assert isinstance(answers[1], Answer)


def test_a_fault_that_is_kept_holds_no_tensors(tmp_path: Path) -> None:
    held: list[Any] = []

    class Holding(DeviceModel):
        def decode(self, z: Any, y: Any = None) -> Any:
            scratch = torch.zeros(3)
            held.append(weakref.ref(scratch))
            raise ValueError("no")

    errors = run_batch(opened(tmp_path, "toy-vae", Holding), [poisoned()] * 2)
    gc.collect()
    assert all(isinstance(error, ModelFault) for error in errors)
    assert [reference() for reference in held] == [None] * 3


def unchecked(job: Job, **fields: Any) -> Job:
    """A job as it may come over a wire, where no signature is checked."""
    for name, value in fields.items():
        object.__setattr__(job, name, value)
    return job


INVERT = Job("invert", "toy-vae", pictures=np.zeros((1, 8, 6, 1), np.uint8), state=np.zeros((1, 7), np.float32))
PAIR = Job("distance", "toy-judge", pictures=INVERT.pictures, others=INVERT.pictures)
DECODE, ENCODE, DRAW = Job("decode", "toy-vae"), Job("encode", "toy-vae"), Job("sample", "toy-cvae", seeds=(1,))
COMPLETE = Job(
    "complete", "toy-pixels", pictures=INVERT.pictures, hidden=np.ones((1, 8, 6), np.uint8), seeds=(1,), last=48
)
REFUSED: list[tuple[Job, dict[str, Any], type[Exception], str]] = [
    (
        Job("paint", "toy-vae"),
        {},
        UnknownName,
        "no verb called 'paint'. There is: classify, complete, decode, directions",
    ),
    (Job("sample", "toy-ae"), {"seeds": (1,)}, MissingVerb, "toy-ae is of family ae, which has no 'samples'"),
    (DECODE, {}, BadValue, "A job to decode came without z. Give it"),
    (DECODE, {"z": np.zeros((1, 3), np.float32)}, BadLatent, r"\(1, 3\) was given; toy-vae takes \(n, 2\)"),
    (DECODE, {"z": np.array(1, np.float32)}, BadLatent, r"shape \(\) was given"),
    (DECODE, {"z": np.array([["a", "b"]])}, BadValue, "cannot be read was given: could not convert"),
    (DECODE, {"z": np.full((1, 2), np.nan)}, BadLatent, "not finite"),
    (ENCODE, {}, BadValue, "A job to encode came without pictures"),
    (ENCODE, {"pictures": np.array(1, np.uint8)}, BadPicture, r"uint8 \(\) was given"),
    (ENCODE, {"pictures": np.zeros((1, 8, 6, 1))}, BadPicture, "float64"),
    (ENCODE, {"pictures": np.zeros((1, 6, 8, 1), np.uint8)}, BadPicture, r"takes \(n, 8, 6, 1\)"),
    (INVERT, {"state": None}, BadValue, "A job to invert came without state"),
    (INVERT, {"pictures": None}, BadValue, "A job to invert came without pictures"),
    (INVERT, {"state": np.zeros((1, 6), np.float32)}, BadLatent, r"\(1, 6\) was given; toy-vae takes \(1, 7\)"),
    (INVERT, {"state": np.zeros((2, 7), np.float32)}, BadLatent, r"\(2, 7\) was given"),
    (INVERT, {"state": np.full((1, 7), np.inf)}, BadLatent, "not finite"),
    (INVERT, {"state": np.full((1, 7), -1.0)}, BadLatent, "below 0"),
    (INVERT, {"steps": 26}, BadValue, "steps is a whole number from 1 to 25; 26 was given"),
    (INVERT, {"steps": 0}, BadValue, "0 was given"),
    (INVERT, {"model": "toy-judge"}, MissingVerb, "no 'decodes'"),
    (PAIR, {"others": None}, BadValue, "A job to distance came without others"),
    (PAIR, {"others": np.zeros((2, 8, 6, 1), np.uint8)}, BadPicture, "2 other pictures were given to 1"),
    (PAIR, {"others": np.zeros((1, 6, 8, 1), np.uint8)}, BadPicture, r"takes \(n, 8, 6, 1\)"),
    (PAIR, {"model": "toy-vae"}, MissingVerb, "no 'classifies'"),
    (PAIR, {"model": "toy-blind"}, MissingVerb, "toy-blind has no variance of its features"),
    (dataclasses.replace(ENCODE, verb="reconstruct"), {"model": "toy-judge"}, MissingVerb, "no 'encodes'"),
    (dataclasses.replace(INVERT, verb="reconstruct"), {"seeds": (1, 2)}, BadValue, "2 seeds were given for 1 pictures"),
    (dataclasses.replace(INVERT, verb="reconstruct"), {"seeds": (-1,)}, BadValue, "A seed of -1"),
    (COMPLETE, {"hidden": None}, BadValue, "A job to complete came without hidden"),
    (COMPLETE, {"hidden": np.zeros((1, 8, 7), np.uint8)}, BadPicture, r"uint8 \(1, 8, 7\) was given; toy-pixels takes"),
    (COMPLETE, {"hidden": np.full((1, 8, 6), 2, np.uint8)}, BadPicture, "A mask with a 2 was given"),
    (COMPLETE, {"seeds": ()}, BadValue, "0 seeds were given for 1 pictures"),
    (COMPLETE, {"last": 49}, BadValue, "Pixels from 0 to 49 were asked for; toy-pixels has 0 … 47"),
    (COMPLETE, {"first": 9, "last": 9}, BadValue, "Pixels from 9 to 9"),
    (COMPLETE, {"model": "toy-vae"}, MissingVerb, "no 'completes'"),
    (dataclasses.replace(COMPLETE, verb="receptive"), {"first": 48}, BadValue, "Pixel 48 was asked for"),
    (DRAW, {"seeds": (2**32,)}, BadValue, "A seed of 4294967296"),
    (DRAW, {"seeds": ("1",)}, BadValue, "cannot be read was given"),
    (DRAW, {"truncation": float("nan")}, BadValue, "A truncation of nan was given"),
    (Job("latents", "toy-vae", seeds=(1,)), {"truncation": -1.0}, BadValue, "A truncation of -1.0"),
    (DRAW, {"y": np.array([4])}, BadValue, "class of 4 was given; toy-cvae has 0 … 3"),
    (DRAW, {"y": np.array(0)}, BadValue, r"Classes of shape \(\)"),
    (DRAW, {"y": np.array([0.5])}, BadValue, "Classes of shape"),
]


@pytest.mark.parametrize(("job", "fields", "kind", "sentence"), REFUSED)
def test_a_job_that_asks_for_what_cannot_be_is_told_what_can(
    shelf: dict[str, DeviceModel], job: Job, fields: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    job = unchecked(dataclasses.replace(job), **fields)
    verb = "decode" if CONFIGS[job.model].latent else "latents"
    neighbours = [job_of(job.model, verb, 2, seed) for seed in (1, 2)]
    first, refused, last = run_batch(shelf[job.model], [neighbours[0], job, neighbours[1]])
    with pytest.raises(kind, match=sentence):
        raise refused  # type: ignore[misc]
    assert type(refused) is kind
    assert isinstance(first, Answer)
    assert isinstance(last, Answer)


def test_a_class_for_a_model_without_any_is_no_matter(shelf: dict[str, DeviceModel]) -> None:
    job = job_of("toy-vae", "decode", 3, 0)
    labelled: Sequence[Any] = run_batch(shelf["toy-vae"], [dataclasses.replace(job, y=np.array([1, 2, 99]))])
    assert same(labelled[0], run_batch(shelf["toy-vae"], [job])[0])
