"""Fashion-MNIST: 70,000 pictures of clothes, 28×28."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "fashion-vae": Recipe(
        data="fashion",
        title="Clothes",
        description="Shoes, shirts, bags and trousers from sixteen numbers, with exact grey levels.",
        model=VAEConfig(latent=16, width=512, depth=3, likelihood="logistic"),
        # A likelihood of exact grey levels is so sharp that with β = 1 samples from the prior are no clothes.
        objective=ElboConfig(beta=4.0, warm_up=0.05),
        optimizer=AdamConfig(lr=1e-3, clip=200.0),
        steps=4_000,
    )
}
