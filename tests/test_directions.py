"""Directions of a latent space: what was planted is found, and a file of them is believed only whole."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.checkpoints import directions, files
from engine.checkpoints.directions import Directions, Note
from engine.checkpoints.files import DIRECTIONS
from engine.errors import BadValue, CheckpointRefused
from engine.inference.engine import Engine
from engine.models.ae import AutoencoderConfig
from engine.models.classifier import ClassifierConfig
from engine.models.gan import GANConfig
from tests.shelf import CVAE, VAE, keep, made
from tests.toys import toy_data
from train.activations import early
from train.cli import main
from train.directions.attributes import (
    HELD_OUT,
    Known,
    NamedClassifier,
    attributes,
    find,
    in_order,
    mapped_back,
    of_codes,
    principal,
    sampled,
    tried,
)

NAME = "toy-vae-2d"
PC = Note("PC 1", "pca", 0.5, None, 0.1, 1.5, "by a test")
SMILE = Note("Smiling", "attribute", 0.9, 0.6, 0.0, 0.7, "by a test")
TWO = Directions(np.eye(2, dtype=np.float32), (PC, SMILE))


def known(latent: int = 6, count: int = 4000, noise: float = 0.0) -> tuple[Known, Any]:
    """Return latents among which half, those beyond a planted plane, have an attribute; and the normal of the plane."""
    random = np.random.default_rng(0)
    normal = random.normal(size=latent)
    normal /= np.linalg.norm(normal)
    z = random.normal(size=(2 * count, latent)).astype(np.float32)
    y = (z @ normal + noise * random.normal(size=len(z)) > 0)[:, None]
    return Known(z[:count], z[:count], z[count:], ("planted",), y[:count], y[count:], "latents"), normal


# Found


def test_a_planted_direction_is_found_and_its_held_out_accuracy_is_told() -> None:
    given, normal = known(noise=0.5)
    ((vector, note),) = attributes(given)
    assert vector @ normal > 0.99
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    # Of sign(u + ½ε) from u, the best there is: 1 − arctan(½) / π.
    assert note.value == pytest.approx(1 - np.arctan(0.5) / np.pi, abs=0.02)
    assert (note.kind, note.base) == ("attribute", pytest.approx(0.5, abs=0.03))
    assert note.deviation == pytest.approx(1, abs=0.05)


def test_what_the_latents_do_not_show_gives_no_direction() -> None:
    given, _ = known()
    by_chance = np.random.default_rng(1).random(given.asked.shape) > 0.5
    assert list(attributes(dataclasses.replace(given, asked=by_chance, wanted=by_chance[::-1]))) == []
    hardly_any = np.zeros_like(given.asked)
    hardly_any[:49] = True
    assert list(attributes(dataclasses.replace(given, asked=hardly_any))) == []


def test_an_axis_that_is_dead_takes_no_part() -> None:
    given, _ = known()
    z = given.fitted.copy()
    z[:, 0] *= 1e-3
    ((vector, _),) = attributes(dataclasses.replace(given, fitted=z))
    assert abs(vector[0]) < 0.01


def test_the_components_of_a_known_gaussian() -> None:
    random = np.random.default_rng(0)
    turned, _ = np.linalg.qr(random.normal(size=(5, 5)))
    deviations = np.array([3.0, 2.0, 1.0, 0.5, 0.0])
    z = (random.normal(size=(20_000, 5)) * deviations @ turned.T + 7).astype(np.float32)
    vectors, shares = principal(z)
    assert len(vectors) == 4  # the last has no variance
    assert shares == pytest.approx(deviations[:4] ** 2 / (deviations**2).sum(), abs=0.01)
    assert abs(vectors @ turned)[:, :4] == pytest.approx(np.eye(4), abs=0.05)
    assert (vectors[range(4), abs(vectors).argmax(1)] > 0).all()
    nothing = np.zeros((len(z), 0), np.bool_)
    notes = [note for _, note in of_codes(Known(z, z, z, (), nothing, nothing, "latents"))]
    assert [note.deviation for note in notes] == pytest.approx([3, 2, 1, 0.5], rel=0.03)
    assert notes[0].mean == pytest.approx(float((vectors[0] * 7).sum()), abs=0.1)


def test_a_linear_generator_gives_its_singular_vectors() -> None:
    """Activations W z have the left singular vectors of W as components, behind which lie the right."""
    random = np.random.default_rng(0)
    left, _ = np.linalg.qr(random.normal(size=(20, 3)))
    right, _ = np.linalg.qr(random.normal(size=(3, 3)))
    z = random.normal(size=(20_000, 3)).astype(np.float32)
    y = z @ (left * [4, 2, 1] @ right.T).T.astype(np.float32)
    bases, shares = principal(y)
    assert shares == pytest.approx([16 / 21, 4 / 21, 1 / 21], abs=0.01)
    assert abs(mapped_back(z, (y - y.mean(0)) @ bases.T) @ right) == pytest.approx(np.eye(3), abs=0.03)


# Every family


@pytest.mark.parametrize(
    ("config", "width"),
    [(GANConfig((1, 8, 8), 4, width=16), 16), (VAE, 8), (CVAE, 8 * 4 * 4)],
    ids=["gan", "dense vae", "convolutional vae"],
)
def test_early_activations_are_those_of_the_first_layer(config: Any, width: int) -> None:
    model = made(config)
    z = torch.randn(300, config.latent, generator=torch.Generator().manual_seed(0))
    found = early(model, z)
    assert found.shape == (300, width)
    assert torch.allclose(found[:7], early(model, z[:7]), atol=1e-6)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_a_generator_is_told_by_a_classifier_what_its_samples_show() -> None:
    """The brightness of this generator's pictures is its first latent, and the classifier sees nothing else."""
    model, classifier = (
        made(GANConfig((1, 8, 8), 4, width=16)),
        made(ClassifierConfig((1, 8, 8), 4, 1, attributes=True)),
    )
    bright = torch.zeros(4)
    bright[0] = 1.0
    model.decode = lambda z, y=None: (z @ bright).sigmoid()[:, None, None, None].expand(-1, 1, 8, 8)  # type: ignore
    classifier.logits = lambda x: x.mean((1, 2, 3))[:, None] - 0.5  # type: ignore
    model.generator.forward = None  # type: ignore[method-assign, assignment]
    given = sampled(model, NamedClassifier("toy-classifier", classifier, ("Bright",)), 2000)  # type: ignore[arg-type]
    assert given.held.shape == (HELD_OUT, 4)
    ((vector, note),) = attributes(given)
    assert vector[0] > 0.99
    assert (note.name, note.value > 0.98) == ("Bright", True)
    assert "toy-classifier" in note.protocol


def test_a_direction_says_in_how_many_pictures_it_brings_its_attribute_about_and_idle_ones_are_left_out() -> None:
    """The first latent alone is seen: one direction is it, one has nothing of it, one turns against it."""
    model, classifier = (
        made(GANConfig((1, 8, 8), 4, width=16)),
        made(ClassifierConfig((1, 8, 8), 4, 3, attributes=True)),
    )
    model.decode = lambda z, y=None: z[:, :1, None, None].expand(-1, 1, 8, 8)  # type: ignore
    classifier.logits = lambda x: x.mean((1, 2, 3))[:, None] - torch.tensor([0.5, 0.5, -0.5])  # type: ignore
    z = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
    nobody = np.zeros((400, 0), np.bool_)
    given = Known(z, z, z, (), nobody, nobody, "latents")
    names = ("Bright", "Idle", "Smiling", "Unseen")
    rows = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.2, 0.96**0.5, 0, 0], [-1, 0, 0, 0]], np.float32)
    found = [(row, Note(name, "attribute", 0.9, 0.5, 0.0, 1.0, "")) for row, name in zip(rows, names, strict=True)]
    named_classifier = NamedClassifier("toy-classifier", classifier, names[:3])
    kept_ones = [note for _, note in in_order(tried(model, named_classifier, given, found))]
    assert [note.name for note in kept_ones] == ["Smiling", "Bright", "Unseen"]
    assert kept_ones[1].moved == 1.0  # -3 and +3 on the axis itself, whatever the picture was
    assert kept_ones[2].moved is None  # no witness sees it
    assert "says yes to 0 % at -3 deviations and to 100 % at +3" in kept_ones[1].protocol
    # Of z along (.2, .98): at ±3 the first axis is at ±.6 and what is left of it, of deviation .98; yes is beyond -.5.
    expected = 0.5 * (math.erf(1.1 / 0.98 / 2**0.5) - math.erf(-0.1 / 0.98 / 2**0.5))
    assert kept_ones[0].moved == pytest.approx(expected, abs=0.09)  # of 200 pictures
    assert [note.moved for _, note in tried(model, None, given, found)] == [None] * 4


def test_draws_that_are_fitted_on_and_those_that_are_held_out_share_no_row() -> None:
    given = sampled(made(GANConfig((1, 8, 8), 4, width=16)), None, 6_000)
    fitted, held = ({row.tobytes() for row in rows} for rows in (given.fitted, given.held))
    assert (len(fitted), len(held)) == (6_000, HELD_OUT)
    assert not fitted & held


def test_models_without_labels_have_components_alone() -> None:
    generator = find(made(GANConfig((1, 8, 8), 4, width=16)), None, None, 500)
    assert {note.kind for note in generator.notes} == {"pca"}
    assert len(generator.notes) == 4
    stranger = NamedClassifier("toy-classifier", made(ClassifierConfig((1, 6, 6), 4, 4)), tuple("abcd"))
    unread = find(made(GANConfig((1, 8, 8), 4, width=16)), None, stranger, 500)
    assert {note.kind for note in unread.notes} == {"pca"}
    conditional = find(made(CVAE), toy_data(CVAE.shape), None, 500)  # its class is given to it, and not asked
    assert {note.kind for note in conditional.notes} == {"pca"}


def test_what_has_no_directions_says_so() -> None:
    with pytest.raises(BadValue, match="no latent to move in"):
        find(made(ClassifierConfig((1, 8, 8), 4)), None)
    with pytest.raises(BadValue, match="come from its data"):
        find(made(VAE), None)


# Kept


def kept(tmp_path: Path) -> Path:
    keep(tmp_path, NAME, made(VAE))
    directions.save(tmp_path / NAME, TWO)
    return tmp_path / NAME


def test_directions_come_back_whole(tmp_path: Path) -> None:
    place = kept(tmp_path)
    card = files.read_card(place)
    found = directions.load(place, card)
    assert (found.vectors == TWO.vectors).all()
    assert found.notes == TWO.notes
    assert card.digests[DIRECTIONS] == files.digest((place / DIRECTIONS).read_bytes())
    assert found.note("Smiling") == SMILE
    assert (found.vector("Smiling") == [0, 1]).all()
    with pytest.raises(BadValue, match="There is: PC 1, Smiling"):
        found.vector("Frowning")


def test_a_model_for_which_nobody_looked_has_none(tmp_path: Path) -> None:
    card = keep(tmp_path, NAME, made(VAE))
    assert directions.load(tmp_path / NAME, card).vectors.shape == (0, 2)


def test_every_changed_byte_is_refused_and_the_model_still_loads(tmp_path: Path) -> None:
    place = kept(tmp_path)
    card, whole = files.read_card(place), (place / DIRECTIONS).read_bytes()
    for at in range(0, len(whole), 7):
        (place / DIRECTIONS).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(
            CheckpointRefused, match=r"changed or cut short. Find them again: zoetrope-train directions"
        ):
            directions.load(place, card)
    engine = Engine([tmp_path])
    assert engine.names() == [NAME]
    assert engine.decode(NAME, np.zeros((1, 2), np.float32)).shape == (1, 8, 6, 1)
    (place / DIRECTIONS).unlink()
    with pytest.raises(CheckpointRefused, match="missing"):
        directions.load(place, card)
    assert Engine([tmp_path]).names() == [NAME]


NOTES = [dataclasses.asdict(note) for note in TWO.notes]


@pytest.mark.parametrize(
    ("vectors", "notes", "complaint"),
    [
        (np.eye(3, dtype=np.float32), NOTES, "2 latents"),
        (np.eye(2, dtype=np.float16), NOTES, "float32"),
        (2 * np.eye(2, dtype=np.float32), NOTES, "length one"),
        (np.full((2, 2), np.nan, np.float32), NOTES, "length one"),
        (np.eye(2, dtype=np.float32), NOTES[:1], "give a row each"),
        (np.eye(2, dtype=np.float32), [NOTES[0], NOTES[0]], "name of its own"),
        (np.eye(2, dtype=np.float32), [NOTES[0], {**NOTES[1], "value": 1.5}], "a share lies from 0 to 1"),
        (np.eye(2, dtype=np.float32), [NOTES[0], {**NOTES[1], "base": None}], "base rate"),
        (np.eye(2, dtype=np.float32), [NOTES[0], {**NOTES[1], "deviation": 0}], "no deviation"),
        (np.eye(2, dtype=np.float32), [NOTES[0], {**NOTES[1], "reach": 0}], "above zero"),
        (np.eye(2, dtype=np.float32), [NOTES[0], {**NOTES[1], "kind": "magic"}], "magic"),
        (np.eye(2, dtype=np.float32), {"a": 1}, "which is no"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_though_its_digest_fits(
    vectors: Any, notes: Any, complaint: str, tmp_path: Path
) -> None:
    place = kept(tmp_path)
    content = directions.save_arrays({"vectors": vectors}, {directions.NOTES: json.dumps(notes)})
    (place / DIRECTIONS).write_bytes(content)
    card = dataclasses.replace(files.read_card(place), digests={DIRECTIONS: files.digest(content)})
    with pytest.raises(CheckpointRefused, match=complaint):
        directions.load(place, card)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04pickle", b"\xff" * 64, directions.save_arrays({"vectors": np.eye(2)})]
)
def test_what_is_no_file_of_directions_is_refused(content: bytes) -> None:
    with pytest.raises(BadValue, match="no file of directions"):
        directions.read(content, 2)


def test_directions_that_do_not_fit_are_not_kept(tmp_path: Path) -> None:
    keep(tmp_path, NAME, made(VAE))
    with pytest.raises(BadValue, match="3 latents"):
        directions.save(tmp_path / NAME, Directions(np.eye(3, dtype=np.float32)[:2], TWO.notes))
    assert not (tmp_path / NAME / DIRECTIONS).exists()


# The command


def test_the_command_keeps_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(name: str) -> str:
        main(["directions", name, "--checkpoints", str(tmp_path)])
        return capsys.readouterr().out

    keep(tmp_path, "digits-ae", made(AutoencoderConfig((1, 8, 8), 12, width=32)), data="digits")
    found = told("digits-ae")
    assert "PC 1" in found
    assert "by the commonest" in found
    place = tmp_path / "digits-ae"
    loaded = directions.load(place, files.read_card(place))
    assert f"{len(loaded.notes)} directions kept in {place / DIRECTIONS}" in found
    assert told("digits-ae") == found
    with pytest.raises(SystemExit) as ended:
        told("no-such")
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "digits-ae" in said.err
