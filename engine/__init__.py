"""What a model is and does: families, latents, checkpoints, runtime."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.checkpoints.listing import card, list_models
    from engine.inference.engine import Engine, load

__all__ = ["Engine", "card", "list_models", "load"]

_HOMES = {"card": "engine.checkpoints.listing", "list_models": "engine.checkpoints.listing"}


def __getattr__(name: str) -> Any:
    """Load torch when a model is wanted, and not for those who only read cards or talk to an engine elsewhere."""
    if name not in __all__:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "engine.inference.engine")), name)
