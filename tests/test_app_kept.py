"""Pictures of a person's own: kept under a token, bounded, and gone with the view that holds them."""

from __future__ import annotations

import http.client
import io
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.server import kept, store
from app.views.reconstruct import png
from engine.errors import BadPicture
from tests.listening import listening

TOKEN, OTHER = "a-token_of-32-characters-000000", "a-token_of-32-characters-000001"


def picture(seed: int, side: int = 8) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8))


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path / ".local" / "share" / "zoetrope" / "state.sqlite3"
    store.close()


# The store


def test_a_picture_comes_back_to_its_token_alone_and_after_a_restart() -> None:
    name = store.keep_picture(TOKEN, picture(1))
    store.keep_picture(TOKEN, picture(1))
    store.close()
    assert store.recall_picture(TOKEN, name) == picture(1)
    assert store.recall_picture(OTHER, name) is None
    assert store.recall_picture(TOKEN, "0" * 64) is None


def test_a_view_keeps_what_it_names_and_what_it_does_not_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(store.time, "time", lambda: now)
    monkeypatch.setattr(store, "PICTURES_OF_VIEW", int(2.5 * len(picture(1))))
    first, second = (store.keep_picture(TOKEN, picture(seed)) for seed in (1, 2))
    store.keep(TOKEN, json.dumps({"desk": second}))
    with pytest.raises(BadPicture, match="keeps no more"):
        store.keep_picture(TOKEN, picture(3))  # the view may yet name the first
    now += store.GRACE + 1
    third = store.keep_picture(TOKEN, picture(3))
    kept_still = [store.recall_picture(TOKEN, name) is not None for name in (first, second, third)]
    assert kept_still == [False, True, True]
    store.keep_picture(OTHER, picture(3))  # bounded by view


def test_pictures_go_with_their_view_and_beyond_the_limit_those_of_the_oldest(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(store.time, "time", lambda: now)
    names = {token: store.keep_picture(token, picture(seed)) for seed, token in enumerate(["old", "new", "bare"])}
    for age, token in ((31 * 86400, "old"), (0, "new")):
        monkeypatch.setattr(store.time, "time", lambda age=age: now - age)
        store.keep(token, names[token])
    monkeypatch.setattr(store.time, "time", lambda: now)
    data = sqlite3.connect(file)
    left = lambda: {token for (token,) in data.execute("SELECT token FROM pictures")}  # noqa: E731
    monkeypatch.setattr(store, "MONTH", 32 * 86400)
    monkeypatch.setattr(store, "MOST_PICTURES", 2 * max(len(picture(seed)) for seed in range(3)))
    with data:
        store.prune(data)
    assert left() == {"new", "bare"}  # "bare" came just now, and its view may follow
    monkeypatch.setattr(store.time, "time", lambda: now + store.HOUR + 1)
    with data:
        store.prune(data)
    assert left() == {"new"}
    monkeypatch.setattr(store.time, "time", lambda: now + 33 * 86400)
    with data:
        store.prune(data)
    assert left() == set()
    data.close()


# Over HTTP


@pytest.fixture
def address() -> Iterator[str]:
    with listening(kept.routes()) as where:
        yield where


def ask(address: str, method: str, place: str = "/kept", body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request(method, place, body, {"Zoetrope-Token": TOKEN, **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert response.headers["x-content-type-options"] == "nosniff"
    return response.status, json.loads(content) if response.headers["content-type"] != "image/png" else content


def test_a_page_keeps_a_picture_and_has_it_back(address: str) -> None:
    status, told = ask(address, "POST", body=picture(1), Origin=f"http://{address}")
    assert (status, told["trouble"]) == (200, "")
    assert ask(address, "GET", f"/kept/{told['picture']}") == (200, picture(1))
    status, told = ask(address, "GET", f"/kept/{told['picture']}", **{"Zoetrope-Token": OTHER})
    assert (status, list(told)) == (404, ["error"])


def test_the_largest_clean_picture_is_kept(address: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 4), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    body = file.getvalue()
    assert ask(address, "POST", body=body)[0] == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"GIF89a", {}, 400, "is no PNG"),
        (b"", {}, 400, "is no PNG"),
        (kept.PNG + bytes(kept.LARGEST), {}, 400, "is larger than the 6 MB"),
        (picture(1), {"Zoetrope-Token": "short"}, 400, "22 to 64"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    address: str, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    answer = ask(address, "POST", body=body, **headers)
    assert answer[0] == status
    assert words in answer[1]["error"]
    assert not store.place().exists()  # nobody asked the store for anything
