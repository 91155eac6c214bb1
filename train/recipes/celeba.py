"""CelebA: faces in colour, 64×64."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "celeba-vae": Recipe(
        data="celeba",
        title="Faces in colour",
        description="Faces from 128 numbers: soft, since a VAE averages what it cannot know.",
        model=VAEConfig(shape=(3, 64, 64), latent=128, net="conv", width=32, depth=0, likelihood="gaussian-shared"),
        # With β = 1 the learnt deviation is so small that posteriors leave the prior, and samples are no faces.
        objective=ElboConfig(beta=30.0, warm_up=0.05),
        pixels="dequantized",
        flip=True,
        optimizer=AdamConfig(lr=1e-3, clip=2_000.0),
        batch=64,
        steps=4_000,
        save_every=250,
    )
}
