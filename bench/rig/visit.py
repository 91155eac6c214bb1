"""A phone that opens a page: the HTML, the files it names, Streamlit's session and its first run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PAGE, QUERY = "explore", "model=frey-vae-2d"
SIDE_BY_SIDE = 6
"""Browsers open so many connections to one server."""


@dataclass(frozen=True)
class Visit:
    """Seconds from the start of a visit to the end of each of its stages, and what it took."""

    html: float
    files: float
    bytes: int  # of the files, as they came
    page: float  # Streamlit's first run has ended


class Http:
    """One connection that asks for one file after the other."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def __aenter__(self) -> Http:
        host, _, port = self.address.partition(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def get(self, path: str) -> bytes:
        """Return the body, still compressed where it came so. Raises RuntimeError unless the answer is 200."""
        lines = (f"GET {path} HTTP/1.1", f"Host: {self.address}", "Accept-Encoding: gzip", "", "")
        self.writer.write("\r\n".join(lines).encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        if fields.get("transfer-encoding") == "chunked":
            body = await self._chunks()
        else:
            body = await self.reader.readexactly(int(fields.get("content-length", "0")))
        if head[0].split()[1] != "200":
            raise RuntimeError(f"{path} was answered with {head[0]}.")
        return body

    async def _chunks(self) -> bytes:
        parts = list[bytes]()
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readexactly(2)
        return b"".join(parts)


async def fetch(address: str, paths: Sequence[str]) -> int:
    """Fetch files as a browser does, over some connections side by side; their bytes."""
    waiting = list(reversed(paths))

    async def some() -> int:
        total = 0
        async with Http(address) as http:
            while waiting:
                total += len(await http.get(waiting.pop()))
        return total

    return sum(await asyncio.gather(*(some() for _ in range(min(SIDE_BY_SIDE, len(paths))))))


class Session:
    """A session of Streamlit, as its page holds one."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.reader: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, address: str, patience: float = 60.0) -> Session:
        return cls(
            await connect(
                f"ws://{address}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                compression=None,
                max_size=None,
                open_timeout=patience,
                ping_interval=None,
            )
        )

    async def run(self, page: str = PAGE, query: str = QUERY) -> None:
        """Ask for a run of the script and wait until it has ended. Raises RuntimeError where it failed."""
        await self.ask(page, query)
        async for data in self.socket:
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise RuntimeError(f"The script ended with {message.script_finished}.")
                return
            if message.delta.new_element.HasField("exception"):
                raise RuntimeError(f"The page shows {message.delta.new_element.exception.type}.")

    async def ask(self, page: str = PAGE, query: str = QUERY) -> None:
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        await self.socket.send(message.SerializeToString())

    def listen(self) -> None:
        """Take what comes from now on without looking, so that the server never waits for this visitor."""
        self.reader = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in self.socket:
                pass

    def cut(self) -> None:
        self.socket.transport.abort()

    async def close(self) -> None:
        await self.socket.close()
        if self.reader is not None:
            await asyncio.gather(self.reader, return_exceptions=True)


async def visit(address: str, files: Sequence[str], page: str = PAGE, query: str = QUERY) -> tuple[Visit, Session]:
    """Open a page as a browser does that has never seen it, and stay."""
    began = time.perf_counter()
    async with Http(address) as http:
        await http.get(f"/{page}?{query}")
    html = time.perf_counter() - began
    size = await fetch(address, files)
    fetched = time.perf_counter() - began
    session = await Session.open(address)
    await session.run(page, query)
    session.listen()
    return Visit(html, fetched, size, time.perf_counter() - began), session
