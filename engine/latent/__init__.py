"""Latents without a model: how they are drawn, joined by paths, and found for a picture."""
