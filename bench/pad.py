"""A pen in a real browser: zoetrope bench pad [--seconds 8] [--write].

A 60 Hz stroke over the drawing pad of Reconstruct with the rows of all shipped models open: rows a second of the kind
in sight, each with the picture of every encoder; then a face as it would be uploaded, and the milliseconds from its
arrival in the browser until every encoder of every kind has answered, the median of several; then a search in a model
without an encoder, in steps a second. All models have been used once before, so that none is being loaded.
"""

from __future__ import annotations

import statistics
from math import cos, sin
from pathlib import Path

from playwright.sync_api import Page

from bench.rig.chromium import LAPTOP, SLOW, chromium, sweep
from bench.rig.report import options, publish, table
from bench.rig.server import Server

STATUS = "document.querySelector('[data-testid=reconstruct-status]')?.dataset.row"
FACES = 5


def main() -> None:
    parser = options("Measure the drawing pad and the row of all encoders in a real browser.")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of the stroke (8)")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--chromium", help="path of the browser")
    given = parser.parse_args()
    folders = ("--checkpoints", str(given.checkpoints)) if given.checkpoints else ()
    with chromium(given.chromium) as browser, Server(folders) as server:
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(SLOW)
        page.goto(f"http://{server.address}/reconstruct")
        page.wait_for_function(f"Number({STATUS}) > 0")
        page.wait_for_timeout(3000)
        faces = [row(page, "face") for _ in range(FACES)]
        kind, encoders, rate = stroke(page, given.seconds)
        rows = [
            (f"pad: rows a second, {encoders} encoders of {kind}", rate),
            (f"a face through all {models(page)} encoders, median ms of {FACES}", statistics.median(faces)),
            ("the slowest of them, ms", max(faces)),
        ]
        rows += [(f"search in {name}, steps a second", found) for name, found in searches(page)]
        publish("pad", table(("", "measured"), rows), given.write)


def models(page: Page) -> int:
    tiles = page.locator(".zt-rec-tile[data-model]:not(:has(.zt-rec-curve))").all()
    return len({tile.get_attribute("data-model") for tile in tiles})


def row(page: Page, group: str) -> float:
    """Lay another bundled picture of a group on the desk; milliseconds until all rows stand."""
    before = page.evaluate(STATUS)
    page.evaluate(f"delete {STATUS}")
    page.locator(f".zt-rec-thumb[data-name^={group}][aria-pressed=false]").first.click()
    page.wait_for_function(f"{STATUS} !== undefined", arg=before)
    page.wait_for_timeout(1500)
    return float(page.evaluate(STATUS))


def stroke(page: Page, seconds: float) -> tuple[str, int, float]:
    """Draw on the pad; the kind of the first row, its encoders, and its rows a second."""
    page.get_by_role("tab", name="Draw").click()
    box = page.get_by_test_id("stage").bounding_box()
    assert box is not None
    middle, width = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), 0.3 * box["width"]
    group = page.locator(".zt-rec-group").first
    page.mouse.move(*middle)
    page.mouse.down()
    page.wait_for_timeout(1000)
    before, began = frames(page), float(page.evaluate("performance.now()"))
    sweep(page, lambda t: (middle[0] + width * sin(1.7 * t), middle[1] + width * sin(2.3 * t) * cos(0.31 * t)), seconds)
    rate = 1e3 * (frames(page) - before) / (float(page.evaluate("performance.now()")) - began)
    page.mouse.up()
    page.wait_for_timeout(1500)
    encoders = group.locator(".zt-rec-tile[data-model]:not(:has(.zt-rec-curve))").count()
    return str(group.get_attribute("data-kind")), encoders, rate


def frames(page: Page) -> int:
    return int(page.locator(".zt-rec-group").first.get_attribute("data-frames") or 0)


def searches(page: Page) -> list[tuple[str, float]]:
    """Search in each model without an encoder, for five seconds or to the end."""
    found = list[tuple[str, float]]()
    for tile in page.locator(".zt-rec-tile:has(.zt-rec-curve)").all():
        tile.get_by_role("button", name="Search").click()
        name = str(tile.get_attribute("data-model"))
        found.append((name, float(page.evaluate(SEARCH, name))))
        if (stop := tile.get_by_role("button", name="Stop")).is_visible():
            stop.click()
    return found


SEARCH = """async name => {
    const tile = document.querySelector(`.zt-rec-tile[data-model=${name}]`)
    const steps = () => Number(tile.dataset.steps ?? 0)
    const next = () => new Promise(requestAnimationFrame)
    while (steps() < 20) await next()
    const [first, began] = [steps(), performance.now()]
    const going = () => [...tile.querySelectorAll("button")].some(button => button.textContent === "Stop")
    while (going() && performance.now() - began < 5000) await next()
    return 1000 * (steps() - first) / (performance.now() - began)
}"""
"""Steps a second from the twentieth on, by when the first pass has been proven."""


if __name__ == "__main__":
    main()
