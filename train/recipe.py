"""A recipe: everything that decides what a run becomes, as one frozen value."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine import schema
from engine.analysis.outliers import SUPPORTS, Support
from engine.errors import BadValue
from engine.registry import Config, config_from, family_of
from train.data import DATASETS
from train.objectives import ObjectiveConfig, objective_from, objective_of

Pixels = Literal["plain", "binarized", "dequantized"]
Precision = Literal["auto", "bf16", "float32"]

PIXELS: dict[Support, Pixels] = {"binary": "binarized", "bytes": "plain", "density": "dequantized"}
"""The pixels that a likelihood is one of, by what it is over."""
TWO_VALUED = ("sprites",)  # data sets whose pixels are black or white as they are


@dataclass(frozen=True)
class AdamConfig:
    """Adam, or AdamW where the weight decay is not zero, and the course of its learning rate."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    warm_up: float = 0.02  # fraction of the run over which the rate rises from zero
    decay: Literal["cosine", "constant"] = "cosine"
    clip: float = 0.0  # largest norm of the gradient; 0: not clipped


@dataclass(frozen=True)
class Recipe:
    """What to train, on what, by which objective, for how long."""

    data: str  # a data set, folder:PATH or pack:PATH
    model: Config
    objective: ObjectiveConfig
    title: str = ""  # what a person sees
    description: str = ""  # one plain sentence
    init_from: str = ""  # a checkpoint whose weights the model starts from; none: drawn by the seed
    pixels: Pixels = "plain"  # binarized: a fresh Bernoulli draw each time; dequantized: plus uniform noise
    flip: bool = False  # mirror half of the pictures
    noise_fraction: float = 0.0  # share of the values that are replaced by random ones, for a background model
    steps: int = 5_000
    batch: int = 128
    optimizer: AdamConfig = field(default_factory=AdamConfig)
    ema: float = 0.999  # decay of the average of the weights that ships; 0: none
    precision: Precision = "auto"  # auto: bf16 where the processor gains by it
    compiled: bool = False  # by torch.compile: a minute or two before the first step, then up to twice as many a second
    seed: int = 0
    sheets: int = 20  # sample sheets drawn during the run
    save_every: int = 500  # steps between saved states

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "save_every"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name} is {getattr(self, name)}; it has to be at least 1.")
        if not 0 <= self.ema < 1:
            raise BadValue(f"ema is {self.ema}; a decay lies from 0 (none) to just below 1, such as 0.999.")
        if not 0 <= self.noise_fraction <= 1:
            raise BadValue(f"noise_fraction is {self.noise_fraction}; a share lies from 0 to 1, such as 0.2.")
        if fault := disagreement(self):
            raise BadValue(fault)


def disagreement(recipe: Recipe) -> str:
    """Say why a recipe's likelihood is none of its pixels; "" where it is, or where only the pictures can tell."""
    field, name = likelihood_of(recipe.model)
    wanted = pixels_for(name, recipe.pixels)
    if recipe.pixels == wanted:
        return ""
    if binary_as_they_are(recipe) and (recipe.data in TWO_VALUED or recipe.data not in DATASETS):
        return ""  # train/agreement.py looks at the pictures
    return (
        f"--pixels is {recipe.pixels}, and --model.{field} {name} is a likelihood of {wanted} pixels. "
        f"Set --pixels {wanted}, or another --model.{field}."
    )


def pixels_for(likelihood: str, otherwise: Pixels) -> Pixels:
    """Name the pixels that a likelihood wants; others where it is none."""
    return PIXELS[SUPPORTS[likelihood]] if likelihood in SUPPORTS else otherwise


def likelihood_of(model: Config) -> tuple[str, str]:
    """Return the field that names a model's likelihood, and its name; twice "" for a model without."""
    found = ((field, getattr(model, field)) for field in ("likelihood", "output") if hasattr(model, field))
    return next(found, ("", ""))


def binary_as_they_are(recipe: Recipe) -> bool:
    """Whether a likelihood of two values is asked of pixels as they are, which then have to be black or white."""
    return likelihood_of(recipe.model)[1] == "bernoulli" and recipe.pixels == "plain"


def to_json(recipe: Recipe) -> str:
    """Write a recipe, with the names of its family and its objective beside their fields."""
    return json.dumps(as_dict(recipe), indent=1, ensure_ascii=False) + "\n"


def as_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as plain JSON values."""
    fields = dataclasses.asdict(recipe)
    fields["model"] = {"family": family_of(recipe.model), **fields["model"]}
    fields["objective"] = {"name": objective_of(recipe.objective), **fields["objective"]}
    return fields


def from_dict(fields: Mapping[str, Any]) -> Recipe:
    """Read a recipe back. Raises UnknownName or BadValue for what this version does not know.

    One of before likelihood and pixels had to agree is read as it was written: what was trained by it can be used.
    """
    fields = schema.renamed(dict(fields))
    model, objective = fields.get("model"), fields.get("objective")
    if not (isinstance(model, Mapping) and isinstance(objective, Mapping)):
        raise BadValue("The recipe lacks its model or its objective.")
    model, objective = dict(model), dict(objective)
    config = config_from(model.pop("family", ""), model)
    pixels = pixels_for(likelihood_of(config)[1], fields.get("pixels", "plain"))
    known = {**fields, "model": config, "objective": objective_from(objective.pop("name", ""), objective)}
    recipe: Recipe = schema.read({**known, "pixels": pixels}, Recipe, "recipe")
    written: Pixels = schema.read(fields.get("pixels", "plain"), Pixels, "recipe.pixels")
    object.__setattr__(recipe, "pixels", written)
    return recipe
