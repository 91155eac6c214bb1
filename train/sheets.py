"""The sheet of pictures that shows at a glance what a model has learnt."""

import numpy as np
import torch

from engine import images
from engine.geometry import inverse_cdf_grid
from engine.registry import Model
from engine.sheet import Bytes, encode, sheet
from engine.verbs import Samples
from train.data import Split

SIDE = 10  # pictures along a side


@torch.no_grad()
def draw_sheet(model: Model, test: Split) -> bytes:
    """Draw WebP: the manifold of two latents, else samples, else held-out pictures over reconstructions."""
    was_training = model.training
    model.eval()
    pictures = draw_pictures(model, test)
    model.train(was_training)
    return encode(sheet(pictures, SIDE), "WEBP", quality=90)


def draw_pictures(model: Model, test: Split) -> Bytes:
    device = next(model.parameters()).device
    config = model.config
    classes = torch.arange(SIDE * SIDE, device=device) % config.classes if config.classes else None
    if isinstance(model, Samples) and config.latent == 2:
        grid = torch.from_numpy(inverse_cdf_grid(SIDE).reshape(-1, 2)).to(device)
        return images.to_bytes(model.decode(grid, classes))
    if isinstance(model, Samples):
        return images.to_bytes(model.sample(range(SIDE * SIDE), classes))
    return reconstructions(model, test)


def reconstructions(model: Model, test: Split) -> Bytes:
    """Lay a row of held-out pictures over the row of what becomes of them, five times."""
    device = next(model.parameters()).device
    batch = test.batch(torch.linspace(0, len(test) - 1, SIDE * SIDE // 2).long())
    given = images.to_bytes(batch.x)
    y = batch.y.to(device) if batch.y is not None and model.config.classes else None
    made = images.to_bytes(model.decode(model.encode(batch.x.to(device), y), y))
    rows = [picture for i in range(0, len(given), SIDE) for picture in (*given[i : i + SIDE], *made[i : i + SIDE])]
    return np.stack(rows)
