"""What a model can do: one method-only protocol per verb.

The set of its verbs is all that the rest of the project knows about a family. An exact log-likelihood
(`Scores.log_prob`) and a bound on it (`Bounds.elbo`) never share a name.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from engine.types import Images, Labels, Latents, Masks, PerImage, Probs


@runtime_checkable
class Samples(Protocol):
    """Draws pictures from its own prior."""

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images: ...


@runtime_checkable
class Decodes(Protocol):
    """Turns latents into pictures."""

    def decode(self, z: Latents, y: Labels | None = None) -> Images: ...


@runtime_checkable
class Encodes(Protocol):
    """Turns pictures into latents (the posterior mean, where there is a posterior)."""

    def encode(self, x: Images, y: Labels | None = None) -> Latents: ...


@runtime_checkable
class Scores(Protocol):
    """Knows the exact log-likelihood of a picture, in nats."""

    def log_prob(self, x: Images, y: Labels | None = None) -> PerImage: ...


@runtime_checkable
class Evidence(Protocol):
    """The two terms of a bound, in nats, at one draw of the posterior: elbo = − rate − distortion."""

    @property
    def kl(self) -> Latents:
        """What each axis adds to the rate."""
        ...

    @property
    def rate(self) -> PerImage:
        """KL(q(z|x) ‖ p(z)), in closed form or estimated by the draw."""
        ...

    @property
    def distortion(self) -> PerImage:
        """−log p(x|z) at the draw."""
        ...

    @property
    def z(self) -> Latents:
        """The draw."""
        ...


@runtime_checkable
class Bounds(Protocol):
    """Knows lower bounds on the log-likelihood of a picture, in nats."""

    def elbo(self, x: Images, y: Labels | None = None) -> PerImage: ...

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> Evidence:
        """Take the bound apart at a draw of the posterior: that of the noise, where it is given."""
        ...

    def importance_bound(self, x: Images, samples: int, y: Labels | None = None) -> PerImage: ...

    def log_weights(self, x: Images, samples: int, y: Labels | None = None) -> Tensor:
        """Return log p(x, z) / q(z|x) of so many draws of the posterior, (samples, batch): their mean is the ELBO."""
        ...


@runtime_checkable
class Completes(Protocol):
    """Draws a picture pixel by pixel in raster order, each value given all before it."""

    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
    ) -> Images:
        """Draw the hidden pixels among `first` … `last` − 1 (row · width + column); the rest stays.

        The noise is uniform in [0, 1): a value is the inverse of its cumulative distribution at its number, so that a
        picture depends on its noise alone.
        """
        ...

    def conditionals(self, x: Images, y: Labels | None = None) -> Probs:
        """Return p(value | those before) at every value of a picture; 2 levels are binary, 256 are bytes."""
        ...

    def log_probs(self, x: Images, y: Labels | None = None) -> Images:
        """Return log p of each value given those before it, in nats; `log_prob` is their sum."""
        ...


@runtime_checkable
class Classifies(Protocol):
    """Tells pictures apart."""

    def logits(self, x: Images) -> Latents: ...

    def features(self, x: Images) -> Latents: ...


@runtime_checkable
class Infers(Protocol):
    """Has a posterior to draw from; no verb of a card."""

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        """Return the draw that standard normal noise makes; noise of zero makes what `encode` gives."""
        ...


VERBS = {
    "samples": Samples,
    "decodes": Decodes,
    "encodes": Encodes,
    "scores": Scores,
    "bounds": Bounds,
    "completes": Completes,
    "classifies": Classifies,
}


def verbs_of(model: object) -> tuple[str, ...]:
    """Name the verbs that a model has, in the order of VERBS."""
    return tuple(name for name, verb in VERBS.items() if isinstance(model, verb))
