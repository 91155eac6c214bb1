"""What is damaged, foreign or too new is refused, with a sentence that says why."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from engine.checkpoints import files
from engine.checkpoints.card import FORMAT
from engine.checkpoints.files import CARD, POSTERIOR, SHEET, WEIGHTS, load_model, read_card
from engine.errors import CheckpointRefused
from tests.shelf import AE, VAE, keep, made

NAME = "toy-vae-2d"
ROOT = Path(__file__).parent.parent


@pytest.fixture
def place(tmp_path: Path) -> Path:
    keep(tmp_path, NAME, made(VAE))
    return tmp_path / NAME


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    keep(folder, NAME, made(VAE))
    return folder / NAME


def edit_card(place: Path, **changes: Any) -> None:
    fields = json.loads((place / CARD).read_text())
    (place / CARD).write_text(json.dumps(fields | changes))


def swap(place: Path, file: str, content: bytes) -> None:
    """Replace a file and its digest, as somebody would who means it."""
    (place / file).write_bytes(content)
    edit_card(place, digests=read_digests(place) | {file: files.digest(content)})


def read_digests(place: Path) -> dict[str, str]:
    return json.loads((place / CARD).read_text())["digests"]


# Damage


@given(
    file=st.sampled_from([WEIGHTS, POSTERIOR, SHEET]), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7)
)
def test_one_changed_bit_anywhere_is_refused(whole: Path, file: str, where: float, bit: int) -> None:
    content = (whole / file).read_bytes()
    changed = bytearray(content)
    changed[int(where * len(content))] ^= 1 << bit
    (whole / file).write_bytes(changed)
    try:
        with pytest.raises(CheckpointRefused, match=rf"^{NAME}: {file} has SHA-256 .* Copy the folder again\."):
            load_model(whole)
    finally:
        (whole / file).write_bytes(content)
    load_model(whole)


@pytest.mark.parametrize("file", [WEIGHTS, POSTERIOR, SHEET])
@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_file_cut_short_or_missing_is_refused(place: Path, file: str, damage: str) -> None:
    content = (place / file).read_bytes()
    (place / file).unlink()
    if damage == "cut":
        (place / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointRefused, match=rf"^{NAME}: {file} (has SHA-256|is missing)"):
        read_card(place)


class Evil:
    """A pickle that touches a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_a_pickle_in_place_of_the_weights_is_never_run(place: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    pickle.loads(pickle.dumps(Evil(trace)))
    assert trace.exists()  # the pickle does run where one is read
    trace.unlink()
    torch.save({"weights": Evil(trace)}, tmp_path / "evil.pt")
    for content in ((tmp_path / "evil.pt").read_bytes(), pickle.dumps(Evil(trace))):
        swap(place, WEIGHTS, content)
        with pytest.raises(CheckpointRefused, match=f"^{NAME}: {WEIGHTS} is no safetensors file"):
            load_model(place)
        assert not trace.exists()


@pytest.mark.parametrize("file", ["model.pt", "weights.ckpt", "data.pkl"])
def test_a_folder_with_nothing_but_a_pickle_is_told_why(place: Path, file: str) -> None:
    (place / CARD).unlink()
    (place / file).write_bytes(b"anything")
    with pytest.raises(CheckpointRefused, match=rf"{file} may hold a pickle, .* Export to safetensors"):
        read_card(place)


TENSOR = "decoder.pictures.0.bias"
WRONG_TENSORS: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    rf"{TENSOR} is \(9,\) in the file and \(8,\) in the model; 1 of": lambda t: t.update({TENSOR: torch.zeros(9)}),
    rf"{TENSOR} is missing in the file and \(8,\)": lambda t: t.pop(TENSOR),
    r"extra is \(2,\) in the file and unknown in the model": lambda t: t.update(extra=torch.zeros(2)),
}


@pytest.mark.parametrize("message", WRONG_TENSORS)
def test_a_tensor_that_does_not_fit_is_refused(place: Path, message: str) -> None:
    tensors = load((place / WEIGHTS).read_bytes())
    WRONG_TENSORS[message](tensors)
    swap(place, WEIGHTS, save(tensors))
    with pytest.raises(CheckpointRefused, match=f"^{NAME}: {message}"):
        load_model(place)


def test_junk_in_place_of_the_posterior_is_refused(place: Path) -> None:
    swap(place, POSTERIOR, b"junk")
    with pytest.raises(CheckpointRefused, match=POSTERIOR):
        files.load_posterior(place)


# The card


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "loom"}, r"unknown family 'loom'\. This version knows: ae, "),
        ({"format": FORMAT + 1}, rf"the card has format {FORMAT + 1}; this version reads up to {FORMAT}\. Update"),
        ({"format": None}, "names no format"),
        ({"name": "toy-vae-3d"}, "its card says 'toy-vae-3d'. Give the folder that name"),
        ({"digests": {}}, f"no digest of {WEIGHTS}"),
        ({"unheard": 1}, "not a whole card"),
        ({"axes": [{"kl": 1.0}]}, "not a whole card"),
        ({"shape": [8, 6]}, "not a whole card"),
        ({"levels": {"z": [0, 1, 2]}}, "not a whole card"),
        ({"levels": {"z2": [0, 1], "z1": [0, 2]}}, "do not divide the 2 latents"),
        ({"levels": {"z2": [0, 1]}}, "do not divide the 2 latents"),
        ({"levels": {"z2": [0, 1], "z1": [1, 9]}}, "do not divide the 2 latents"),
        ({"latent": 3}, "2 axes for 3 latents"),
        ({"shape": [1, 8, 8]}, r"in the card, .* in the config"),
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_is_refused(place: Path, changes: dict[str, Any], message: str) -> None:
    edit_card(place, **changes)
    with pytest.raises(CheckpointRefused, match=f"^{NAME}: .*{message}"):
        read_card(place)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"shape": [1, 8, 6], "beta": 1}}, "its config does not fit vae: .*beta"),
        ({"config": {"shape": [1, 8, 6], "likelihood": "poisson"}}, "its config does not fit vae"),
        ({"config": {"shape": "large"}}, "its config does not fit vae"),
        ({"verbs": ["samples", "scores"]}, "its card claims"),
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_its_model_is_refused(place: Path, changes: dict[str, Any], message: str) -> None:
    edit_card(place, **changes)
    with pytest.raises(CheckpointRefused, match=f"^{NAME}: {message}"):
        load_model(place)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"card"', "[" * 100_000, '{"format": 1}', '{"format": 1, "verbs": 3}', "\0\xff"]
)
def test_what_is_no_card_is_refused(place: Path, text: str) -> None:
    (place / CARD).write_text(text)
    with pytest.raises(CheckpointRefused, match=f"^{NAME}: card.json"):
        read_card(place)


def test_a_huge_card_is_refused_unread(place: Path) -> None:
    (place / CARD).write_bytes((place / CARD).read_bytes() + b" " * files.LARGEST_CARD)
    with pytest.raises(CheckpointRefused, match=r"card\.json is over 4 MB"):
        read_card(place)


@pytest.mark.parametrize("path", ["../x", "../../x", "/etc/hostname", "sub/x", "..", ".", "", "\0"])
def test_digests_reach_no_file_outside(place: Path, path: str) -> None:
    (place.parent / "x").write_bytes(b"secret")
    (place / "sub").mkdir()
    (place / "sub" / "x").write_bytes(b"secret")
    edit_card(place, digests=read_digests(place) | {path: files.digest(b"secret")})
    with pytest.raises(CheckpointRefused, match=f"^{NAME}: .* is missing"):
        read_card(place)


WRONG_TYPES = (
    {"family": ["vae"]},
    {"digests": None},
    {"digests": {WEIGHTS: 1}},
    {"digests": []},
    {"name": 3},
    {"latent": "2"},
)

UNCHECKED = """
import sys
from pathlib import Path
from engine.inference.engine import Engine
for folder in sorted(Path(sys.argv[1]).iterdir()):
    try:
        print(folder.name, Engine([folder]).names())
    except Exception as error:
        print(folder.name, repr(error))
"""


def test_a_field_of_a_wrong_type_stops_no_other_checkpoint(tmp_path: Path) -> None:
    for i, changes in enumerate(WRONG_TYPES):
        keep(tmp_path / str(i), NAME, made(VAE), axes=())
        keep(tmp_path / str(i), "toy-ae", made(AE))
        edit_card(tmp_path / str(i) / NAME, **changes)
    # In a process of its own, where no beartype refuses what production would take.
    done = subprocess.run([sys.executable, "-c", UNCHECKED, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines() == [f"{i} ['toy-ae']" for i in range(len(WRONG_TYPES))]
