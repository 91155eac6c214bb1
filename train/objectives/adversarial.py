"""The adversarial game: a critic learns to tell data from what the generator makes, the generator to be taken for data.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014; the payoffs and their sources are rows of PAYOFFS.
Instance noise: Sønderby et al., "Amortised MAP Inference", ICLR 2017, section 3. R1 and R2: Mescheder et al., "Which
Training Methods for GANs do actually Converge?", ICML 2018. Two time scales: Heusel et al., NeurIPS 2017.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from engine.errors import BadValue
from engine.nn.nets import Sizes
from engine.types import Images, Labels, Latents
from train.data import Batch
from train.objectives.augmentations import Augmentation, augment
from train.objectives.base import Objective, Terms
from train.objectives.critics import Critic, CriticConfig
from train.objectives.payoffs import PAYOFFS, PayoffName, critic_loss, generator_loss
from train.objectives.penalties import Score, gradient_penalty, squared_slope


@runtime_checkable
class Generator(Protocol):
    """What the game asks of a family."""

    @property
    def config(self) -> Sizes: ...

    def generate(self, z: Latents, y: Labels | None = None) -> Images: ...


@dataclass(frozen=True)
class AdversarialConfig:
    """The rules of the game and what steadies it."""

    payoff: PayoffName = "non-saturating"
    relativistic: bool = False  # only differences of a real and a made sample's scores count
    critic_steps: int = 1  # turns of the critic for one of the generator, a fresh batch each
    critic_rate: float = 1.0  # the critic's learning rate as a multiple of the generator's
    critic: CriticConfig = field(default_factory=CriticConfig)
    gradient_penalty: float = 0.0  # weight of (slope − 1)² between data and made samples (WGAN-GP)
    r1: float = 0.0  # weight γ of γ/2 · slope² on data
    r2: float = 0.0  # the same on made samples
    annealed: float = 1.0  # what is left of the weights of r1 and r2 at the end of the run, as a share
    lazy_reg_fraction: float = 1.0  # share of the critic's turns that pay these, each as much more
    instance_noise: float = 0.0  # deviation of the noise on all that the critic sees, falling to nothing
    augmentations: tuple[Augmentation, ...] = ()  # of all that the critic sees
    least_diversity: float = 0.1  # a run whose samples vary less than this share of the data stops; 0: it goes on

    def __post_init__(self) -> None:
        if self.critic_steps < 1:
            raise BadValue(f"critic_steps is {self.critic_steps}; the critic needs at least 1 turn.")
        if not 0 < self.lazy_reg_fraction <= 1:
            raise BadValue(
                f"lazy_reg_fraction is {self.lazy_reg_fraction}; it is a share of the turns, above 0 and up to 1."
            )
        if self.annealed < 0:
            raise BadValue(f"annealed is {self.annealed}; it is what is left of a weight, such as 0.1.")
        if self.critic.norm == "batch" and (self.gradient_penalty or self.r1 or self.r2):
            raise BadValue(
                "A penalty on the slope is one picture's, and batch norm ties pictures together: "
                "take --objective.critic.norm layer or none."
            )


class Adversarial(Objective):
    """Two players; the critic is not part of the model."""

    opponent = "generator"  # as its turns and its loss are called
    critic: nn.Module

    def __init__(self, model: Generator, config: AdversarialConfig) -> None:
        super().__init__()
        self.model, self.config, self.payoff = model, config, PAYOFFS[config.payoff]
        self.critic = self.made_critic()
        self.turns = ("critic",) * config.critic_steps + (self.opponent,)
        self.batches, self.least_diversity = config.critic_steps, config.least_diversity

    def made_critic(self) -> nn.Module:
        return critic_of(self.model, self.config.critic)

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"critic": self.critic, self.opponent: self.model}  # type: ignore[dict-item]

    def time_scale(self, player: str) -> float:
        return self.config.critic_rate if player == "critic" else 1.0

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        y = batch.y if self.model.config.classes else None
        return self.criticize(batch.x, y, progress) if player == "critic" else self.play(batch.x, y, progress)

    def criticize(self, x: Images, y: Labels | None, progress: float) -> Terms:
        with torch.no_grad():
            made = self.made(len(x), y, x.device)
        real, fake = seen(self.config, x, progress), seen(self.config, made, progress)
        loss = critic_loss(self.payoff, self.critic(real, y), self.critic(fake, y), self.config.relativistic)
        return {"critic": loss, **penalties(self.config, lambda at: self.critic(at, y), [real], [fake], progress)}

    def play(self, x: Images, y: Labels | None, progress: float) -> Terms:
        fake = self.critic(seen(self.config, self.made(len(x), y, x.device), progress), y)
        real = self.critic(seen(self.config, x, progress), y).detach() if self.config.relativistic else fake
        return {"generator": generator_loss(self.payoff, real, fake, self.config.relativistic)}

    def made(self, count: int, y: Labels | None, device: torch.device) -> Images:
        return self.model.generate(torch.randn(count, self.model.config.latent, device=device), y)


def critic_of(model: Generator, config: CriticConfig) -> Critic:
    """Make the critic of what a model generates: pictures in [0, 1], or points of the plane."""
    if extent := getattr(model.config, "extent", 0.0):
        return Critic((1, 1, 2), config, middle=0.0, scale=extent)
    return Critic(model.config.shape, config, model.config.classes)


def seen(config: AdversarialConfig, x: Images, progress: float) -> Images:
    """Return samples as the critic sees them."""
    x, noise = augment(x, config.augmentations), config.instance_noise * (1 - progress)
    return x + noise * torch.randn_like(x) if noise else x


def penalties(
    config: AdversarialConfig, score: Score, real: Sequence[Tensor], fake: Sequence[Tensor], progress: float
) -> Terms:
    """Return the penalties that the rules ask for, on a random share of the turns."""
    terms: Terms = {}
    if config.lazy_reg_fraction < 1 and float(torch.rand(())) >= config.lazy_reg_fraction:
        return terms
    if config.gradient_penalty:
        terms["gradient_penalty"] = (
            config.gradient_penalty / config.lazy_reg_fraction * gradient_penalty(score, real, fake)
        )
    share = (1 + (config.annealed - 1) * progress) / 2 / config.lazy_reg_fraction
    if config.r1:
        terms["r1"] = share * config.r1 * squared_slope(score, real)
    if config.r2:
        terms["r2"] = share * config.r2 * squared_slope(score, fake)
    return terms
