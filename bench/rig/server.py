"""A Zoetrope as a person starts it, in a home of its own, with its processes in sight."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from app.network import free_port
from bench.rig.processes import alive, descendants, memory, processor_seconds

ROOT = Path(__file__).parent.parent.parent
USUAL_FILES = 1024
"""Most systems let a process open so many files unless it asks for more."""


class Server:
    """One web server with its engine; a context manager that leaves neither processes nor files behind.

    `module` is app.cli, or a program that takes the same options.
    """

    def __init__(self, options: Sequence[str] = (), module: str = "app.cli") -> None:
        self.port = free_port()
        self.home = Path(tempfile.mkdtemp(prefix="zoetrope-bench-"))
        self.log = self.home / "server.log"
        self.command = [sys.executable, "-m", module, "run", "--headless", "--port", str(self.port), *options]
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            sys.stderr.write(f"The server's last words:\n{self.last_words()}\n")
        self._clear()

    def _clear(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def start(self, patience: float = 60.0) -> float:
        """Start, wait until the port answers, and give the seconds that took. Raises RuntimeError with the log."""
        limited = ["sh", "-c", f'ulimit -Sn {USUAL_FILES}; exec "$@"', "sh", *self.command]
        environment = {**os.environ, "HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(limited, env=environment, cwd=ROOT, stdout=log, stderr=log)
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > began + patience:
                raise RuntimeError(f"The server did not start:\n{self.last_words()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self, patience: float = 20.0) -> None:
        """End the server as a person does, and what is left of it by force."""
        if self.process is None:
            return
        family = self.processes()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        end(family)
        self.process.wait(patience)

    def kill(self) -> list[int]:
        """End the web process as a power cut does; its engine must notice. Gives the processes that did not."""
        assert self.process is not None
        family = self.processes()
        self.process.kill()
        self.process.wait(10)
        until = time.monotonic() + 10
        while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < until:
            time.sleep(0.05)
        end(left)
        return left

    # In sight

    @property
    def web(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def engine(self) -> int:
        """The process in which the models run: of those without children, the largest."""
        leaves = [pid for pid in self.processes() if not descendants(pid)]
        return max(leaves, key=memory, default=self.web)

    def processes(self) -> list[int]:
        return [] if self.process is None else [self.web, *descendants(self.web)]

    def memory(self) -> tuple[float, float]:
        """Resident MiB of the web process and of the engine; the engine's is nan where they are one."""
        return memory(self.web), memory(self.engine) if self.engine != self.web else float("nan")

    def processor_seconds(self) -> tuple[float, float]:
        """Seconds of processor time of the web process and of the engine; the engine's is 0 where they are one."""
        return processor_seconds(self.web), processor_seconds(self.engine) if self.engine != self.web else 0.0

    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def end(pids: Sequence[int]) -> None:
    for pid in pids:
        if alive(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
        return True
    return False
