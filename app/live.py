"""The live channel: a latent goes in, a picture comes back, and the newest gesture wins.

Wire protocol, the same in both directions and the only place where it is written down:

    message := length (little-endian u32) + header (UTF-8 JSON, `length` bytes) + payload

    request, always with id, slot and op
        show     panels: [panel, …] 1 to 16, of 1024 rows together; rate?: bytes a second that the client has measured
                 payload: z of the decode panels one after the other, float32 little-endian, rows × latent each
            decode      {verb, model, rows, y?: int | [int], columns?: int}
            draw        {verb, model, seeds: [int], truncation?: number}
            posterior   {verb, model}
        keep     token: 22 to 64 letters, digits, - and _; view: {…} of at most 64 KB
        recall   token

    answer, always with id and slot
        show     ms: {queue, model, encode}; panels: in the order asked for, all in one message
                 payload: that of each panel, one after the other, `bytes` long each
            decode      {model, verb, bytes, shape: [n, h, w, c], columns, format}; format "raw": uint8 NHWC,
                        "jpeg" or "webp": one sheet of n tiles, `columns` to a row
            draw        {model, verb, bytes, shape: [n, latent], format: "float32"}: z
            posterior   {model, verb, bytes, shape: [m, latent], format: "float32", labels?: true}: z, followed by m
                        int16 labels where `labels` is true
            trouble     {model, verb, error}: a sentence for the person, no payload
        keep     kept: true
        recall   view: {…}, or null where nothing is kept under the token
        trouble  error: a sentence for the person, where the whole request failed

    push     {engine: "starting" | "ready" | "restarting" | "lost"}, as the socket opens and at each change

`ms` holds milliseconds by stage, the largest of the panels. A client keeps one request in flight per slot and draws no
answer but to its newest. Where a client asks faster, only the newest request of a slot is kept and the older go
unanswered. While the engine restarts, requests wait. A malformed message closes its own socket with a reason and harms
nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.desk import Desk
from app.door import Door
from app.pictures import Codec
from app.wire import BROKEN, POLICY, Refused
from engine.serving.backend import State


class Live:
    """The WebSocket endpoint: a desk for each socket, and what all desks share."""

    def __init__(self, door: Door) -> None:
        self.door, self.codec, self.desks = door, Codec(), set[Desk]()
        self.encoders = ThreadPoolExecutor(2, "encode")  # a sheet takes milliseconds, which the event loop has not
        self.shelf = ThreadPoolExecutor(1, "store")  # writes wait for the disk, one after the other
        self.loop: asyncio.AbstractEventLoop | None = None
        door.watch(self._changed)

    def _changed(self, state: State) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self.loop.call_soon_threadsafe(self._tell, state)

    def _tell(self, state: State) -> None:
        for desk in self.desks:
            desk.tell(state)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until either side closes it."""
        if not same_origin(websocket.headers.get("origin"), websocket.headers.get("host")):
            await websocket.close(POLICY, "This page is not served by this Zoetrope.")
            return
        await websocket.accept()
        self.loop = asyncio.get_running_loop()
        desk = Desk(websocket, self.door, self.codec, self.encoders, self.shelf)
        self.desks.add(desk)
        ends = asyncio.create_task(desk.read()), asyncio.create_task(desk.write()), desk.broken
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.desks.discard(desk)
            desk.leave()
            for end in ends:
                end.cancel()
        await _close(websocket, await asyncio.gather(*ends, return_exceptions=True))


async def _close(websocket: WebSocket, ends: Sequence[BaseException | None]) -> None:
    """Close a socket with the reason for which its reader, its writer or a request ended."""
    refusal = next((end for end in ends if isinstance(end, Refused)), None)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
        if refusal is not None:
            await websocket.close(refusal.code, refusal.reason)
        elif not any(isinstance(end, WebSocketDisconnect) for end in ends):
            await websocket.close(BROKEN, "The live channel stopped; it opens again by itself.")


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether a page from `origin` may talk to us; programs send no origin and may."""
    return origin is None or urlsplit(origin).netloc == host
