"""What every data set is: pictures held whole in memory as bytes, cut into splits, handed out in batches."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Int64, UInt8
from torch import Tensor

from engine.aliases import Images, Labels

Pictures = UInt8[Tensor, "picture channel height width"]
Classes = Int64[Tensor, "picture"]
Factors = Int64[Tensor, "picture factor"]
Attrs = UInt8[Tensor, "picture attr"]
Rows = Int64[Tensor, "batch"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures in [0, 1] and their class labels, where the data set has classes."""

    x: Images
    y: Labels | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures as bytes with whatever is known of each of them.

    `factors` are the classes of the generative factors that made a picture (ground truth), `attrs` are 0/1
    judgements of people about it; `factor_names` and `attr_names` name their columns.
    """

    pictures: Pictures
    y: Classes | None = None
    factors: Factors | None = None
    factor_names: tuple[str, ...] = ()
    attrs: Attrs | None = None
    attr_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, index: Rows) -> Batch:
        """Return the pictures of these rows as float32 in [0, 1]."""
        x = self.pictures.index_select(0, index) / 255  # one pass over the floats; plain indexing is slower
        return Batch(x, None if self.y is None else self.y[index])

    def take(self, rows: Tensor) -> Split:
        """Return the split of these rows (indices or a mask), columns and names kept."""
        y, factors, attrs = (None if t is None else t[rows] for t in (self.y, self.factors, self.attrs))
        return Split(self.pictures[rows], y, factors, self.factor_names, attrs, self.attr_names)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set with its fixed splits; the test split is never trained on.

    `labels` are the class names (empty: no classes), `terms` says under what terms the pictures come,
    `shape` is (channel, height, width).
    """

    name: str
    train: Split
    test: Split
    validation: Split | None
    labels: tuple[str, ...]
    terms: str
    shape: tuple[int, int, int]
