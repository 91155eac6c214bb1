"""What the components of all pages are told about a model."""

from __future__ import annotations

from typing import Any

from engine.card import Card

FAMILIES = {
    "ae": "Autoencoder",
    "vae": "Variational autoencoder",
    "iaf_vae": "VAE with a flow",
    "pixel_vae": "PixelVAE",
    "gan": "Generative adversarial network",
    "dcgan": "Deep convolutional GAN",
    "progressive_gan": "Progressively grown GAN",
    "ali": "Adversarially learned inference",
    "hierarchical_ali": "Hierarchical adversarially learned inference",
    "pixel_cnn": "PixelCNN",
    "pixel_rnn": "PixelRNN",
    "classifier": "Classifier",
}
"""Plain names of families."""

DATA = {
    "mnist": "Handwritten digits",
    "celeba": "Faces in colour",
    "frey": "Frey faces",
    "fashion": "Clothes",
    "stacked-mnist": "Three digits in one",
    "sprites": "Shapes",
    "ring": "Ring of eight",
    "grid": "Grid of twenty-five",
    "digits": "Small digits",
}
"""Plain names of data sets; another one shows its own."""


def name_of(card: Card) -> dict[str, Any]:
    """Give what a list of models says of one."""
    return {"name": card.name, "title": card.title, "family": FAMILIES[card.family]}


def data_of(card: Card) -> str:
    """Say what a model's pictures show."""
    return DATA.get(card.data, card.data)


def facts(card: Card) -> dict[str, Any]:
    """Give what every page needs to know about a model that it shows."""
    return {
        **name_of(card),
        "text": card.description,
        "data": card.data,
        "shape": list(card.shape),
        "latent": card.latent,
        "classes": list(card.classes),
    }
