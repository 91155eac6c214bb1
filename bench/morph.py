"""Morph in a real browser: zoetrope bench morph [--models mnist-vae,celeba-vae] [--seconds 6] [--write].

The page plays a path by itself. A picture counts when it is drawn on the canvas; "distinct" when at a refresh of the
screen the latent on the canvas is another than at the refresh before. On a machine that has other work the last two
columns say more: processor time of the page's main thread for each refresh, and of the server for each picture.
"""

from __future__ import annotations

import argparse
from typing import Any

from playwright.sync_api import Browser

from bench.rig.chromium import LAPTOP, SLOW, chromium
from bench.rig.report import options, publish, table
from bench.rig.server import Server

HEAD = ("model", "pictures/s", "distinct/s", "screen refreshes/s", "page, ms a refresh", "server, ms a picture")
WATCH = """
async (seconds) => {
  const status = document.querySelector('[data-testid=live-status]')
  const before = Number(status.dataset.frames), began = performance.now()
  let refreshes = 0, distinct = 0, last = null
  await new Promise((done) => {
    const refresh = () => {
      refreshes++
      if (status.dataset.z !== last) distinct++
      last = status.dataset.z
      performance.now() - began < 1000 * seconds ? requestAnimationFrame(refresh) : done()
    }
    requestAnimationFrame(refresh)
  })
  const spent = (performance.now() - began) / 1000
  const drawn = Number(status.dataset.frames) - before
  return { drawn, distinct, refreshes, spent }
}
"""


def main() -> None:
    given = _options()
    with chromium(given.chromium) as browser, Server(("--engine", given.engine)) as server:
        rows = [played(browser, server, model, given.seconds) for model in given.models.split(",")]
        version = browser.version
    publish("morph", f"Chromium {version} headless, {given.seconds:g} s each.\n\n{table(HEAD, rows)}", given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure how a path plays in a real browser.")
    parser.add_argument("--models", default="mnist-vae,celeba-vae")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--chromium", help="path of the browser")
    return parser.parse_args()


def played(browser: Browser, server: Server, model: str, seconds: float) -> tuple[object, ...]:
    """Let a page play, and count."""
    page = browser.new_page(viewport=LAPTOP)
    page.set_default_timeout(SLOW)
    page.goto(f"http://{server.address}/morph?model={model}")
    page.wait_for_function("Number(document.querySelector('[data-testid=live-status]')?.dataset.frames) > 20")
    page.wait_for_timeout(1500)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, work = busy(session), sum(server.processor_seconds())
    seen = page.evaluate(WATCH, seconds)
    page_ms, server_ms = 1e3 * (busy(session) - before), 1e3 * (sum(server.processor_seconds()) - work)
    page.close()
    rates = [seen[each] / seen["spent"] for each in ("drawn", "distinct", "refreshes")]
    return model, *rates, page_ms / seen["refreshes"], server_ms / max(1, seen["drawn"])


def busy(session: Any) -> float:
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


if __name__ == "__main__":
    main()
