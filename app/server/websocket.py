"""The live channel: a latent goes in, a picture comes back, and the newest gesture wins.

docs/protocol.md describes the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.blind import Rounds
from app.engine_client import EngineClient
from app.server import protocol
from app.server.connection import Connection, Person, Topics
from app.server.errors import BROKEN, POLICY, ProtocolError
from app.server.gate import address_of
from app.server.pictures import Codec
from app.server.token_bucket import TooMany
from engine.serving.protocol import State

MOST = 16
"""Sockets of one person: a page has one, and some more may not know yet that their network is gone."""
MOST_NAMELESS = 64
"""Sockets of all programs at one network address that name nobody."""
CROWDED = "Too many sockets of one person are open. Close other pages of this Zoetrope and reload this one."


class Live:
    """The WebSocket endpoint: a connection for each socket, and what all connections share."""

    def __init__(self, client: EngineClient, topics: Topics | None = None) -> None:
        self.topics = topics
        self.client, self.codec, self.rounds, self.people = client, Codec(), Rounds(), dict[str, Person]()
        self.encoders = ThreadPoolExecutor(2, "encode")  # a sheet takes milliseconds, which the event loop has not
        self.shelf = ThreadPoolExecutor(1, "store")  # writes wait for the disk, one after the other
        self.loop: asyncio.AbstractEventLoop | None = None
        client.watch(self._changed)

    def _changed(self, state: State) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self.loop.call_soon_threadsafe(self._tell, state)

    def _tell(self, state: State) -> None:
        for person in self.people.values():
            for connection in person.connections:
                connection.tell(state)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until either side closes it."""
        await websocket.accept()
        self.loop = asyncio.get_running_loop()
        name = person(websocket)
        who = self.people.setdefault(name, Person(name))
        if len(who.connections) >= (MOST if named(websocket) else MOST_NAMELESS):
            await websocket.close(POLICY, CROWDED)
            return
        connection = Connection(
            websocket, self.client, self.codec, self.rounds, self.encoders, self.shelf, who, self.topics
        )
        who.connections.add(connection)
        ends = asyncio.create_task(connection.read()), asyncio.create_task(connection.write())
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(who, connection)
            for end in ends:
                end.cancel()
        await _close(websocket, await asyncio.gather(*ends, return_exceptions=True))

    def _leave(self, who: Person, connection: Connection) -> None:
        who.connections.discard(connection)
        connection.leave()
        if not who.connections:
            self.client.forget(who.name)
            self.people.pop(who.name, None)


def named(connection: HTTPConnection) -> bool:
    """Whether an address says who asks."""
    return protocol.TOKEN.fullmatch(connection.query_params.get("person", "")) is not None


def person(connection: HTTPConnection) -> str:
    """Tell people apart: by the ID in the address, or else by where in the network they are."""
    return connection.query_params["person"] if named(connection) else address_of(connection)


async def _close(websocket: WebSocket, ends: Sequence[BaseException | None]) -> None:
    """Close a socket with the reason for which its reader or its writer ended."""
    reason = next((end for end in ends if isinstance(end, TooMany | ProtocolError)), None)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
        if reason is not None:
            await websocket.close(reason.code, reason.reason)
        elif not any(isinstance(end, WebSocketDisconnect) for end in ends):
            await websocket.close(BROKEN, "The live channel stopped; it opens again by itself.")
