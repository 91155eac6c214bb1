"""Chromium as the measurements drive it: its flags, and what it asks a server for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Response, ViewportSize, sync_playwright

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
LAPTOP: ViewportSize = {"width": 1366, "height": 768}
SLOW = 120_000.0
"""Milliseconds to wait for a page on a machine that has much else to do."""
DRAWN = "() => Number(document.querySelector('[data-testid=live-status]')?.dataset.frames) > 0"


@contextmanager
def chromium(path: str | None = None) -> Iterator[Browser]:
    """Yield a running Chromium. Raises SystemExit with what to install."""
    found = path or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("Chromium is missing; install it (apt install chromium) or give --chromium PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def wait_drawn(page: Page) -> None:
    """Wait until Explore has drawn its first decoded picture."""
    page.wait_for_function(DRAWN, timeout=SLOW)


def files_of(browser: Browser, address: str, page: str) -> list[str]:
    """List what a browser that has never been there fetches for a page, in its order, but for the HTML."""
    opened = browser.new_page(viewport=LAPTOP)
    paths: list[str] = []

    def note(response: Response) -> None:
        place = urlsplit(response.url)
        if place.netloc == address and response.status == 200:
            paths.append(place.path + (f"?{place.query}" if place.query else ""))

    opened.on("response", note)
    opened.goto(f"http://{address}/{page}")
    wait_drawn(opened)
    opened.wait_for_timeout(1000)
    opened.close()
    return paths[1:]


def sweep(page: Page, path: Callable[[float], tuple[float, float]], seconds: float) -> None:
    """Move the mouse along a curve, given by time, at 60 Hz."""
    began = time.perf_counter()
    tick = 0
    while (now := time.perf_counter() - began) < seconds:
        page.mouse.move(*path(now))
        tick += 1
        time.sleep(max(0.0, began + tick / 60 - time.perf_counter()))
