"""MNIST: 70,000 handwritten digits, 28×28. Likelihoods are of dynamically binarized pixels."""

from dataclasses import replace

from engine.models.ae import AutoencoderConfig
from engine.models.vae import VAEConfig
from train.objectives.elbo import ElboConfig
from train.objectives.reconstruction import ReconstructionConfig
from train.recipe import AdamConfig, Recipe

plane = Recipe(
    data="mnist",
    title="Handwritten digits on a plane",
    description="All ten digits share one plane: walk from a 1 to a 7 and watch where they meet.",
    model=VAEConfig(latent=2, width=512, depth=3),
    objective=ElboConfig(),
    pixels="binarized",
    steps=10_000,
)
best = replace(
    plane,
    title="Handwritten digits",
    description="A convolutional VAE, trained for likelihood: crisp digits from thirty-two numbers.",
    model=VAEConfig(latent=32, net="conv", width=32, depth=1),
    objective=ElboConfig(warm_up=0.05),
    optimizer=AdamConfig(lr=1.5e-3),
    batch=64,
    steps=22_000,
)
conditional = replace(
    plane,
    title="Handwritten digits by class",
    description="You choose the digit, the latents choose the handwriting: one style, ten digits.",
    model=VAEConfig(latent=10, width=512, depth=3, classes=10),
    objective=ElboConfig(label_dropout=0.0),  # told at times, not at others, it hides the class in z as well
    steps=10_000,
)
autoencoder = Recipe(
    data="mnist",
    title="Handwritten digits, autoencoder",
    description="No prior, only a code: reconstructions are sharp, but between the codes lie holes.",
    model=AutoencoderConfig(latent=16, width=512, depth=2),
    objective=ReconstructionConfig(code_penalty=1e-3),
    steps=8_000,
)

RECIPES = {"mnist-vae-2d": plane, "mnist-vae": best, "mnist-cvae": conditional, "mnist-ae": autoencoder}
