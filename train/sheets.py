"""The sheet of pictures that shows at a glance what a model has learnt."""

from typing import Any

import numpy as np
import torch

from engine import images
from engine.geometry import inverse_cdf_grid
from engine.models.classifier import Classifier
from engine.models.gan import GAN
from engine.nn.prior import draw
from engine.registry import Model
from engine.sheet import Bytes, encode, sheet
from engine.verbs import Samples
from train.data import Split

SIDE = 10  # pictures along a side
CLOUD, CANVAS, DATA, MADE = 2_500, 320, (200, 204, 210), (20, 60, 160)  # points, pixels along a side, two colours


@torch.no_grad()
def draw_sheet(model: Model, test: Split) -> bytes:
    """Draw WebP: points over the data's, two latents' manifold, samples, reconstructions, or classes: what fits."""
    was_training = model.training
    model.eval()
    drawn = clouds(model, test) if isinstance(model, GAN) and model.config.extent else sheet_of(model, test)
    model.train(was_training)
    return encode(drawn, "WEBP", quality=90)


def sheet_of(model: Model, test: Split) -> Bytes:
    return sheet(draw_pictures(model, test), SIDE)


def draw_pictures(model: Model, test: Split) -> Bytes:
    if isinstance(model, Classifier):
        return sorted_by_answer(model, test)
    device = next(model.parameters()).device
    config = model.config
    classes = torch.arange(SIDE * SIDE, device=device) % config.classes if config.classes else None
    if isinstance(model, Samples) and config.latent == 2:
        grid = torch.from_numpy(inverse_cdf_grid(SIDE).reshape(-1, 2)).to(device)
        return images.to_bytes(model.decode(grid, classes))
    if isinstance(model, Samples):
        return images.to_bytes(model.sample(range(SIDE * SIDE), classes))
    return reconstructions(model, test)


def reconstructions(model: Any, test: Split) -> Bytes:
    """Lay a row of held-out pictures over the row of what becomes of them, five times."""
    device = next(model.parameters()).device
    batch = test.batch(torch.linspace(0, len(test) - 1, SIDE * SIDE // 2).long())
    given = images.to_bytes(batch.x)
    y = batch.y.to(device) if batch.y is not None and model.config.classes else None
    made = images.to_bytes(model.decode(model.encode(batch.x.to(device), y), y))
    rows = [picture for i in range(0, len(given), SIDE) for picture in (*given[i : i + SIDE], *made[i : i + SIDE])]
    return np.stack(rows)


def sorted_by_answer(model: Classifier, test: Split) -> Bytes:
    """Lay held-out pictures out by what the model takes them for; by the first attribute, where it has attributes."""
    x = test.batch(torch.linspace(0, len(test) - 1, SIDE * SIDE).long()).x
    answers = model.logits(x.to(next(model.parameters()).device))
    order = answers[:, 0].argsort() if model.config.attributes else answers.argmax(1).argsort(stable=True)
    return images.to_bytes(x[order.cpu()])


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
