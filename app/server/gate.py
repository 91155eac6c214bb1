"""In front of everything: who may pending, how long a request may take to arrive, and how many sockets may be open."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from ipaddress import ip_network

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.server.headers import HEADERS
from app.server.origins import Site, address

SOCKETS = ("/live", "/_stcore/stream")
BODY = 30.0
"""Seconds that may pass between two parts of a request's body."""
MOST_SOCKETS = 2048
"""Sockets from one address: two for each phone of a lecture hall whose network shows one address to the outside."""
REMEMBERED = 100
"""Refusals that are logged; what follows may be somebody who fills the log."""
NO_UPGRADE = (
    "A WebSocket came here as a plain request: a proxy between takes its Upgrade header away. "
    "Let it pass WebSockets on; docs/deployment.md has the lines for nginx."
)
CROWDED = f"More than {MOST_SOCKETS} sockets are open from this address."

log = logging.getLogger(__name__)


class Gate:
    """Answers what is refused; what passes it has a known host, and comes from a page of ours or from a program.

    The Origin header goes no further: Streamlit would ask an outside address for this machine's own to judge it.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site
        self.behind = ProxyHeadersMiddleware(self.admit, ["127.0.0.1", "::1", *site.proxies])  # type: ignore[arg-type]
        self.sockets = Counter[str]()
        self.said = set[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if reason := self.site.objection(scope):
            self.say(reason)
            await refuse(scope, receive, send, reason)
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await self.behind({**scope, "headers": headers}, receive, send)  # type: ignore[arg-type]

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is welcome, with its client's own address where a trusted proxy names it."""
        path, base = scope["path"], self.site.base
        if scope["type"] == "websocket":
            await self.count(scope, receive, send)
        elif base and path in ("/", base):
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{base}/{query and '?' + query}", 307)(scope, receive, send)
        elif path in [base + socket for socket in SOCKETS]:
            self.say(NO_UPGRADE)
            await refuse(scope, receive, send, NO_UPGRADE, 426)
        else:
            await self.app(scope, patient(receive), send)

    async def count(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold one address to so many sockets."""
        who = address_of(scope)
        if self.sockets[who] >= MOST_SOCKETS:
            self.say(CROWDED)
            await refuse(scope, receive, send, CROWDED, 429)
            return
        self.sockets[who] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.sockets[who] -= 1
            self.sockets += Counter()  # forgets those that have none

    def say(self, reason: str) -> None:
        """Log a reason the first time."""
        if reason not in self.said and len(self.said) < REMEMBERED:
            self.said.add(reason)
            log.warning(reason)


def address_of(connection: Scope | HTTPConnection) -> str:
    """Return the network address of the client; in IPv6 the network, as each machine there has many addresses."""
    client = connection["client"]
    found = address(str(client[0])) if client else None
    return str(ip_network(f"{found}/64", strict=False)) if found and ":" in found else found or ""


async def refuse(scope: Scope, receive: Receive, send: Send, reason: str, status: int = 403) -> None:
    """Answer with a sentence: to a person as text, to a script as JSON; a WebSocket is refused before it opens."""
    response: Response
    accepted = dict(scope["headers"]).get(b"accept", b"")
    if scope["type"] == "http" and b"text/html" in accepted:
        response = PlainTextResponse(reason, status)
    else:
        response = JSONResponse({"error": reason}, status)
    response.headers["cache-control"] = "no-store"
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        response.headers.update(HEADERS)
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})


def patient(receive: Receive, patience: float = BODY) -> Receive:
    """Receive a request that arrives without long pauses. Raises HTTPException where it stops before its end."""
    whole = False

    async def timed() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), patience)
        except TimeoutError:
            raise HTTPException(408, f"The request stopped for {patience:.0f} s before its end.") from None
        whole = not message.get("more_body", False)
        return message

    return timed
