"""The sheet of pictures that shows at a glance what a model has learnt."""

from typing import Any

import numpy as np
import torch

from engine.image_grid import Bytes, encode, sheet
from engine.inference import images
from engine.latent.interpolation import inverse_cdf_grid
from engine.models.classifier import Classifier
from engine.models.gan import GAN
from engine.nn import noise
from engine.nn.prior import draw
from engine.protocols import Decodes, Samples
from engine.registry import Model
from train.data import Split

SIDE = 10  # pictures along a side
CLIMBS, STRIDE = 30, 1.0  # steps to a prototype, and the length of each in units of a pixel's range
CLOUD, CANVAS, DATA, MADE = 2_500, 320, (200, 204, 210), (20, 60, 160)  # points, pixels along a side, two colours


@torch.no_grad()
def draw_sheet(model: Model, test: Split) -> bytes:
    """Draw WebP: points over the data's, two latents' manifold, samples, reconstructions, or answers: what fits.

    It ships with the model, so it shows what the model made, and never a picture of the data.
    """
    was_training = model.training
    model.eval()
    sheet = clouds(model, test) if isinstance(model, GAN) and model.config.extent else sheet_of(model, test)
    model.train(was_training)
    return encode(sheet, "WEBP", quality=90)


def sheet_of(model: Model, test: Split) -> Bytes:
    return sheet(draw_pictures(model, test), SIDE)


def draw_pictures(model: Model, test: Split) -> Bytes:
    if isinstance(model, Classifier):
        return prototypes(model)
    device = next(model.parameters()).device
    config = model.config
    classes = torch.arange(SIDE * SIDE, device=device) % config.classes if config.classes else None
    if isinstance(model, Samples) and isinstance(model, Decodes) and config.latent == 2:
        grid = torch.from_numpy(inverse_cdf_grid(SIDE).reshape(-1, 2)).to(device)
        return images.to_bytes(model.decode(grid, classes))
    if isinstance(model, Samples):
        return images.to_bytes(model.sample(range(SIDE * SIDE), classes))
    return reconstructions(model, test)


def reconstructions(model: Any, test: Split) -> Bytes:
    """Show what becomes of held-out pictures."""
    device = next(model.parameters()).device
    batch = test.batch(torch.linspace(0, len(test) - 1, SIDE * SIDE).long())
    y = batch.y.to(device) if batch.y is not None and model.config.classes else None
    return images.to_bytes(model.decode(model.encode(batch.x.to(device), y), y))


def prototypes(model: Classifier) -> Bytes:
    """Climb from noise to pictures that the model is sure of, each column to another answer."""
    device = next(model.parameters()).device
    answers = torch.arange(SIDE * SIDE, device=device) % SIDE % model.config.answers
    x = (0.5 + 0.1 * noise.normal(range(SIDE * SIDE), model.config.shape)).to(device)
    for _ in range(CLIMBS):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            score = model.logits(x).gather(1, answers[:, None]).sum()
            (slope,) = torch.autograd.grad(score, x)
        x = (x + STRIDE * slope / slope.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]).clamp(0, 1)
    return images.to_bytes(x.detach())


def clouds(model: GAN, test: Split) -> Bytes:
    """Draw the data's points, and over them as many of the model's, second coordinate upwards."""
    canvas = np.full((CANVAS, CANVAS, 3), 255, np.uint8)
    data = test.batch(torch.arange(min(CLOUD, len(test)))).x
    for points, colour in ((data, DATA), (model.generate(draw(model, range(CLOUD))), MADE)):
        place = ((points.flatten(1).cpu().numpy() / model.config.extent + 1) / 2 * (CANVAS - 2)).round().astype(int)
        column, row = place[((place >= 0) & (place < CANVAS - 1)).all(1)].T
        for right, down in ((0, 0), (0, 1), (1, 0), (1, 1)):
            canvas[CANVAS - 2 - row + down, column + right] = colour
    return canvas
