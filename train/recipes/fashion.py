"""Fashion-MNIST: 70,000 pictures of clothes, 28×28."""

from dataclasses import replace

from engine.models.dcgan import DCGANConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.vae import VAEConfig
from train.objectives.adversarial import AdversarialConfig
from train.objectives.critics import CriticConfig
from train.objectives.elbo import ElboConfig
from train.objectives.likelihood import LikelihoodConfig
from train.recipe import AdamConfig, Recipe

variational = Recipe(
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
adversarial = Recipe(
    data="fashion",
    title="Clothes, DCGAN",
    description="A convolutional generator: folds, straps and prints where a VAE shows a blur.",
    model=DCGANConfig(latent=64, width=64),
    objective=AdversarialConfig(critic=CriticConfig(net="conv", width=32, depth=1), r1=0.05, lazy_reg_fraction=0.125),
    optimizer=AdamConfig(lr=5e-4, betas=(0.0, 0.99), warm_up=0.0),
    batch=64,
    steps=10_000,
)
transposed = replace(
    adversarial,
    title="Clothes, DCGAN by transposed convolutions",
    description="The same game, doubled as in the first paper: the checkerboard known of this does not show here.",
    model=DCGANConfig(latent=64, width=64, upsampling="transposed"),
)

pixels = Recipe(
    data="fashion",
    title="Clothes, pixel by pixel",
    description="Every pixel a softmax over 256 greys, so that each picture of clothes has an exact likelihood.",
    model=PixelCNNConfig(width=64, depth=10, output="softmax"),
    objective=LikelihoodConfig(),
    optimizer=AdamConfig(lr=1e-3, clip=1_000.0),
    batch=64,
    steps=12_000,
    sheets=8,
)

# What it finds likely are flat areas and whatever else outlives the noise: in a ratio this cancels. Ren et al.,
# NeurIPS 2019, whose rates are .1 to .3, and who also shrink the weights.
background = replace(
    pixels,
    title="Clothes among noise, pixel by pixel",
    description="The same model after three pixels in ten were replaced by noise: what clothes share with anything.",
    noise_fraction=0.3,
    optimizer=replace(pixels.optimizer, weight_decay=0.1),
)

RECIPES = {
    "fashion-vae": variational,
    "fashion-dcgan": adversarial,
    "fashion-dcgan-transposed": transposed,
    "fashion-pixelcnn": pixels,
    "fashion-pixelcnn-background": background,
}
