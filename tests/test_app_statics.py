"""The browser's files from memory: all of them, whole, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from app.bundled import STRIPS
from app.components import assets
from app.server import statics
from app.server.statics import BUNDLES, PAGES, Statics, pages, places
from app.views.reconstruct import shelf


async def passed(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"passed on"})


class Answer:
    """What a client gets."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


async def asked(server: ASGIApp, path: str, method: str = "GET", accept: str = "gzip, br") -> Answer:
    messages = list[dict[str, Any]]()

    async def send(message: Any) -> None:
        messages.append(message)

    headers = [(b"accept-encoding", accept.encode())] if accept else []
    path, _, query = path.partition("?")
    scope = {"type": "http", "path": path, "query_string": query.encode(), "method": method, "headers": headers}
    await server(scope, None, send)  # type: ignore[arg-type]
    return Answer(messages)


def ask(path: str, method: str = "GET", accept: str = "gzip, br") -> Answer:
    return asyncio.run(asked(Statics(passed), path, method, accept))


def test_every_file_of_a_page_is_there_under_a_path_that_names_its_content() -> None:
    every = places()
    assert {f"/{assets.address(f'pages/{page}.{kind}')}" for page in assets.SHEETS for kind in ("js", "css")} <= {
        *every
    }
    page = (BUNDLES.parent / "index.html").read_text("utf-8")
    named = [name for name in every if f'"./{name[1:]}"' in page or f'"{name}"' in page]
    assert any(name.endswith(".js") for name in named)


@pytest.mark.parametrize("accept", ["gzip, deflate, br", "", "identity"])
def test_a_file_arrives_whole_and_stays_with_the_browser(accept: str) -> None:
    path = assets.WEB / "core/access.js"
    answer = ask(f"/{assets.address('core/access.js')}", accept=accept)
    packed = answer.headers.get("content-encoding") == "gzip"
    assert packed == ("gzip" in accept)
    assert (gzip.decompress(answer.body) if packed else answer.body) == path.read_bytes()
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "accept-encoding"


def test_what_is_compressed_already_stays_as_it_is() -> None:
    name = next(name for name in places() if name.endswith(".woff2"))
    answer = ask(name)
    assert "content-encoding" not in answer.headers
    assert answer.body == places()[name].read_bytes()


def test_pictures_that_come_along_stay_with_the_browser_and_change_their_address_with_how_they_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = assets.picture(STRIPS[0].name)
    answer = ask(f"/{address}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert "immutable" in answer.headers["cache-control"]
    (tmp_path / "digits.py").write_text("another hand")
    monkeypatch.setattr(assets, "DRAWN", (tmp_path / "digits.py",))
    assets.digest.cache_clear()
    try:
        assert assets.picture(STRIPS[0].name) != address
    finally:
        assets.digest.cache_clear()


def test_a_page_brings_no_picture_in_its_first_message() -> None:
    said = json.dumps(shelf())
    assert "data:" not in said
    assert len(said) < 20_000


def test_head_has_the_headers_of_the_whole() -> None:
    path = f"/{assets.address('shared.js')}"
    head, whole = ask(path, "HEAD"), ask(path)
    assert (head.status, head.headers) == (200, whole.headers)


@pytest.mark.parametrize("path", ["/", "/explore", "/live", "/staticx", "/_stcore/health", "/app/static/x"])
def test_everything_else_is_passed_on(path: str) -> None:
    assert (ask(path).status, ask(path).body) == (299, b"passed on")


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/../../config.py", "/zoetrope/0/x.js", "/static//etc/passwd"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert ask(path).status == 404


def test_nothing_can_be_written() -> None:
    assert ask(f"/{assets.address('shared.js')}", "POST").status == 405


def test_a_file_is_read_once_however_many_ask_and_even_where_one_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.js").write_text("let a")
    reads = list[Path]()
    monkeypatch.setattr(statics, "read", counting(reads))
    server = Statics(passed, {"/static/a.js": tmp_path / "a.js"})

    async def crowd() -> list[Answer]:
        first = asyncio.create_task(asked(server, "/static/a.js"))
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(*(asked(server, "/static/a.js") for _ in range(20)))

    answers = asyncio.run(crowd())
    assert {gzip.decompress(answer.body) for answer in answers} == {b"let a"}
    assert len(reads) == 1


def counting(reads: list[Path]) -> Callable[[Path], statics.File]:
    original = statics.read

    def read(path: Path) -> statics.File:
        reads.append(path)
        return original(path)

    return read


# The pages


def test_each_page_has_its_address_and_brings_the_script_that_says_why_it_stays_empty() -> None:
    script = (Path(statics.__file__).parents[1] / "script.py").read_text("utf-8")
    assert set(PAGES) == {"", *re.findall(r'url_path="(\w+)"', script)}
    below = Starlette(routes=pages("/zoetrope"))
    for name in {*PAGES} - {"home"}:
        page = asyncio.run(asked(below, f"/zoetrope/{name}"))
        assert page.headers["cache-control"] == "no-cache"
        named = re.findall(rf'(?:src|href)="./({assets.address("")}[^"]+)"', page.body.decode())
        own = [f"pages/{name or 'home'}.{kind}" for kind in ("js", "css")]
        assert named == [assets.address(file) for file in ("core/access.js", "shared.js", *own)]
        assert {f"/{file}" for file in named} <= {*places()}
        assert page.body.index(assets.ICONS.encode()) < page.body.index(b'<script type="module"')
        assert b'<div id="root">' in page.body
    assert asyncio.run(asked(below, "/zoetrope/access", "POST")).body == b"{}"


@pytest.mark.parametrize("query", ["", "?pictures=digits&a=1"])
def test_the_name_of_the_first_page_leads_to_its_address(query: str) -> None:
    answer = asyncio.run(asked(Starlette(routes=pages("/zoetrope")), f"/zoetrope/home{query}"))
    assert (answer.status, answer.headers["location"]) == (307, f"./{query}")


def test_files_stand_below_the_path_of_the_pages() -> None:
    path = f"/zoetrope/{assets.address('core/access.js')}"
    below = Statics(passed, base="/zoetrope")
    assert asyncio.run(asked(below, path)).status == 200
    assert asyncio.run(asked(below, f"/{assets.address('core/access.js')}")).status == 299
    assert asyncio.run(asked(below, "/zoetrope/static/nothing.js")).status == 404
