"""What people's folders look like: links, splits, strays, other kinds of files, and what is said of all that."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import MissingData
from train.data import Dataset, folders, open_data

SHAPE = (1, 8, 8)


def write(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), i).save(root / name)
    return root


def opened(root: Path, caplog: pytest.LogCaptureFixture) -> tuple[Dataset, str]:
    """Open a folder; what was said, in one line or none."""
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        data = open_data(f"folder:{root}", shape=SHAPE)
    assert len(caplog.messages) <= 1
    return data, "".join(caplog.messages)


def greys(data: Dataset) -> list[int]:
    parts = [data.train, data.test, *([data.validation] if data.validation else [])]
    return sorted(int(grey) for part in parts for grey in part.pictures[:, 0, 0, 0])


def test_links_to_folders_are_followed_and_loops_are_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "elsewhere", *(f"{kind}/{i}.png" for kind in ("a", "b") for i in range(5)))
    root = tmp_path / "mine"
    root.mkdir()
    for link, target in {"cat": "../elsewhere/a", "dog": "../elsewhere/b", "self": ".", "up": ".."}.items():
        (root / link).symlink_to(target)
    data, said = opened(root, caplog)
    assert data.labels == ("cat", "dog")
    assert greys(data) == list(range(10))
    assert "2 links" in said
    assert "(self; up)" in said


def test_a_folder_that_is_linked_beside_itself_is_read_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "cat/1.png", "cat/2.png", "dog/1.png")
    (tmp_path / "a-link").symlink_to("cat")
    data, said = opened(tmp_path, caplog)
    assert data.labels == ("cat", "dog")
    assert greys(data) == [0, 1, 2]
    assert "1 link in" in said


def test_pictures_are_known_by_how_they_begin_and_other_files_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "1.png", "2.png", "3.jpg").joinpath("1.png").rename(tmp_path / "without")
    (tmp_path / "3.jpg").rename(tmp_path / "3.jfif")
    for name in ("a.heic", "b.HEIC", "list.csv"):
        (tmp_path / name).write_text("no picture")
    os.mkfifo(tmp_path / "pipe.png")
    data, said = opened(tmp_path, caplog)
    assert len(greys(data)) == 3
    assert "4 files of other kinds" in said
    assert "2 .heic; 1 .csv; 1 .png" in said or "2 .heic; 1 .png; 1 .csv" in said


def test_a_folder_that_may_not_be_looked_into_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "cat/1.png", "cat/2.png", "dog/1.png", "secret/1.png")
    scan = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("secret"):  # this may run as root, who is let in everywhere
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    data, said = opened(tmp_path, caplog)
    assert greys(data) == [0, 1, 2]
    assert "1 folder in" in said
    assert "without permission" in said
    assert "(secret)" in said


def test_splits_are_recognised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, *(f"{part}/{kind}/{i}.png" for part in ("train", "Val", "test") for kind in "ab" for i in range(4)))
    data, said = opened(tmp_path, caplog)
    assert data.validation is not None
    assert data.labels == ("a", "b")
    assert [sorted(part.pictures[:, 0, 0, 0].tolist()) for part in (data.train, data.validation, data.test)] == [
        list(range(8)),
        list(range(8, 16)),
        list(range(16, 24)),
    ]
    assert data.test.y is not None
    assert data.test.y.tolist() == [0] * 4 + [1] * 4
    assert said == ""


def test_splits_may_lack_a_test_and_have_strays_beside_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, *(f"train/{i:02}.png" for i in range(30)), "val/1.png", "cover.png", "drafts/1.png")
    data, said = opened(tmp_path, caplog)
    assert data.validation is not None
    assert (len(data.train) + len(data.test), len(data.validation), data.labels) == (30, 1, ())
    assert 1 <= len(data.test) <= 8
    assert "2 pictures beside" in said
    assert "(cover.png; drafts/1.png)" in said


def test_a_train_among_cars_is_a_class(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "train/1.png", "car/1.png", "bus/1.png", "bus/2.png")
    assert opened(tmp_path, caplog)[0].labels == ("bus", "car", "train")


def test_a_stray_picture_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, *(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(5)), "cover.png")
    data, said = opened(tmp_path, caplog)
    assert data.labels == ("cat", "dog")
    assert greys(data) == list(range(10))
    assert "1 picture beside" in said
    assert "left out (cover.png)" in said


def test_where_most_pictures_are_loose_there_are_no_classes_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "old/1.png", "older/1.png", *(f"{i}.png" for i in range(5)))
    data, said = opened(tmp_path, caplog)
    assert (len(greys(data)), data.labels) == (7, ())
    assert "no classes" in said


def test_a_class_of_one_is_trained_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for lone in range(12):  # some of these names the hash would give to the test
        root = write(tmp_path / str(lone), *(f"many/{i}.png" for i in range(20)), f"lone/{lone}.png")
        data, _ = opened(root, caplog)
        assert data.train.y is not None
        assert set(data.train.y.tolist()) == {0, 1}
        assert len(data.test) > 0


def test_names_that_are_no_utf8_become_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for folder in (b"caf\xe9", b"th\xe9", b"day\nnight"):
        (place := tmp_path / os.fsdecode(folder)).mkdir()
        Image.new("L", (8, 8), 9).save(place / os.fsdecode(b"\xff.png"))
    (tmp_path / os.fsdecode(b"\xe9.txt")).write_text("no picture")
    data, said = opened(tmp_path, caplog)
    assert sorted(data.labels) == ["caf\\xe9", "day\\nnight", "th\\xe9"]
    assert all(label.encode() and label.isprintable() for label in data.labels)
    assert said.encode()


def test_stretched_pictures_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for i in range(3):
        Image.fromarray(np.full((8, 8), 1000 + 1000 * i, np.uint16)).save(tmp_path / f"{i}.tif")
    data, said = opened(tmp_path, caplog)
    assert min(greys(data)) > 60
    assert "3 pictures with more than 8 bits" in said
    assert "stretched" in said


def test_where_nothing_can_be_read_one_sentence_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.heic").write_text("no picture")
    with pytest.raises(MissingData, match=r"no picture that can be read in .*1 file of other kinds.*1 \.heic"):
        open_data(f"folder:{tmp_path}")
    assert caplog.messages == []


def test_splits_are_read_alike_whatever_else_is_called(tmp_path: Path) -> None:
    laid = folders.layout(["training/1.png", "testing/1.png", "testing/2.png"])
    assert laid.labels == ()
    assert laid.partition is not None
    assert laid.partition.tolist() == [0, 2, 2]
