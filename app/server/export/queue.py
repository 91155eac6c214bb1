"""Films for many people, one at a time and with a low claim: people who drag a picture meanwhile must not notice.

Of all films, one part of a few pictures is in the engine's line at a time, and one thread enlarges and encodes them. It
has no lower priority than others: while it holds Python's lock and waits for a core, the live channel would wait too.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import Any

import numpy as np

from app.engine_client import EngineClient
from app.server.export.film import FORMS, LOOKS, SIZES, chosen, opened
from app.server.export.folder import Folder
from app.server.export.path_file import Path, file_name, to_json
from engine.errors import BadValue, Busy, UnknownName, ZoetropeError
from engine.image_grid import Bytes
from engine.inference.requests import Answer, Job

PART = 8.0
"""Milliseconds that a part may hold the engine: half a refresh of a screen."""
FIRST, MOST_ROWS = 2, 64
"""Pictures of the first part, whose time tells how many the next may have, and of any part."""
MOST, MOST_EACH = 24, 3
"""Films that may wait, of all people and of one."""
KEPT_EACH, KEPT_BYTES = 8, 1 << 30
"""Finished films of one person that can be fetched, and bytes of all: the oldest make room."""
FORSAKEN = 120.0
"""Seconds without a question after which nobody waits for a film; a page in the background asks once a minute."""
KEPT = 900.0
"""Seconds that a finished film can be fetched."""
LARGEST = 200 << 20
"""Bytes of a film's file."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What somebody wants: a path as a file of some form; `size` pixels on the longer side."""

    path: Path
    form: str = "mp4"  # a row of FORMS
    size: int = 512
    look: str = "soft"  # a row of LOOKS


class Stopped(Exception):
    """Nobody wants this film any more."""


@dataclass(eq=False)
class Export:
    """A film in the making, or made."""

    order: Order  # once the film is made, without the keys of its path
    file: File
    person: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    done: int = 0  # pictures in the file
    size: int = 0  # bytes of the file, once it is made
    state: str = "waiting"  # making, ready, failed, stopped
    error: str = ""
    seen: float = field(default_factory=time.monotonic)  # when somebody last asked for it
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def frames(self) -> range:
        """Frames of the path that are to be in the file."""
        path = self.order.path
        return range(1) if self.order.form == "json" else chosen(self.order.form, path.frames, path.fps)

    @property
    def name(self) -> str:
        """Name under which the file is saved."""
        return file_name(self.order.path, FORMS[self.order.form].ending)

    @property
    def going(self) -> bool:
        return self.state in ("waiting", "making")


def check(order: Order) -> Order:
    """Return an order. Raises BadValue for a form, size or look that there is not."""
    if order.form not in FORMS:
        raise BadValue(f"A file of kind {order.form[:20]!r} was asked for; there is {', '.join(FORMS)}.")
    if not SIZES[0] <= order.size <= SIZES[1]:
        raise BadValue(f"A size of {order.size} was asked for; it can be {SIZES[0]} to {SIZES[1]} pixels.")
    if order.look not in LOOKS:
        raise BadValue(f"A look of {order.look[:20]!r} was asked for; there is {' and '.join(LOOKS)}.")
    return order


class ExportQueue:
    """Makes films over the engine behind a client."""

    def __init__(self, client: EngineClient) -> None:
        self.client, self.lock = client, threading.Lock()
        self.films = dict[str, Export]()
        self.watchers = list[Callable[[], None]]()
        self.folder = Folder()
        self.worker = ThreadPoolExecutor(1, "film")

    # What people ask

    def order(self, order: Order, person: str = "") -> Export:
        """Have a film made for somebody. Raises BadValue, or Busy where too many wait."""
        check(order)
        self.sweep()
        with self.lock:
            going = [film for film in self.films.values() if film.going]
            if sum(film.person == person for film in going) >= MOST_EACH:
                raise Busy(f"{MOST_EACH} of your films wait already. Wait for one of them, or cancel it.")
            if len(going) >= MOST:
                raise Busy(f"{MOST} films wait already. Ask again in a minute.")
            film = Export(order, self.folder.file(FORMS[order.form].ending), person)
            self.films[film.token] = film
        self.worker.submit(self._make, film)
        return film

    def film(self, token: str) -> Export:
        """Return a film that was ordered. Raises UnknownName where it is gone."""
        with self.lock:
            film = self.films.get(token)
        if film is None:
            raise UnknownName("film", token[:8], [])
        film.seen = time.monotonic()
        return film

    def ahead(self, film: Export) -> int:
        """Count the films that come before one."""
        with self.lock:
            going = [other for other in self.films.values() if other.going]
        return going.index(film) if film in going else 0

    def progress(self, film: Export) -> dict[str, Any]:
        """Say how far a film is."""
        about = {"film": film.token, "state": film.state, "done": film.done, "frames": len(film.frames)}
        return {**about, "ahead": self.ahead(film), "name": film.name, "error": film.error}

    @contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Call a watcher, from any thread, whenever a film has got further."""
        with self.lock:
            self.watchers.append(watcher)
        try:
            yield
        finally:
            with self.lock:
                self.watchers.remove(watcher)

    def _changed(self) -> None:
        with self.lock:
            watchers = list(self.watchers)
        for watcher in watchers:
            watcher()

    def cancel(self, film: Export) -> None:
        """Stop making a film, and forget it."""
        film.stop.set()
        with self.lock:
            self.films.pop(film.token, None)
        if not film.going:
            film.file.unlink(missing_ok=True)
        self._changed()

    def sweep(self) -> None:
        """Stop films that nobody asks for any more, and forget those that are old."""
        now = time.monotonic()
        with self.lock:
            films = list(self.films.values())
        for film in films:
            if now - film.seen > (FORSAKEN if film.going else KEPT):
                self.cancel(film)
        for film in crowded([film for film in films if not film.going]):
            self.cancel(film)

    def close(self) -> None:
        """Stop everything and leave no file behind."""
        for film in list(self.films.values()):
            self.cancel(film)
        self.worker.shutdown(cancel_futures=True)
        self.folder.close()

    # The worker

    def _make(self, film: Export) -> None:
        film.state = "making"
        self._changed()
        try:
            if film.order.form == "json":
                film.file.write_bytes(to_json(film.order.path))
                film.done = 1
            else:
                self._shoot(film)
            film.size, film.state = film.file.stat().st_size, "ready"
        except Stopped:
            film.state = "stopped"
        except ZoetropeError as error:
            film.state, film.error = "failed", str(error)
        except Exception as error:
            log.error("A film was not made", exc_info=True)
            film.state, film.error = (
                "failed",
                f"The film was not made ({type(error).__name__}). Try another kind of file.",
            )
        if film.state != "ready" or film.stop.is_set():
            film.file.unlink(missing_ok=True)
        film.order = replace(film.order, path=replace(film.order.path, keys=()))
        self._changed()

    def _shoot(self, film: Export) -> None:
        order = film.order
        card = self.client.catalogue().able(order.path.model, "decodes")
        with opened(order.form, film.file, card.shape, order.size, order.look, order.path.fps) as reel:
            for picture in self._pictures(film):
                reel.add(picture)
                film.done += 1
                self._changed()
                if film.stop.is_set():
                    raise Stopped
                if film.file.exists() and film.file.stat().st_size > LARGEST:
                    raise BadValue(
                        f"The film has grown beyond {LARGEST >> 20} MB. Make it smaller or shorter, or take MP4."
                    )

    def _pictures(self, film: Export) -> Iterator[Bytes]:
        """Have the pictures decoded in parts; while one is encoded, the next is in the engine's line."""
        z, y = film.order.path.latents()
        z, y = z[film.frames], None if y is None else y[film.frames]
        who = f"film-{film.token}"
        at, rows = 0, FIRST
        coming = None
        while at < len(z) or coming:
            answer = None if coming is None else _awaited(coming, film)
            coming = None
            if answer is not None:
                rows = _rows(answer)
            if at < len(z):
                part = slice(at, at + rows)
                job = Job(
                    "decode", film.order.path.model, z=z[part], y=None if y is None else y[part], who=who, slot="film"
                )
                coming, at = self.client.submit(job), at + rows
            if answer is not None:
                yield from answer.arrays["pictures"]


def crowded(finished: Sequence[Export]) -> list[Export]:
    """Name the finished films, the oldest first, that have to make room for newer ones."""
    kept, bytes_, leaving = Counter[str](), 0, list[Export]()
    for film in reversed(finished):
        kept[film.person] += 1
        bytes_ += film.size
        if kept[film.person] > KEPT_EACH or bytes_ > KEPT_BYTES:
            leaving.append(film)
    return leaving


def _rows(answer: Answer) -> int:
    """How many pictures the next part may have, by the time that this one took."""
    rows = len(answer.arrays["pictures"])
    return int(np.clip(PART * rows / max(answer.ms.get("model", PART), 0.1), 1, min(MOST_ROWS, 2 * rows)))


def _awaited(coming: Future[Answer], film: Export) -> Answer:
    while True:
        try:
            return coming.result(0.25)
        except NotYet:
            if film.stop.is_set():
                coming.cancel()
                raise Stopped from None
        except CancelledError:
            raise Stopped from None
