"""Figures of single test pictures, beside which those of any other picture can be read.

Each is what the engine gives for a picture: on pixels as they are, from the posterior mean; the rate and the distortion
by one draw of the posterior, where the engine takes several, and of a density at the middle of each byte's bin. So the
distortion here is not that of the test ELBO, which sees binarized or dequantized pixels where the model was trained on
such.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.analysis import densities, outliers
from engine.checkpoints.card import PERCENTS
from engine.models.classifier import Classifier
from engine.nn import noise
from engine.protocols import Bounds, Decodes, Encodes, Infers
from engine.types import Images, Labels, Latents, PerImage
from train.data import Split
from train.metrics.context import EvalContext, spread
from train.metrics.reconstruction import FEATURE_PICTURES, kept_axes

Quantiles = dict[str, tuple[float, ...]]


@torch.no_grad()
def held_out(context: EvalContext) -> Quantiles:
    """Return the quantiles, 0 … 100 %, of the test pictures' own figures: none for a model that does not reconstruct.

    "mse": mean squared error of a pixel in [0, 1], from posterior means; where levels are above others also from these
    alone, as "mse, z2 alone", and where there is a posterior to draw from also by a draw, as "mse, draw"; "features":
    squared distance in the classifier's features over their variance, where there is one; "rate" and "distortion" in
    nats, of models that bound.
    """
    model, test = context.model, context.data.test
    if not (isinstance(model, Encodes) and isinstance(model, Decodes)):
        return {}
    rows = spread(len(test), min(FEATURE_PICTURES, context.pictures))
    parts = [figures(context, part) for part in rows.split(200)]
    whole = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    if context.classifier and "features" in whole:
        whole["features"] = whole["features"] / feature_variance(context.classifier.model, test, context.pictures)
    return quantiles(whole)


def figures(context: EvalContext, rows: Tensor) -> dict[str, Tensor]:
    """Measure some test pictures, a number each; the squared distance in features as it is."""
    model, classifier = context.model, context.classifier
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    x, y = context.given(context.data.test, rows)
    epsilon = noise.normal(rows.tolist(), [model.config.latent]).to(x)
    z = model.encode(x, y)
    made = model.decode(z, y)
    found = {"mse": error(made, x), **from_parts(model, z, x, y)}
    if classifier is not None and classifier.model.config.shape == context.data.shape:
        found["features"] = (classifier.model.features(made) - classifier.model.features(x)).double().square().sum(1)
    if isinstance(model, Bounds):
        over = outliers.support(vars(model.config))
        evidence = model.evidence(densities.asked(x, over), y, epsilon)
        found |= {"rate": evidence.rate, "distortion": evidence.distortion}
    other = posterior_draw(model, x, epsilon, y)
    if other is not None:
        found |= {"mse, draw": error(model.decode(other, y), x), **from_parts(model, other, x, y, ", draw")}
    return {name: numbers.double().cpu() for name, numbers in found.items()}


def from_parts(model: Any, z: Latents, x: Images, y: Labels | None, suffix: str = "") -> dict[str, Tensor]:
    """Measure the error from the upper levels of a latent alone, by level."""
    parts = kept_axes(getattr(model.config, "levels", {}), model.config.latent)
    upper = {kept: mask.to(z) for kept, mask in parts.items() if not mask.all()}
    return {f"mse{kept}{suffix}": error(model.decode(z * mask, y), x) for kept, mask in upper.items()}


def posterior_draw(model: Any, x: Images, epsilon: Latents, y: Labels | None) -> Latents | None:
    """Draw of each posterior by noise, as the engine does; None where there is none to draw from."""
    stochastic = getattr(model.config, "stochastic", True)
    return model.posterior_sample(x, epsilon, y) if stochastic and isinstance(model, Infers) else None


def error(made: Images, x: Images) -> PerImage:
    return (made - x).square().flatten(1).mean(1)


def quantiles(whole: Mapping[str, Tensor], at: Tensor | None = None) -> Quantiles:
    """Return the value at each percent, or at other parts of one, five digits that count."""
    steps = torch.linspace(0, 1, PERCENTS, dtype=torch.double) if at is None else at.double()
    return {
        name: tuple(float(f"{value:.5g}") for value in numbers.quantile(steps).tolist())
        for name, numbers in whole.items()
    }


@torch.no_grad()
def feature_variance(classifier: Classifier, test: Split, pictures: int) -> float:
    """Measure the total variance of a classifier's features over test pictures, by which squared distances are divided.

    On the pictures of the measure "feature error", so that 1 is there and here as far as they are from their mean.
    """
    device = next(classifier.parameters()).device
    rows = spread(len(test), min(FEATURE_PICTURES, pictures))
    seen = torch.cat([classifier.features(test.batch(part).x.to(device)).double() for part in rows.split(200)])
    return max(1e-12, float(seen.var(0, unbiased=False).sum()))
