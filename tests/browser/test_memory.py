"""What a person made comes back: after a reload and after a restart of the server, and in no other tab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import LAPTOP, Explore, serving
from tests.tiny import write_all

pytestmark = pytest.mark.browser

NO_STORAGE = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('denied') } })"


def marks(page: Page) -> Locator:
    """The bookmarks that hold something."""
    return page.locator(".zt-mark.zt-full")


THUMB = "document.querySelectorAll('.zt-mark canvas')[{} - 1].toDataURL()"


def thumb(page: Page, place: int) -> str:
    return str(page.locator(".zt-mark canvas").nth(place - 1).evaluate("canvas => canvas.toDataURL()"))


def wander(explore: Explore) -> None:
    """Two steps, each kept as a bookmark."""
    explore.open("model=frey-vae-2d&z=0.5,0.5")
    explore.press("k", "ArrowRight")
    explore.at(0.6, 0.5)
    explore.link("z=0.6,0.5")
    explore.press("k")
    expect(marks(explore.page)).to_have_count(2)


def test_a_reload_keeps_the_way_back_and_the_bookmarks(explore: Explore) -> None:
    wander(explore)
    explore.press("p")
    first = thumb(explore.page, 1)
    explore.page.reload()
    explore.drawn()
    explore.at(0.6, 0.5)
    expect(marks(explore.page)).to_have_count(2)
    expect(explore.page.get_by_role("button", name="Soft")).to_have_attribute("aria-pressed", "false")
    explore.page.wait_for_function(
        "first => document.querySelector('.zt-mark canvas').toDataURL() === first", arg=first
    )
    explore.press("u")
    explore.at(0.5, 0.5)
    explore.press("Shift+U")
    explore.at(0.6, 0.5)


def test_a_link_opened_in_the_same_tab_is_one_more_step(explore: Explore) -> None:
    wander(explore)
    explore.open("model=frey-vae-2d&z=-1,1")
    explore.at(-1, 1)
    explore.press("u")
    explore.at(0.6, 0.5)
    explore.press("u")
    explore.at(0.5, 0.5)


def test_a_bare_address_opens_what_the_tab_showed_last(explore: Explore) -> None:
    wander(explore)
    explore.page.get_by_label("Model").select_option("toy-cvae")
    explore.link("model=toy-cvae")
    explore.page.get_by_role("button", name="class 2").click()
    explore.link("y=2")
    explore.open("")
    explore.until("status.dataset.model === wanted", "toy-cvae")
    expect(explore.page.get_by_role("button", name="class 2")).to_have_attribute("aria-pressed", "true")
    explore.page.get_by_label("Model").select_option("frey-vae-2d")
    explore.at(0.6, 0.5)
    expect(marks(explore.page)).to_have_count(2)


def test_a_change_of_model_or_page_keeps_the_way_back(explore: Explore) -> None:
    wander(explore)
    explore.page.get_by_label("Model").select_option("toy-ae")
    explore.until("status.dataset.model === wanted", "toy-ae")
    explore.link("model=toy-ae")
    explore.page.get_by_label("Model").select_option("frey-vae-2d")
    explore.at(0.6, 0.5)
    explore.page.get_by_role("link", name="Home").click()
    expect(explore.page.locator(".zt-card[data-drawn]").first).to_be_visible()
    explore.page.get_by_role("link", name="Explore").click()
    explore.at(0.6, 0.5)
    expect(marks(explore.page)).to_have_count(2)
    explore.press("u")
    explore.at(0.5, 0.5)
    expect(explore.page.get_by_role("button", name="Undo")).to_be_disabled()


def test_two_tabs_share_nothing(explore: Explore, context: BrowserContext, server: str) -> None:
    wander(explore)
    other = Explore(context.new_page(), server).open("model=frey-vae-2d")
    expect(marks(other.page)).to_have_count(0)
    expect(other.page.get_by_role("button", name="Undo")).to_be_disabled()
    other.press("k", "ArrowUp")
    other.link("z=0,0.1")
    explore.page.reload()
    explore.drawn()
    explore.at(0.6, 0.5)
    expect(marks(explore.page)).to_have_count(2)


def test_a_duplicated_tab_starts_from_the_same_and_goes_its_own_way(explore: Explore, server: str) -> None:
    wander(explore)
    with explore.page.expect_popup() as opened:
        explore.page.evaluate("window.open(location.href)")  # copies the session storage, as a duplicated tab does
    twin = Explore(opened.value, server)
    twin.drawn()
    expect(marks(twin.page)).to_have_count(2)
    twin.press("ArrowRight")
    twin.link("z=0.7,0.5")
    twin.press("k")
    expect(marks(twin.page)).to_have_count(3)
    for page, count in ((explore.page, 2), (twin.page, 3)):
        page.reload()
        expect(marks(page)).to_have_count(count)


def test_a_restarted_server_keeps_the_view(browser: Browser, tmp_path: Path) -> None:
    with serving(write_all(tmp_path / "checkpoints"), tmp_path) as server:
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(90_000)  # an engine starts under way, on however busy a machine
        explore = Explore(page, server.address)
        wander(explore)
        server.stop()
        explore.press("ArrowRight")  # while there is nobody
        expect(page.get_by_text("Reconnecting…")).to_be_visible()
        server.start()
        explore.at(0.7, 0.5)
        explore.link("z=0.7,0.5")
        explore.press("u")
        explore.at(0.6, 0.5)
        explore.link("z=0.6,0.5")
        expect(marks(page)).to_have_count(2)
        page.reload()
        explore.drawn()
        explore.at(0.6, 0.5)
        expect(marks(page)).to_have_count(2)  # what was kept is back, and the way with it
        explore.press("Shift+U")
        explore.at(0.7, 0.5)
        page.close()


def test_where_storage_is_denied_the_page_works(explore: Explore) -> None:
    explore.page.add_init_script(NO_STORAGE)
    wander(explore)
    explore.press("u")
    explore.at(0.5, 0.5)


# Bookmarks


def test_bookmarks_are_kept_visited_and_removed(explore: Explore) -> None:
    wander(explore)
    page = explore.page
    page.wait_for_function(f"() => {THUMB.format(1)} !== {THUMB.format(2)}")
    explore.press("1")
    explore.at(0.5, 0.5)
    page.get_by_role("button", name="Place 5 is free").click()
    expect(page.get_by_text("This picture is bookmark 1 already.")).to_be_visible()
    explore.press("ArrowUp")
    explore.at(0.5, 0.6)
    page.get_by_role("button", name="Place 5 is free").click()
    page.get_by_role("button", name="Bookmark 2").first.click()
    explore.at(0.6, 0.5)
    explore.press("5")
    explore.at(0.5, 0.6)
    page.get_by_role("button", name="Bookmark 2").first.focus()
    explore.press("Delete")
    expect(marks(page)).to_have_count(2)
    page.get_by_role("button", name="Put it back").click()
    expect(marks(page)).to_have_count(3)
    page.locator(".zt-mark").first.hover()
    page.get_by_role("button", name="Remove bookmark 1").click()
    expect(page.get_by_role("button", name="Place 1 is free")).to_be_focused()
    explore.press("2", "u", "Shift+U")  # faster than a glide: each is a step all the same
    explore.at(0.6, 0.5)
    explore.link("z=0.6,0.5")
    explore.press("u")
    explore.at(0.5, 0.6)


def test_nine_bookmarks_are_all(explore: Explore) -> None:
    explore.open()
    for _ in range(9):
        explore.press("k", "ArrowRight")
    expect(marks(explore.page)).to_have_count(9)
    explore.press("k")
    expect(explore.page.get_by_text("All nine places are taken.")).to_be_visible()
    explore.press("9")
    explore.at(0.8, 0)


def test_a_bookmark_brings_its_class_back(explore: Explore) -> None:
    explore.open("model=toy-cvae&z=0,0,0&y=1")
    explore.press("k")
    explore.page.get_by_role("button", name="class 3").click()
    explore.link("y=3")
    explore.press("1")
    explore.link("y=1")
    expect(explore.page.get_by_role("button", name="class 1")).to_have_attribute("aria-pressed", "true")


LOSING = """async keys => {
  const files = performance.getEntriesByType("resource").map((entry) => entry.name)
  const { modules } = await import(files.find((name) => name.endsWith("/shared.js")))
  const { Persistence } = modules["core/persistence.js"]
  const [sent, told] = [[], []]
  const channel = { slot: () => ({ put: async ({ view }) => sent.push(view) }) }
  const path = (length) => ({ keys: Array.from({ length }, () => ({ z: Array(256).fill(0.1234) })) })
  const compose = () => ({ morph: { model: "m", paths: { m: path(keys), n: path(3) } } })
  const memory = new Persistence(channel, "test", { compose, loaded: () => {}, say: (sentence) => told.push(sentence) })
  memory.open = true
  memory.now()
  memory.now()
  memory.close()
  return [Object.keys(sent[1].morph.paths), told]
}"""


def test_a_path_that_is_too_long_to_be_kept_is_told_of_once(explore: Explore) -> None:
    explore.open()
    assert explore.page.evaluate(LOSING, 5) == [["m", "n"], []]
    kept, told = explore.page.evaluate(LOSING, 60)
    assert kept == ["n"]
    (sentence,) = told
    assert "a reload would lose Morph's path of m, unless it is saved as a file" in sentence
