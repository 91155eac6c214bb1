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

PICTURES = {
    "mnist": "handwritten digits",
    "celeba": "faces in colour",
    "frey": "Frey faces",
    "fashion": "clothes",
    "stacked-mnist": "three digits in one picture",
    "sprites": "shapes",
    "ring": "ring of eight",
    "grid": "grid of twenty-five",
    "digits": "small digits",
}
"""What the pictures of a data set show, as it stands in a sentence; another set goes by its own name."""


def name_of(card: Card) -> dict[str, Any]:
    """Give what a list of models says of one."""
    return {"name": card.name, "title": card.title, "family": FAMILIES[card.family]}


def pictures_of(data: str) -> str:
    """Say what the pictures of a data set show."""
    return PICTURES.get(data, data)


def facts(card: Card) -> dict[str, Any]:
    """Give what every page needs to know about a model that it shows."""
    return {
        **name_of(card),
        "text": card.description,
        "data": card.data,
        "pictures": pictures_of(card.data),
        "shape": list(card.shape),
        "latent": card.latent,
        "classes": list(card.classes),
    }
