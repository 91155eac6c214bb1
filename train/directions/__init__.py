"""Directions of a latent space, and how they are found."""
