"""Data sets of fixed size in files of their own: Frey faces, MNIST, Fashion-MNIST, scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engine.errors import MissingData

from .base import Dataset, Split
from .search import Query, Shape, download_folder, find, missing, picture_shape, require_shape, search

FREY = (1, 28, 20)
FREY_TERMS = "courtesy of Brendan Frey; no terms stated"
MNIST = (1, 28, 28)


def open_frey(query: Query) -> Dataset:
    """Open the Frey faces, 1965 frames of one film; every tenth frame is test.

    Neighbouring frames look alike, so a test frame is easy by design: the protocol is that of the literature's curves.
    """
    require_shape(query, FREY)
    fetch = "fetch it from the data page of Sam Roweis at New York University and put it there, or give --data-dir"
    path = find(query, "frey_rawface.mat", fetch)[0]
    frames = Split(torch.from_numpy(read_frey(path)))
    test = torch.arange(len(frames)) % 10 == 0
    return Dataset("frey", frames.take(~test), frames.take(test), None, (), FREY_TERMS, FREY)


def read_frey(path: Path) -> np.ndarray:
    """Return the frames, uint8 (1965, 1, 28, 20), of the MATLAB file whose columns are pictures, row by row."""
    from scipy.io import loadmat

    try:
        columns = loadmat(path, variable_names=["ff"])["ff"]
        return np.ascontiguousarray(columns.T.reshape(-1, *FREY).astype(np.uint8))
    except (KeyError, ValueError, TypeError, OSError, NotImplementedError) as error:
        raise MissingData(f"{path} is not the Frey faces' MATLAB file (key ff, 560 rows): fetch it again.") from error


def open_mnist(query: Query) -> Dataset:
    """Open MNIST with its official test set."""
    return _open_idx(query, "MNIST", tuple("0123456789"), "CC BY-SA 3.0 (widely quoted)")


def open_fashion(query: Query) -> Dataset:
    """Open Fashion-MNIST with its official test set."""
    from torchvision.datasets import FashionMNIST

    return _open_idx(query, "FashionMNIST", tuple(FashionMNIST.classes), "MIT licence (Zalando)")


def _open_idx(query: Query, kind: str, labels: tuple[str, ...], terms: str) -> Dataset:
    require_shape(query, MNIST)
    root = _idx_root(query, kind)
    train, test = (_read_idx(root, kind, train, query.download) for train in (True, False))
    return Dataset(query.name, train, test, None, labels, terms, MNIST)


def _idx_root(query: Query, kind: str) -> Path:
    if found := search(query, f"{kind}/raw/t10k-images-idx3-ubyte*"):
        return found[0].parents[2]
    if query.download:
        return download_folder(query)
    raise missing(query, f"{kind}/raw/*-ubyte", "add --download to fetch it, or put the official files there")


def _read_idx(root: Path, kind: str, train: bool, download: bool) -> Split:
    from torchvision import datasets

    try:
        source = getattr(datasets, kind)(root=root, train=train, download=download)
    except (RuntimeError, ValueError, AssertionError, OSError) as error:
        advice = "delete that folder and run again with --download"
        raise MissingData(f"The files in {root / kind / 'raw'} cannot be read ({error}): {advice}.") from error
    return Split(source.data[:, None].contiguous(), source.targets.long())


def open_digits(query: Query) -> Dataset:
    """Open scikit-learn's 1797 digits of 8×8, in any size asked for; every tenth picture is test."""
    from sklearn.datasets import load_digits

    shape = picture_shape(query, (1, 8, 8))
    pictures, targets = load_digits(return_X_y=True)  # values 0..16
    x = torch.from_numpy(pictures).float().reshape(-1, 1, 8, 8) / 16
    digits = Split(_resize(x, shape), torch.from_numpy(targets).long())
    test = torch.arange(len(digits)) % 10 == 0
    terms = "CC BY 4.0 (E. Alpaydin and C. Kaynak, UCI repository)"
    return Dataset("digits", digits.take(~test), digits.take(test), None, tuple("0123456789"), terms, shape)


def _resize(x: Tensor, shape: Shape) -> Tensor:
    if x.shape[-2:] != shape[1:]:
        x = interpolate(x, shape[1:], mode="bilinear", antialias=True)
    return x.mul(255).round_().clamp_(0, 255).byte().expand(-1, shape[0], -1, -1).contiguous()
