"""Small data sets made on the spot, in the shape that a recipe asks for."""

import torch

from train.data import Dataset, Split


def toy_data(shape: tuple[int, int, int], count: int = 24) -> Dataset:
    """Random pictures with ten classes, one factor and forty attributes."""
    generator = torch.Generator().manual_seed(0)

    def split() -> Split:
        pictures = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
        y = torch.arange(count) % 10
        attrs = ((y[:, None] + torch.arange(40)) % 2).byte()
        names = tuple(f"attribute {i}" for i in range(40))
        return Split(pictures, y, y[:, None], ("class",), attrs, names)

    return Dataset("toy", split(), split(), None, tuple("0123456789"), "made by the test", shape)
