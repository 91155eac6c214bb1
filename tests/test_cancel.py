"""A request that nobody waits for any more frees the engine: from a real socket to a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.routing import WebSocketRoute
from websockets.sync.client import ClientConnection, connect

from app.engine_client import EngineClient
from app.server.websocket import Live
from engine.inference.engine import Engine
from engine.inference.requests import Job
from engine.serving.chunking import Chunks
from engine.serving.local import ThreadBackend
from tests.listening import listening
from tests.shelf import PIXELS, VAE, keep, made
from tests.test_app_live import answer, cancel, request, show, wait_for

SEEDS = list(range(1024))


class Noting(ThreadBackend):
    """Notes which long jobs were begun, and which were done to their end."""

    def __init__(self, engine: Engine) -> None:
        self.begun, self.done = list[Job](), list[Job]()
        super().__init__(engine)

    def _chunks(self, job: Job, limit: int) -> Chunks:
        self.begun.append(job)
        outcome = yield from super()._chunks(job, limit)
        self.done.append(job)
        return outcome

    @property
    def idle(self) -> bool:
        return self.batcher.queue.length == 0 and self.batcher.began is None


@pytest.fixture
def backend(tmp_path: Path) -> Noting:
    keep(tmp_path, "toy-pixels", made(PIXELS))
    keep(tmp_path, "toy-vae", made(VAE))
    return Noting(Engine([tmp_path], "cpu"))


@pytest.fixture
def socket(backend: Noting) -> Iterator[ClientConnection]:
    client = EngineClient()
    client.open(lambda: backend)
    with listening([WebSocketRoute("/live", Live(client).serve)]) as address, connect(f"ws://{address}/live") as opened:
        answer(opened)
        yield opened
    client.close()


def test_pictures_drawn_pixel_by_pixel_are_given_up_midway(socket: ClientConnection, backend: Noting) -> None:
    socket.send(show({"verb": "wall", "model": "toy-pixels", "seeds": SEEDS}, id=1, slot="wall"))
    wait_for(lambda: backend.begun, seconds=60)
    socket.send(cancel(1, "wall"))
    wait_for(lambda: backend.idle, seconds=60)
    assert backend.done == []
    socket.send(request("toy-vae", np.zeros((1, 2)), 2, "picture"))
    header, _ = answer(socket)
    assert header["id"] == 2  # and nothing came of the other
    assert "error" not in header["results"][0]


def test_an_overtaken_drawing_leaves_the_engine_to_the_newer_one(socket: ClientConnection, backend: Noting) -> None:
    socket.send(show({"verb": "wall", "model": "toy-pixels", "seeds": SEEDS}, id=1, slot="wall"))
    wait_for(lambda: backend.begun, seconds=60)
    socket.send(show({"verb": "wall", "model": "toy-pixels", "seeds": [1]}, id=2, slot="wall"))
    header, _ = answer(socket)
    assert header["id"] == 2
    assert "error" not in header["results"][0]
    wait_for(lambda: backend.idle, seconds=60)
    assert [job.rows for job in backend.done] == [1]
