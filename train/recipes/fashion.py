"""Fashion-MNIST: 70,000 pictures of clothes, 28×28."""

from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe

RECIPES = {
    "fashion-vae": Recipe(
        data="fashion",
        title="Clothes",
        description="Shoes, shirts, bags and trousers from twenty-four numbers, with exact grey levels.",
        model=VAEConfig(latent=24, net="conv", width=32, depth=1, likelihood="logistic"),
        objective=ElboConfig(warm_up=0.05),
        optimizer=AdamConfig(lr=1e-3, clip=200.0),
        steps=5_000,
    )
}
