"""A folder of files for as long as this process lives; what a killed one left is swept by the next."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

PREFIX = "zoetrope-films-"
LOCK = "lock"
DAY = 86400.0
"""Seconds after which a folder without a lock is nobody's."""


class Folder:
    """A temporary folder with a lock that the system opens when its process dies, however it dies."""

    def __init__(self, where: Path | None = None) -> None:
        within = where or Path(tempfile.gettempdir())
        for each in within.glob(f"{PREFIX}*"):
            if abandoned(each):
                shutil.rmtree(each, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix="zoetrope-", dir=within))
        self.lock = (made / LOCK).open("wb")
        take(self.lock)
        # Its name comes last, so that no other process sees it without its lock.
        self.path = made.rename(within / f"{PREFIX}{secrets.token_hex(6)}")

    def file(self, ending: str) -> Path:
        """Name a new file."""
        return self.path / f"{secrets.token_hex(8)}.{ending}"

    def close(self) -> None:
        """Leave nothing behind."""
        self.lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def abandoned(folder: Path) -> bool:
    """Whether the process that made a folder is gone."""
    try:
        with (folder / LOCK).open("r+b") as lock:
            return take(lock)
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            return folder.is_dir() and time.time() - folder.stat().st_mtime > DAY
    except OSError:  # somebody else's
        pass
    return False


def take(lock: IO[bytes]) -> bool:
    """Take a lock unless another process holds it; whether it was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
