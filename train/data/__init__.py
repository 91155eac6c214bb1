"""Data sets: `open_data(name, folder)` gives a `Dataset` of `Split`s, whose `batch(index)` gives a `Batch`."""

from .base import Batch, Dataset, Split
from .pixels import binarize, binarized_test, dequantize, mutate
from .registry import DATASETS, open_data

__all__ = ["DATASETS", "Batch", "Dataset", "Split", "binarize", "binarized_test", "dequantize", "mutate", "open_data"]
