"""Classifiers: the judges that count modes and compare samples with data, each on its own pictures."""

from dataclasses import replace

from engine.models.classifier import ClassifierConfig
from train.objectives.classification import ClassificationConfig
from train.recipe import AdamConfig, Recipe

digits = Recipe(
    data="mnist",
    title="Which digit is it?",
    description="A classifier of handwritten digits, by which the generators of digits are judged.",
    model=ClassifierConfig(),
    objective=ClassificationConfig(),
    optimizer=AdamConfig(lr=2e-3, weight_decay=1e-2),
    ema=0.99,
    steps=2_000,
    sheets=3,
)
clothes = replace(
    digits,
    data="fashion",
    title="Which garment is it?",
    description="A classifier of clothes, by which the generators of clothes are judged.",
    model=ClassifierConfig(width=40),
    flip=True,
    steps=7_000,
)
faces = replace(
    digits,
    data="celeba",
    title="What is there to a face?",
    description="Forty yes or no answers about a face, from glasses to a smile.",
    model=ClassifierConfig(shape=(3, 64, 64), width=32, answers=40, attributes=True),
    objective=ClassificationConfig(smoothing=0.02),
    flip=True,
    batch=64,
    steps=5_000,
)

RECIPES = {"mnist-classifier": digits, "fashion-classifier": clothes, "celeba-classifier": faces}
