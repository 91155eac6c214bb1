"""What a latent keeps of the class: by the nearest neighbour, and by what a classifier says of the reconstruction.

The first is the protocol of Donahue et al., "Adversarial Feature Learning", ICLR 2017, section 4.2: each test picture
takes the class of the training picture whose latent is nearest. And whether samples are copies of training pictures.
"""

import torch
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.protocols import Decodes, Encodes, Samples
from train.data import Split
from train.metrics.context import EvalContext, spread
from train.metrics.reconstruction import decoded

COPIES = 500  # samples looked up among all training pictures
ROWS = 250  # of a table of distances held at once


@torch.no_grad()
def latent_neighbours(context: EvalContext) -> list[Metric]:
    """Measure the accuracy of one nearest neighbour in the latent space."""
    train, test, model = context.data.train, context.data.test, context.model
    if train.y is None or test.y is None or not isinstance(model, Encodes) or model.config.classes:
        return []
    nearest, _ = neighbours(latents(model, context, test), latents(model, context, train))
    value = 100 * float((train.y[nearest] == test.y).double().mean())
    protocol = f"class of the nearest of {len(train)} training latents, Euclidean, {len(test)} test pictures"
    return [Metric("1-NN accuracy", value, "%", protocol)]


@torch.no_grad()
def pixel_neighbours(context: EvalContext) -> list[Metric]:
    """Measure the same in raw pixels: what a latent has to beat."""
    train, test, model = context.data.train, context.data.test, context.model
    if train.y is None or test.y is None or not isinstance(model, Encodes) or model.config.classes:
        return []
    parts = (test.batch(rows).x.flatten(1) for rows in torch.arange(len(test)).split(500))
    nearest = torch.cat([nearest_picture(part, train) for part in parts])
    value = 100 * float((train.y[nearest] == test.y).double().mean())
    protocol = (
        f"class of the nearest of {len(train)} training pictures, raw pixels, Euclidean, {len(test)} test pictures"
    )
    return [Metric("1-NN accuracy, pixels", value, "%", protocol)]


@torch.no_grad()
def class_kept(context: EvalContext) -> list[Metric]:
    """Measure how often the classifier finds the class of a picture in its reconstruction."""
    model, classifier, test = context.model, context.classifier, context.data.test
    if classifier is None or classifier.model.config.attributes or classifier.model.config.shape != context.data.shape:
        return []
    if test.y is None or not (isinstance(model, Encodes) and isinstance(model, Decodes)):
        return []
    found: list[Tensor] = []
    for rows in torch.arange(len(test)).split(200):
        x, y = context.given(test, rows)
        found.append(classifier.model.logits(model.decode(model.encode(x, y), y)).argmax(1).cpu())
    value = 100 * float((torch.cat(found) == test.y).double().mean())
    protocol = f"{len(test)} test pictures, {decoded(model)}, read by {classifier.name}"
    return [Metric("class kept", value, "%", protocol)]


@torch.no_grad()
def copies(context: EvalContext) -> list[Metric]:
    """Measure how near samples come to training pictures, beside held-out pictures: far below 1 is copying."""
    train, test = context.data.train, context.data.test
    if not isinstance(context.model, Samples) or train.pictures.is_floating_point():
        return []
    train, test = context.beside(train), context.beside(test)
    made = context.samples_of(min(COPIES, context.pictures)).flatten(1)
    real = test.batch(spread(len(test), len(made))).x.flatten(1)
    value = float(distances(made, train).median() / distances(real, train).median().clamp(min=1e-12))
    protocol = f"median distance of pixels from {len(made)} samples to the nearest of {len(train)} training pictures"
    protocol = f"{protocol}, over that of {len(real)} test pictures{', all binarized' if context.binary else ''}"
    return [Metric("nearest training picture", value, "", protocol)]


def latents(model: Encodes, context: EvalContext, split: Split) -> Tensor:
    """Encode a whole split, (picture, latent) on the host."""
    parts = torch.arange(len(split)).split(500)
    return torch.cat([model.encode(*context.given(split, rows)).float().cpu() for rows in parts])


def distances(points: Tensor, split: Split) -> Tensor:
    """Return how far the nearest picture of a split is, for each point (point, pixel)."""
    parts = (split.batch(rows).x.flatten(1) for rows in torch.arange(len(split)).split(2_000))
    return torch.stack([torch.cdist(points, known).amin(1) for known in parts]).amin(0)


def nearest_picture(points: Tensor, split: Split) -> Tensor:
    """Return the row of the nearest picture of a split, for each point (point, pixel)."""
    row, least = torch.zeros(len(points), dtype=torch.long), torch.full((len(points),), torch.inf)
    for rows in torch.arange(len(split)).split(5_000):
        found = torch.cdist(points, split.batch(rows).x.flatten(1)).min(1)
        row = torch.where(found.values < least, rows[found.indices], row)
        least = torch.minimum(least, found.values)
    return row


def neighbours(points: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row of the nearest known point, and how far it is, for each point."""
    near = [torch.cdist(part, known).min(1) for part in points.split(ROWS)]
    return torch.cat([found.indices for found in near]), torch.cat([found.values for found in near])
