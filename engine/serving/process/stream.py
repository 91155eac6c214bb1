"""Packets both ways over a connected socket, for one system call each.

Beside a thread that burns Python, each system call costs its thread a switch interval, because it lets go of Python's
lock. The roads were measured (bench/RESULTS.md), and this one makes the fewest calls: a read takes whatever has
come, and what a large packet still lacks in a second call; a send never waits, and what finds no room is left to a
thread.
"""

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator

SIZE = struct.Struct("<Q")
CHUNK = 65_536


class Stream:
    """A socket that speaks in packets; safe to send on from many threads, to be read by one."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.rest: deque[memoryview] = deque()  # what found no room yet, oldest first
        self.changed = threading.Condition()
        self.ended = self.silent = False
        self.sender: threading.Thread | None = None

    def send(self, packet: bytes) -> None:
        """Send without waiting; once the stream has ended, nothing."""
        parts = [SIZE.pack(len(packet)), packet]
        with self.changed:
            if self.ended:
                return
            sent = 0 if self.rest else self._now(parts)
            if sent < SIZE.size + len(packet):
                self.rest.append(memoryview(b"".join(parts))[sent:])
                self._later()

    def wait_at_most(self, seconds: float) -> None:
        """End the stream, and be `silent`, where the other side says nothing for so long, within a packet too."""
        whole, part = divmod(seconds, 1)
        time = struct.pack("@ll", int(whole), int(1e6 * part))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time)

    def packets(self) -> Iterator[bytes]:
        """Yield what comes, packet by packet, until the stream ends."""
        try:
            yield from self._read()
        except BlockingIOError:
            self.silent = True
        except OSError:  # the other side died, which is an end like another
            pass
        finally:
            self.end()
            if self.sender:
                self.sender.join()
            self.socket.close()

    def end(self) -> None:
        """End the stream for both sides, at once; its reader then closes the socket."""
        with self.changed:
            self.ended = True
            self.rest.clear()
            self.changed.notify()
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> Iterator[bytes]:
        come = b""
        while piece := self.socket.recv(CHUNK):
            come += piece
            while len(come) >= SIZE.size:
                end = SIZE.size + SIZE.unpack_from(come)[0]
                while len(come) < end and (piece := self.socket.recv(end - len(come), socket.MSG_WAITALL)):
                    come += piece
                if len(come) < end:
                    return
                yield come[SIZE.size : end]
                come = come[end:]

    # Sending

    def _now(self, parts: list[bytes]) -> int:
        try:
            return self.socket.sendmsg(parts, [], socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:  # the reader sees the end and says so
            self.ended = True
            return sum(map(len, parts))

    def _later(self) -> None:
        if self.sender is None:
            self.sender = threading.Thread(target=self._send_rest, name="stream", daemon=True)
            self.sender.start()
        self.changed.notify()

    def _send_rest(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.rest or self.ended)
                if self.ended:
                    return
                first = self.rest[0]
            with contextlib.suppress(OSError):
                self.socket.sendall(first)
            with self.changed:
                if self.rest:
                    self.rest.popleft()
