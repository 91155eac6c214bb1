"""The comparison: the same drag over Streamlit's own slider, in a page as such pages are usually written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import sin
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from bench.rig.chromium import LAPTOP, sweep
from bench.rig.server import ROOT, answers, free_port

PAGE = ROOT / "bench" / "rig" / "stock_slider.py"
RELEASES = 12


def stock_drag(browser: Browser, watch: str, model: str, checkpoints: Path | None, seconds: float) -> dict[str, Any]:
    """Give pictures and messages to Streamlit during a drag, and milliseconds from each release to its picture."""
    with _serving(model, checkpoints) as address:
        page = browser.new_page(viewport=LAPTOP)
        page.add_init_script(watch)
        page.goto(address)
        page.wait_for_selector("[data-testid=stImage] img", timeout=60000)
        page.wait_for_timeout(1500)
        seen = _drag(page, seconds)
        page.close()
    return seen


def _drag(page: Page, seconds: float) -> dict[str, Any]:
    track = page.get_by_test_id("stSlider").bounding_box()
    thumb = page.get_by_test_id("stSliderThumbValue").locator("..").bounding_box()
    assert track is not None
    assert thumb is not None
    page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
    page.mouse.down()
    page.evaluate("window.watch.startImages()")
    middle, y, reach = track["x"] + track["width"] / 2, thumb["y"] + thumb["height"] / 2, 0.4 * track["width"]
    sweep(page, lambda t: (middle + reach * sin(1.7 * t), y), seconds)
    seen: dict[str, Any] = page.evaluate("window.watch.stopImages()")
    page.mouse.up()
    return {**seen, "latencies": [_release(page, middle + (i % 7 - 3) * reach / 4, y) for i in range(RELEASES)]}


def _release(page: Page, x: float, y: float) -> float | None:
    """Click on the track and give the milliseconds to the new picture; None where none came within 5 s."""
    page.wait_for_timeout(300)
    page.evaluate("window.watch.startRelease()")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()
    span = page.evaluate("window.watch.release")
    return None if span is None else float(span)


@contextmanager
def _serving(model: str, checkpoints: Path | None) -> Iterator[str]:
    """Give the address of the page under streamlit run."""
    port = free_port()
    settings = ["--server.headless=true", f"--server.port={port}", "--browser.gatherUsageStats=false"]
    command = ["-m", "streamlit", "run", str(PAGE), *settings, "--", model, str(checkpoints or "")]
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Streamlit did not start: {command}")
            time.sleep(0.02)
        yield f"http://localhost:{port}/"
    finally:
        process.terminate()
        process.wait(20)
