"""Measures of a checkpoint: each gives the metrics that fit it, and none where it does not apply."""
