"""Sprites: shapes drawn by our own code with five known factors, 64×64, so that disentanglement can be measured."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "sprites-beta-vae": Recipe(
        data="sprites",
        title="Shapes with known causes",
        description="A square, an ellipse or a heart: each axis should learn one cause - place, size or turn.",
        model=VAEConfig(shape=(1, 64, 64), latent=10, net="conv", width=32, depth=0),
        objective=ElboConfig(beta=6.0),
        optimizer=AdamConfig(lr=1e-3),
        batch=64,
        steps=8_000,
    )
}
