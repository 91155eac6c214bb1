"""The worker process, started and ended from the process of the pages.

multiprocessing would also run the main module of the pages in it, which under Streamlit is whichever page script ran
last.
"""

import socket
import subprocess
import sys

from engine.errors import EngineLost
from engine.serving.process.stream import Stream

GRACE = 1.0  # seconds that it has to end by itself
START = "import sys; sys.path[:] = {path!r}; from engine.serving.process.child import run; run({handle})"


class Worker:
    """A process with an engine, and the stream to it. Raises EngineLost where no process can be started."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        try:
            with far:
                self.process = _started(far.fileno())
        except (OSError, ValueError) as error:
            near.close()
            raise EngineLost(f"A process for the engine could not be started: {error}.") from error
        self.stream = Stream(near)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def reap(self) -> None:
        """Wait for it to end, which it does with its stream, and end it where it does not."""
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _started(handle: int) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is for the parent, and what it then closes ends the worker.
    return subprocess.Popen(
        [sys.executable, "-P", "-c", START.format(path=sys.path, handle=handle)],
        pass_fds=[handle],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
