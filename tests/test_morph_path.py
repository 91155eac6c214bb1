"""Path files: what is written comes back to the last bit, and everything else is refused with a sentence."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from app.server.export.path_file import Key, Origin, Path, file_name, from_json, to_json
from engine.checkpoints.catalogue import Catalogue
from engine.errors import MissingVerb, UnknownName, ZoetropeError
from tests.echo import CARDS

CATALOGUE = Catalogue(CARDS, {})


def keys(count: int, latent: int, classes: int = 0) -> tuple[Key, ...]:
    z = np.random.default_rng(count).normal(size=(count, latent)).astype(np.float32)
    origin = Origin("seed", seed=7, truncation=0.9)
    return tuple(Key(tuple(map(float, row)), i % classes if classes else None, origin) for i, row in enumerate(z))


def path(**more: Any) -> Path:
    return Path("colour", keys(4, 3, 2), **more)


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("way", ["linear", "spherical", "norm-preserving"])
def test_a_path_read_again_gives_the_same_latents_to_the_last_bit(way: str, loop: bool) -> None:
    made = path(way=way, loop=loop, easing="ends", pace="length", seconds=2.5, fps=24)
    read, notices = from_json(to_json(made), CATALOGUE)
    assert read == made
    assert notices == []
    (z, y), (again, classes) = made.latents(), read.latents()
    assert z.tobytes() == again.tobytes()
    assert y is not None
    assert classes is not None
    assert y.tolist() == classes.tolist()
    assert z.shape == (60, 3)


def test_a_path_that_a_browser_wrote_is_the_same_path() -> None:
    made = path()
    browser = json.dumps({**asdict(made), "seconds": 6, "loop": False}, separators=(",", ":"))
    assert from_json(b"\xef\xbb\xbf" + browser.encode(), CATALOGUE)[0] == made


def test_of_a_model_without_classes_a_class_means_nothing() -> None:
    made = Path("grey", tuple(replace(key, y=3) for key in keys(2, 2)))
    assert [key.y for key in from_json(to_json(made), CATALOGUE)[0].keys] == [None, None]


def test_other_weights_are_told() -> None:
    _, notices = from_json(to_json(path(weights="0" * 64)), CATALOGUE)
    assert notices == ["The path was made with other weights of colour, so its pictures may differ."]


def changed(**fields: Any) -> bytes:
    return json.dumps({**asdict(path()), **fields}).encode()


def with_key(**fields: Any) -> bytes:
    whole = asdict(path())
    whole["keys"][1].update(fields)
    return json.dumps(whole).encode()


REFUSED = {
    "empty": (b"", "not JSON"),
    "text": (b"hello", "not JSON"),
    "binary": (bytes(range(256)), "not JSON"),
    "deep": (b"[" * 100_000, "not JSON"),
    "list": (b"[]", "no format, model and keys"),
    "another file": (b'{"format": 1}', "no format, model and keys"),
    "newer": (changed(format=2), "format 2; this version reads up to 1"),
    "older": (changed(format=0), "format is '0'"),
    "words for a format": (changed(format="1"), "path.format"),
    "a field more": (changed(speed=3), "path has no field speed"),
    "no keys": (changed(keys=[]), "0 keys; it goes through 2 to 64"),
    "many keys": (changed(keys=asdict(path())["keys"] * 17), "68 keys"),
    "another way": (changed(way="crooked"), "way is 'crooked'; it can be linear, spherical, norm-preserving"),
    "another easing": (changed(easing="bounce"), "easing is 'bounce'"),
    "another pace": (changed(pace="race"), "pace is 'race'"),
    "odd frames": (changed(fps=31), "fps is '31'"),
    "too long": (changed(seconds=3600), "takes 3600 s; it can take 0.5 to 60 s"),
    "not a number": (changed(seconds=float("nan")), "holds NaN"),
    "infinite": (with_key(z=[0, float("-inf"), 0]), "holds -Infinity"),
    "overflowing": (with_key(z=[0, 10**400, 0]), "more digits than a float can have"),
    "far out": (with_key(z=[0, 1e6, 0]), "Key 2 has 1e+06 at z1"),
    "short": (with_key(z=[0.0]), "Key 2 has 1 latents; colour has 3"),
    "words": (with_key(z=["a", 0, 0]), "path.keys[1].z[0]"),
    "class": (with_key(y=2), "Key 2 has class 2; colour has classes 0 to 1"),
    "no class": (with_key(y=None), "Key 2 has class None"),
    "origin": (with_key(origin={"kind": "dream"}), "Key 2 comes from 'dream'"),
    "large": (b" " * (3 << 20), "at most 2 MB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_path_is_refused_with_a_sentence(case: str) -> None:
    text, sentence = REFUSED[case]
    with pytest.raises(ZoetropeError) as refusal:
        from_json(text, CATALOGUE)
    assert sentence in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_a_model_that_is_not_here_is_named_beside_those_that_are() -> None:
    with pytest.raises(UnknownName, match=r"called 'nobody'.*colour"):
        from_json(changed(model="nobody"), CATALOGUE)
    encoder = Catalogue({"colour": replace(CARDS["colour"], verbs=("encodes",))}, {})
    with pytest.raises(MissingVerb):
        from_json(to_json(path()), encoder)


def test_a_file_is_named_by_model_way_and_length() -> None:
    assert file_name(path(way="linear", seconds=2.5), "mp4") == "zoetrope-colour-linear-2.5s.mp4"
    assert file_name(replace(path(), model="a/b c\n"), "json") == "zoetrope-a-b-c--spherical-6s.json"
