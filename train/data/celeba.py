"""CelebA faces: from packs, or from torchvision's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.errors import BadPicture, BadValue, MissingData

from .base import Dataset, Split
from .packs import attributes, pictures, read_pack
from .pictures import Bytes, fill, fit
from .search import Query, Shape, download_folder, missing, picture_shape, search
from .splits import cut, partitioned

TERMS = "research only; the pictures may not be redistributed"
CROP = 148  # the centre of the aligned 178×218 pictures, by custom


def open_celeba(query: Query) -> Dataset:
    """Open CelebA at any size: packs of at least that size, all found joined, else torchvision's folder.

    Its official partition gives train, validation and test; the 40 attributes are `attrs`. There are no classes.
    """
    shape = picture_shape(query, (3, 64, 64))
    sizes = [size for size in (64, 128) if size >= max(shape[1:])]
    packs = next((found for size in sizes if (found := search(query, f"celeba{size}_*.npz"))), None)
    whole, partition = _from_packs(packs, shape) if packs else _from_originals(query, shape)
    return cut("celeba", whole, partitioned(partition), (), TERMS, shape)


def _from_packs(paths: list[Path], shape: Shape) -> tuple[Split, Bytes]:
    packs = [read_pack(path) for path in paths]
    if lacking := [path for path, pack in zip(paths, packs, strict=True) if not {"attrs", "partition"} <= pack.keys()]:
        raise BadValue(f"The pack {lacking[0]} lacks the columns attrs and partition: fetch it again.")
    partition = np.concatenate([pack["partition"] for pack in packs])
    attrs, names = zip(*map(attributes, packs), strict=True)
    return Split(pictures(packs, shape), attrs=torch.cat(attrs), attr_names=names[0]), partition


def _from_originals(query: Query, shape: Shape) -> tuple[Split, Bytes]:
    """Read torchvision's folder: `celeba/` with its text files and img_align_celeba/."""
    root, splits = _torchvision(query, "128" if max(shape[1:]) > 64 else "64")
    files = [root / "celeba/img_align_celeba" / name for split in splits for name in split.filename]
    out = fill(np.empty((len(files), *shape), np.uint8), lambda i: _face(files[i], shape))
    attrs = torch.cat([split.attr for split in splits]).to(torch.uint8)
    names = tuple(name for name in splits[0].attr_names if name)
    partition = np.repeat(np.arange(3, dtype=np.uint8), [len(split) for split in splits])
    return Split(torch.from_numpy(out), attrs=attrs, attr_names=names), partition


def _torchvision(query: Query, size: str) -> tuple[Path, list[Any]]:
    from torchvision.datasets import CelebA

    found = search(query, "celeba/list_eval_partition.txt")
    if not found and not query.download:
        advice = "put the packs or torchvision's celeba folder there, or add --download"
        raise missing(query, f"celeba{size}_*.npz or celeba/", advice)
    root = found[0].parents[1] if found else download_folder(query)
    try:
        return root, [CelebA(root, split, "attr", download=query.download) for split in ("train", "valid", "test")]
    except (RuntimeError, OSError, ValueError) as error:
        raise MissingData(f"CelebA in {root}/celeba is not whole ({error}). Fetch it again with --download.") from error


def _face(path: Path, shape: Shape) -> Bytes:
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
            return fit(image.crop((left, top, left + CROP, top + CROP)), shape)
    except OSError as error:
        raise BadPicture(f"{path} cannot be read ({error}). Fetch CelebA again with --download.") from error
