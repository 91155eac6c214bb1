"""Small checkpoints on a shelf, their weights just as they were initialized."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.checkpoints import files
from engine.checkpoints.card import QUANTILES, Axis, Card
from engine.image_grid import encode
from engine.models.ae import AutoencoderConfig
from engine.models.ali import ALIConfig
from engine.models.classifier import ClassifierConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.vae import VAEConfig
from engine.protocols import verbs_of
from engine.registry import Config, Model, build, family_of

SMALL: dict[str, Any] = {"shape": (1, 8, 6), "width": 8, "depth": 1}
VAE = VAEConfig(latent=2, **SMALL)
CVAE = VAEConfig(latent=3, classes=4, likelihood="logistic", **{**SMALL, "shape": (3, 8, 8), "net": "conv"})
AE = AutoencoderConfig(latent=2, **SMALL)
ALI = ALIConfig(latent=2, **{**SMALL, "net": "dense"})
PIXELS = PixelCNNConfig((1, 8, 6), width=16, depth=2, classes=4)
JUDGE = ClassifierConfig((1, 8, 6), width=4, answers=3)


def made(config: Config) -> Model:
    torch.manual_seed(1)
    return build(config).eval().requires_grad_(False)


def keep(folder: Path, name: str, model: Model, **changes: Any) -> Card:
    """Save a model with a card that fits it, but for the changes."""
    config = model.config
    axis = Axis(0.5 if family_of(config) == "vae" else None, 0.1, QUANTILES, 3.0, 0.5)
    classes = tuple(f"class {i}" for i in range(config.classes))
    card = Card(
        name, family_of(config), dataclasses.asdict(config), verbs_of(model), config.shape, config.latent,
        title="A title", description="A sentence.", data="toy", terms="none", licence="MIT", recipe={},
        parameters=sum(p.numel() for p in model.parameters()), digests={}, versions={},
        classes=classes, labels=("a", "b"), axes=(axis,) * config.latent,
    )  # fmt: skip
    means, labels = posterior(config)
    sheet = encode(np.zeros((8, 8, 3), np.uint8), "WEBP")
    if not config.latent:
        card, means = dataclasses.replace(card, feature_variance=2.0), None
    return files.save(folder, model, dataclasses.replace(card, **changes), sheet, means, labels)


def alike(found: Any, wanted: Any) -> bool:
    """Whether arrays are equal but for rounding: bytes to one grey level, all else by five digits."""
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    if found.dtype == np.uint8:
        return bool((np.abs(found.astype(int) - wanted) <= 1).all())
    return bool(np.allclose(found, wanted, rtol=1e-4, atol=1e-5, equal_nan=True))


def posterior(config: Config) -> tuple[Any, Any]:
    """Means on half-precision numbers, so that they come back as they went."""
    means = np.arange(20 * config.latent, dtype=np.float32).reshape(20, config.latent) / 8 - 2
    return means, (np.arange(20) % 2).astype(np.int16)
