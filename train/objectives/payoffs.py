"""The payoffs of the adversarial game, one row each: what the players lose by a score s of the critic.

A score is a real number, high for "this is data"; D = σ(s) where the critic is read as a probability. The critic loses
`real` on data and `fake` on what the generator made; the generator loses `generator` on what it made. Where an encoder
plays too (ALI), data are pairs (x, E(x)), and it loses `encoder` on those: the generator's wish, the other way round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn.functional import relu, softplus

PayoffName = Literal["minimax", "non-saturating", "least-squares", "wasserstein", "hinge"]
Loss = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Payoff:
    """The losses by a score; softplus(−s) = −log D and softplus(s) = −log(1 − D)."""

    real: Loss
    fake: Loss
    generator: Loss
    encoder: Loss


PAYOFFS: dict[str, Payoff] = {
    # Goodfellow et al. 2014, equation 1: the generator's gradient dies where the critic is sure, D(G(z)) → 0.
    "minimax": Payoff(
        real=lambda s: softplus(-s),
        fake=lambda s: softplus(s),
        generator=lambda s: -softplus(s),
        encoder=lambda s: -softplus(-s),
    ),
    # The same paper, end of section 3: maximize log D(G(z)) instead; the same equilibrium, a gradient that lives.
    "non-saturating": Payoff(
        real=lambda s: softplus(-s),
        fake=lambda s: softplus(s),
        generator=lambda s: softplus(-s),
        encoder=lambda s: softplus(s),
    ),
    # Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, equation 9.
    "least-squares": Payoff(
        real=lambda s: 0.5 * (s - 1).square(),
        fake=lambda s: 0.5 * s.square(),
        generator=lambda s: 0.5 * (s - 1).square(),
        encoder=lambda s: 0.5 * s.square(),
    ),
    # Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017, equation 2; it wants a critic with bounded slope.
    "wasserstein": Payoff(real=lambda s: -s, fake=lambda s: s, generator=lambda s: -s, encoder=lambda s: s),
    # Lim and Ye, "Geometric GAN", 2017 (arXiv 1705.02894).
    "hinge": Payoff(
        real=lambda s: relu(1 - s),
        fake=lambda s: relu(1 + s),
        generator=lambda s: -s,
        encoder=lambda s: s,
    ),
}


# Each function gives the loss of a turn, a scalar; `real` and `fake` are scores (batch,).
# Relativistic: only the difference of a real and a made sample's scores counts (Jolicoeur-Martineau, "The Relativistic
# Discriminator", ICLR 2019; with R1 and R2 it is R3GAN, Huang et al., NeurIPS 2024).


def critic_loss(payoff: Payoff, real: Tensor, fake: Tensor, relativistic: bool) -> Tensor:
    if relativistic:
        return payoff.real(real - fake).mean()
    return payoff.real(real).mean() + payoff.fake(fake).mean()


def generator_loss(payoff: Payoff, real: Tensor, fake: Tensor, relativistic: bool) -> Tensor:
    return payoff.generator(fake - real if relativistic else fake).mean()


def joint_loss(payoff: Payoff, real: Tensor, fake: Tensor, relativistic: bool) -> Tensor:
    """Return what generator and encoder lose together; relativistic, the difference already holds both."""
    loss = generator_loss(payoff, real, fake, relativistic)
    return loss if relativistic else loss + payoff.encoder(real).mean()
