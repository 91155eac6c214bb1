"""What every data set is: pictures held whole in memory as bytes, cut into splits, handed out in batches."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float32, Int64, UInt8
from torch import Tensor

from engine.errors import BadValue
from engine.types import Images, Labels

Pictures = UInt8[Tensor, "picture channel height width"] | Float32[Tensor, "picture 1 1 2"]  # bytes, or points
Classes = Int64[Tensor, "picture"]
Factors = Int64[Tensor, "picture factor"]
Attrs = UInt8[Tensor, "picture attr"]
Rows = Int64[Tensor, "batch"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures in [0, 1], with their class labels and their attributes where the data set has them."""

    x: Images
    y: Labels | None = None
    attrs: Attrs | None = None

    def parts(self, count: int) -> list[Batch]:
        """Cut the batch into `count` of the same size or one row less. Raises BadValue where it has fewer rows."""
        if count == 1:
            return [self]
        if len(self.x) < count:
            raise BadValue(f"A batch of {len(self.x)} pictures cannot be cut in {count} parts: give a larger --batch.")
        y, attrs = ([None] * count if t is None else t.tensor_split(count) for t in (self.y, self.attrs))
        return [Batch(*part) for part in zip(self.x.tensor_split(count), y, attrs, strict=True)]


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures as bytes, or points of the plane, with whatever is known of each of them.

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
        """Return the pictures of these rows as float32 in [0, 1], points as they are."""
        x = self.pictures.index_select(0, index)  # plain indexing is slower
        x = x if x.is_floating_point() else x / 255
        y, attrs = (None if t is None else t[index] for t in (self.y, self.attrs))
        return Batch(x, y, attrs)

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
