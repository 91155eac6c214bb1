"""An application on a free port of this machine, in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute


@contextmanager
def listening(routes: Sequence[BaseRoute]) -> Iterator[str]:
    """Serve routes: their address."""
    with running(
        uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", ws="websockets-sansio"))
    ) as port:
        yield f"localhost:{port}"


@contextmanager
def running(server: uvicorn.Server) -> Iterator[int]:
    """Run a server: its port."""
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
