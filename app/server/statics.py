"""The browser's files from memory, compressed once: Streamlit's bundles, our own modules, pictures that come along.

A phone that opened a page asked for 84 files. From disk, each through a thread, they cost 1.25 ms each and travelled
as they are: measured on two cores, 300 phones that join at once waited 31 s for them, and from memory 7 s for a third
of the bytes.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.bundled import STRIPS
from app.components import assets
from app.server.headers import INDEX

BUNDLES = INDEX.parent / "static"
PAGES = ("", "home", "explore", "morph", "reconstruct", "compare", "complete", "outliers")
"""The addresses of the pages, as app/script.py has them."""
TEXT = {".js", ".css", ".svg", ".json", ".html"}
FOREVER = "public, immutable, max-age=31536000"
"""Every path here names the content of its file."""


class Source(Protocol):
    """What there is to serve: a file on disk, or one that is made when it is first asked for."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True)
class File:
    """A file as it is sent."""

    kind: str
    body: bytes
    compressed: bool

    def response(self, gzipped: bool) -> Response:
        """Return the answer for a client that takes gzip, or one that does not."""
        headers = {"cache-control": FOREVER, "content-type": self.kind}
        if not self.compressed:
            return Response(self.body, headers=headers)
        headers["vary"] = "accept-encoding"
        if not gzipped:
            return Response(gzip.decompress(self.body), headers=headers)
        return Response(self.body, headers={**headers, "content-encoding": "gzip"})


def read(path: Source) -> File:
    """Read a file, and compress it where that helps."""
    kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
    body, text = path.read_bytes(), path.suffix in TEXT
    return File(kind or "application/octet-stream", gzip.compress(body, 6, mtime=0) if text else body, text)


def places() -> dict[str, Source]:
    """Return every file there is, by the path of its address."""
    bundles = {f"/static/{path.relative_to(BUNDLES).as_posix()}": path for path in BUNDLES.rglob("*") if path.is_file()}
    strips = {f"/{assets.picture(strip.name)}": strip for strip in STRIPS}
    return {**bundles, **{f"/{assets.address(name)}": file for name, file in assets.served().items()}, **strips}


class Statics:
    """Answers what is asked of these files, and lets everything else pass."""

    def __init__(self, app: ASGIApp, files: Mapping[str, Source] | None = None, base: str = "") -> None:
        self.app, found = app, places() if files is None else files
        self.places = {base + path: file for path, file in found.items()}
        self.prefixes = tuple({f"{base}/{path.split('/')[1]}/" for path in found})
        self.reading: dict[str, asyncio.Task[File]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        await (await self.answer(scope))(scope, receive, send)

    async def answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return Response("Only GET and HEAD are answered here.", 405, {"allow": "GET, HEAD"})
        if scope["path"] not in self.places:
            return Response("There is no such file.", 404)
        file = await self.file(scope["path"])
        return file.response("gzip" in Headers(scope=scope).get("accept-encoding", ""))

    async def file(self, path: str) -> File:
        """Return a file, read once however many ask for it at the same time."""
        if path not in self.reading:
            self.reading[path] = asyncio.create_task(asyncio.to_thread(read, self.places[path]))
        reading = self.reading[path]
        return reading.result() if reading.done() else await asyncio.shield(reading)


# The pages


def pages(base: str = "") -> list[Route]:
    """Return the routes of the pages, and of the question whether this server answers a page at all."""
    found = [Route(f"{base}/{name}", home if name == "home" else index) for name in PAGES]
    return [*found, Route(f"{base}/access", access, methods=["POST"])]


async def index(request: Request) -> Response:
    """Answer with Streamlit's page, and what of ours comes with it."""
    name = request.url.path.rpartition("/")[2]
    return HTMLResponse(_index(name or "home"), headers={"cache-control": "no-cache"})


async def home(request: Request) -> Response:
    """Lead to the address under which Streamlit knows its first page; by its name it would say that there is none."""
    query = request.url.query
    return RedirectResponse(f"./?{query}" if query else "./")


@cache
def _index(name: str) -> str:
    return INDEX.read_text("utf-8").replace("<head>", f"<head>\n    {assets.head(name)}", 1)


async def access(_: Request) -> Response:
    """Say that the page that asks is welcome: the gate has let it in."""
    return JSONResponse({})
