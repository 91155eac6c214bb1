"""What people keep on this machine: names of axes, the views they want to come back to, and pictures of their own.

One SQLite file, `state.sqlite3`, in Zoetrope's folder of the user's data; several web processes may share it. Where it
cannot be read or written, everything goes on in memory, and `trouble` has the sentence that says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import user_dir
from engine.errors import BadPicture

LONGEST_NAME = 40
MONTH = 30 * 86400.0
MOST_VIEWS = 20_000
MOST_BYTES = 256 << 20
PRUNE_EVERY = 500
"""Views kept between two looks for those that are too old or too many."""
PICTURES_OF_VIEW = 32 << 20
MOST_PICTURES = 512 << 20
"""Bytes of the pictures of one view, and of all."""
PRUNE_PICTURES_EVERY = 20
GRACE, HOUR = 10.0, 3600.0
"""Seconds that a picture waits for its view to name it, and for its token to have a view at all."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS axis_names (model TEXT, axis INTEGER, name TEXT, PRIMARY KEY (model, axis)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS views (token TEXT PRIMARY KEY, body TEXT, at REAL);
CREATE INDEX IF NOT EXISTS views_at ON views (at);
CREATE TABLE IF NOT EXISTS pictures (token TEXT, name TEXT, body BLOB, at REAL, PRIMARY KEY (token, name));
"""
OVERFLOW = """
DELETE FROM views WHERE token IN (
    SELECT token FROM (
        SELECT token, row_number() OVER newest AS place, sum(length(body)) OVER newest AS size
        FROM views WINDOW newest AS (ORDER BY at DESC)
    ) WHERE place > ? OR size > ?
)
"""
UNNAMED = """
DELETE FROM pictures WHERE token = ? AND at < ? AND NOT EXISTS (
    SELECT 1 FROM views WHERE views.token = pictures.token AND instr(views.body, pictures.name)
)
"""
PICTURES_OVERFLOW = """
DELETE FROM pictures WHERE (token, name) IN (
    SELECT token, name FROM (
        SELECT pictures.token, name, sum(length(pictures.body)) OVER (
            ORDER BY coalesce(views.at, pictures.at) DESC, pictures.token, name
        ) AS size
        FROM pictures LEFT JOIN views ON views.token = pictures.token
    ) WHERE size > ?
)
"""
FAULTS = (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError)
"""What reading a damaged file may raise: text that is no UTF-8 is a ValueError, a length that is none the last two."""
AXIS = re.compile(r"[0-9]{1,6}")

log = logging.getLogger(__name__)


def data_folder() -> Path:
    """Zoetrope's folder in the user's data, the one that also holds their own checkpoints."""
    return user_dir.data_folder()


class Store:
    """One file, used by one connection that the threads of this process share, and memory where the file fails."""

    def __init__(self, path: Path) -> None:
        self.path, self.trouble, self.kept, self.pictures = path, "", 0, 0
        self.lock = threading.Lock()
        self.file: sqlite3.Connection | None = None
        self.memory = _opened(":memory:")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = _opened(str(path))
            _inherit(self.file, path.with_name("axis_names.json"))
        except (*FAULTS, OSError) as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        sentence = (
            f"{self.path} cannot be used ({error}), so names and views last only until Zoetrope stops. "
            "Free the disk, or move the file away, and start again."
        )
        if sentence != self.trouble:
            log.warning(sentence)
        self.trouble = sentence

    def write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Work on the file in a transaction; once that has failed, in memory too."""
        with self.lock:
            if self.file is not None:
                try:
                    with self.file:
                        work(self.file)
                except FAULTS as error:
                    self._note(error)
            if self.trouble:
                with self.memory:
                    work(self.memory)

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """PendingRequest memory, where something may be newer than in the file, and then the file."""
        found: list[tuple[Any, ...]] = []
        with self.lock:
            if self.trouble:
                found = self.memory.execute(question, values).fetchall()
            if self.file is not None:
                try:
                    found += self.file.execute(question, values).fetchall()
                except FAULTS as error:
                    self._note(error)
        return found

    def close(self) -> None:
        """Close the file; what the log beside it holds goes into it."""
        with self.lock:
            if self.file is not None:
                self.file.close()
            self.memory.close()


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")  # readers and one writer side by side, of several processes
    connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last second, never the file
    connection.executescript(SCHEMA)
    return connection


def _inherit(connection: sqlite3.Connection, path: Path) -> None:
    """Take over the names that an earlier version kept in a file of JSON; a file with anything else in it stays."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        kept = json.loads(path.read_text("utf-8"))
        tables = kept.items() if isinstance(kept, dict) else ()
        names = [(model, *each) for model, table in tables if isinstance(table, dict) for each in table.items()]
        rows = [(model, int(axis), name) for model, axis, name in names if _is_name(model, axis, name)]
        with connection:
            connection.executemany("INSERT OR IGNORE INTO axis_names VALUES (?, ?, ?)", rows)
        if rows and len(rows) == len(names) and all(isinstance(table, dict) for _, table in tables):
            path.unlink()


def _is_name(model: str, axis: str, name: object) -> bool:
    """Whether this names an axis of a model: by a number that an axis can have, and text that can be kept and sent."""
    return AXIS.fullmatch(axis) is not None and isinstance(name, str) and (model + name).isprintable()


_stores: dict[Path, Store] = {}
_lock = threading.Lock()


def place() -> Path:
    """Return the path of the file."""
    return data_folder() / "state.sqlite3"


def _store() -> Store:
    path = place()
    with _lock:
        if path not in _stores:
            _stores[path] = Store(path)
        return _stores[path]


def trouble() -> str:
    """Say why nothing is kept on disk; empty where it is."""
    return _store().trouble


def check() -> str:
    """Write something and take it away again; the trouble, if there is any."""
    _store().write(lambda data: data.execute("REPLACE INTO views VALUES ('', '', 0)"))
    _store().write(lambda data: data.execute("DELETE FROM views WHERE token = ''"))
    return trouble()


def close() -> None:
    """Close what is open; it opens again when it is needed."""
    with _lock:
        while _stores:
            _stores.popitem()[1].close()


# Names of axes


def axis_names(model: str) -> dict[int, str]:
    """Return the names that people gave to the axes of a model, by axis."""
    found = _store().rows("SELECT axis, name FROM axis_names WHERE model = ?", model)
    named = [(axis, name) for axis, name in found if isinstance(axis, int) and isinstance(name, str)]
    return dict(reversed(named))  # of two names the first counts


def name_axis(model: str, axis: int, name: str) -> str:
    """Keep a name for an axis and return it as kept; an empty name forgets it."""
    kept = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:LONGEST_NAME]
    if kept:
        _store().write(lambda data: data.execute("REPLACE INTO axis_names VALUES (?, ?, ?)", (model, axis, kept)))
    else:
        _store().write(lambda data: data.execute("DELETE FROM axis_names WHERE model = ? AND axis = ?", (model, axis)))
    return kept


# Views


def keep(token: str, body: str) -> None:
    """Keep a view, JSON, under a token."""
    store = _store()
    store.write(lambda data: data.execute("REPLACE INTO views VALUES (?, ?, ?)", (token, body, time.time())))
    store.kept += 1
    if store.kept % PRUNE_EVERY == 1:
        store.write(prune)


def recall(token: str) -> str | None:
    """Return the view that is kept under a token, JSON; None where there is none."""
    found = _store().rows("SELECT body FROM views WHERE token = ?", token)
    return next((body for (body,) in found if isinstance(body, str)), None)


def prune(data: sqlite3.Connection) -> None:
    """Forget views that are older than a month, or beyond what the file should hold, and their pictures with them."""
    now = time.time()
    data.execute("DELETE FROM views WHERE at < ?", (now - MONTH,))
    data.execute(OVERFLOW, (MOST_VIEWS, MOST_BYTES))
    data.execute("DELETE FROM pictures WHERE at < ? AND token NOT IN (SELECT token FROM views)", (now - HOUR,))
    data.execute(PICTURES_OVERFLOW, (MOST_PICTURES,))


# Pictures


def keep_picture(token: str, picture: bytes) -> str:
    """Keep a picture for the view of a token, and give the name by which the view may hold it: its SHA-256.

    A picture that the view does not name makes room for others. Raises BadPicture where the view holds too many.
    """
    name, now, store = hashlib.sha256(picture).hexdigest(), time.time(), _store()

    def work(data: sqlite3.Connection) -> None:
        data.execute(UNNAMED, (token, now - GRACE))
        others = "SELECT coalesce(sum(length(body)), 0) FROM pictures WHERE token = ? AND name != ?"
        (size,) = data.execute(others, (token, name)).fetchone()
        if size + len(picture) > PICTURES_OF_VIEW:
            raise BadPicture(f"holds {PICTURES_OF_VIEW >> 20} MB of pictures already, and keeps no more.")
        data.execute("REPLACE INTO pictures VALUES (?, ?, ?, ?)", (token, name, picture, now))

    store.write(work)
    store.pictures += 1
    if store.pictures % PRUNE_PICTURES_EVERY == 1:
        store.write(prune)
    return name


def recall_picture(token: str, name: str) -> bytes | None:
    """Return a picture that is kept for the view of a token; None where there is none."""
    found = _store().rows("SELECT body FROM pictures WHERE token = ? AND name = ?", token, name)
    return bytes(found[0][0]) if found else None
