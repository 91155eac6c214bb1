"""What the components of all pages are told about a model."""

from __future__ import annotations

from typing import Any

from engine.checkpoints.card import Card, Home

FAMILIES = {
    "ae": "Autoencoder",
    "vae": "Variational autoencoder",
    "iaf_vae": "VAE with a flow",
    "pixel_vae": "PixelVAE",
    "gan": "Generative adversarial network",
    "dcgan": "Deep convolutional GAN",
    "r3gan": "R3GAN",
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
    """Return what a list of models says of one."""
    return {"name": card.name, "title": card.title, "family": FAMILIES[card.family]}


def pictures_of(data: str) -> str:
    """Say what the pictures of a data set show."""
    return PICTURES.get(data, data)


def short(card: Card) -> str:
    """Return a title without the pictures that it names, where they stand above: "Clothes, DCGAN" is "DCGAN"."""
    return headed(card.title.removeprefix(headed(pictures_of(card.data))).lstrip(", ")) or card.title


def headed(words: str) -> str:
    """Write words as they stand at the head of a line."""
    return words[:1].upper() + words[1:]


def facts(card: Card) -> dict[str, Any]:
    """Return what every page needs to know about a model that it shows."""
    return {
        **name_of(card),
        "short": short(card),
        "text": card.description,
        "trained": trained(card),
        "data": card.data,
        "pictures": pictures_of(card.data),
        "shape": list(card.shape),
        "latent": card.latent,
        "classes": list(card.classes),
        "first": first(card),
    }


def first(card: Card) -> dict[str, Any]:
    """Return the draws by which a model is first shown: the seed of its home, those of a first walk, truncation."""
    home = card.home or Home((), None)
    return {"seed": home.seed, "keys": list(home.keys), "truncation": home.truncation}


def trained(card: Card) -> str:
    """Say how long a model was trained, over all its runs, as far as its card tells; "" where it tells nothing."""
    known = [run for run in card.history if run.steps is not None and run.pictures is not None]
    if not known:
        return ""
    steps = counted(sum(run.steps or 0 for run in known), "step")
    pictures = counted(sum(run.pictures or 0 for run in known), "picture")
    if len(known) < len(card.history) or any(run.initial_digest is None for run in known):
        return f"Trained at least {steps} on {pictures}; earlier runs are not on record."
    return f"Trained {steps} on {pictures}{f' in {len(known)} runs' if len(known) > 1 else ''}."


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 step", "64,000 pictures", "4.2 million pictures"."""
    number = f"{count:,}" if count < 1_000_000 else f"{count / 1e6:.1f}".removesuffix(".0") + " million"
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"
