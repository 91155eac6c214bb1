"""Whether a browser reaches the pages, and which one would open."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from app.network import addresses, free_port, url
from app.server import protocol

PATIENCE = 60.0
"""Seconds that the pages may take to answer."""


class Unreachable(Exception):
    """The pages do not answer as they should; a sentence."""


# The pages, served as `zoetrope run` does


def pages(folders: list[Path] | None, model: str | None) -> str:
    """Serve the real app on a free port, decode a picture through it, and say what it took. Raises Unreachable."""
    started = time.perf_counter()
    with serving(folders) as port:
        try:
            fetch(port, "_stcore/health")
            page = fetch(port, "")
            answered = time.perf_counter() - started
            picture = "" if model is None else f", and {draw(port, model)}"
        except (OSError, ValueError, WebSocketException) as error:
            raise Unreachable(f"The pages start and do not answer ({type(error).__name__}: {error}).") from None
        seen = [address for address in addresses() if answers(address, port)]
    if b"<html" not in page:
        raise Unreachable("What answers on the port of the pages is no page. Is a proxy between?")
    if seen:
        raise Unreachable(f"The pages were to be seen on localhost alone, and {seen[0]} shows them too.")
    return f"pages: answer after {answered:.1f} s{picture}"


@contextlib.contextmanager
def serving(folders: list[Path] | None) -> Iterator[int]:
    """Run the app on a free port of localhost until it is no longer needed."""
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "run", "--headless", "--port", str(port)]
    command += ["--checkpoints", str(folders[0])] if folders else []
    source = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(command, env=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while not answers("localhost", port):
        if process.poll() is not None:
            said = process.communicate()[0].decode(errors="replace").split("\n")
            raise Unreachable(f"The pages do not start: {' '.join(said[-3:]).strip() or 'without a word'}")
        if time.monotonic() > until:
            raise Unreachable(f"The pages do not start within {PATIENCE:.0f} s.")
        time.sleep(0.05)


def answers(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 2):
        return True
    return False


def fetch(port: int, path: str) -> bytes:
    """Ask for a page, past any proxy: none is needed to this machine."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://localhost:{port}/{path}", timeout=PATIENCE) as response:
        return bytes(response.read())


def draw(port: int, model: str) -> str:
    """Decode a picture over the live channel and say what it took, the first time and after."""
    with connect(f"ws://localhost:{port}/live", proxy=None, max_size=None) as live:
        started = time.perf_counter()
        _, z = ask(live, {"verb": "latents", "model": model, "seeds": [0]})
        ask(live, {"verb": "decode", "model": model, "rows": 1}, z)
        first = time.perf_counter()
        ask(live, {"verb": "decode", "model": model, "rows": 1}, z)
        again = time.perf_counter()
    return f"show {model} after {first - started:.1f} s; from then on a picture takes {1e3 * (again - first):.1f} ms"


def ask(live: ClientConnection, operation: dict[str, Any], payload: bytes = b"") -> tuple[dict[str, Any], bytes]:
    """Ask for one operation and give its result. Raises ValueError with the sentence where there is none."""
    live.send(protocol.message({"id": 1, "slot": "doctor", "op": "show", "operations": [operation]}, payload))
    while True:
        data = live.recv(timeout=PATIENCE)
        assert isinstance(data, bytes)
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        if "engine" not in header:
            break
    if error := header.get("error") or header["results"][0].get("error"):
        raise ValueError(error)
    return header["results"][0], data[4 + length :]


# The browser


def browser(address: str, port: int) -> str:
    """Name the browser that would open, or say what to do without one."""
    where = url(address, port)
    found = named() if display() else None
    if found:
        return f"browser: {found} would open {where}"
    there = f"ssh -L {port}:localhost:{port} {socket.gethostname()}"
    why = "no browser was found" if display() else "this machine has no display"
    return f"browser: {why}; open {where} by hand, from another computer after: {there}"


def display() -> bool:
    """Whether a window can open here."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def named() -> str | None:
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return str(getattr(found, "name", "") or type(found).__name__)
