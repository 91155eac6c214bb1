"""Fashion-MNIST: 70,000 pictures of clothes, 28×28."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "fashion-vae": Recipe(
        data="fashion",
        title="Clothes",
        description="Shoes, shirts, bags and trousers, each from sixteen numbers.",
        model=VAEConfig(latent=16, width=512, depth=3, likelihood="gaussian-shared"),
        # A little more than the bound asks for: samples from the prior then look like clothes.
        objective=ElboConfig(beta=2.0, warm_up=0.05),
        optimizer=AdamConfig(lr=1e-3),
        pixels="dequantized",
        steps=6_000,
    )
}
