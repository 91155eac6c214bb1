"""Sprites: shapes drawn by our own code with five known factors, 64×64, so that disentanglement can be measured."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "sprites-beta-vae": Recipe(
        data="sprites",
        title="Shapes with known causes",
        description="A square, an ellipse or a heart: size has found an axis of its own, place and rotation have not.",
        model=VAEConfig(shape=(1, 64, 64), latent=10, width=400, depth=2),
        # β weighs the total correlation alone: in the hour of a laptop that parts the causes, and a plain β does not.
        objective=ElboConfig(beta=1.0, total_correlation=5.0),
        optimizer=AdamConfig(lr=1e-3),
        steps=20_000,
        precision="bf16",
    )
}
