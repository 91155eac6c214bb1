"""What a browser that has never been here fetches for each page: zoetrope bench first_load [--pages home,…] [--write].

A fresh browser context a page, so an empty cache. Bytes are those on the wire: files as they travel, compressed or not,
the messages of Streamlit's WebSocket, deflated as it deflates them, and those of the live channel, which carries the
pictures that models draw.
"""

from __future__ import annotations

import base64
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from app.server.statics import PAGES
from bench.rig.chromium import LAPTOP, SLOW, chromium
from bench.rig.report import note, options, publish, table
from bench.rig.server import Server

QUIET = 2.0
"""Seconds without a byte after which a page counts as loaded; a page that moves by itself is left after LONGEST."""
LONGEST = 12.0
HEAD = (
    "page",
    "requests",
    "files, KB",
    "messages, KB",
    "live channel, KB",
    "together, KB",
    "shown after, s",
)
SHOWN = "() => document.querySelector('.zt [data-testid], .zt canvas') !== null"


@dataclass
class Load:
    """What came over the wire since it began to look."""

    files: dict[str, int] = field(default_factory=dict)
    """Bytes by request."""
    messages: dict[str, int] = field(default_factory=dict)
    """Bytes by WebSocket."""
    sockets: dict[str, str] = field(default_factory=dict)
    """Addresses of the WebSockets."""
    deflated: set[str] = field(default_factory=set)
    """Those whose messages are compressed; the browser hands them out as they were before."""
    last: float = field(default_factory=time.perf_counter)

    def watch(self, page: Page) -> None:
        """Count what a page receives from now on."""
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketCreated", lambda event: self.sockets.update({event["requestId"]: event["url"]}))
        session.on("Network.webSocketHandshakeResponseReceived", self._opened)
        session.on("Network.webSocketFrameReceived", self._message)

    def _began(self, event: dict[str, Any]) -> None:
        if event["response"]["url"].startswith("http"):  # not what lies in the page itself
            self.files[event["requestId"]] = 0

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.files:
            self.files[event["requestId"]] = int(event["encodedDataLength"])
            self.last = time.perf_counter()

    def _opened(self, event: dict[str, Any]) -> None:
        if "permessage-deflate" in str(event["response"]["headers"]):
            self.deflated.add(self.sockets[event["requestId"]])

    def _message(self, event: dict[str, Any]) -> None:
        frame, name = event["response"], self.sockets[event["requestId"]]
        data = base64.b64decode(frame["payloadData"]) if frame["opcode"] == 2 else frame["payloadData"].encode()
        if name in self.deflated:
            data = zlib.compress(data, wbits=-zlib.MAX_WBITS)
        self.messages[name] = self.messages.get(name, 0) + len(data)
        self.last = time.perf_counter()

    def row(self, name: str, seconds: float) -> tuple[object, ...]:
        files, live = sum(self.files.values()), sum(n for url, n in self.messages.items() if "/live" in url)
        streamlit = sum(self.messages.values()) - live
        kilobytes = [round(size / 1000) for size in (files, streamlit, live, files + streamlit + live)]
        return (name, len(self.files), *kilobytes, seconds)


def load(browser: Browser, url: str) -> tuple[Load, float]:
    """Open a page with an empty cache; what came, and the seconds until its component stood."""
    page, seen = browser.new_page(viewport=LAPTOP), Load()
    seen.watch(page)
    began = time.perf_counter()
    page.goto(url, timeout=SLOW)
    page.wait_for_function(SHOWN, timeout=SLOW)
    seconds = time.perf_counter() - began
    while time.perf_counter() - seen.last < QUIET and time.perf_counter() - began < LONGEST:
        page.wait_for_timeout(100)
    page.context.close()
    return seen, seconds


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--pages", default=",".join(PAGES[1:]), help="names, one comma between two (all)")
    parser.add_argument("--checkpoints", help="folder of models (the shipped ones)")
    parser.add_argument("--chromium", help="path of the browser")
    given = parser.parse_args()
    folder = ["--checkpoints", given.checkpoints] if given.checkpoints else []
    rows = []
    with Server([*folder, "--engine", given.engine]) as server, chromium(given.chromium) as browser:
        load(browser, f"http://{server.address}/")  # the first visit of all warms the server
        for name in given.pages.split(","):
            seen, seconds = load(browser, f"http://{server.address}/{name}")
            rows.append(seen.row(name, seconds))
            note(f"{rows[-1]}")
    publish("first_load", table(HEAD, rows), given.write)


if __name__ == "__main__":
    main()
