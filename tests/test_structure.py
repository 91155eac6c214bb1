"""What imports what, and what ships."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.familiarity import FILE
from engine.checkpoints import files
from engine.checkpoints.card import QUANTILES
from engine.inference.engine import Engine
from engine.inference.images import to_bytes
from engine.protocols import Samples

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "engine", "train")
FORBIDDEN = {"app": {"torch", "train"}, "engine": {"app", "train"}, "train": {"app", "streamlit"}}
SHIPPED = sorted(path.name for path in (ROOT / "checkpoints").glob("*") if path.is_dir())
MB = 2**20


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The top-level packages that a file imports, anywhere in it, other than its own by a relative import."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).split(".")[0]


def called(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


# Sources


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    found = {(path.name, name) for path in sources(package) for name in imports(path)}
    assert found, f"{package} has no source"
    assert {pair for pair in found if pair[1] in FORBIDDEN[package]} == set()


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"util", "utils", "helper", "helpers", "misc", "common"}
    every = [path for package in (*PACKAGES, "tests") for path in sources(package)]
    assert [path.name for path in every if path.stem in drawers or path.parent.name in drawers] == []


def test_the_engine_prints_nothing_and_runs_no_text() -> None:
    calls = {(path.name, name) for path in sources("engine") for name in called(path)}
    assert ("batch_runner.py", "torch.inference_mode") in calls
    assert {call for call in calls if call[1] in {"print", "eval", "exec", "breakpoint", "torch.load"}} == set()
    assert not any("pickle" in set(imports(path)) for path in sources("engine"))


def test_the_engine_reads_no_environment() -> None:
    for path in sources("engine"):
        words = ast.unparse(ast.parse(path.read_text("utf-8")))
        assert "environ" not in words, path.name
        assert "getenv" not in words, path.name


# Checkpoints


def test_there_are_checkpoints_to_ship() -> None:
    assert SHIPPED, "checkpoints/ is empty: nothing below was tried"


def test_the_shipped_checkpoints_are_small_together() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "checkpoints").rglob("*") if path.is_file()]
    assert sum(sizes) <= 140 * MB


@pytest.fixture(scope="module")
def door() -> Engine:
    return Engine([ROOT / "checkpoints"], "cpu")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_checkpoint_is_whole_small_and_named(name: str, door: Engine) -> None:
    assert door.faults().get(name) is None
    held = {path.name for path in (ROOT / "checkpoints" / name).iterdir()}
    posterior = {files.POSTERIOR} if "encodes" in door.card(name).verbs else set()
    directions = {files.DIRECTIONS, FILE} & held  # somebody looked for some, or measured what is strange
    assert held == {files.CARD, files.WEIGHTS, files.SHEET} | posterior | directions
    assert set(door.card(name).digests) == held - {files.CARD}
    sizes = {file: (ROOT / "checkpoints" / name / file).stat().st_size for file in held}
    assert sum(sizes.values()) <= 8 * MB
    assert files.NAME.fullmatch(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_card_is_complete(name: str, door: Engine) -> None:
    card = door.card(name)
    for text in (card.title, card.description, card.data, card.terms, card.licence):
        assert text.strip()
    assert card.title != name
    assert card.description.endswith(".")
    assert card.recipe
    assert len(card.axes) == card.latent
    assert all(len(axis.quantiles) == len(QUANTILES) for axis in card.axes)
    assert all(list(axis.quantiles) == sorted(axis.quantiles) for axis in card.axes)
    assert all((axis.kl is not None) == ("bounds" in card.verbs) for axis in card.axes)
    assert card.metrics, "no metric: run zoetrope-train eval on it"
    for metric in card.metrics:
        assert metric.name
        assert metric.protocol
        assert np.isfinite(metric.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_agrees_with_its_card_and_shows_something(name: str, door: Engine) -> None:
    card, model = door.card(name), door.model(name)
    assert (model.config.shape, model.config.latent) == (card.shape, card.latent)
    assert model.config.classes == len(card.classes)
    assert sum(parameter.numel() for parameter in model.parameters()) == card.parameters
    channels, height, width = card.shape
    if "classifies" in card.verbs:
        pictures = np.random.default_rng(0).integers(0, 256, (2, height, width, channels), np.uint8)
        logits = door.device_model(name).classify(pictures)
        assert logits.shape == (2, len(card.labels))
        assert np.isfinite(logits).all()
        return
    y = [0, 0] if card.classes else None
    if "decodes" in card.verbs:
        pictures = door.decode(name, door.latents(name, [1, 2]), y)
    else:
        assert isinstance(model, Samples)
        pictures = to_bytes(model.sample([1, 2], None if y is None else torch.tensor(y)))
    assert pictures.shape == (2, height, width, channels)
    assert all(picture.std() > 5 for picture in pictures.astype(float))
    assert (pictures[0] != pictures[1]).any()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_posterior_fits_its_card(name: str, door: Engine) -> None:
    means, labels = door.posterior(name)
    card = door.card(name)
    assert means.shape[1] == card.latent
    if "encodes" not in card.verbs:
        assert len(means) == 0
        return
    assert len(means) >= 100
    assert np.isfinite(means).all()
    assert (labels is not None) == bool(card.labels)
    if labels is not None:
        assert labels.shape == means.shape[:1]
        assert 0 <= labels.min() <= labels.max() < len(card.labels)
