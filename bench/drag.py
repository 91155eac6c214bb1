"""Measures the promise of the live channel in a real browser: a 60 Hz drag, the start, and the change of pages.

    zoetrope bench drag [--seconds 5] [--model NAME] [--checkpoints DIR] [--write]

In one run, on one machine: a drag over the latent plane and one over an axis slider of Explore, and the same drag
over Streamlit's stock slider in a page of its own. A picture counts when it differs from the one before and is on the
canvas at a refresh of the screen. Latency runs from the time stamp of the pointer event to the end of the
drawing of the picture at exactly that latent. Reruns are the messages that the page sends to Streamlit during the drag.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from math import cos, sin
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = (HERE / "drag_watch.js").read_text(encoding="utf-8")
SIZE = {"width": 1366, "height": 768}


@dataclass(frozen=True)
class Drag:
    """What one drag showed."""

    what: str
    drawn: float  # pictures a second
    distinct: float  # pictures a second that differ from the one before, at screen refreshes
    median: float  # pointer to picture, ms
    p95: float
    reruns: int


def main() -> None:
    options = _options()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        rows, times = live(browser, options)
        rows.append(stock(browser, options))
        report = table(rows, times, options, browser.version)
        browser.close()
    sys.stdout.write(report)
    if options.write:
        with (HERE / "RESULTS.md").open("a", encoding="utf-8") as file:
            file.write(report)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a drag in a real browser.")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--model", default="frey-vae-2d")
    parser.add_argument("--checkpoints", type=Path, default=None)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    return parser.parse_args()


# Ours


def live(browser: Browser, options: argparse.Namespace) -> tuple[list[Drag], dict[str, float]]:
    """Both drags of Explore, and the times of start and of page changes in seconds."""
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "run", "--headless", "--port", str(port)]
    if options.checkpoints:
        command += ["--checkpoints", str(options.checkpoints)]
    started = time.perf_counter()
    with serving(command, port):
        page = browser.new_page(viewport=SIZE)
        page.add_init_script(WATCH)
        sent = count_sent(page)
        page.goto(f"http://localhost:{port}/explore?model={options.model}")
        drawn(page)
        times = {"zoetrope run to first decoded picture": time.perf_counter() - started}
        page.wait_for_timeout(1500)
        rows = [over_plane(page, sent, options.seconds), over_slider(page, sent, options.seconds)]
        times |= page_changes(page)
        page.close()
    return rows, times


def over_plane(page: Page, sent: list[float], seconds: float) -> Drag:
    return drag(page, sent, "plane", page.get_by_test_id("latent-plane"), seconds, tall=True)


def over_slider(page: Page, sent: list[float], seconds: float) -> Drag:
    return drag(page, sent, "axis slider", page.get_by_test_id("axis-slider").first, seconds, tall=False)


def drag(page: Page, sent: list[float], what: str, place: Locator, seconds: float, *, tall: bool) -> Drag:
    """Drag along a curve at 60 Hz and read what the page saw."""
    path = curve(place, tall)
    page.mouse.move(*path(0.0))
    page.mouse.down()
    page.evaluate("window.watch.start()")
    before = len(sent)
    sweep(page, path, seconds)
    seen = page.evaluate("window.watch.stop()")
    reruns = len(sent) - before
    page.mouse.up()
    page.wait_for_timeout(800)
    return Drag(
        what,
        seen["drawn"] / seen["seconds"],
        seen["distinct"] / seen["seconds"],
        *percentiles(seen["latencies"]),
        reruns,
    )


def curve(place: Locator, tall: bool) -> Any:
    """Give a closed curve within an element, by time in seconds, that never visits a point twice in a sweep."""
    box = place.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    across, up = 0.42 * box["width"], 0.42 * box["height"] if tall else 0.0
    return lambda t: (x + across * sin(1.7 * t), y + up * sin(2.3 * t + 0.4) * cos(0.31 * t))


def sweep(page: Page, path: Any, seconds: float) -> None:
    started = time.perf_counter()
    tick = 0
    while (now := time.perf_counter() - started) < seconds:
        page.mouse.move(*path(now))
        tick += 1
        time.sleep(max(0.0, started + tick / 60 - time.perf_counter()))


def page_changes(page: Page) -> dict[str, float]:
    """Seconds from a click on the other page's name to its first picture."""
    started = time.perf_counter()
    page.get_by_role("link", name="Home").click()
    page.wait_for_selector(".zt-card[data-drawn]")
    home = time.perf_counter() - started
    started = time.perf_counter()
    page.locator(".zt-card").first.click()
    drawn(page)
    return {"Explore to Home": home, "Home to Explore": time.perf_counter() - started}


def drawn(page: Page) -> None:
    page.wait_for_function("Number(document.querySelector('[data-testid=live-status]')?.dataset.frames) > 0")


# Streamlit's own slider


def stock(browser: Browser, options: argparse.Namespace) -> Drag:
    """Give the same drag over st.slider, whose page decodes with the same engine."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(HERE / "stock_slider.py"),
        "--server.headless=true",
        f"--server.port={port}",
        "--browser.gatherUsageStats=false",
        "--",
        options.model,
        str(options.checkpoints or ""),
    ]
    with serving(command, port):
        page = browser.new_page(viewport=SIZE)
        page.add_init_script(WATCH)
        sent = count_sent(page)
        page.goto(f"http://localhost:{port}/")
        page.wait_for_selector("[data-testid=stImage] img", timeout=60000)
        page.wait_for_timeout(1500)
        row = stock_drag(page, sent, options.seconds)
        page.close()
    return row


def stock_drag(page: Page, sent: list[float], seconds: float) -> Drag:
    """Frames while the mouse is held, then the time from each release to the new picture."""
    place = page.get_by_test_id("stSliderThumbValue").locator("..")
    track = page.get_by_test_id("stSlider").bounding_box()
    thumb = place.bounding_box()
    assert track is not None
    assert thumb is not None
    page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
    page.mouse.down()
    page.evaluate("window.watch.startImages()")
    before = len(sent)
    middle, y = track["x"] + track["width"] / 2, thumb["y"] + thumb["height"] / 2
    sweep(page, lambda t: (middle + 0.4 * track["width"] * sin(1.7 * t), y), seconds)
    seen = page.evaluate("window.watch.stopImages()")
    reruns = len(sent) - before
    page.mouse.up()
    spans = [release(page, middle + (i % 7 - 3) * 0.1 * track["width"], y) for i in range(12)]
    return Drag(
        "stock st.slider", seen["drawn"] / seen["seconds"], seen["drawn"] / seen["seconds"], *percentiles(spans), reruns
    )


def release(page: Page, x: float, y: float) -> float | None:
    """Click on the track and give the milliseconds to the new picture; None where none came within 5 s."""
    page.wait_for_timeout(300)
    page.evaluate("window.watch.startRelease()")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()
    span = page.evaluate("window.watch.release")
    return None if span is None else float(span)


# The machine and the report


def percentiles(measured: list[float | None]) -> tuple[float, float]:
    spans = [span for span in measured if span is not None]
    if len(spans) < 2:
        return float("nan"), float("nan")
    return statistics.median(spans), statistics.quantiles(spans, n=20)[-1]


def table(rows: list[Drag], times: dict[str, float], options: argparse.Namespace, chromium: str) -> str:
    lines = [
        f"\n## drag, {date.today().isoformat()}\n",
        f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; "
        f"Python {platform.python_version()}, streamlit {version('streamlit')}, torch {version('torch')}, "
        f"Chromium {chromium} headless; {options.model}, {options.seconds:g} s each.\n",
        "| 60 Hz drag over | pictures/s | distinct pictures/s | pointer → picture, median ms | p95 ms | reruns |",
        "|---|---|---|---|---|---|",
        *(f"| {r.what} | {r.drawn:.0f} | {r.distinct:.0f} | {r.median:.1f} | {r.p95:.1f} | {r.reruns} |" for r in rows),
        "\nThe stock slider's latency runs from the release of the mouse, since nothing happens before.\n",
        "| | seconds |",
        "|---|---|",
        *(f"| {what} | {seconds:.2f} |" for what, seconds in times.items()),
    ]
    return "\n".join(lines) + "\n"


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def count_sent(page: Page) -> list[float]:
    """Give times at which the page sent something to Streamlit, growing while the page lives."""
    sent: list[float] = []

    def opened(socket: Any) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", lambda _: sent.append(time.perf_counter()))

    page.on("websocket", opened)
    return sent


@contextlib.contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """Give a server as a process of its own, from its start until it answers, and ended afterwards."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The server did not start: {json.dumps(command)}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
