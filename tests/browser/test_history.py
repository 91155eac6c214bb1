"""Back and Forward walk the pages and the models that a person has been to; gestures add no entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import LAPTOP, Explore, Held, comes, nothing_more, rests, serving
from tests.tiny import write_all

pytestmark = pytest.mark.browser

PAGES = {  # what is seen of each,
    "Morph": "[data-part=morph] .zt-model",
    "Reconstruct": "[data-part=reconstruct] .zt-rec-thumb[aria-pressed=true]",
    "Outliers": "[data-part=outliers] [data-testid=verdict]",
    "Compare": "[data-testid=columns] canvas",
    "Explore": "[data-testid=live-status]:not([data-frames='0'])",
}


ADDRESSES = {  # and what its address holds in the end: it follows what is shown in more than one step
    "Morph": "model=",
    "Reconstruct": "source=",
    "Outliers": "row=.*source=",
    "Compare": "models=.*seed=",
    "Explore": "model=.*z=",
}


def entries(page: Page) -> int:
    return int(page.evaluate("history.length"))


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator(PAGES[name]).first).to_be_visible()
    expect(page).to_have_url(re.compile(ADDRESSES[name]))
    rests(page)


def test_each_page_costs_one_entry_and_back_walks_them_as_they_were(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.locator(".zt-card[data-drawn]").first).to_be_visible()
    before = entries(page)
    addresses = []
    for count, name in enumerate(PAGES, 1):
        go(page, name)
        assert entries(page) == before + count, name
        addresses.append(page.url)
    for address, name in list(zip(addresses, PAGES, strict=True))[-2::-1]:
        page.go_back()
        expect(page.locator(PAGES[name]).first).to_be_visible()
        expect(page).to_have_url(address)
    page.go_forward()
    expect(page.locator(PAGES["Reconstruct"]).first).to_be_visible()


def test_gestures_add_no_entry_and_a_model_adds_one(explore: Explore) -> None:
    explore.open("model=frey-vae-2d&z=0.5,0.5")
    page = explore.page
    before = entries(page)
    explore.press("ArrowRight")
    explore.link("z=0.6,0.5")
    explore.press("ArrowUp")
    explore.link("z=0.6,0.6")
    assert entries(page) == before
    page.get_by_label("Model", exact=True).select_option("toy-ae")
    explore.until("status.dataset.model === wanted", "toy-ae")
    explore.link("model=toy-ae")
    assert entries(page) == before + 1
    page.go_back()
    explore.until("status.dataset.model === wanted", "frey-vae-2d")
    explore.at(0.6, 0.6)
    expect(page.get_by_label("Model", exact=True)).to_have_value("frey-vae-2d")
    page.go_forward()
    explore.until("status.dataset.model === wanted", "toy-ae")
    explore.press("ArrowRight")
    page.go_back()
    explore.at(0.6, 0.6)
    assert entries(page) == before + 1


class Runs:
    """The runs of Streamlit's script whose end has come over the network, whether or not a page was told."""

    def __init__(self, page: Page) -> None:
        self.page, self.ended, self.before = page, 0, 0
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        if socket.url.endswith("/_stcore/stream"):
            socket.on("framereceived", self._hear)

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.ended += ForwardMsg.FromString(message).WhichOneof("type") == "script_finished"

    def mark(self) -> None:
        self.before = self.ended

    def finish(self, count: int) -> None:
        """Wait until so many have ended since the mark."""
        comes(self.page, lambda: self.ended >= self.before + count)


LOSING = """
window.losing = false
window.WebSocket = class extends WebSocket {
  send(message) {
    if (losing && new URL(this.url).pathname.endsWith("/_stcore/stream")) losing = false
    else super.send(message)
  }
}
"""


def test_a_wish_for_a_model_that_is_lost_on_the_way_is_told_again(explore: Explore) -> None:
    explore.page.add_init_script(LOSING)
    explore.open("model=frey-vae-2d&z=0.5,0.5")
    explore.link("z=0.5,0.5")
    rests(explore.page)
    explore.page.evaluate("() => (losing = true)")
    explore.page.get_by_label("Model", exact=True).select_option("toy-ae")
    explore.until("status.dataset.model === wanted", "toy-ae")
    assert explore.page.evaluate("() => losing") is False


@pytest.fixture
def several(tmp_path: Path) -> Iterator[str]:
    """A server whose models learnt from two sets of pictures."""
    folder = write_all(tmp_path / "checkpoints")
    card = folder / "toy-ae" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "data": "other"}))
    with serving(folder, tmp_path) as running:
        yield running.address


def test_back_from_a_card_finds_the_pictures_that_were_chosen(browser: Browser, several: str) -> None:
    page = browser.new_page(viewport=LAPTOP)
    page.set_default_timeout(30_000)
    page.goto(several)
    pills = page.get_by_role("radio")
    expect(pills.nth(1)).to_be_visible()
    pills.nth(1).click()  # also while the first cards are on their way
    expect(pills.nth(1)).to_have_attribute("aria-checked", "true")
    expect(page).to_have_url(re.compile("pictures="))
    cards = page.locator(".zt-card")
    expect(cards).to_have_count(1)
    expect(cards.and_(page.locator("[data-drawn]")).first).to_be_visible()
    names = cards.evaluate_all("all => all.map((each) => each.dataset.model)")
    before = entries(page)
    cards.first.click()
    expect(page.locator(PAGES["Explore"])).to_be_visible()
    assert entries(page) == before + 1
    page.go_back()
    expect(pills.nth(1)).to_have_attribute("aria-checked", "true")
    expect(cards.first).to_be_visible()
    assert cards.evaluate_all("all => all.map((each) => each.dataset.model)") == names
    page.close()


def test_a_model_of_morph_is_an_entry(page: Page, server: str) -> None:
    page.goto(f"{server}/morph?model=frey-vae-2d")
    model = page.get_by_label("Model", exact=True)
    expect(model).to_have_value("frey-vae-2d")
    before = entries(page)
    model.select_option("toy-ae")
    expect(page).to_have_url(re.compile("model=toy-ae"))
    assert entries(page) == before + 1
    for _ in range(2):  # the second choice of the same model is news too
        page.go_back()
        expect(model).to_have_value("frey-vae-2d")
        expect(page).to_have_url(re.compile("model=frey-vae-2d"))
        nothing_more(page)
        model.select_option("toy-ae")
        expect(page).to_have_url(re.compile("model=toy-ae"))
        nothing_more(page)
        expect(model).to_have_value("toy-ae")


def test_a_run_that_comes_late_leaves_the_address_to_the_page_that_one_went_to(page: Page, server: str) -> None:
    held, runs = Held(page), Runs(page)
    page.goto(f"{server}/morph?model=frey-vae-2d")
    expect(page.locator(PAGES["Morph"]).first).to_be_visible()
    go(page, "Reconstruct")
    before, there = entries(page), page.url
    go(page, "Compare")
    held.hold()
    runs.mark()
    page.locator("[data-act=remove]").first.click()  # other charts: Streamlit runs it again
    runs.finish(1)
    page.go_back()
    runs.finish(2)
    held.release()
    expect(page.locator(PAGES["Reconstruct"]).first).to_be_visible()
    expect(page.locator(PAGES["Compare"])).to_have_count(0)
    rests(page)
    nothing_more(page)
    assert page.url == there
    assert entries(page) == before + 1
    page.go_back()
    expect(page.locator(PAGES["Morph"]).first).to_be_visible()
    expect(page).to_have_url(re.compile("/morph"))


def test_back_is_heard_before_the_model_that_it_leaves_has_been(page: Page, server: str) -> None:
    held = Held(page)
    page.goto(f"{server}/morph?model=frey-vae-2d")
    model = page.get_by_label("Model", exact=True)
    expect(model).to_have_value("frey-vae-2d")
    rests(page)
    held.hold()
    model.select_option("toy-ae")
    expect(page).to_have_url(re.compile("model=toy-ae"))
    page.go_back()
    expect(model).to_have_value("frey-vae-2d")
    nothing_more(page)
    held.release()
    nothing_more(page)
    rests(page)
    expect(model).to_have_value("frey-vae-2d")
    expect(page).to_have_url(re.compile("model=frey-vae-2d"))


def test_the_logo_leads_home_at_the_cost_of_one_entry(page: Page, server: str) -> None:
    page.goto(f"{server}/morph?model=frey-vae-2d")
    expect(page.locator(PAGES["Morph"])).to_be_visible()
    before = entries(page)
    page.get_by_role("button", name="Navigate to home page").click()
    expect(page.locator(".zt-card").first).to_be_visible()
    expect(page).to_have_url(f"{server}/")
    assert entries(page) == before + 1
    page.go_back()
    expect(page.locator(PAGES["Morph"])).to_be_visible()
