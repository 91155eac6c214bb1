"""The joint game of ALI and BiGAN: a critic judges pairs (x, z), drawn as q(x) q(z|x) or as p(z) p(x|z).

A hierarchy (Belghazi et al. 2018) plays it in triples, z standing for [z2 | z1] side by side.

Dumoulin et al., "Adversarially Learned Inference", ICLR 2017, equation 2; Donahue et al., "Adversarial Feature
Learning", ICLR 2017, equation 3. At the equilibrium both joints are one, and the encoder inverts the generator.
Before it, nothing holds x to its reconstruction but the critic; the weights of the cycles say so outright (Li et al.,
"ALICE", NeurIPS 2017, section 3.2).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.errors import BadValue
from engine.models.ali import ALI
from engine.models.hierarchical_ali import HierarchicalALI
from engine.types import Images, Labels, Latents
from train.objectives.adversarial import Adversarial, AdversarialConfig, penalties, seen
from train.objectives.base import Terms
from train.objectives.critics import JointCritic
from train.objectives.payoffs import critic_loss, generator_loss, joint_loss


@dataclass(frozen=True)
class JointConfig(AdversarialConfig):
    """The rules of the adversarial game, of pairs."""

    picture_cycle: float = 0.0  # weight of |x − G(E(x))|², mean over pixels
    rebuilt: float = 0.0  # weight of a second game, where (G(E(x)), E(x)) is to be taken for (x, E(x))
    latent_cycle: float = 0.0  # weight of −log q(z|G(z)), in nats an axis; without a density, of |z − E(G(z))|² / 2
    encoder_noise: float = 0.0  # deviation of noise through which the encoder reads: like pictures get near codes
    silent: float = 0.0  # fraction of the run before the model hears the critic, for one that begins with weights

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.silent and not self.picture_cycle:
            raise BadValue(
                "While the critic is silent only a cycle teaches: give --objective.picture-cycle, or silent 0."
            )


class Joint(Adversarial):
    """Two players: the critic of pairs, and generator and encoder as one."""

    opponent = "model"
    model: ALI | HierarchicalALI
    config: JointConfig
    critic: JointCritic

    def made_critic(self) -> JointCritic:
        sizes = self.model.config
        return JointCritic(sizes.shape, sizes.latent, self.config.critic, sizes.classes)

    def criticize(self, x: Images, y: Labels | None, progress: float) -> Terms:
        with torch.no_grad():
            (made, codes), inferred = self.model.pair(self.prior(x), y), self.model.infer(self.read(x), y)
            rebuilt = self.model.render(inferred, y) if self.config.rebuilt else x
            data, made, rebuilt = self.seen(x, made, rebuilt, progress)
        real = self.critic(data, inferred, y)
        loss = critic_loss(self.payoff, real, self.critic(made, codes, y), self.config.relativistic)
        if self.config.rebuilt:
            other = self.critic(rebuilt, inferred, y)
            loss = loss + self.config.rebuilt * critic_loss(self.payoff, real, other, self.config.relativistic)

        def scored(*pair: Tensor) -> Tensor:
            return self.critic(*pair, y)

        return {"critic": loss, **penalties(self.config, scored, (data, inferred), (made, codes), progress)}

    def play(self, x: Images, y: Labels | None, progress: float) -> Terms:
        config = self.config
        (made, codes), inferred = self.model.pair(self.prior(x), y), self.model.infer(self.read(x), y)
        rebuilt = self.model.render(inferred, y) if config.picture_cycle or config.rebuilt else x
        terms: Terms = {}
        if progress >= config.silent:
            terms |= self.game(self.seen(x, made, rebuilt, progress), inferred, codes, y)
        if config.picture_cycle:
            terms["picture_cycle"] = config.picture_cycle * (rebuilt - x).square().mean()
        if config.latent_cycle:
            terms["latent_cycle"] = config.latent_cycle * self.surprise(codes, self.read(made), y)
        return terms

    def game(
        self, pictures: tuple[Images, Images, Images], inferred: Latents, codes: Latents, y: Labels | None
    ) -> Terms:
        """Return what the model loses to the critic by (x, E(x)), (G(z), z) and, if asked for, (G(E(x)), E(x))."""
        data, made, rebuilt = pictures
        real = self.critic(data, inferred, y)
        terms = {"model": joint_loss(self.payoff, real, self.critic(made, codes, y), self.config.relativistic)}
        if self.config.rebuilt:
            taken = self.critic(rebuilt, inferred.detach(), y)
            loss = generator_loss(self.payoff, real.detach(), taken, self.config.relativistic)
            terms["rebuilt"] = self.config.rebuilt * loss
        return terms

    def seen(self, x: Images, made: Images, rebuilt: Images, progress: float) -> tuple[Images, Images, Images]:
        """Return data, what was made of the prior and what was rebuilt, as the critic sees them."""
        return seen(self.config, x, progress), seen(self.config, made, progress), seen(self.config, rebuilt, progress)

    def read(self, x: Images) -> Images:
        """Return pictures as the encoder sees them while it learns."""
        noise = self.config.encoder_noise
        return x + noise * torch.randn_like(x) if noise else x

    def surprise(self, codes: Latents, made: Images, y: Labels | None) -> Tensor:
        """Return how far the encoder is from finding the latent of a made picture again, a scalar."""
        if isinstance(self.model, ALI) and not self.model.config.stochastic:
            return 0.5 * (self.model.encode(made, y) - codes).square().mean()
        return -self.model.log_posterior(made, codes, y).mean()

    def prior(self, x: Images) -> Latents:
        return torch.randn(len(x), self.model.config.latent, device=x.device)
