"""Digits of scikit-learn, 8×8, on every machine: a whole run in seconds, to begin with and to test by."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import Recipe

RECIPES = {
    "digits-vae": Recipe(
        data="digits",
        title="Small digits",
        description="Digits of eight by eight pixels, trained in seconds on any machine.",
        model=VAEConfig(shape=(1, 8, 8), latent=2, width=128, depth=2),
        objective=ElboConfig(),
        pixels="binarized",
        steps=2_000,
        ema=0.99,
    )
}
