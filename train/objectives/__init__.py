"""Who wants what: the objectives, name → (objective, its frozen config)."""

from typing import Any

from engine.registry import Model
from train.objectives.base import Objective
from train.objectives.elbo import Elbo, ElboConfig
from train.objectives.reconstruction import Reconstruction, ReconstructionConfig

__all__ = ["OBJECTIVES", "Objective", "ObjectiveConfig", "objective_of", "pursue"]

ObjectiveConfig = ElboConfig | ReconstructionConfig

OBJECTIVES: dict[str, tuple[type[Any], type[Any]]] = {
    "elbo": (Elbo, ElboConfig),
    "reconstruction": (Reconstruction, ReconstructionConfig),
}


def pursue(config: ObjectiveConfig, model: Model) -> Objective:
    """Make the objective that a config describes, for a model."""
    objective, _ = OBJECTIVES[objective_of(config)]
    pursued: Objective = objective(model, config)
    return pursued


def objective_of(config: ObjectiveConfig) -> str:
    """Name the objective that a config belongs to."""
    return next(name for name, (_, kind) in OBJECTIVES.items() if isinstance(config, kind))
