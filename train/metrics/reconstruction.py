"""How far reconstructions are from held-out pictures, in pixels and in the features of our own classifier.

Of a hierarchy of latents also from its upper levels alone, the noise of those below being zero: Belghazi et al.,
"Hierarchical Adversarially Learned Inference", 2018, section 5.1, where the error falls with each level that is kept.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.protocols import Completes, Decodes, Encodes
from engine.types import Images
from train.metrics.context import EvalContext, spread

FEATURE_PICTURES = 1_000

Slices = Mapping[str, tuple[int, int]]


@torch.no_grad()
def reconstruction_error(context: EvalContext) -> list[Metric]:
    """Measure the squared error a pixel of the reconstruction from the posterior mean, on the grey pictures."""
    if not (isinstance(context.model, Encodes) and isinstance(context.model, Decodes)):
        return []
    count = len(context.data.test)
    sums: dict[str, float] = {}
    for x, rebuilt in reconstructions(context, torch.arange(count)):
        for kept, made in rebuilt.items():
            sums[kept] = sums.get(kept, 0.0) + float((made - x).square().flatten(1).mean(1).sum())
    protocol = f"{count} test pictures in [0, 1], {decoded(context.model)}, mean over pixels"
    return [Metric(f"test MSE{kept}", total / count, "", protocol) for kept, total in with_whole(sums).items()]


@torch.no_grad()
def feature_error(context: EvalContext) -> list[Metric]:
    """Measure the same in the classifier's features, as a share of their variance: 1 is as bad as their mean."""
    model, classifier, test = context.model, context.classifier, context.data.test
    if not (isinstance(model, Encodes) and isinstance(model, Decodes)):
        return []
    if classifier is None or classifier.model.config.shape != context.data.shape:
        return []
    rows = spread(len(test), min(FEATURE_PICTURES, context.pictures))
    seen: list[Tensor] = []
    sums: dict[str, float] = {}
    for x, rebuilt in reconstructions(context, rows):
        seen.append(classifier.model.features(x).double())
        for kept, made in rebuilt.items():
            sums[kept] = sums.get(kept, 0.0) + float((classifier.model.features(made) - seen[-1]).square().sum())
    variance = max(1e-12, float(torch.cat(seen).var(0, unbiased=False).sum()))
    protocol = (
        f"{len(rows)} test pictures, {decoded(context.model)}, squared distance in the features of {classifier.name}"
    )
    protocol = f"{protocol} over their total variance; 1: as bad as the mean of all"
    errors = {kept: total / len(rows) / variance for kept, total in with_whole(sums).items()}
    return [Metric(f"feature error{kept}", error, "", protocol) for kept, error in errors.items()]


def decoded(model: object) -> str:
    """Say what is decoded, and of a model that draws pixel by pixel that its decoded mean stands in for a draw."""
    soft = ", decoded by soft passes in place of a draw pixel by pixel" if isinstance(model, Completes) else ""
    return f"posterior mean{soft}"


def reconstructions(context: EvalContext, rows: Tensor) -> Iterator[tuple[Images, dict[str, Images]]]:
    """Return test pictures, some at a time, beside what is decoded of them, by the part of the latent that was kept."""
    model = context.model
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    masks = kept_axes(getattr(model.config, "levels", {}), model.config.latent)
    for part in rows.split(200):
        x, y = context.given(context.data.test, part)
        z = model.encode(x, y)
        yield x, {kept: model.decode(z * mask.to(z), y) for kept, mask in masks.items()}


def kept_axes(levels: Slices, latent: int) -> dict[str, Tensor]:
    """Return ones for the axes (latent,) of each level with all that are above it; the last keeps the whole latent."""
    if not levels:
        return {"": torch.ones(latent)}
    names, mask, kept = list(levels), torch.zeros(latent), {}
    for i, (start, stop) in enumerate(levels.values()):
        mask[start:stop] = 1
        kept[f", {' + '.join(names[: i + 1])}" if i else f", {names[0]} alone"] = mask.clone()
    return kept


def with_whole(sums: Mapping[str, float]) -> dict[str, float]:
    """Put the figure of the whole latent first, under the name that it has in models without levels."""
    return {"": list(sums.values())[-1], **sums}
