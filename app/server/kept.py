"""Pictures of a person's own over HTTP, kept beside the view of their tab.

    POST /kept            a PNG → {picture: its name, trouble: why it lasts only until Zoetrope stops, or empty}
    GET  /kept/NAME       the PNG

Both carry the tab's token in the header `Zoetrope-Token`. A picture is named by its SHA-256 and goes with its view,
which holds that name. What is refused is answered with {error: a sentence}.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.server import store
from app.server.protocol import TOKEN
from engine.errors import BadPicture, BadValue, ZoetropeError

LARGEST = 6 << 20
"""Bytes of a picture: 1,024 × 1,024 pixels of pure noise need 4.2 MB."""
PNG = b"\x89PNG\r\n\x1a\n"
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def routes(base: str = "") -> list[Route]:
    """Return what the web server adds to its own, below a base path."""
    return [Route(f"{base}/kept", answer, methods=["POST"]), Route(f"{base}/kept/{{name}}", answer, methods=["GET"])]


async def answer(request: Request) -> Response:
    """Answer what app/server/gate.py lets pass, and whatever is refused with its sentence."""
    try:
        token = request.headers.get("zoetrope-token", "")
        if not TOKEN.fullmatch(token):
            raise BadValue("A token is 22 to 64 letters, digits, - and _.")
        return await (_keep if request.method == "POST" else _recall)(token, request)
    except ZoetropeError as error:
        return JSONResponse({"error": str(error)}, 400, HEADERS)


async def _keep(token: str, request: Request) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise BadPicture(f"is larger than the {LARGEST >> 20} MB that are kept of a picture.")
    if not body.startswith(PNG):
        raise BadPicture("is no PNG, and nothing else is kept.")
    name = await asyncio.to_thread(store.keep_picture, token, bytes(body))
    return JSONResponse({"picture": name, "trouble": store.trouble()}, headers=HEADERS)


async def _recall(token: str, request: Request) -> Response:
    picture = await asyncio.to_thread(store.recall_picture, token, request.path_params["name"])
    if picture is None:
        return JSONResponse({"error": "This picture is not kept here any longer."}, 404, HEADERS)
    return Response(picture, headers=HEADERS, media_type="image/png")
