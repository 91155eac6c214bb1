"""A finger in a real browser: zoetrope bench drag [--seconds 5] [--engine process,thread] [--busy] [--write].

In one run, on one machine: a 60 Hz drag over the latent plane and one over an axis slider of Explore, with the engine
in a process of its own or in a thread of the web process; with --busy the same while another visitor's page script
burns Python in the web process. A picture counts when it differs from the one before and is on the canvas at a refresh
of the screen. Latency runs from the time stamp of the pointer event to the end of the drawing of the picture at exactly
that latent. Reruns are the messages that the page sends to Streamlit during the drag.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, sin
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from bench.rig.chromium import LAPTOP, SLOW, chromium, sweep, wait_drawn
from bench.rig.report import options, publish, table
from bench.rig.server import Server
from bench.rig.visit import Session

WATCH = (Path(__file__).parent / "rig" / "watch.js").read_text(encoding="utf-8")
BURN = "bench=burn"
HEAD = ("60 Hz drag over", "engine", "pictures/s", "distinct/s", "pointer → picture, median ms", "p95 ms", "reruns")
Times = dict[str, float]


@dataclass(frozen=True)
class Drag:
    """What one drag showed."""

    what: str
    engine: str
    shown: float  # pictures a second
    distinct: float  # pictures a second that differ from the one before, at screen refreshes
    median: float  # pointer to picture, ms
    p95: float
    reruns: int | str

    @property
    def row(self) -> tuple[object, ...]:
        return self.what, self.engine, self.shown, self.distinct, self.median, self.p95, self.reruns


def main() -> None:
    given = _options()
    rows, times = list[Drag](), Times()
    with chromium(given.chromium) as browser:
        for engine in given.engine.split(","):
            times |= live(browser, engine, given, rows)
        version = browser.version
    publish("drag", report(rows, times, given, version), given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure a drag in a real browser.")
    parser.add_argument("--busy", action="store_true", help="also while a page script burns Python in the web process")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each drag (5)")
    parser.add_argument("--model", default="frey-vae-2d")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--chromium", help="path of the browser")
    return parser.parse_args()


def report(rows: Sequence[Drag], times: Times, given: argparse.Namespace, version: str) -> str:
    return "\n\n".join(
        (
            f"Chromium {version} headless; {given.model}, {given.seconds:g} s each.",
            table(HEAD, [drag.row for drag in rows]),
            table(("", "seconds"), list(times.items())),
        )
    )


# Ours


def live(browser: Browser, engine: str, given: argparse.Namespace, rows: list[Drag]) -> Times:
    """Add the drags of Explore to `rows`; the seconds of start and of page changes."""
    folders = ("--checkpoints", str(given.checkpoints)) if given.checkpoints else ()
    began = time.perf_counter()
    with Server(("--engine", engine, *folders), "bench.rig.app") as server:
        page, sent = watched(browser)
        page.goto(f"http://{server.address}/explore?model={given.model}")
        wait_drawn(page)
        times = {f"start to first decoded picture ({engine})": time.perf_counter() - began}
        page.wait_for_timeout(1500)
        rows += both(page, sent, engine, "", given.seconds)
        if given.busy:
            with burning(server.address):
                rows += both(page, sent, engine, ", a page script burning", given.seconds)
        times |= page_changes(page, engine)
        page.close()
    return times


def watched(browser: Browser) -> tuple[Page, list[float]]:
    """Return a page that is watched from its start, and the times at which it sent something to Streamlit."""
    page, sent = browser.new_page(viewport=LAPTOP), list[float]()
    page.set_default_timeout(SLOW)

    def opened(socket: Any) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", lambda _: sent.append(time.perf_counter()))

    page.on("websocket", opened)
    page.add_init_script(WATCH)
    return page, sent


def both(page: Page, sent: list[float], engine: str, beside: str, seconds: float) -> list[Drag]:
    plane, slider = page.get_by_test_id("latent-plane"), page.get_by_test_id("axis-slider").first
    return [
        drag(page, sent, (f"plane{beside}", engine), curve(plane, tall=True), seconds),
        drag(page, sent, (f"axis slider{beside}", engine), curve(slider, tall=False), seconds),
    ]


def drag(
    page: Page, sent: list[float], what: tuple[str, str], path: Callable[[float], tuple[float, float]], seconds: float
) -> Drag:
    """Drag along a curve at 60 Hz and read what the page saw."""
    page.mouse.move(*path(0.0))
    page.mouse.down()
    page.evaluate("window.watch.start()")
    before = len(sent)
    sweep(page, path, seconds)
    seen = page.evaluate("window.watch.stop()")
    reruns = len(sent) - before
    page.mouse.up()
    page.wait_for_timeout(800)
    median, p95 = percentiles(seen["latencies"])
    return Drag(*what, seen["drawn"] / seen["seconds"], seen["distinct"] / seen["seconds"], median, p95, reruns)


def curve(place: Locator, tall: bool) -> Callable[[float], tuple[float, float]]:
    """Return a closed curve within an element, by time in seconds, that never visits a point twice in a sweep."""
    box = place.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    across, up = 0.42 * box["width"], 0.42 * box["height"] if tall else 0.0
    return lambda t: (x + across * sin(1.7 * t), y + up * sin(2.3 * t + 0.4) * cos(0.31 * t))


@contextmanager
def burning(address: str) -> Iterator[None]:
    """Let another visitor's page script burn Python in the web process."""
    going, done = threading.Event(), threading.Event()

    async def visitor() -> None:
        session = await Session.open(address)
        await session.ask("", BURN)
        session.listen()
        going.set()
        await asyncio.to_thread(done.wait)
        await session.close()

    thread = threading.Thread(target=asyncio.run, args=(visitor(),))
    thread.start()
    going.wait(20)
    time.sleep(1.0)  # the script has started and burns
    try:
        yield
    finally:
        done.set()
        thread.join(20)


def page_changes(page: Page, engine: str) -> Times:
    """Seconds from a click on the other page's name to its first picture."""
    began = time.perf_counter()
    page.get_by_role("link", name="Home").click()
    page.wait_for_selector(".zt-card[data-drawn]")
    home = time.perf_counter() - began
    began = time.perf_counter()
    page.locator(".zt-card[href*='explore?']").first.click()  # others open in Complete
    wait_drawn(page)
    return {f"Explore to Home ({engine})": home, f"Home to Explore ({engine})": time.perf_counter() - began}


def percentiles(measured: Sequence[float | None]) -> tuple[float, float]:
    spans = [span for span in measured if span is not None]
    if len(spans) < 2:
        return float("nan"), float("nan")
    return statistics.median(spans), statistics.quantiles(spans, n=20)[-1]


if __name__ == "__main__":
    main()
