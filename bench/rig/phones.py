"""A phone in the hall: it opens the page, drags, loses its connection and comes back to its view."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.rig.drags import MODEL, Seen, draw, place
from bench.rig.live import Latent, Line, Trouble, patiently
from bench.rig.visit import Session, Visit, visit

PATIENCE = 180.0


@dataclass
class Phone:
    """One visitor: a number, the live channel, Streamlit's session, and the view that its page would keep."""

    number: int
    line: Line
    session: Session | None = None
    joined: Visit | None = None
    connected: float = float("nan")  # seconds from the start of the visit
    shown: float = float("nan")

    @property
    def view(self) -> dict[str, Any]:
        """A view as large as one after minutes of use: undo history and bookmarks."""
        past = [[round(float(v), 4) for v in place(self.number, t)[0]] for t in range(120)]
        return {"model": MODEL, "z": past[-1], "axes": [0, 1], "past": past, "at": self.number, "bookmarks": past[:9]}

    def cut(self) -> None:
        self.line.cut()
        if self.session is not None:
            self.session.cut()


async def join(address: str, number: int, files: Sequence[str]) -> Phone:
    began = time.perf_counter()
    phone = Phone(number, Line(address))
    phone.joined, phone.session = await visit(address, files)
    await phone.line.open(PATIENCE)
    phone.connected = time.perf_counter() - began
    await _picture(phone, place(number, 0))
    phone.shown = time.perf_counter() - began
    return phone


async def _picture(phone: Phone, z: Latent) -> None:
    """Draw one picture. Raises Trouble with the sentence that came in its place."""
    await draw(phone.line, z, seen := Seen(), patience=PATIENCE)
    if seen.errors:
        raise Trouble(seen.errors[0])


async def come_back(phone: Phone, pause: float) -> tuple[bool, float]:
    """Connect again, both to the live channel and to Streamlit, which runs its page anew, and draw the view recalled.

    Gives whether it is the view that was kept, and the time at which it was drawn.
    """
    await asyncio.sleep(pause)
    page = asyncio.create_task(_page(phone))
    await phone.line.again(PATIENCE)
    view = await phone.line.recall()
    await _picture(phone, np.array([(view or phone.view)["z"]], np.float32))
    shown = time.perf_counter()
    await page
    return view == phone.view, shown


async def _page(phone: Phone) -> None:
    phone.session = await patiently(lambda: Session.open(phone.line.address))
    await phone.session.run()
    phone.session.listen()


async def close(phone: Phone) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        await phone.line.close()
        if phone.session is not None:
            await phone.session.close()


async def all_of(things: Any) -> list[Any]:
    """Await things side by side, each for a bounded time; results and exceptions in order."""
    return await asyncio.gather(*(_bounded(thing) for thing in things), return_exceptions=True)


async def _bounded(thing: Awaitable[Any]) -> Any:
    async with asyncio.timeout(PATIENCE):
        return await thing
