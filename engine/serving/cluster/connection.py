"""One HTTP connection that stays open between requests."""

import http.client
import selectors
import socket
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from engine.errors import BadValue

CONNECT = 3.0  # seconds
KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class Unreachable(OSError):
    """Nothing listens there; the request was never made."""


class HttpConnection:
    """A connection to the server at an address, opened when it is needed; for one thread at a time.

    Raises BadValue unless the address is one, such as http://localhost:8600.
    """

    def __init__(self, url: str, patience: float) -> None:
        place = address(url)
        self.base, self.patience = place.path.rstrip("/"), patience
        self.connection = KINDS[place.scheme](place.netloc, timeout=CONNECT)
        self.ended = False

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Make a request and wait for its answer: status and body.

        Raises Unreachable, or another OSError where the answer does not come within `patience`.
        """
        if self._dropped():
            self.close()
        if self.connection.sock is None:
            self._connect()
        try:
            self.connection.request(method, self.base + path, body)
            response = self.connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise error if isinstance(error, OSError) else OSError(f"no HTTP: {type(error).__name__}") from None

    def end(self) -> None:
        """Let no request come to its answer until `begin`; from any thread."""
        self.ended = True
        with suppress(OSError, AttributeError):  # no connection, or none any more
            self.connection.sock.shutdown(socket.SHUT_RDWR)

    def begin(self) -> None:
        self.ended = False

    def close(self) -> None:
        self.connection.close()

    def _connect(self) -> None:
        try:
            self.connection.connect()
        except OSError as error:
            raise Unreachable(*error.args) from None
        if self.ended:
            raise Unreachable("it was given up")
        self.connection.sock.settimeout(self.patience)

    def _dropped(self) -> bool:
        """Whether the other side has closed the connection while it rested: what it says unasked is goodbye."""
        if self.connection.sock is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection.sock, selectors.EVENT_READ)
            return bool(selector.select(0))


def address(url: str) -> SplitResult:
    """Take an address apart. Raises BadValue unless it has a scheme and a host."""
    try:
        place = urlsplit(url)
        fit = place.scheme in KINDS and place.hostname and (place.port is None or place.port > 0)
    except ValueError:
        fit = False
    if not fit or place.query or place.fragment:
        raise BadValue(f"{url!r} is no address of an engine; give one such as http://localhost:8600.")
    return place
