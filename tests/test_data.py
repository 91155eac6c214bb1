from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.errors import BadPicture, BadValue, MissingData, UnknownName
from train.data import DATASETS, Batch, Dataset, Split, binarize, binarized_test, dequantize, mutate, open_data
from train.data import pictures as picture_files
from train.data.pictures import fill, read_picture
from train.data.splits import hashed
from train.data.sprites import FACTORS, render, sprites

ORANGE = (200, 100, 40)
SHARED = Path(__file__).parents[2] / "shared" / "data"
"""The data sets beside the repository, which the tests marked `shared` look at where they are."""


def shared(name: str, shape: tuple[int, int, int] | None = None) -> Dataset:
    try:
        return open_data(name, SHARED, shape=shape)
    except MissingData as error:
        pytest.skip(str(error))


def ramp(height: int = 40, width: int = 40) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x // width, 255 * y // height, 0 * x + 90], -1).astype(np.uint8)


def encoded(image: Image.Image, **options: Any) -> io.BytesIO:
    stream = io.BytesIO()
    image.save(stream, **options)
    stream.seek(0)
    return stream


def jpeg_pack(path: Path, count: int, size: int = 8, **columns: NDArray[Any]) -> Path:
    files = [encoded(Image.new("RGB", (size, size), (i, i, i)), format="JPEG").getvalue() for i in range(count)]
    offset = np.cumsum([0, *map(len, files)])
    np.savez(path, jpeg=np.frombuffer(b"".join(files), np.uint8), offset=offset, **columns)  # type: ignore[arg-type]
    return path


def disjoint(data: Dataset) -> bool:
    rows = [split.pictures.flatten(1).numpy() for split in (data.train, data.test)]
    train, test = ({row.tobytes() for row in split} for split in rows)
    return not train & test


# The interface


def test_a_batch_is_float_in_the_unit_interval_with_its_labels() -> None:
    data = open_data("digits")
    batch = data.train.batch(torch.tensor([3, 0]))
    assert batch.x.shape == (2, *data.shape)
    assert batch.x.dtype == torch.float32
    assert torch.equal(batch.x.mul(255).round().byte(), data.train.pictures[[3, 0]])
    assert data.train.y is not None
    assert batch.y is not None
    assert torch.equal(batch.y, data.train.y[[3, 0]])


def test_a_batch_of_a_set_without_classes_has_none() -> None:
    assert Split(torch.zeros(2, 1, 2, 2, dtype=torch.uint8)).batch(torch.tensor([1])).y is None


def test_a_batch_is_cut_in_as_many_parts_as_asked_for() -> None:
    whole = Batch(torch.arange(7.0).reshape(7, 1, 1, 1), torch.arange(7))
    parts = whole.parts(5)
    assert [len(part.x) for part in parts] == [2, 2, 1, 1, 1]
    assert torch.equal(torch.cat([part.x for part in parts]), whole.x)
    assert [part.y.tolist() for part in parts if part.y is not None] == [[0, 1], [2, 3], [4], [5], [6]]
    with pytest.raises(BadValue, match="7 pictures cannot be cut in 8 parts"):
        whole.parts(8)


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    for name in ("cats", "folder:", "mnist:here"):
        with pytest.raises(UnknownName, match=r"celeba, digits, fashion.*folder:PATH"):
            open_data(name)


@pytest.mark.parametrize("name", ["frey", "mnist", "fashion", "celeba"])
def test_missing_data_says_what_where_and_how(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingData) as error:
        open_data(name, tmp_path)
    assert f"'{name}' needs" in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_without_a_folder_the_usual_places_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ZOETROPE_DATA")
    with pytest.raises(MissingData, match=r"data, \.\./shared/data, .*zoetrope/data"):
        open_data("frey")


def test_the_environment_may_name_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOETROPE_DATA", str(tmp_path / "mine"))
    with pytest.raises(MissingData, match=r"which is not in [^,:]*mine: "):
        open_data("frey")
    with pytest.raises(MissingData, match=r"which is not in [^,:]*given: "):
        open_data("frey", tmp_path / "given")


@pytest.mark.parametrize("name", ["frey", "mnist", "fashion", "sprites"])
def test_a_set_of_one_size_refuses_another(name: str) -> None:
    with pytest.raises(BadValue, match=r"the model expects 1×30×28: set the model's shape"):
        open_data(name, shape=(1, 30, 28))


@pytest.mark.parametrize("shape", [(2, 8, 8), (3, 0, 8)])
def test_an_impossible_shape_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(BadValue, match="1 or 3 channels"):
        open_data("digits", shape=shape)


# Digits


def test_digits_are_split_once_and_for_all() -> None:
    data, again = open_data("digits"), open_data("digits")
    assert (len(data.train), len(data.test)) == (1617, 180)
    assert torch.equal(data.test.pictures, again.test.pictures)
    assert data.labels == tuple("0123456789")
    assert data.train.pictures.max() == 255


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 12)])
def test_digits_come_in_the_size_asked_for(shape: tuple[int, int, int]) -> None:
    data = open_data("digits", shape=shape)
    assert data.shape == shape
    assert data.train.pictures.shape[1:] == shape
    small = open_data("digits").train.pictures.float().mean()
    assert abs(data.train.pictures.float().mean() - small) < 3


# Files of other people: Frey, MNIST


def test_frey_columns_become_upright_pictures(tmp_path: Path) -> None:
    from scipy.io import savemat

    columns = np.arange(560)[:, None] // 20 * 9 + np.arange(12) % 2  # brightness is the row of the picture
    savemat(tmp_path / "frey_rawface.mat", {"ff": columns.astype(np.uint8)})
    data = open_data("frey", tmp_path)
    assert (len(data.train), len(data.test), data.shape) == (10, 2, (1, 28, 20))
    assert torch.equal(data.test.pictures[0, 0], (torch.arange(28) * 9).byte()[:, None].expand(28, 20))


def test_a_broken_frey_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frey_rawface.mat").write_bytes(b"hello" * 100)
    with pytest.raises(MissingData, match="fetch it again"):
        open_data("frey", tmp_path)


def write_idx(folder: Path, train: int, test: int) -> None:
    folder.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        pixels = np.full((count, 28, 28), count, np.uint8).tobytes()
        sizes = np.array([count, 28, 28], ">i4").tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + sizes + pixels)
        classes = (np.arange(count) % 10).astype(np.uint8).tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + sizes[:4] + classes)


@pytest.mark.parametrize(("name", "kind"), [("mnist", "MNIST"), ("fashion", "FashionMNIST")])
def test_idx_files_keep_their_official_test_set(name: str, kind: str, tmp_path: Path) -> None:
    write_idx(tmp_path / kind / "raw", 20, 10)
    data = open_data(name, tmp_path)
    assert (len(data.train), len(data.test), len(data.labels)) == (20, 10, 10)
    assert torch.unique(data.test.pictures).tolist() == [10]
    assert data.test.y is not None
    assert data.test.y.tolist() == list(range(10))


def test_a_truncated_idx_file_is_refused(tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST/raw", 20, 10)
    images = tmp_path / "MNIST/raw/train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-100])
    with pytest.raises(MissingData, match="delete that folder and run again with --download"):
        open_data("mnist", tmp_path)


@pytest.mark.shared
def test_the_real_frey_faces() -> None:
    data = shared("frey")
    assert (len(data.train), len(data.test)) == (1768, 197)
    frames = data.test.pictures.float()
    # Pixels one above the other differ little only if the columns were read in the right order.
    assert frames.diff(dim=-2).abs().mean() < 0.6 * frames.reshape(-1, 1, 20, 28).diff(dim=-2).abs().mean()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_the_real_official_splits(name: str) -> None:
    data = shared(name)
    assert (len(data.train), len(data.test)) == (60_000, 10_000)
    assert data.test.y is not None
    assert data.test.y.bincount().sum() == 10_000


# Packs


def test_a_jpeg_pack_follows_its_partition(tmp_path: Path) -> None:
    partition = np.array([0, 0, 1, 2, 2, 0], np.uint8)
    data = open_data(f"pack:{jpeg_pack(tmp_path / 'a.npz', 6, partition=partition)}")
    assert data.shape == (3, 8, 8)
    assert data.validation is not None
    held = (data.train, data.validation, data.test)
    assert [split.pictures[:, 0, 0, 0].tolist() for split in held] == [[0, 1, 5], [2], [3, 4]]


def test_a_pack_is_found_in_the_data_folder_and_resized(tmp_path: Path) -> None:
    jpeg_pack(tmp_path / "a.npz", 5)
    data = open_data("pack:a.npz", tmp_path, (1, 4, 6))
    assert data.train.pictures.shape[1:] == data.shape == (1, 4, 6)
    assert len(data.train) + len(data.test) == 5
    assert len(data.test) > 0


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3)])
def test_arrays_of_pictures_come_back_as_they_are(shape: tuple[int, ...], tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (20, *shape), np.uint8)
    is_test = np.arange(20) < 3
    np.savez(tmp_path / "a.npz", images=images, is_test=is_test, labels=np.array(["b", "a"] * 10))
    data = open_data("pack:a.npz", tmp_path)
    channels = shape[2] if len(shape) == 3 else 1
    assert data.shape == (channels, 4, 6)
    assert np.array_equal(data.test.pictures, images[:3].reshape(3, 4, 6, channels).transpose(0, 3, 1, 2))
    assert data.labels == ("a", "b")
    assert data.test.y is not None
    assert data.test.y.tolist() == [1, 0, 1]
    assert open_data("pack:a.npz", tmp_path, (3, 8, 8)).train.pictures.shape == (17, 3, 8, 8)


def test_packed_bits_carry_their_factors(tmp_path: Path) -> None:
    binary = np.random.default_rng(1).integers(0, 2, (10, 8, 8), np.uint8)
    latents = np.arange(20, dtype=np.uint8).reshape(10, 2)
    columns = {"latents_classes": latents, "latents_names": np.array(["x", "y"]), "is_test": np.arange(10) == 4}
    np.savez(tmp_path / "a.npz", image_bits=np.packbits(binary.reshape(10, 64), axis=1), **columns)
    test = open_data("pack:a.npz", tmp_path).test
    assert np.array_equal(test.pictures[0, 0], 255 * binary[4])
    assert test.factor_names == ("x", "y")
    assert test.factors is not None
    assert test.factors.tolist() == [[8, 9]]


PIXELS = np.zeros((4, 8, 8), np.uint8)


@pytest.mark.parametrize(
    "columns",
    [
        {"pictures": PIXELS},
        {"images": PIXELS.astype(np.float32)},
        {"images": PIXELS[:0]},
        {"images": PIXELS, "labels": np.zeros(3)},
        {"images": PIXELS, "attrs": np.zeros(4)},
        {"images": PIXELS, "labels": np.array([{}] * 4)},
        {"image_bits": np.zeros((4, 9), np.uint8)},
        {"jpeg": np.zeros(9, np.uint8)},
        {"jpeg": np.zeros(9, np.uint8), "offset": np.array([0, 12])},
        {"jpeg": np.zeros(9, np.uint8), "offset": np.array([5, 3])},
        {"jpeg": np.zeros(9, np.uint8), "offset": np.array([0])},
    ],
)
def test_a_pack_that_does_not_fit_together_is_refused(columns: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns)
    with pytest.raises(BadValue, match="is not a pack of pictures"):
        open_data("pack:a.npz", tmp_path)


def test_files_that_are_no_packs_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", PIXELS)
    whole = jpeg_pack(tmp_path / "whole.npz", 9).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.npz").write_text("hello")
    for name in ("array.npy", "cut.npz", "text.npz"):
        with pytest.raises(BadValue, match="is not a pack of pictures"):
            open_data(f"pack:{name}", tmp_path)
    with pytest.raises(MissingData, match=r"no file none\.npz"):
        open_data("pack:none.npz", tmp_path)


def test_a_broken_jpeg_in_a_pack_is_named(tmp_path: Path) -> None:
    with np.load(jpeg_pack(tmp_path / "a.npz", 3)) as pack:
        jpeg, offset = pack["jpeg"], pack["offset"]
    jpeg[offset[1] : offset[2]] = 7
    np.savez(tmp_path / "b.npz", jpeg=jpeg, offset=offset)
    with pytest.raises(BadPicture, match="Picture 1 of the pack is broken"):
        open_data("pack:b.npz", tmp_path)
    jpeg[offset[0] : offset[1]] = 7
    np.savez(tmp_path / "c.npz", jpeg=jpeg, offset=offset)
    with pytest.raises(BadPicture, match="Picture 0 of the pack is broken"):
        open_data("pack:c.npz", tmp_path)


# CelebA


def celeba_columns(partition: list[int]) -> dict[str, NDArray[Any]]:
    attrs = np.tile(np.array([0, 1], np.uint8), (len(partition), 1))
    return {"partition": np.array(partition, np.uint8), "attrs": attrs, "attr_names": np.array(["Bald", "Smiling"])}


def test_celeba_joins_its_packs_and_picks_them_by_size(tmp_path: Path) -> None:
    jpeg_pack(tmp_path / "celeba64_0.npz", 3, 64, **celeba_columns([0, 1, 2]))
    jpeg_pack(tmp_path / "celeba64_1.npz", 2, 64, **celeba_columns([0, 0]))
    jpeg_pack(tmp_path / "celeba128_0.npz", 2, 128, **celeba_columns([0, 2]))
    small, large = open_data("celeba", tmp_path), open_data("celeba", tmp_path, (3, 128, 128))
    assert (len(small.train), len(small.test), small.shape) == (3, 1, (3, 64, 64))
    assert (len(large.train), len(large.test), large.validation) == (1, 1, None)
    assert small.validation is not None
    assert small.train.attr_names == ("Bald", "Smiling")
    assert small.train.attrs is not None
    assert small.train.attrs.tolist() == [[0, 1]] * 3
    assert open_data("celeba", tmp_path, (1, 32, 32)).train.pictures.shape == (3, 1, 32, 32)
    with pytest.raises(MissingData, match=r"celeba128_\*\.npz"):
        open_data("celeba", tmp_path, (3, 256, 256))


def test_a_celeba_pack_without_partition_is_refused(tmp_path: Path) -> None:
    jpeg_pack(tmp_path / "celeba64_0.npz", 3, 64)
    with pytest.raises(BadValue, match="lacks the columns"):
        open_data("celeba", tmp_path)


def write_celeba(folder: Path, count: int) -> None:
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{i:06}.jpg" for i in range(count)]
    for name in names:
        picture = Image.new("RGB", (178, 218), "black")
        picture.paste(ORANGE, (15, 35, 163, 183))
        picture.save(folder / "img_align_celeba" / name, quality=100, subsampling=0)
    lines = [f"{name} {i % 3}" for i, name in enumerate(names)]
    (folder / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
    rows = [f"{name} -1  1" for name in names]
    for table in ("attr", "bbox", "landmarks_align"):
        (folder / f"list_{table}_celeba.txt").write_text("\n".join([str(count), "Bald Smiling", *rows]) + "\n")
    (folder / "identity_CelebA.txt").write_text("\n".join(f"{name} 7" for name in names) + "\n")


def test_celeba_from_torchvision_crops_the_centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_celeba(tmp_path / "celeba", 6)
    with pytest.raises(MissingData, match="is not whole"):
        open_data("celeba", tmp_path)
    monkeypatch.setattr("torchvision.datasets.CelebA._check_integrity", lambda self: True)
    data = open_data("celeba", tmp_path)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (2, 2, 2)
    assert (data.train.pictures.amax((0, 2, 3)) - data.train.pictures.amin((0, 2, 3))).max() <= 12  # no black border
    assert data.train.attr_names == ("Bald", "Smiling")
    assert data.train.attrs is not None
    assert data.train.attrs.tolist() == [[0, 1]] * 2
    (tmp_path / "celeba/img_align_celeba/000001.jpg").write_bytes(b"no")
    with pytest.raises(BadPicture, match=r"000001\.jpg cannot be read"):
        open_data("celeba", tmp_path)


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_celeba_packs() -> None:
    data = shared("celeba")
    assert data.validation is not None
    assert len(data.train) + len(data.validation) + len(data.test) == 35_036
    assert data.train.attrs is not None
    assert data.train.attrs.shape == (len(data.train), 40)


@pytest.mark.shared
def test_a_real_pack_with_domains() -> None:
    data = shared("pack:summer2winter128.npz", (3, 32, 32))
    assert (len(data.train), len(data.test), data.labels) == (2193, 547, ("0", "1"))


# Sprites


def row(**changed: int) -> torch.Tensor:
    return torch.tensor([[changed.get(name, size // 2) for name, size in FACTORS.items()]])


def test_sprites_are_binary_reproducible_and_disjoint() -> None:
    train, test = sprites(500, 100)
    again = sprites(500, 100)[0]
    assert torch.equal(train.pictures, again.pictures)
    assert not torch.equal(train.pictures, sprites(500, 100, seed=1)[0].pictures)
    assert torch.unique(train.pictures).tolist() == [0, 255]
    assert train.factors is not None
    assert test.factors is not None
    both = torch.cat([train.factors, test.factors])
    assert len(torch.unique(both, dim=0)) == 600
    assert (both.amin(0) >= 0).all()
    assert (both.amax(0) < torch.tensor(list(FACTORS.values()))).all()
    assert train.y is not None
    assert torch.equal(train.y, train.factors[:, 0])
    assert torch.equal(render(test.factors), test.pictures)


@pytest.mark.parametrize(("factor", "axis"), [("x", -1), ("y", -2)])
def test_position_moves_the_sprite_by_one_pixel_a_step(factor: str, axis: int) -> None:
    start, end = (render(row(**{factor: step})) for step in (3, 30))
    assert torch.equal(start.roll(27, axis), end)


def test_position_is_the_centroid_of_a_symmetric_sprite() -> None:
    train, _ = sprites(300, 0)
    assert train.factors is not None
    symmetric = train.take(train.factors[:, 0] < 2)
    mass = symmetric.pictures[:, 0].float() / 255
    grid = torch.arange(64.0)
    x, y = ((mass.sum(axis) * grid).sum(1) / mass.sum((1, 2)) for axis in (1, 2))
    assert symmetric.factors is not None
    assert (x - 16 - symmetric.factors[:, 3]).abs().max() < 0.1
    assert (y - 16 - symmetric.factors[:, 4]).abs().max() < 0.1


@pytest.mark.parametrize("shape", range(3))
def test_scale_grows_the_sprite_and_every_rotation_differs_up_to_symmetry(shape: int) -> None:
    areas = render(torch.cat([row(shape=shape, scale=scale) for scale in range(6)])).float().sum((1, 2, 3))
    assert (areas.diff() > 0).all()
    assert areas[5] > 3 * areas[0]
    turned = render(torch.cat([row(shape=shape, rotation=turn) for turn in range(40)]))
    assert len(torch.unique(turned, dim=0)) == (10, 20, 40)[shape]


def test_every_sprite_lies_inside_its_picture() -> None:
    at_corners = [row(shape=s, scale=5, rotation=5, x=x, y=x) for s in range(3) for x in (0, 31)]
    corners = render(torch.cat(at_corners))
    border = torch.cat([corners[..., 0, :], corners[..., -1, :], corners[..., 0], corners[..., -1]], -1)
    assert border.max() == 0


@pytest.mark.slow
def test_the_sprites_of_the_recipes() -> None:
    data = open_data("sprites")
    assert (len(data.train), len(data.test), data.shape) == (100_000, 10_000, (1, 64, 64))


# Single pictures


def test_a_picture_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # hold the camera's picture turned by 90° clockwise
    turned = Image.fromarray(ramp()).transpose(Image.Transpose.ROTATE_90)
    read = read_picture(encoded(turned, format="PNG", exif=exif), (3, 40, 40))
    assert np.array_equal(read.transpose(1, 2, 0), ramp())


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 10, 5))
    if mode == "P":
        stream = encoded(image.quantize(4), format="PNG")
    else:
        stream = encoded(image.convert(mode), format="TIFF" if mode == "PA" else "PNG")
    read = read_picture(stream, (1, 10, 10))[0]
    assert (read[0] == 0).all()
    assert (read[9] == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bit_grey_keeps_its_range(channels: int) -> None:
    deep = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    for format in ("PNG", "TIFF"):
        read = read_picture(encoded(Image.fromarray(deep), format=format), (channels, 16, 16))
        assert np.array_equal(read[-1].ravel(), np.arange(256))


def test_float_and_wide_integer_grey_are_scaled() -> None:
    levels = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    for values in (levels, 255 * levels, (65535 * levels).astype(np.int32)):
        read = read_picture(encoded(Image.fromarray(values), format="TIFF"), (1, 16, 16))
        assert abs(read.ravel().astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "YCbCr"])
def test_other_modes_keep_their_look(mode: str) -> None:
    image = Image.new("RGB", (20, 20), "white").convert(mode)
    format = "JPEG" if mode == "CMYK" else "TIFF"
    for shape in ((3, 20, 20), (1, 20, 20)):
        assert read_picture(encoded(image, format=format), shape).min() >= 253


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "blue", "green")]
    read = read_picture(encoded(frames[0], format="GIF", save_all=True, append_images=frames[1:]), (3, 9, 9))
    assert read[:, 4, 4].tolist() == [255, 0, 0]


def test_a_picture_is_cropped_to_its_centre_and_resized() -> None:
    image = Image.new("RGB", (300, 100), "black")
    image.paste(ORANGE, (100, 0, 200, 100))
    read = read_picture(encoded(image, format="PNG"), (3, 50, 50))
    assert (read[:, :, 3:-3] == np.array(ORANGE, np.uint8)[:, None, None]).all()


def test_a_large_jpeg_is_read_at_reduced_size_with_the_same_look() -> None:
    image = Image.fromarray(ramp(1200, 1600))
    read = read_picture(encoded(image, format="JPEG"), (3, 30, 40)).transpose(1, 2, 0)
    assert abs(read.astype(int) - np.asarray(image.resize((40, 30)))).max() < 8


def test_too_many_pixels_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_PIXELS", 99)
    with pytest.raises(BadPicture, match="10×10 pixels, more than 99"):
        read_picture(encoded(Image.new("L", (10, 10)), format="PNG"), (1, 4, 4))


def half(stream: io.BytesIO) -> io.BytesIO:
    return io.BytesIO(stream.getvalue()[: len(stream.getvalue()) // 2])


@pytest.mark.parametrize(
    "stream",
    [
        lambda: io.BytesIO(b""),
        lambda: io.BytesIO(b"%PDF-1.7 hello"),
        lambda: half(encoded(Image.fromarray(ramp()), format="JPEG")),
        lambda: half(encoded(Image.fromarray(ramp()), format="PNG")),
        lambda: encoded(Image.fromarray(ramp()), format="ICNS"),  # an opener that is not named
    ],
)
def test_what_is_no_whole_picture_is_refused(stream: Callable[[], io.BytesIO]) -> None:
    with pytest.raises(BadPicture, match="cannot be read as a picture"):
        read_picture(stream(), (3, 8, 8))


def test_an_error_in_one_thread_reaches_the_caller() -> None:
    def read(i: int) -> int:
        if i == 70:
            raise BadPicture("picture 70")
        return i

    with pytest.raises(BadPicture, match="picture 70"):
        fill(np.zeros((100, 1), np.uint8), read)
    assert fill(np.zeros((70, 1), np.uint8), read).ravel().tolist() == list(range(70))


# Folders


def write_folder(root: Path, names: list[str]) -> None:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 10), (i, 2 * i, 3 * i)).save(root / name)


def test_a_folder_of_classes(tmp_path: Path) -> None:
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(30)]
    write_folder(tmp_path, names)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.png").write_text("not looked at")
    data = open_data(f"folder:{tmp_path}")
    assert data.shape == (3, 64, 64)
    assert data.labels == ("cat", "dog")
    assert len(data.train) + len(data.test) == 60
    assert 1 <= len(data.test) <= 14
    assert disjoint(data)
    for split in (data.train, data.test):
        assert split.y is not None
        assert torch.equal(split.y, (split.pictures[:, 0, 0, 0] >= 30).long())


def test_the_split_of_a_folder_stays_as_pictures_come(tmp_path: Path) -> None:
    write_folder(tmp_path, [f"{i:03}.png" for i in range(60)])
    before = open_data(f"folder:{tmp_path}", shape=(1, 8, 8))
    write_folder(tmp_path, [f"{i:03}.png" for i in range(80)])
    after = open_data(f"folder:{tmp_path}", shape=(1, 8, 8))
    old, new = ({int(v) for v in split.test.pictures[:, 0, 0, 0]} for split in (before, after))
    assert old == {v for v in new if v <= max(old)}
    assert before.train.y is None
    assert before.labels == ()


def test_a_folder_is_found_in_the_data_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, ["faces/1.png", "faces/2.jpg"])
    data = open_data("folder:faces", tmp_path, (3, 10, 12))
    assert (len(data.train), len(data.test)) == (1, 1)


def test_unreadable_files_are_named_in_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folder(tmp_path, [f"{i}.png" for i in range(8)])
    for i in range(25):
        (tmp_path / f"bad{i:02}.jpg").write_bytes(b"hello")
    with caplog.at_level(logging.WARNING):
        data = open_data(f"folder:{tmp_path}")
    assert len(data.train) + len(data.test) == 8
    (message,) = caplog.messages
    assert message.startswith("25 of 33 files")
    assert "bad00.jpg: it cannot be read as a picture" in message
    assert message.endswith("and 5 more)")


def test_a_folder_without_a_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="no picture that can be read"):
        open_data("folder:empty", tmp_path)
    (tmp_path / "empty/x.png").write_bytes(b"hello")
    with pytest.raises(MissingData, match="no picture that can be read"):
        open_data("folder:empty", tmp_path)
    with pytest.raises(MissingData, match="no folder nowhere"):
        open_data("folder:nowhere", tmp_path)


def test_a_hashed_split_is_a_tenth_and_never_everything() -> None:
    parts = hashed([str(i) for i in range(5000)])
    assert 420 < parts.test.sum() < 580
    assert (parts.train ^ parts.test).all()
    for count in (2, 3, 9):
        small = hashed([f"{count}/{i}" for i in range(count)])
        assert small.train.any()
        assert small.test.any()
    assert hashed(["one"]).train.all()
    assert hashed(["\udcff.png", "b"]).train.any()  # a file name that is not valid text


# Pixels


def test_binarization_has_the_pixel_as_its_mean_and_follows_its_generator() -> None:
    x = torch.tensor([0.0, 0.25, 1.0]).expand(4000, 1, 1, 3)
    drawn = binarize(x, torch.Generator().manual_seed(1))
    assert torch.equal(drawn, binarize(x, torch.Generator().manual_seed(1)))
    assert torch.unique(drawn).tolist() == [0, 1]
    assert drawn.mean((0, 1, 2)).tolist() == pytest.approx([0, 0.25, 1], abs=0.03)
    assert binarize(x).shape == x.shape


def test_dequantization_stays_within_its_byte() -> None:
    levels = torch.arange(256).repeat(50)[None, None, None]
    x = dequantize(levels / 255, torch.Generator().manual_seed(1))
    assert torch.equal((256 * x).floor().long().clamp(max=255), levels)
    assert x.min() >= 0
    assert x.max() <= 1
    assert x.mean() == pytest.approx(0.5, abs=0.01)


def test_a_share_of_the_values_becomes_bytes_of_any_size_and_the_rest_stays() -> None:
    x = torch.full((200, 1, 16, 16), 0.25)
    mutated = mutate(x, 0.3, torch.Generator().manual_seed(1))
    changed = mutated != x
    assert float(changed.float().mean()) == pytest.approx(0.3, abs=0.01)
    levels = 255 * mutated[changed].double()
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)
    assert len(levels.round().unique()) == 256
    assert float(levels.mean()) == pytest.approx(127.5, abs=2)
    assert torch.equal(mutate(x, 0.0), x)


def test_the_test_set_is_binarized_once_and_for_all() -> None:
    split = open_data("digits").test
    binary = binarized_test(split)
    assert torch.equal(binary.pictures, binarized_test(split).pictures)
    drawn = np.random.default_rng(0).random(split.pictures.shape) < split.pictures.numpy() / 255
    assert np.array_equal(binary.pictures, 255 * drawn)
    assert binary.y is split.y


def test_the_registry_names_every_data_set() -> None:
    real = {"frey", "mnist", "fashion", "celeba", "digits", "folder:PATH", "pack:PATH"}
    made = {"sprites", "ring", "grid", "moons", "spiral", "stacked-mnist"}
    assert set(DATASETS) == real | made
