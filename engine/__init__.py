"""What a model is and does: families, latents, checkpoints, runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.checkpoints.listing import card, list_models

if TYPE_CHECKING:
    from engine.inference.engine import Engine, load

__all__ = ["Engine", "card", "list_models", "load"]


def __getattr__(name: str) -> Any:
    """Load torch when a model is wanted, and not for those who only talk to an engine elsewhere."""
    if name not in __all__:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    from engine.inference import engine

    return getattr(engine, name)
