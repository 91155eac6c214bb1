"""Small checkpoints for tests: decoders with fixed random weights, whose pictures visibly follow the latent."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from engine.checkpoints import directions, files
from engine.checkpoints.card import QUANTILES, Axis, Card, Metric
from engine.checkpoints.directions import Directions, Note
from engine.models.ae import Autoencoder, AutoencoderConfig
from engine.models.hierarchical_ali import HierarchicalALI, HierarchicalALIConfig
from engine.models.vae import VAE, VAEConfig
from engine.protocols import verbs_of
from engine.registry import family_of

NORMAL = (-2.33, -1.64, -0.67, 0.0, 0.67, 1.64, 2.33)


def write_all(folder: Path) -> Path:
    """Write one checkpoint of each kind that the pages treat differently, and one that is damaged."""
    write(folder, "frey-vae-2d", VAE(VAEConfig((1, 28, 20), latent=2, width=32, depth=1)))
    write(
        folder,
        "toy-vae-6d",
        VAE(VAEConfig((1, 16, 16), latent=6, width=32, depth=1)),
        kls=(0.2, 3.0, 0.0, 1.5, 0.001, 2.0),
    )
    write(folder, "toy-cvae", VAE(VAEConfig((3, 16, 16), latent=3, width=32, depth=1, classes=4)), labels=4)
    sure = Metric("test MSE", 0.02, "", "some test pictures", (0.0125, 0.0375))
    write(folder, "toy-ae", Autoencoder(AutoencoderConfig((1, 16, 16), latent=2, width=32, depth=1)), metrics=(sure,))
    write(
        folder, "toy-levels", HierarchicalALI(HierarchicalALIConfig((1, 16, 16), 6, z2_dim=2, hidden=16, net="dense"))
    )
    write(folder, "toy-broken", VAE(VAEConfig((1, 16, 16), latent=2, width=32, depth=1)))
    point(folder / "toy-vae-6d", np.eye(6)[[1, 3, 5, 0]], np.ones((1, 6)), np.array([[1, -1, 0, 0, 0, 0]]))
    point(folder / "toy-levels", np.array([[0.6, 0, 0.8, 0, 0, 0]]), np.eye(6)[[0, 1, 2, 3]])
    point(folder / "toy-ae", np.eye(2))
    with (folder / "toy-ae" / files.DIRECTIONS).open("ab") as file:
        file.write(b"x")
    with (folder / "toy-broken" / files.WEIGHTS).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x00\x01"[:1])
        file.write(b"x")
    return folder


def write(
    folder: Path,
    name: str,
    model: nn.Module,
    kls: tuple[float, ...] = (),
    labels: int = 0,
    metrics: tuple[Metric, ...] = (),
) -> None:
    """Write a checkpoint whose weights are random, the same each time, and large enough to show."""
    random = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random) * 1.6 / max(1, parameter.shape[-1]) ** 0.5
    config: Any = model.config
    means = np.random.default_rng(0).normal(size=(200, config.latent)).astype(np.float32)
    classes = tuple(f"class {y}" for y in range(config.classes if hasattr(config, "classes") else 0))
    kls = kls or (1.0,) * config.latent
    posterior = "bounds" in verbs_of(model)
    axes = tuple(Axis(kl if posterior else None, 0.1, NORMAL, 0.0, 1.0) for kl in kls)
    assert len(NORMAL) == len(QUANTILES)
    card = Card(
        name=name,
        family=family_of(config),
        config=_fields(config),
        verbs=verbs_of(model),
        shape=config.shape,
        latent=config.latent,
        title=name.replace("-", " ").title(),
        description="A small decoder for tests.",
        data="toy",
        terms="none",
        licence="MIT",
        metrics=metrics,
        recipe={},
        parameters=sum(p.numel() for p in model.parameters()),
        digests={},
        versions={},
        classes=classes,
        labels=classes,
        axes=axes,
        levels=getattr(config, "levels", {}),
    )
    y = np.arange(200, dtype=np.int16) % labels if labels else None
    files.save(folder, model, card, _sheet(), means if config.latent else None, y)


def point(place: Path, *vectors: NDArray[Any]) -> None:
    """Write directions, the first of them attributes that are told ever worse, the last a component."""
    rows = np.concatenate(vectors)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    told = [
        Note(f"Trait_{i}", "attribute", 0.9 - 0.05 * i, 0.5, 0.0, 1.0, "planted by a test")
        for i in range(len(rows) - 1)
    ]
    last = Note("PC 1", "pca", 0.25, None, 0.0, 2.0, "planted by a test")
    directions.save(place, Directions(rows, (*told, last)))


def _fields(config: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(config)


def _sheet() -> bytes:
    file = io.BytesIO()
    Image.new("L", (32, 32)).save(file, "WEBP")
    return file.getvalue()
