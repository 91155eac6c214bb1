"""Films and path files over HTTP, for the pages of this server alone.

    POST   /paths               a path file      → {path, notices}: as it was read
    POST   /films?person=ID     {path, form, size, look} → the film as below; the ID as in docs/protocol.md
    GET    /films/TOKEN         {film, state: waiting | making | ready | failed, ahead, done, frames, name, error};
                                pages subscribe to it, see follow.py
    DELETE /films/TOKEN         stops and forgets it
    GET    /films/TOKEN/file    the file, under its name

What is refused is answered with {error: a sentence}.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from app.server.export.film import FORMS
from app.server.export.path_file import MAX_FILE, from_json
from app.server.export.queue import Export, ExportQueue, Order
from app.server.websocket import person
from engine.errors import BadValue, Busy, EngineLost, UnknownName, ZoetropeError

STATUS = {UnknownName: 404, Busy: 503, EngineLost: 503}
Endpoint = Callable[[Request], Awaitable[Response]]


class Films:
    """The routes over one queue of exports."""

    def __init__(self, exports: ExportQueue) -> None:
        self.exports = exports

    def routes(self, base: str = "") -> list[Route]:
        """Return what the web server adds to its own."""
        return [
            Route(f"{base}/paths", _guarded(self.read), methods=["POST"]),
            Route(f"{base}/films", _guarded(self.order), methods=["POST"]),
            Route(f"{base}/films/{{token}}", _guarded(self.look), methods=["GET"]),
            Route(f"{base}/films/{{token}}", _guarded(self.cancel), methods=["DELETE"]),
            Route(f"{base}/films/{{token}}/file", _guarded(self.fetch), methods=["GET"]),
        ]

    async def read(self, request: Request) -> Response:
        """Read a path file."""
        text, catalogue = await _body(request), await self.exports.client.arrived()
        path, notices = await asyncio.to_thread(from_json, text, catalogue)
        return JSONResponse({"path": asdict(path), "notices": notices})

    async def order(self, request: Request) -> Response:
        """Have a film made."""
        text, catalogue = await _body(request), await self.exports.client.arrived()
        film = self.exports.order(await asyncio.to_thread(_order, text, catalogue), person(request))
        return JSONResponse(self.exports.progress(film), 202)

    async def look(self, request: Request) -> Response:
        """Say how far a film is."""
        self.exports.sweep()
        return JSONResponse(self.exports.progress(self._film(request)))

    async def cancel(self, request: Request) -> Response:
        """Stop a film."""
        self.exports.cancel(self._film(request))
        return Response(status_code=204)

    async def fetch(self, request: Request) -> Response:
        """Send a film that is ready."""
        film = self._film(request)
        if film.state != "ready":
            raise BadValue(f"This film is {film.state}. Wait until it is ready.")
        return FileResponse(film.file, media_type=FORMS[film.order.form].mime, filename=film.name)

    def _film(self, request: Request) -> Export:
        return self.exports.film(request.path_params["token"])


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Answer what is refused with its sentence."""

    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except ZoetropeError as error:
            return JSONResponse({"error": str(error)}, STATUS.get(type(error), 400))
        response.headers.setdefault("cache-control", "no-store")
        return response

    return answer


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FILE:
            raise BadValue(f"The file is too large; a path file has at most {MAX_FILE >> 20} MB.")
    return bytes(body)


def _order(text: bytes, catalogue: Any) -> Order:
    try:
        fields = json.loads(text)
        path, form, size, look = (fields[name] for name in ("path", "form", "size", "look"))
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BadValue("The order of a film is JSON with path, form, size and look. Reload the page.") from None
    if not (isinstance(form, str) and isinstance(look, str) and type(size) is int):
        raise BadValue("The order of a film names form and look, and size as a whole number. Reload the page.")
    return Order(from_json(json.dumps(path).encode(), catalogue)[0], form, size, look)
