"""A card with sizes that its weights do not bear out is refused, quickly and without the memory it asks for."""

from __future__ import annotations

import dataclasses
import json
import random
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.checkpoints import sizes
from engine.checkpoints.files import CARD, load_model, read_card
from engine.errors import CheckpointRefused
from engine.models.pixel_cnn import PixelCNNConfig
from engine.registry import Config, family_of
from tests.shelf import VAE, keep, made
from tests.test_laws import CONFIGS

NAME = "toy-giant"
SECONDS = 30.0  # on a busy machine; a refusal takes milliseconds, and the first one imports a part of torch
UNUSED = {"mixtures", "flow_width", "context", "hidden"}  # where there is no mixture, no flow, no second level
ROOM = 2 * 2**30  # bytes beyond what the process has


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Let an attempt to make room for a giant fail at once instead of filling the machine."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def claim(place: Path, whole: dict[str, Any], **config: Any) -> None:
    """Write a card that claims other sizes, and is at one with itself about them."""
    fields = whole | {"config": whole["config"] | config, "axes": [], "levels": {}}
    fields |= {name: config[name] for name in ("latent", "shape") if name in config}
    if config.get("classes", 10**9) < 10**5:
        fields["classes"] = [f"class {i}" for i in range(config["classes"])]
    (place / CARD).write_text(json.dumps(fields))


def refused(place: Path) -> str:
    """Load, which may succeed: the sentence of the refusal, if there was one."""
    began = time.monotonic()
    try:
        load_model(place)
    except CheckpointRefused as refusal:
        return str(refusal)
    finally:
        assert time.monotonic() - began < SECONDS
    return ""


def numbers(config: Config) -> list[str]:
    return [name for name, value in dataclasses.asdict(config).items() if type(value) is int]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: family_of(config))
def test_giant_numbers_in_any_field_are_refused(config: Config, tmp_path: Path) -> None:
    keep(tmp_path, NAME, made(config), axes=())
    whole = json.loads((tmp_path / NAME / CARD).read_text())
    rng = random.Random(1)
    for field in numbers(config):
        for digits in (5, 8, 12, 18, 25, 300):
            giant = rng.choice([1, 1, 1, -1]) * rng.randrange(10 ** (digits - 1), 10**digits)
            if abs(giant) <= max(sizes.SMALL, whole["parameters"] * 2):
                continue
            claim(tmp_path / NAME, whole, **{field: giant})
            assert refused(tmp_path / NAME).startswith(NAME), (field, giant)
    for side in (10**4, 10**9, 10**20):
        claim(tmp_path / NAME, whole, shape=[config.shape[0], side, side])
        assert refused(tmp_path / NAME).startswith(NAME), side


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: family_of(config))
def test_numbers_just_too_large_are_refused_or_change_no_tensor(config: Config, tmp_path: Path) -> None:
    """Up to what a file of such weights bears out: the construction itself ends in time."""
    keep(tmp_path, NAME, made(config), axes=())
    whole = json.loads((tmp_path / NAME / CARD).read_text())
    for field in numbers(config):
        claim(tmp_path / NAME, whole, **{field: sizes.SMALL})
        said = refused(tmp_path / NAME)
        assert said.startswith(NAME) or field in UNUSED, field


def test_a_picture_larger_than_any_model_draws_is_refused_where_no_tensor_knows_its_size(tmp_path: Path) -> None:
    """A network of convolutions alone has the same tensors for pictures of any size."""
    keep(tmp_path, NAME, made(PixelCNNConfig((1, 8, 6), width=8, depth=1)), axes=())
    whole = json.loads((tmp_path / NAME / CARD).read_text())
    claim(tmp_path / NAME, whole, shape=[1, 3000, 3000])
    with pytest.raises(CheckpointRefused, match=r"pictures of shape \(1, 3000, 3000\) have more than"):
        read_card(tmp_path / NAME)


def test_levels_of_giant_numbers_are_no_list_in_memory(tmp_path: Path) -> None:
    keep(tmp_path, NAME, made(VAE), axes=())
    whole = json.loads((tmp_path / NAME / CARD).read_text())
    changes = {"latent": 10**12, "levels": {"z2": [0, 10**11], "z1": [10**11, 10**12]}}
    (tmp_path / NAME / CARD).write_text(json.dumps(whole | changes))
    assert "in the card" in refused(tmp_path / NAME)


def test_a_float_of_too_many_digits_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, NAME, made(VAE), axes=())
    whole = json.loads((tmp_path / NAME / CARD).read_text())
    (tmp_path / NAME / CARD).write_text(json.dumps(whole | {"feature_variance": 10**400}))
    assert "more digits than a float can have" in refused(tmp_path / NAME)


def test_a_construction_that_is_cut_off_leaves_gradients_on(monkeypatch: pytest.MonkeyPatch) -> None:
    config = PixelCNNConfig((1, 8, 6), width=8, depth=8)
    for calls in range(0, 60, 3):
        monkeypatch.setattr(sizes, "CALLS", (0, calls))
        with pytest.raises(CheckpointRefused):
            sizes.build_like("toy", config, {})
        assert torch.is_grad_enabled()


def test_a_construction_is_ended_in_its_own_thread_alone() -> None:
    with sizes.CallLimit(3):
        for _ in range(3):
            torch.zeros(1)
        with ThreadPoolExecutor(1) as other:
            other.submit(torch.zeros, 1).result()
        with pytest.raises(sizes.TooManyCalls):
            torch.zeros(1)
    torch.zeros(1)
