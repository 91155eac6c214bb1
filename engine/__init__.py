"""What a model is and does: families, latents, checkpoints, runtime."""

from engine.runtime import Engine, load

__all__ = ["Engine", "load"]
