"""A reverse proxy in front of a Zoetrope: nginx by the very lines of docs/deployment.md, or a few lines of our own."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

DEPLOYMENT = Path(__file__).parent.parent / "docs" / "deployment.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
WHOLE = """
pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {block}
}}
"""


def block(port: int, upstream: int) -> str:
    """The block of docs/deployment.md, on other ports and without certificates."""
    found = re.search(r"```nginx\n(.*?)```", DEPLOYMENT.read_text("utf-8"), re.DOTALL)
    assert found, "docs/deployment.md has no nginx block"
    told = re.sub(r"^ *ssl_certificate.*\n", "", found[1], flags=re.MULTILINE)
    told, listens = re.subn(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", told)
    told, passes = re.subn(r"127\.0\.0\.1:8501", f"127.0.0.1:{upstream}", told)
    assert (listens, passes) == (1, 1)
    return told


@contextlib.contextmanager
def nginx(folder: Path, port: int, upstream: int) -> Iterator[None]:
    """Run nginx on a port."""
    assert NGINX
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, block=block(port, upstream)))
    command = [NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    with subprocess.Popen(command) as running:
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until and running.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield
        finally:
            running.terminate()


class Proxy(socketserver.ThreadingTCPServer):
    """Hands bytes on, one request a connection, to a server that sees its own address as the host.

    Requests whose address holds `deaf` lose their wish to become a WebSocket.
    """

    daemon_threads = allow_reuse_address = True

    def __init__(self, port: int, upstream: int, deaf: bytes) -> None:
        super().__init__(("127.0.0.1", port), Passing)
        self.upstream, self.deaf = upstream, deaf

    def rewritten(self, head: bytes) -> bytes:
        first, *lines = head.split(b"\r\n")
        headers = [line for line in lines if not line.lower().startswith(b"host:")]
        socket_ = any(line.lower().startswith(b"upgrade:") for line in headers)
        if not socket_ or (self.deaf and self.deaf in first):
            headers = [line for line in headers if not line.lower().startswith((b"upgrade:", b"connection:"))]
            headers.append(b"Connection: close")
        return b"\r\n".join([first, b"Host: 127.0.0.1:%d" % self.upstream, *headers, b"", b""])


class Passing(socketserver.BaseRequestHandler):
    """One connection."""

    server: Proxy

    def handle(self) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            if not (part := self.request.recv(65536)):
                return
            got += part
        head, _, rest = got.partition(b"\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.upstream)) as behind:
            behind.sendall(self.server.rewritten(head) + rest)
            back = threading.Thread(target=pour, args=(behind, self.request), daemon=True)
            back.start()
            pour(self.request, behind)
            back.join()


def pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def rewriting(port: int, upstream: int, deaf: bytes = b"") -> Iterator[None]:
    """Run a proxy that changes the host, as many do."""
    with Proxy(port, upstream, deaf) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            proxy.shutdown()
            thread.join()
