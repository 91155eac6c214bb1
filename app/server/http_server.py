"""The HTTP server: uvicorn, without patience for connections that say nothing or do not listen."""

from __future__ import annotations

import asyncio
import socket
import webbrowser
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request

from app.server.headers import HEADERS
from app.server.protocol import MAX_MESSAGE

HEAD = 20.0
"""Seconds in which the head of a request has to arrive."""
LONGEST_HEAD = 64 << 10
"""Bytes of a request's head at most."""
PING = 20.0
"""Seconds between two questions to a WebSocket whether it is still there, and for its answer."""
TCP, BACKLOG = socket.SOCK_STREAM, 2048
STREAM = "/_stcore/stream"
"""Where Streamlit's own messages go."""
PACKED = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
FAREWELL = 5.0
"""Seconds for what is still to be sent to a socket that does not answer."""


class Http(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Closes a connection whose request does not come, or has no end to its head."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.head = 0
        self.deadline: asyncio.TimerHandle | None = self.loop.call_later(HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_protocol() is not self or self._answering():
            self._arrived()
            return
        self.head += len(data)
        if self.head > LONGEST_HEAD:
            self.transport.abort()
        elif self.deadline is None:
            self.deadline = self.loop.call_later(HEAD, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _arrived(self) -> None:
        self.head = 0
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


class Socket(WebSocketsSansIOProtocol):
    """Lets go of a WebSocket that answers no ping, also where it takes no more bytes; compresses what Streamlit says.

    Its messages are JSON, whole pages at a time; those of the live channel are pixels, which lose time and no bytes.
    """

    def handle_connect(self, event: Request) -> None:
        if event.path.partition("?")[0].endswith(STREAM):
            self.conn.available_extensions = [PACKED]
        super().handle_connect(event)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(FAREWELL, self.transport.abort)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # with a refusal; uvicorn would log that nothing was answered


class Server(uvicorn.Server):
    """Opens a browser once it listens, if it is told on which page."""

    page = ""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started and self.page:
            await asyncio.to_thread(webbrowser.open, self.page)


def configured(app: ASGIApp, address: str, port: int) -> uvicorn.Config:
    """Return how an application is served."""
    return uvicorn.Config(
        app,
        address,
        port,
        http=Http,
        ws=Socket,
        ws_max_size=MAX_MESSAGE,  # Streamlit's messages are smaller: uploads take another road
        ws_ping_interval=PING,
        ws_ping_timeout=PING,
        ws_per_message_deflate=False,
        proxy_headers=False,  # the gate looks at them, after it has looked at who sent them
        headers=list(HEADERS.items()),
        server_header=False,
        access_log=False,
        log_level="warning",
    )


def run(app: ASGIApp, address: str, port: int, page: str = "") -> bool:
    """Serve until stopped, and open a browser on a page; whether it could begin."""
    server = Server(configured(app, address, port))
    server.page = page
    server.run(listening(address, port))
    return server.started


def listening(address: str, port: int) -> list[socket.socket]:
    """Listen at all that an address means: `localhost` in both versions of IP, `::` for both. Raises OSError."""
    both = address == "::" and socket.has_dualstack_ipv6()
    found, faults = list[socket.socket](), list[OSError]()
    for family, where in dict.fromkeys((each[0], each[4][:2]) for each in socket.getaddrinfo(address, port, type=TCP)):
        try:
            found.append(socket.create_server(where, family=family, backlog=BACKLOG, dualstack_ipv6=both))
        except OSError as error:  # a machine without IPv6 may name it in its localhost
            faults.append(error)
    if not found:
        raise faults[0]
    return found
