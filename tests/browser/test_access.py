"""Every page, light and dark, by axe-core: nothing that keeps a person out, and the focus is seen on the navigation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import rests, watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = {
    "": ".zt-card[data-drawn]",
    "explore": "[data-testid=live-status]:not([data-frames='0'])",
    "morph": "[data-testid=morph-keys] canvas",
    "reconstruct": ".zt-rec-tile:not([data-frames='0'])",
    "compare": "[data-testid=compare-status]:not([data-frames='0'])",
    "complete": "[data-part=complete] canvas",
    "outliers": "[data-testid=verdict]:not(:empty)",
}
BAD = ("serious", "critical")


@pytest.fixture(params=["light", "dark"])
def painted(context: BrowserContext, everything: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched(context, everything, 60_000) as page:
        page.emulate_media(color_scheme=request.param)
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(painted: Page, everything: str, name: str) -> None:
    painted.goto(f"{everything}/{name}")
    expect(painted.locator(PAGES[name]).first).to_be_visible(timeout=60_000)
    rests(painted)
    found = Axe().run(painted).response["violations"]
    told = [(each["id"], node["html"][:200]) for each in found if each["impact"] in BAD for node in each["nodes"]]
    assert told == []


def test_the_focus_is_seen_on_the_navigation(painted: Page, everything: str) -> None:
    painted.goto(everything)
    link = painted.get_by_role("link", name="Morph", exact=True)
    expect(link).to_be_visible()
    painted.get_by_role("link", name="Explore", exact=True).focus()
    painted.keyboard.press("Tab")
    expect(link).to_be_focused()
    style = link.evaluate(
        "each => [getComputedStyle(each).outlineStyle, parseFloat(getComputedStyle(each).outlineWidth)]"
    )
    assert style[0] == "solid"
    assert style[1] >= 2
