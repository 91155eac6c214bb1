"""Layers of the models that draw pixel by pixel."""
