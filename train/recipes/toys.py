"""Toys: points of the plane whose modes can be counted, for the payoffs side by side."""

from dataclasses import replace

from engine.models.gan import GANConfig
from train.objectives.adversarial import AdversarialConfig
from train.objectives.critics import CriticConfig
from train.recipe import AdamConfig, Recipe

# A toy that collapses is part of the lesson, so nothing stops it.
plain = AdversarialConfig(critic=CriticConfig(width=128, depth=3), least_diversity=0.0)
slope = replace(plain, payoff="wasserstein", gradient_penalty=0.1, critic_steps=5)
paired = replace(plain, relativistic=True, r1=0.02, r2=0.02, lazy_reg_fraction=0.25)

GAMES = {
    "gan": ("GAN", "the non-saturating game", plain),
    "minimax": ("minimax GAN", "the minimax game of the first paper", replace(plain, payoff="minimax")),
    "lsgan": ("least-squares GAN", "the game by least squares", replace(plain, payoff="least-squares")),
    "wgan-gp": ("Wasserstein GAN", "the Wasserstein game", slope),
    "r3gan": ("GAN in pairs", "the game in pairs, slopes kept small", paired),
}

ring = Recipe(
    data="ring",
    title="Ring of eight",
    description="Two numbers become a point on one of eight small clouds",
    model=GANConfig(shape=(1, 64, 64), latent=2, width=128, depth=3, extent=1.5),
    objective=plain,
    optimizer=AdamConfig(lr=1e-3, betas=(0.5, 0.9), warm_up=0.0),
    batch=256,
    steps=8_000,
)
points = GANConfig(shape=(1, 64, 64), latent=2, width=128, depth=3, extent=5.0)
grid = replace(
    ring,
    data="grid",
    title="Grid of twenty-five",
    description="Two numbers become a point on one of twenty-five small clouds",
    model=points,
    steps=15_000,
)

RECIPES = {
    f"{toy.data}-{game}": replace(
        toy, title=f"{toy.title}, {name}", objective=rules, description=f"{toy.description}: {words}."
    )
    for toy in (ring, grid)
    for game, (name, words, rules) in GAMES.items()
}
# What lies between two modes gets the less mass the steeper a generator can be, and depth makes it steep: of three
# layers 92 % lie near a mode of the grid, of five 96 %.
RECIPES["grid-r3gan"] = replace(
    RECIPES["grid-r3gan"],
    model=replace(points, depth=5),
    objective=replace(paired, r1=0.1, r2=0.1),
    optimizer=replace(grid.optimizer, betas=(0.0, 0.9)),
)
