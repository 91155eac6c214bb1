"""The live channel: a latent goes in, a picture comes back, and the newest gesture wins.

Wire protocol, the same in both directions and the only place where it is written down:

    message := length (little-endian u32) + header (UTF-8 JSON, `length` bytes) + payload

    request, always with id, slot, op and model
        decode      rows, y?: int | [int], columns?: int      payload: z, float32 little-endian, rows × latent
        draw        seeds: [int], truncation?: number         no payload
        posterior                                             no payload

    answer, always with id, slot, model, shape, format and ms
        decode      shape [n, h, w, c]; format "raw": uint8 NHWC, or "jpeg": one sheet of n tiles, `columns` to a row
        draw        shape [n, latent]; format "float32": z
        posterior   shape [m, latent]; format "float32": z, followed by m int16 labels where `labels` is true
        trouble     {id, slot, error}: a sentence for the person, no payload

`ms` holds milliseconds by stage: queue, model, encode. A client keeps one request in flight per slot and draws no
answer but to its newest. Where a client asks faster, only the newest job of a slot is kept and the older go
unanswered. A malformed message closes its own socket with a reason and harms nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.door import Door
from app.wire import BROKEN, POLICY, Job, Refused, check, message, parse
from engine.errors import ZoetropeError
from engine.sheet import encode, sheet

if TYPE_CHECKING:
    from engine.card import Card
    from engine.runtime import Engine

MAX_SLOTS = 64
RAW_LIMIT = 64 << 10
"""Below this many bytes a picture travels as it is: encoding would cost more than it saves."""
CHUNK = 200_000
"""Values decoded in one go: a sheet yields to other people's gestures between two chunks."""
MESSAGES_PER_SECOND = 300.0
BURST = 600.0


class Rate:
    """A bucket of messages that refills with time."""

    def __init__(self) -> None:
        self.tokens, self.since = BURST, time.monotonic()

    def spend(self) -> None:
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.since) * MESSAGES_PER_SECOND) - 1
        self.since = now
        if self.tokens < 0:
            raise Refused(POLICY, f"More than {MESSAGES_PER_SECOND:.0f} messages a second; reload the page.")


class Live:
    """The WebSocket endpoint: one reader and one worker for each socket, one model thread for all."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until either side closes it."""
        if not same_origin(websocket.headers.get("origin"), websocket.headers.get("host")):
            await websocket.close(POLICY, "This page is not served by this Zoetrope.")
            return
        await websocket.accept()
        desk = Desk(websocket, self.door)
        tasks = asyncio.create_task(desk.read()), asyncio.create_task(desk.work())
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await _close(websocket, await asyncio.gather(*tasks, return_exceptions=True))


async def _close(websocket: WebSocket, ends: Sequence[BaseException | None]) -> None:
    """Close a socket with the reason for which its reader or its worker ended."""
    refusal = next((end for end in ends if isinstance(end, Refused)), None)
    if refusal is not None:
        await websocket.close(refusal.code, refusal.reason)
    elif not any(isinstance(end, WebSocketDisconnect) for end in ends):
        with contextlib.suppress(RuntimeError):  # it may be closed already
            await websocket.close(BROKEN, "The live channel stopped; it opens again by itself.")


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether a page from `origin` may talk to us; programs send no origin and may."""
    return origin is None or urlsplit(origin).netloc == host


class Desk:
    """The jobs of one socket: the newest for each slot, and nothing older."""

    def __init__(self, websocket: WebSocket, door: Door) -> None:
        self.websocket, self.door = websocket, door
        self.jobs: dict[str, Job] = {}
        self.woken = asyncio.Event()

    async def read(self) -> None:
        """Take messages until the socket closes; Refused where one is malformed."""
        rate = Rate()
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            rate.spend()
            job = parse(message.get("bytes"))
            check(job, await self._card(job))
            self._put(job)

    def _put(self, job: Job) -> None:
        slot = str(job.header["slot"])
        if slot not in self.jobs and len(self.jobs) >= MAX_SLOTS:
            raise Refused(POLICY, f"More than {MAX_SLOTS} slots wait on one socket.")
        self.jobs[slot] = job
        self.woken.set()

    async def _card(self, job: Job) -> Card | None:
        engine = await asyncio.wrap_future(self.door.opening)
        try:
            return engine.card(str(job.header["model"]))
        except ZoetropeError:  # an unknown model is answered in its turn, not punished
            return None

    async def work(self) -> None:
        """Run the waiting jobs, the smallest first, a chunk at a time, and answer each that is complete."""
        engine = await asyncio.wrap_future(self.door.opening)
        while True:
            await self.woken.wait()
            slot = min(self.jobs, key=lambda name: self.jobs[name].left)
            job = self.jobs[slot]
            answer = await self._step(engine, job)
            if self.jobs.get(slot) is not job:  # a newer gesture replaced it meanwhile
                continue
            if answer is not None:
                del self.jobs[slot]
                await self.websocket.send_bytes(answer)
            if not self.jobs:
                self.woken.clear()

    async def _step(self, engine: Engine, job: Job) -> bytes | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.door.pool, advance, engine, job)
        except ZoetropeError as error:
            return message({"id": job.header["id"], "slot": job.header["slot"], "error": str(error)})
        except Exception as error:  # a fault of ours must reach the person as a sentence, and no other job
            sentence = f"The model stopped with {type(error).__name__}; the picture before it stays."
            return message({"id": job.header["id"], "slot": job.header["slot"], "error": sentence})


def advance(engine: Engine, job: Job) -> bytes | None:
    """Do the next part of a job, in the model thread; the answer once it is complete, else None."""
    started = time.perf_counter()
    if not job.done:
        job.ms["queue"] = 1e3 * (started - job.arrived)
    return OPERATIONS[job.op](engine, job)


def _decode(engine: Engine, job: Job) -> bytes | None:
    name, card = str(job.header["model"]), engine.card(str(job.header["model"]))
    if job.z is None:  # the model was unknown when the message came and has appeared since
        check(job, card)
    assert job.z is not None
    first = sum(len(part) for part in job.done)
    last = first + max(1, CHUNK // int(np.prod(card.shape)))
    started = time.perf_counter()
    job.done.append(engine.decode(name, job.z[first:last], None if job.y is None else job.y[first:last]))
    job.ms["model"] += 1e3 * (time.perf_counter() - started)
    return None if last < len(job.z) else _pictures(job)


def _pictures(job: Job) -> bytes:
    pictures = job.done[0] if len(job.done) == 1 else np.concatenate(job.done)
    n = len(pictures)
    columns = min(n, job.header.get("columns") or int(np.ceil(np.sqrt(n))))
    started = time.perf_counter()
    raw = pictures.nbytes <= RAW_LIMIT
    payload = pictures.tobytes() if raw else _sheet(pictures, columns)
    job.ms["encode"] = 1e3 * (time.perf_counter() - started)
    return _answer(job, pictures.shape, "raw" if raw else "jpeg", payload, columns=columns)


def _sheet(pictures: NDArray[np.uint8], columns: int) -> bytes:
    return encode(sheet(pictures, columns), "JPEG")


def _draw(engine: Engine, job: Job) -> bytes:
    started = time.perf_counter()
    truncation = float(job.header.get("truncation", 1.0))
    z = engine.latents(str(job.header["model"]), job.header["seeds"], truncation)
    job.ms["model"] = 1e3 * (time.perf_counter() - started)
    return _answer(job, z.shape, "float32", z.astype("<f4").tobytes())


def _posterior(engine: Engine, job: Job) -> bytes:
    means, labels = engine.posterior(str(job.header["model"]))
    payload = means.astype("<f4").tobytes()
    if labels is not None:
        payload += labels.astype("<i2").tobytes()
    return _answer(job, means.shape, "float32", payload, labels=labels is not None)


def _answer(job: Job, shape: tuple[int, ...], form: str, payload: bytes, **more: Any) -> bytes:
    about = {key: job.header[key] for key in ("id", "slot", "model")}
    ms = {stage: round(value, 3) for stage, value in job.ms.items()}
    return message({**about, "shape": list(shape), "format": form, "ms": ms, **more}, payload)


OPERATIONS: dict[str, Callable[[Engine, Job], bytes | None]] = {
    "decode": _decode,
    "draw": _draw,
    "posterior": _posterior,
}
