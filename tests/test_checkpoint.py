"""A checkpoint comes back whole, is written whole, and stands beside others."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

import engine
from engine import schema
from engine.checkpoints import files
from engine.checkpoints.card import QUANTILES, Axis, TrainingRun, to_json
from engine.checkpoints.files import CARD, POSTERIOR, SHEET, WEIGHTS, load_model, read_card
from engine.errors import BadValue, UnknownName
from engine.inference.engine import Engine
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.pixel_vae import PixelVAEConfig
from tests.shelf import AE, CVAE, PIXELS, VAE, keep, made, posterior

NAME = "toy-vae-2d"
RENAMED_BACK = {new: old for old, new in schema.RENAMED.items()}


# Coming back


@pytest.mark.parametrize("config", [VAE, CVAE, AE], ids=["vae", "cvae", "ae"])
def test_a_checkpoint_comes_back_whole(config: Any, tmp_path: Path) -> None:
    model = made(config)
    card = keep(tmp_path, NAME, model)
    assert to_json(read_card(tmp_path / NAME)) == to_json(card)
    assert set(card.digests) == {WEIGHTS, POSTERIOR, SHEET}
    again = load_model(tmp_path / NAME)
    assert again.config == config
    assert not again.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    assert not any(p.requires_grad for p in again.parameters())
    means, labels = files.load_posterior(tmp_path / NAME)
    assert (means == posterior(config)[0]).all()
    assert labels is not None
    assert (labels == posterior(config)[1]).all()
    assert (means.dtype, labels.dtype) == (np.float32, np.int16)


def test_half_precision_weights_come_back_as_floats(tmp_path: Path) -> None:
    half = made(VAE).half()
    keep(tmp_path, NAME, half)
    assert all(t.dtype == torch.float16 for t in load((tmp_path / NAME / WEIGHTS).read_bytes()).values())
    for name, tensor in load_model(tmp_path / NAME).state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, half.state_dict()[name].float())


OLD_FIELDS = {
    HierarchicalALIConfig((1, 8, 8), latent=6, z2_dim=2, variance_share=0.25): {"top": 2, "share": 0.25},
    PixelCNNConfig((1, 8, 8), width=8, depth=2, position_bias_layers=1): {"located": 1},
    PixelVAEConfig((1, 8, 8), latent=6, z2_dim=2, maps=4, pixel_width=4): {"top": 2},
}


@pytest.mark.parametrize("config", OLD_FIELDS, ids=lambda config: type(config).__name__)
def test_a_checkpoint_with_the_names_of_an_older_version_comes_back_whole(config: Any, tmp_path: Path) -> None:
    """Fields of its config and recipe, and names of its weights."""
    model = made(config)
    run = {"begin": "toy-first", "mutated": 0.5, "objective": {"penalized": 0.25}}
    card = keep(tmp_path, NAME, model, recipe=run, history=(TrainingRun(run, 1, 1, ""),))
    old = {RENAMED_BACK.get(name, name): value for name, value in card.config.items()}
    assert old.items() >= OLD_FIELDS[config].items()
    weights = {name.replace("cond_conv", "teller"): value for name, value in model.state_dict().items()}
    content = save(weights)
    (tmp_path / NAME / WEIGHTS).write_bytes(content)
    files.write_card(tmp_path / NAME, replace(card, config=old, digests={WEIGHTS: files.digest(content)}))
    assert load_model(tmp_path / NAME).config == config
    again = read_card(tmp_path / NAME)
    assert again.recipe == {"init_from": "toy-first", "noise_fraction": 0.5, "objective": {"lazy_reg_fraction": 0.25}}
    assert (again.config.keys(), again.history[0].recipe) == (card.config.keys(), again.recipe)


def test_the_posterior_may_have_no_labels_or_be_left_out(tmp_path: Path) -> None:
    card = keep(tmp_path, NAME, made(VAE))
    files.save(tmp_path, made(VAE), card, b"", posterior(VAE)[0])
    assert files.load_posterior(tmp_path / NAME)[1] is None
    bare = dataclasses.replace(card, name="toy-vae-bare")
    assert POSTERIOR not in files.save(tmp_path, made(VAE), bare, b"", None).digests
    means, labels = files.load_posterior(tmp_path / "toy-vae-bare")
    assert (means.shape, labels) == ((0, 2), None)


# Writing


@pytest.mark.parametrize("name", ["frey-vae", "frey-vae-2d", "a-1", "mnist-vae-beta-4"])
def test_a_good_name_is_kept(name: str, tmp_path: Path) -> None:
    assert keep(tmp_path, name, made(VAE)).name == read_card(tmp_path / name).name == name


@pytest.mark.parametrize(
    "name", ["", "frey", "Frey-vae", "a--b", "-a-b", "a-b-", "a_b-c", "a-b\n", "../a-b", "é-b", "a b-c"]
)
def test_a_bad_name_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="names look like frey-vae-2d"):
        keep(tmp_path / "shelf", name, made(VAE))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"engine.checkpoints.files.os.{call}", fail)
        with pytest.raises(OSError, match="No space left"):
            files.write_atomically(path, b"new, and longer")
    assert path.read_bytes() == b"old"
    files.write_atomically(path, b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"file": b"new"}


@pytest.mark.parametrize("file", [WEIGHTS, POSTERIOR, SHEET, CARD])
def test_a_save_that_stops_midway_is_never_half_a_checkpoint(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_atomically

    def until(path: Path, content: bytes) -> None:
        if path.name == file:
            raise OSError("killed")
        write(path, content)

    keep(tmp_path, "toy-ae", made(AE))
    monkeypatch.setattr(files, "write_atomically", until)
    with pytest.raises(OSError, match="killed"):
        keep(tmp_path, NAME, made(VAE))
    engine = Engine([tmp_path])
    assert engine.names() == ["toy-ae"]
    assert "there is no card.json" in engine.faults()[NAME]
    assert engine.decode("toy-ae", np.zeros((1, 2), np.float32)).shape == (1, 8, 6, 1)


# Folders


def test_a_person_s_folder_shadows_nothing(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    keep(shipped, NAME, made(VAE), title="shipped")
    keep(own, NAME, made(VAE), title="own")
    keep(own, "toy-ae", made(AE))
    (shipped / ".hidden").mkdir()
    (shipped / "README").write_text("a file, not a folder")
    engine = Engine([shipped, own, tmp_path / "nowhere"])
    assert engine.names() == [NAME, "toy-ae"]
    assert engine.card(NAME).title == "shipped"
    assert engine.faults() == {}


@pytest.mark.parametrize(
    ("kl", "collapsed"), [(0.0, True), (-0.004, True), (0.02, False), (-0.5, False), (None, False)]
)
def test_an_axis_is_collapsed_that_adds_nothing_to_the_rate_whose_draws_may_fall_below_zero(
    kl: float | None, collapsed: bool
) -> None:
    assert Axis(kl, 0.1, (0.0,) * len(QUANTILES), 0.0, 1.0).collapsed == collapsed


# What there is, without loading any


LIGHT = """
import sys
from pathlib import Path
import engine
folder = Path(sys.argv[1])
print(engine.list_models(folder=folder), engine.list_models("encodes", folder), engine.card("toy-vae", folder).title)
print("torch" in sys.modules, "frey-vae-2d" in engine.list_models())
"""


def test_models_are_listed_and_described_without_torch(tmp_path: Path) -> None:
    keep(tmp_path, "toy-vae", made(VAE))
    keep(tmp_path, "toy-pixels", made(PIXELS))
    (tmp_path / "toy-broken").mkdir()
    (tmp_path / "toy-broken" / CARD).write_text("{")
    told = subprocess.run([sys.executable, "-c", LIGHT, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout == "['toy-pixels', 'toy-vae'] ['toy-vae'] A title\nFalse True\n"


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="toy-nothing"):
        engine.card("toy-nothing", tmp_path)
