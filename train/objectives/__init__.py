"""Who wants what: the objectives, name → (objective, its frozen config)."""

from collections.abc import Mapping
from typing import Any

from engine import schema
from engine.errors import UnknownName
from engine.registry import Model
from train.objectives.adversarial import Adversarial, AdversarialConfig
from train.objectives.base import Objective
from train.objectives.classification import Classification, ClassificationConfig
from train.objectives.elbo import Elbo, ElboConfig
from train.objectives.joint import Joint, JointConfig
from train.objectives.likelihood import Likelihood, LikelihoodConfig
from train.objectives.progressive import Progressive, ProgressiveConfig
from train.objectives.reconstruction import Reconstruction, ReconstructionConfig
from train.objectives.vae_gan import VaeGan, VaeGanConfig

__all__ = ["OBJECTIVES", "Objective", "ObjectiveConfig", "build_objective", "objective_from", "objective_of"]

ObjectiveConfig = (
    ElboConfig
    | VaeGanConfig
    | ReconstructionConfig
    | AdversarialConfig
    | JointConfig
    | ProgressiveConfig
    | ClassificationConfig
    | LikelihoodConfig
)

OBJECTIVES: dict[str, tuple[type[Any], type[Any]]] = {
    "elbo": (Elbo, ElboConfig),
    "vae-gan": (VaeGan, VaeGanConfig),
    "reconstruction": (Reconstruction, ReconstructionConfig),
    "adversarial": (Adversarial, AdversarialConfig),
    "joint": (Joint, JointConfig),
    "progressive": (Progressive, ProgressiveConfig),
    "classification": (Classification, ClassificationConfig),
    "likelihood": (Likelihood, LikelihoodConfig),
}


def build_objective(config: ObjectiveConfig, model: Model) -> Objective:
    """Make the objective that a config describes, for a model."""
    objective, _ = OBJECTIVES[objective_of(config)]
    objective_fn: Objective = objective(model, config)
    return objective_fn


def objective_of(config: ObjectiveConfig) -> str:
    """Name the objective that a config belongs to."""
    return next(name for name, (_, kind) in OBJECTIVES.items() if type(config) is kind)


def objective_from(name: str, fields: Mapping[str, Any]) -> ObjectiveConfig:
    """Read an objective's config back from plain JSON values. Raises UnknownName and BadValue."""
    if name not in OBJECTIVES:
        raise UnknownName("objective", name, OBJECTIVES)
    config: ObjectiveConfig = schema.read(fields, OBJECTIVES[name][1], name)
    return config
