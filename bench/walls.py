"""Walls of Compare in a real browser: zoetrope bench walls [--columns 4] [--samples 64] [--presses 15] [--write].

From the press of the resample key to the frame in which every column shows the new seeds, in one Chromium beside the
server on this machine: models of 28×28 grey pictures, and of 64×64 colour, copies among them, each its own model to the
engine. The last column runs from the request to the drawing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from bench.rig.chromium import LAPTOP, SLOW, chromium
from bench.rig.report import options, publish, table
from bench.rig.server import Server

SHIPPED = Path(__file__).parent.parent / "checkpoints"
HEAD = ("walls", "columns × samples", "key → all drawn, median ms", "p95 ms", "in the page, median ms")
SETS = {
    "28×28 grey: vae, vae-2d, cvae, ae": ("mnist-vae", "mnist-vae-2d", "mnist-cvae", "mnist-ae"),
    "28×28 grey: the slowest of these": ("mnist-vae",),
    "64×64 colour": ("celeba-vae",),
}
"""Shipped models whose copies stand in the columns, one after the other."""
FRAMES = "Number(document.querySelector('[data-testid=compare-status]')?.dataset.frames)"
PRESS = """
async key => {
  const status = document.querySelector('[data-testid=compare-status]')
  const frames = Number(status.dataset.frames)
  const began = performance.now()
  window.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))
  while (Number(status.dataset.frames) === frames) await new Promise(requestAnimationFrame)
  return [performance.now() - began, Number(status.dataset.ms)]
}
"""


def main() -> None:
    given = _options()
    with (
        copies(given.sets, given.columns) as folder,
        Server(("--checkpoints", str(folder))) as server,
        chromium(given.chromium) as browser,
    ):
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(SLOW)
        rows = [measured(page, server.address, title, given) for title in given.sets]
    publish("walls", table(HEAD, rows), given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure the walls of Compare in a real browser.")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--presses", type=int, default=15, help="resamples to time; the first three only warm up")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="models to compare (all)")
    parser.add_argument("--chromium", help="path of the browser")
    return parser.parse_args()


@contextmanager
def copies(sets: Sequence[str], columns: int) -> Iterator[Path]:
    """Return a folder with so many copies of each model, under names of their own."""
    folder = Path(tempfile.mkdtemp(prefix="zoetrope-walls-"))
    try:
        for name in {name for title in sets for name in names(title, columns)}:
            place = folder / name
            shutil.copytree(SHIPPED / name.rpartition("-")[0], place)
            card = json.loads((place / "card.json").read_text("utf-8"))
            (place / "card.json").write_text(json.dumps({**card, "name": name}), "utf-8")
        yield folder
    finally:
        shutil.rmtree(folder)


def names(title: str, columns: int) -> list[str]:
    """Name the copies in the columns of a set."""
    models = SETS[title]
    return [f"{models[i % len(models)]}-{i // len(models) + 1}" for i in range(columns)]


def measured(page: Page, address: str, title: str, given: argparse.Namespace) -> Sequence[object]:
    """Press the resample key again and again, and read when all columns were drawn."""
    page.goto(f"http://{address}/compare?models={','.join(names(title, given.columns))}&n={given.samples}")
    page.wait_for_function(f"() => {FRAMES} > 0")
    page.wait_for_timeout(1500)
    times = [page.evaluate(PRESS, "r") for _ in range(given.presses + 3)][3:]
    whole, inside = ([pair[i] for pair in times] for i in (0, 1))
    what = f"{given.columns} × {given.samples}"
    return title, what, statistics.median(whole), statistics.quantiles(whole, n=20)[-1], statistics.median(inside)


if __name__ == "__main__":
    main()
