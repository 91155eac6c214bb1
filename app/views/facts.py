"""What the components of all pages are told about a model."""

from __future__ import annotations

from typing import Any

from engine.card import Card

FAMILIES = {
    "ae": "Autoencoder",
    "vae": "Variational autoencoder",
    "gan": "Generative adversarial network",
    "dcgan": "Deep convolutional GAN",
    "progressive_gan": "Progressively grown GAN",
    "ali": "Adversarially learned inference",
    "pixel_cnn": "PixelCNN",
    "hierarchical_ali": "Hierarchical adversarially learned inference",
}
"""Plain names of families; one without a plain name shows its own."""


def name_of(card: Card) -> dict[str, Any]:
    """Give what a list of models says of one."""
    return {"name": card.name, "title": card.title, "family": FAMILIES.get(card.family, card.family)}


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
