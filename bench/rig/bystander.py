"""Somebody who drags in peace, from a process of their own, while a measurement does harm elsewhere."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from bench.rig.drags import Seen, drag
from bench.rig.live import Line

RATE = 30.0
HAND = 7


class Bystander:
    """What the drag saw; complete once `dragging` has been left."""

    def __init__(self) -> None:
        self.seen = Seen()


@contextmanager
def dragging(address: str) -> Iterator[Bystander]:
    """Drag for as long as the body runs."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit this process's event loop
    here, there = context.Pipe()
    process = context.Process(target=_stand, args=(address, there), daemon=True)
    process.start()
    there.close()
    here.recv()  # the first picture has come
    bystander = Bystander()
    try:
        yield bystander
    finally:
        here.send("come to rest")
        bystander.seen = here.recv()
        process.join(20)


def _stand(address: str, pipe: Connection) -> None:
    pipe.send(asyncio.run(_drag(address, pipe)))


async def _drag(address: str, pipe: Connection) -> Seen:
    line = await Line(address).open()
    await drag(line, HAND, RATE, 0.0)
    pipe.send("going")
    seen = await drag(line, HAND, RATE, lambda: not pipe.poll())
    await line.close()
    return seen
