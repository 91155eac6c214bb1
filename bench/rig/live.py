"""The live channel as a program speaks it. docs/protocol.md describes the messages."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Bytes = NDArray[np.uint8]
Latent = NDArray[np.float32]
T = TypeVar("T")
UNREACHABLE = (OSError, InvalidHandshake, TimeoutError)
PAUSES = (0.15, 0.4, 1.0, 2.0, 4.0)
"""Seconds before the next attempt to connect, as the page waits."""


class Trouble(Exception):
    """A sentence in the place of an answer."""


@dataclass(frozen=True)
class Reply:
    """One answer: its header and the payload of each result."""

    header: dict[str, Any]
    payloads: tuple[bytes, ...]

    @property
    def pictures(self) -> Bytes:
        """The raw pictures of the only result, uint8 (n, height, width, channel). Raises Trouble with its sentence."""
        result = self.result
        if result["format"] != "raw":
            raise ValueError(f"The result came as {result['format']}, and only raw pictures can be compared.")
        return np.frombuffer(self.payloads[0], np.uint8).reshape(result["shape"])

    @property
    def result(self) -> dict[str, Any]:
        """The header of the only result. Raises Trouble with its sentence."""
        result: dict[str, Any] = self.header["results"][0]
        if "error" in result:
            raise Trouble(result["error"])
        return result


def decode(model: str, z: Latent, **more: Any) -> dict[str, Any]:
    """Ask for decoded latents; `z` itself travels in the payload."""
    return {"verb": "decode", "model": model, "rows": len(z), **more}


def encode_message(header: dict[str, Any], payload: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + payload


def read_message(data: bytes) -> Reply:
    (length,) = struct.unpack_from("<I", data)
    header, at, payloads = json.loads(data[4 : 4 + length]), 4 + length, []
    for result in header.get("results", ()):
        payloads.append(data[at : at + result.get("bytes", 0)])
        at += result.get("bytes", 0)
    if at != len(data):
        raise ValueError(f"An answer of {len(data)} bytes came whose header speaks of {at}: {header}")
    return Reply(header, tuple(payloads))


@dataclass
class Line:
    """One socket to the live channel; of each slot one request may be in flight."""

    address: str
    who: str = field(default_factory=lambda: secrets.token_urlsafe(24))  # the token that its views are kept under
    states: list[tuple[float, str]] = field(default_factory=list)  # of the engine, as they were told, with the time
    _waiting: dict[int, asyncio.Future[Reply]] = field(default_factory=dict)
    _last: int = 0
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None

    async def open(self, patience: float = 20.0, **how: Any) -> Line:
        """Connect. Raises one of UNREACHABLE."""
        self._socket = await connect(
            f"ws://{self.address}/live?person={self.who}",
            compression=None,
            max_size=None,
            open_timeout=patience,
            ping_interval=None,
            **how,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                reply = read_message(data if isinstance(data, bytes) else data.encode())
                if "engine" in reply.header:
                    self.states.append((time.perf_counter(), reply.header["engine"]))
                elif (future := self._waiting.pop(reply.header["id"], None)) and not future.done():
                    _settle(future, reply)
        except ConnectionClosed:
            pass
        finally:
            self._lose(socket)

    def _lose(self, socket: ClientConnection) -> None:
        reason = f"{socket.close_code} {socket.close_reason or ''}".strip()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError(f"The socket closed: {reason}"))
        self._waiting.clear()

    async def ask(self, op: str, payload: bytes = b"", slot: str = "main", **header: Any) -> Reply:
        """Send one request and wait for its answer. Raises Trouble with a sentence, or ConnectionResetError."""
        self._last += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = future
        try:
            await self.send(encode_message({"id": self._last, "slot": slot, "op": op, **header}, payload))
        except ConnectionClosed:
            self._waiting.pop(self._last, None)
            raise ConnectionResetError("The socket was closed.") from None
        return await future

    async def decode(self, model: str, z: Latent, slot: str = "main", **more: Any) -> Reply:
        payload = np.ascontiguousarray(z, "<f4").tobytes()
        return await self.ask("show", payload, slot, operations=[decode(model, z, **more)])

    async def keep(self, view: dict[str, Any]) -> None:
        await self.ask("keep", slot="view", token=self.who, view=view)

    async def recall(self) -> dict[str, Any] | None:
        reply = await self.ask("recall", slot="view", token=self.who)
        view: dict[str, Any] | None = reply.header["view"]
        return view

    # The socket itself

    async def send(self, message: bytes | str) -> None:
        """Send anything at all. Raises ConnectionClosed."""
        assert self._socket is not None
        await self._socket.send(message)

    async def closed(self) -> tuple[int | None, str]:
        """Wait until the socket is closed; the code and the reason."""
        assert self._socket is not None
        await self._socket.wait_closed()
        return self._socket.close_code, self._socket.close_reason or ""

    def cut(self) -> None:
        """Lose the connection without a word, as a phone that leaves the room does."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def close(self) -> None:
        if self._socket is not None and self._reader is not None:
            await self._socket.close()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def again(self, patience: float = 60.0) -> None:
        """Connect again as the page does. Raises TimeoutError when the server does not come back."""
        await patiently(self.open, patience)


async def patiently(connecting: Callable[[], Awaitable[T]], patience: float = 60.0) -> T:
    """Try to connect until it works, with the pauses of the page. Raises TimeoutError when it never does."""
    async with asyncio.timeout(patience):
        for attempt in itertools.count():
            with contextlib.suppress(*UNREACHABLE):
                return await connecting()
            await asyncio.sleep(random.uniform(0.5, 1.0) * PAUSES[min(attempt, len(PAUSES) - 1)])
    raise AssertionError("An endless loop has ended.")


def _settle(future: asyncio.Future[Reply], reply: Reply) -> None:
    if "error" in reply.header:
        future.set_exception(Trouble(reply.header["error"]))
    else:
        future.set_result(reply)
