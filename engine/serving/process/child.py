"""The engine's process: jobs come over a stream, answers go back."""

import contextlib
import faulthandler
import importlib
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import CheckpointRefused, ModelFault, ZoetropeError
from engine.inference.requests import Answer
from engine.serving import codec
from engine.serving.process.stream import Stream
from engine.serving.protocol import Backend

LOG = logging.getLogger(__name__)
HEARTBEAT = 1.0  # seconds between two signs of life
SWITCH = 0.0005  # seconds; ten times as often as usual, so that a model that is opened does not hold up a drag


def run(handle: int) -> NoReturn:
    """Be the worker process: serve over the socket `handle`, and end with it."""
    faulthandler.enable()
    try:
        for name in ("engine.inference.engine", "engine.serving.local"):
            with contextlib.suppress(Exception):  # before the first sign of life; opening meets the same, and tells it
                importlib.import_module(name)
        serve(Stream(socket.socket(fileno=handle)))
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)  # torch takes its time to tidy up, and there is nothing to tidy


def serve(stream: Stream) -> None:
    """Open an engine as the first packet says, and answer the following ones until the stream ends."""
    sys.setswitchinterval(SWITCH)
    threading.Thread(target=_heartbeat, args=(stream,), name="heartbeat", daemon=True).start()
    packets = stream.packets()
    opening = next(packets, None)
    if opening is None:
        return
    try:
        backend = _open(codec.unpack(opening)[0])
    except Exception as error:
        sentence = str(error) if isinstance(error, ZoetropeError) else f"{type(error).__name__}: {error}"
        stream.send(codec.pack({"tell": "fault", "sentence": sentence}))
        return
    responder = Responder(stream, backend)
    responder.tell_catalogue()
    for each in packets:
        responder.hear(*codec.unpack(each))


def _heartbeat(stream: Stream) -> None:
    """Give a sign of life each second, whatever the other threads are at."""
    while not stream.ended:
        stream.send(codec.pack({"tell": "heartbeat"}))
        time.sleep(HEARTBEAT)


def _open(opening: dict[str, Any]) -> Backend:
    from engine.serving.local import ThreadBackend  # here, not above: it loads torch

    module, name = opening["factory"].split(":")
    factory: Callable[..., Any] = getattr(importlib.import_module(module), name)
    folders = opening["folders"]
    places = None if folders is None else [Path(folder) for folder in folders]
    backend = ThreadBackend(factory(places, opening["device"], threads=opening["threads"]))
    if (first := opening["warm"]) is not None:
        backend.warm([*first, *(name for name in backend.catalogue().names() if name not in first)])
    return backend


class Responder:
    """Hands what comes over the stream to the engine, and its answers back."""

    def __init__(self, stream: Stream, backend: Backend) -> None:
        self.stream, self.backend = stream, backend
        self.futures: dict[int, Future[Answer]] = {}

    def tell_catalogue(self) -> None:
        text = self.backend.catalogue().to_json().decode()
        self.stream.send(codec.pack({"tell": "catalogue", "catalogue": text, "process": os.getpid()}))

    def hear(self, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Do what a packet asks for."""
        match header["do"]:
            case "job":
                self._submit(header["id"], header, arrays)
            case "cancel":
                if future := self.futures.get(header["id"]):
                    future.cancel()
            case "forget":
                self.backend.forget(header["who"])

    def _submit(self, number: int, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        try:
            future = self.backend.submit(codec.job_from(header, arrays))
        except Exception as error:
            self.stream.send(codec.pack_answer(_trouble(error), id=number))
            return
        self.futures[number] = future
        future.add_done_callback(partial(self._answer, number))

    def _answer(self, number: int, future: "Future[Answer]") -> None:
        self.futures.pop(number, None)
        self.stream.send(_packed(number, future))
        if not future.cancelled() and isinstance(future.exception(), CheckpointRefused):
            self.tell_catalogue()  # a checkpoint has a fault that was not known when the catalogue was told


def _packed(number: int, future: "Future[Answer]") -> bytes:
    if future.cancelled():
        return codec.pack({"id": number, "cancelled": True})
    error = future.exception()
    return codec.pack_answer(_trouble(error) if error else future.result(), id=number)


def _trouble(error: BaseException) -> ZoetropeError:
    if isinstance(error, ZoetropeError):
        return error
    LOG.error("a request failed", exc_info=error)
    return ModelFault(f"The engine failed on this request ({type(error).__name__}). Ask again.")
