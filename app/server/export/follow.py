"""How far a film is, told to those who subscribe to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from app.server.export.queue import ExportQueue

PAUSE = 0.1
"""Seconds at least between two tellings: a film may take a picture a millisecond."""
REPEATED = 2.0
"""Seconds after which a state is told again: the page hears that the socket is alive, the queue that somebody waits."""


async def follow(exports: ExportQueue, token: str) -> AsyncGenerator[dict[str, Any], None]:
    """Tell the progress of a film, at once and at each change, to its end. Raises UnknownName where it is gone."""
    loop, changed, previous = asyncio.get_running_loop(), asyncio.Event(), dict[str, Any]()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(changed.set)

    with exports.watched(wake):
        while True:
            changed.clear()
            film = exports.film(token)
            going, progress = film.going, exports.progress(film)
            if progress != previous:
                yield progress
            if not going:
                return
            previous = progress
            await asyncio.sleep(PAUSE)
            try:
                await asyncio.wait_for(changed.wait(), REPEATED)
            except TimeoutError:
                exports.sweep()
                previous = {}
