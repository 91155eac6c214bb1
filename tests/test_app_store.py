"""What people keep: names of axes and views, in one file that several processes share and that takes nothing down."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from app.server import store

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path / ".local" / "share" / "zoetrope"
    store.close()


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / "state.sqlite3"


def test_a_name_is_kept_cleaned_and_forgotten(file: Path) -> None:
    assert store.axis_names("m") == {}
    assert store.name_axis("m", 1, "  turn \n of\x00 the head  ") == "turn of the head"
    assert store.name_axis("m", 2, "x" * 99) == "x" * store.LONGEST_NAME
    store.name_axis("n", 1, "smile")
    store.close()
    assert store.axis_names("m") == {1: "turn of the head", 2: "x" * store.LONGEST_NAME}
    store.name_axis("m", 1, " ")
    assert list(store.axis_names("m")) == [2]
    assert store.trouble() == ""
    store.close()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_names_of_an_earlier_version_are_taken_over(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "axis_names.json").write_text(json.dumps({"m": {"0": "pose"}, "n": {"3": "smile"}}))
    assert (store.axis_names("m"), store.axis_names("n")) == ({0: "pose"}, {3: "smile"})
    assert not (folder / "axis_names.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"m": 3}', '{"m": {"x": "y"}}'])
def test_a_damaged_file_of_an_earlier_version_stays_for_its_owner_to_see(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "axis_names.json").write_text(text)
    assert store.axis_names("m") == {}
    assert store.trouble() == ""
    assert (folder / "axis_names.json").read_text() == text


@pytest.mark.parametrize("axis", ["1" * 22, "-1", "", "\u0661", "1e3", "0x1", " 1"], ids=ascii)
def test_names_of_an_earlier_version_are_taken_over_but_for_those_of_no_axis(folder: Path, axis: str) -> None:
    folder.mkdir(parents=True)
    text = json.dumps({"m": {axis: "pose", "0": "smile", "1": "\ud800"}})
    (folder / "axis_names.json").write_text(text)
    assert store.axis_names("m") == {0: "smile"}
    assert store.trouble() == ""
    assert (folder / "axis_names.json").read_text() == text


def test_random_names_of_an_earlier_version_take_nothing_down(folder: Path) -> None:
    random, odd = Random(1), ["0", "9" * 22, "x", "", None, 3, 10**30, True, [], {}, "\ud800", "a\nb", 1.5]
    folder.mkdir(parents=True)
    for _ in range(200):
        values = [*odd, {str(random.choice(odd)): random.choice(odd)}]
        names = {str(random.choice(odd)): random.choice(values) for _ in range(2)}
        (folder / "axis_names.json").write_text(json.dumps(random.choice([names, {"m": names}, [names]])))
        assert all(0 <= axis < 10**6 for axis in store.axis_names("m"))
        assert store.trouble() == ""
        store.close()


# Damage


def damaged(whole: bytes, random: Random) -> bytes:
    """Change, cut or blank some bytes."""
    content = bytearray(whole)
    for _ in range(random.choice([1, 4, 64])):
        at, length = random.randrange(len(content)), random.choice([1, 1, 2, 16])
        content[at : at + length] = random.choice([random.randbytes(length), bytes([255]) * length, bytes(length)])
    return bytes(content[: random.choice([len(content), len(content), random.randrange(len(content))])])


def filled(file: Path) -> bytes:
    for i in range(40):
        store.name_axis("m", i, f"name {i} \xe9")
        store.keep(f"token {i}", json.dumps({"view": "\xfc" * 50 * (i % 5)}))
    store.close()
    return file.read_bytes()


def test_no_damage_to_the_file_takes_anything_down(file: Path) -> None:
    random, whole, troubles = Random(1), filled(file), 0
    for _ in range(300):
        for path in file.parent.iterdir():
            path.unlink()
        file.write_bytes(damaged(whole, random))
        assert all(isinstance(axis, int) and isinstance(name, str) for axis, name in store.axis_names("m").items())
        views = [store.recall(f"token {i}") for i in range(40)]
        assert all(view is None or isinstance(view, str) for view in views)
        store.name_axis("m", 1, "new")
        store.keep("new token", "{}")
        store._store().write(store.prune)
        assert store.axis_names("m").get(1) == "new"
        assert store.recall("new token") == "{}"
        troubles += bool(store.trouble())
        store.close()
    assert 0 < troubles < 300


def test_text_that_is_no_utf_8_is_a_trouble_with_one_notice(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_bytes(filled(file).replace("\xe9".encode(), b"\xc3\xff"))
    for _ in range(3):
        assert store.axis_names("m") == {}
    assert "cannot be used" in store.trouble()
    assert len(caplog.records) == 1
    store.name_axis("m", 1, "new")
    assert store.axis_names("m") == {1: "new"}


def test_a_view_is_recalled_by_its_token_alone_and_the_newest_counts(file: Path) -> None:
    store.keep("a", '{"z":[1]}')
    store.keep("a", '{"z":[2]}')
    store.close()
    assert store.recall("a") == '{"z":[2]}'
    assert store.recall("b") is None
    assert sqlite3.connect(file).execute("SELECT count(*) FROM views").fetchone() == (1,)


def test_threads_and_processes_share_one_file(file: Path) -> None:
    script = (
        "import sys; from app.server import store; [store.keep(f'{sys.argv[1]}-{i}', 'x' * 1000) for i in range(50)]"
    )
    command = [sys.executable, "-W", "error", "-c", f"{script}; assert not store.trouble()"]
    others = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(3)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: store.keep(f"own-{i}", "x"), range(100)))
    assert [other.wait(60) for other in others] == [0, 0, 0]
    assert store.trouble() == ""
    assert all(store.recall(f"{number}-{i}") for number in range(3) for i in range(50))
    assert all(store.recall(f"own-{i}") for i in range(100))


def test_old_views_and_those_beyond_the_limits_are_forgotten(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for age, token in enumerate(["newest", "new", "middle", "old"]):
        monkeypatch.setattr(store.time, "time", lambda age=age: now - 86400 * age)
        store.keep(token, "x" * 100)
    monkeypatch.setattr(store.time, "time", lambda: now - 31 * 86400)
    store.keep("a month ago", "x")
    monkeypatch.setattr(store.time, "time", lambda: now)
    data = sqlite3.connect(file)
    tokens = lambda: {token for (token,) in data.execute("SELECT token FROM views")}  # noqa: E731
    assert len(tokens()) == 5
    with data:
        store.prune(data)
    assert tokens() == {"newest", "new", "middle", "old"}
    monkeypatch.setattr(store, "MOST_VIEWS", 3)
    with data:
        store.prune(data)
    assert tokens() == {"newest", "new", "middle"}
    monkeypatch.setattr(store, "MOST_BYTES", 250)
    with data:
        store.prune(data)
    assert tokens() == {"newest", "new"}
    data.close()


def test_keeping_prunes_by_itself(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_VIEWS", 5)
    monkeypatch.setattr(store, "PRUNE_EVERY", 10)
    for number in range(41):
        store.keep(str(number), "x")
    assert store.recall("40") is not None
    assert store.recall("34") is None


def test_a_damaged_file_takes_nothing_down_and_stays(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this is no database, " * 100)
    everything_works()
    assert f"{file} cannot be used (file is not a database)" in store.trouble()
    assert file.read_bytes().startswith(b"this is no database")


def test_a_folder_that_cannot_be_made_takes_nothing_down(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    everything_works()
    assert "cannot be used" in store.trouble()


def test_a_file_that_fails_on_the_way_loses_nothing_that_was_there(file: Path) -> None:
    store.keep("before", "there")
    store.name_axis("m", 1, "before")
    opened = store._store().file
    assert opened is not None
    opened.execute("PRAGMA query_only = ON")  # as a disk that has become read-only
    everything_works()
    assert "readonly database" in store.trouble()
    assert store.recall("before") == "there"
    store.name_axis("m", 1, "after")
    assert store.axis_names("m") == {0: "pose", 1: "after"}


def everything_works() -> None:
    assert store.name_axis("m", 0, "pose") == "pose"
    assert store.axis_names("m")[0] == "pose"
    store.keep("token", "1")
    store.keep("token", "2")
    assert store.recall("token") == "2"
    assert store.recall("other") is None
    assert store.trouble()
