"""A process that has torch loaded and forks engines, so that a new one takes a fraction of a second.

Loading torch takes more than a second and some 300 MB; a fork takes milliseconds and shares them. multiprocessing's
fork server would also run the main module of the pages in each engine, which under Streamlit is whichever page script
ran last, and would leave its socket on the disk when killed.
"""

import faulthandler
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

from engine.errors import EngineLost
from engine.serving.process.stream import Stream

PRELOAD = ("engine.inference.engine", "engine.serving.local")
GRACE = 1.0  # seconds that an engine has to end by itself
PATIENCE = 5.0  # seconds that the nursery has
FORKS = sys.platform == "linux"  # elsewhere a fork of a process that has loaded torch may crash, or there is none
START = (
    "import sys; sys.path[:] = {path!r}; from engine.serving.process.fork_server import nurse; nurse({handle}, {forks})"
)


class Nursery:
    """The nursery as its parent sees it, started when an engine is wanted and there is none. One thread at a time.

    One that does not fork becomes the engine itself, and the next engine takes a new one: some seconds instead of a
    fraction of one.
    """

    def __init__(self, forks: bool = FORKS) -> None:
        self.forks = forks
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.grown = False  # whether it has brought forth an engine: the next takes a fraction of a second

    def engine(self) -> Stream:
        """Give a stream to a new engine. Raises EngineLost where no process can be started."""
        near, far = socket.socketpair()
        try:
            with far:
                self._send(far.fileno())
        except OSError as error:
            near.close()
            raise EngineLost(f"A process for the engine could not be started: {error}.") from error
        return Stream(near)

    def kill(self) -> None:
        """End a nursery that does nothing any more."""
        if self.process:
            self.process.kill()
        self.close()

    def close(self) -> None:
        """End the nursery and all engines that it forked."""
        if self.control:
            self.control.close()
        if self.process:
            self.process.terminate()  # counts only before it has forked anybody; then it ends by itself
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.control = self.process = None
        self.grown = False

    def _send(self, handle: int) -> None:
        if self.control:
            with suppress(OSError):  # it has died
                socket.send_fds(self.control, [b"+"], [handle])
                return
        self.close()
        socket.send_fds(self._start(), [b"+"], [handle])

    def _start(self) -> socket.socket:
        if sys.platform == "win32":
            raise OSError("this system cannot hand sockets to processes; use zoetrope run --engine thread")
        self.control, far = socket.socketpair()
        with far:
            start = START.format(path=sys.path, handle=far.fileno(), forks=self.forks)
            # A session of its own: Ctrl-C in the terminal is for the parent, and what it then closes ends the others.
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", start],
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self.control


# In the nursery itself


def nurse(handle: int, forks: bool) -> NoReturn:
    """Fork an engine for each socket that comes over the socket `handle`; when that ends, end the engines."""
    for name in PRELOAD:
        with suppress(Exception):  # an engine meets the same trouble, and tells it
            importlib.import_module(name)
    faulthandler.enable()
    control = socket.socket(fileno=handle)
    if not forks:
        _live(control, *socket.recv_fds(control, 1, 1)[1])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it has engines to end before itself
    gc.freeze()  # a collection writes to the objects it looks at, and pages written to are shared no longer
    signal.signal(signal.SIGCHLD, _bury)
    engines = []
    while handles := socket.recv_fds(control, 1, 1)[1]:
        engines.append(_fork(control, handles[0]))
    _end(engines)
    os._exit(0)  # torch takes its time to tidy up, and there is nothing to tidy


def _fork(control: socket.socket, handle: int) -> int:
    number = os.fork()
    if number == 0:
        _live(control, handle)
    os.close(handle)
    return number


def _live(control: socket.socket, handle: int) -> NoReturn:
    try:
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        control.close()
        from engine.serving.process.child import serve

        serve(Stream(socket.socket(fileno=handle)))
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)  # threads and device end with the process


def _bury(*_: Any) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end(engines: list[int]) -> None:
    """Wait for engines, which see that their parent is gone, and kill those that do not."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    until = time.monotonic() + GRACE
    for number in engines:
        with suppress(ChildProcessError):  # buried already
            while not os.waitpid(number, os.WNOHANG)[0]:
                if time.monotonic() > until:
                    os.kill(number, signal.SIGKILL)
                time.sleep(0.005)
