"""Compare in a real browser."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine.analysis.reference_images import ReferenceImages, save
from tests.browser.conftest import Held

pytestmark = pytest.mark.browser

TWO = "models=toy-vae-6d,toy-ae&seed=5&n=4"
NAMELESS = """root => {
  const copy = root.cloneNode(true)
  copy.querySelectorAll('select').forEach(select => select.remove())
  return copy.outerHTML
}"""
ORDER = "all => all.map(column => column.dataset.model)"


class Compare:
    """The page as a person sees it."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.status = page.get_by_test_id("compare-status")
        self.columns = page.get_by_test_id("column")
        self.walls = page.get_by_test_id("wall")

    def open(self, query: str = TWO) -> Compare:
        self.page.goto(f"{self.server}/compare?{query}")
        return self.drawn()

    @property
    def frames(self) -> int:
        return int(self.status.get_attribute("data-frames") or 0)

    def drawn(self, more_than: int = 0) -> Compare:
        script = "n => Number(document.querySelector('[data-testid=compare-status]')?.dataset.frames) > n"
        self.page.wait_for_function(script, arg=more_than, timeout=60_000)  # a first visit waits for the engine
        return self

    def pixels(self, column: int) -> str:
        return str(self.walls.nth(column).evaluate("canvas => canvas.toDataURL()"))

    def enlarged(self, column: int) -> str:
        return str(self.page.locator(".zt-cmp-loupe").nth(column).evaluate("canvas => canvas.toDataURL()"))

    def order(self) -> list[str]:
        return list(self.columns.evaluate_all(ORDER))

    def link(self, part: str) -> None:
        self.page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)


@pytest.fixture
def compare(page: Page, server: str) -> Compare:
    return Compare(page, server)


@pytest.fixture
def real(home: Path) -> Iterator[Path]:
    """Pictures of the toys' data, where `zoetrope-train gather` puts them."""
    path = home / ".local/share/zoetrope/data/gallery/toy-1x16x16.npz"
    pictures = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 1), np.uint8)
    save(path, ReferenceImages(pictures, pictures))
    yield path
    path.unlink()


def test_a_link_opens_columns_in_its_order_at_its_seeds_with_their_rules(compare: Compare) -> None:
    compare.open()
    assert compare.order() == ["toy-vae-6d", "toy-ae"]
    expect(compare.page.get_by_test_id("seed")).to_have_value("5")
    expect(compare.page.get_by_test_id("seed-range")).to_have_text("– 8")
    rules = compare.page.get_by_test_id("rule")
    expect(rules.nth(0)).to_contain_text("mean of p(x|z), z drawn from the prior")
    expect(rules.nth(0)).to_contain_text("bound on the likelihood")
    expect(rules.nth(1)).to_contain_text("Gaussian fitted to its codes")
    expect(rules.nth(1)).to_contain_text("same seeds, other latents (2)")


def test_resample_changes_all_walls_and_the_same_seeds_bring_them_back(compare: Compare) -> None:
    compare.open()
    before, frames = [compare.pixels(0), compare.pixels(1)], compare.frames
    compare.page.get_by_test_id("resample").click()
    compare.drawn(frames)
    after = [compare.pixels(0), compare.pixels(1)]
    assert all(old != new for old, new in zip(before, after, strict=True))
    frames = compare.frames
    compare.page.get_by_test_id("seed").fill("5")
    compare.page.keyboard.press("Enter")
    compare.drawn(frames)
    assert [compare.pixels(0), compare.pixels(1)] == before
    compare.link("seed=5")


def test_keys_resample_zoom_and_choose_a_cell_in_all_columns(compare: Compare) -> None:
    compare.open()
    first = [compare.enlarged(0), compare.enlarged(1)]
    compare.walls.nth(0).focus()
    compare.page.keyboard.press("ArrowRight")
    expect(compare.status).to_contain_text("sample 2 of 4, seed 6 in all columns")
    second = [compare.enlarged(0), compare.enlarged(1)]
    assert all(a != b for a, b in zip(first, second, strict=True))
    frames = compare.frames
    compare.page.keyboard.press("+")
    compare.drawn(frames)
    compare.link("n=1")
    frames = compare.frames
    compare.page.keyboard.press("r")
    compare.drawn(frames)
    assert compare.page.get_by_test_id("seed").input_value() != "5"


def test_hovering_one_wall_enlarges_the_same_cell_in_each(compare: Compare) -> None:
    compare.open()
    before = compare.enlarged(1)
    box = compare.walls.nth(0).bounding_box()
    assert box is not None
    compare.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"])
    expect(compare.status).to_contain_text("sample 4 of 4, seed 8")
    assert compare.enlarged(1) != before


def test_columns_are_added_moved_and_removed_down_to_none(compare: Compare) -> None:
    compare.open()
    compare.page.get_by_test_id("add").select_option("toy-levels")
    compare.link("toy-levels")
    expect(compare.columns).to_have_count(3)
    compare.page.get_by_role("button", name="Move Toy Levels to the left").focus()
    compare.page.keyboard.press("Enter")
    compare.link("models=toy-vae-6d,toy-levels,toy-ae")
    assert compare.order() == ["toy-vae-6d", "toy-levels", "toy-ae"]
    for _ in range(3):
        compare.page.get_by_role("button", name="Remove").first.click()
    expect(compare.page.get_by_test_id("empty")).to_be_visible()


def test_seeds_can_be_a_list_and_what_is_none_gets_a_sentence(compare: Compare) -> None:
    compare.open()
    seed = compare.page.get_by_test_id("seed")
    seed.fill("3, 5, 8")
    compare.page.keyboard.press("Enter")
    compare.link("seed=3,5,8")
    expect(compare.page.get_by_test_id("seed-range")).to_have_text("3 seeds")
    seed.fill("three")
    compare.page.keyboard.press("Enter")
    expect(compare.page.locator(".zt-notice")).to_contain_text("“three” is no seed")
    expect(seed).to_have_value("3, 5, 8")


def test_a_link_with_unknown_models_says_so_and_shows_the_rest(compare: Compare) -> None:
    compare.open("models=toy-ae,nobody,toy-broken")
    assert compare.order() == ["toy-ae"]
    expect(compare.page.locator(".zt-notice")).to_contain_text("nobody")


def test_blind_columns_have_no_names_in_the_page_nor_on_the_wire(compare: Compare, real: Path) -> None:
    heard: list[str] = []
    sent: list[str] = []

    def opened(socket: Any) -> None:
        if "/live?" in socket.url:
            socket.on(
                "framereceived", lambda data: heard.append(data.decode("latin1") if isinstance(data, bytes) else data)
            )
            socket.on("framesent", lambda data: sent.append(data.decode("latin1") if isinstance(data, bytes) else data))

    compare.page.on("websocket", opened)
    compare.open("models=toy-vae-6d,toy-ae,toy-levels&n=4")
    frames = compare.frames
    heard.clear()
    compare.page.get_by_test_id("blind-models").click()
    expect(compare.page.get_by_test_id("blind")).to_be_visible()
    compare.drawn(frames)
    compare.page.get_by_test_id("blind-real").check()
    expect(compare.columns).to_have_count(4)
    compare.drawn(frames + 1)
    names = ("toy-vae-6d", "toy-ae", "toy-levels")
    assert heard
    assert not any(name in message for message in heard for name in names)
    shown = compare.page.get_by_test_id("columns").evaluate(NAMELESS)
    assert not any(name in shown or name.replace("-", " ").title() in shown for name in names)
    offered = compare.columns.evaluate_all(
        "all => all.map(c => [...c.querySelectorAll('option')].map(o => o.value).join())"
    )
    assert len(set(offered)) == 1, "every column offers the same guesses in the same order"
    expect(compare.page.get_by_test_id("figures")).to_be_hidden()
    rounds = [json.loads(text[4:]) for text in sent if '"blind:' in text]
    assert all(
        "y" not in operation and "truncation" not in operation for asked in rounds for operation in asked["operations"]
    )
    selects = compare.columns.locator("select")
    for i in range(4):
        selects.nth(i).select_option(index=i + 1)
    compare.page.get_by_test_id("reveal").click()
    expect(compare.columns.nth(0).locator("h3")).not_to_contain_text("Column A")
    titles = " ".join(compare.columns.locator("h3").all_text_contents())
    assert all(word in titles for word in (*names, "Real pictures"))
    expect(compare.page.get_by_test_id("tally")).to_contain_text("of 4 right")
    expect(compare.page.get_by_test_id("tally")).to_contain_text("95 % interval")
    compare.page.keyboard.press("Escape")
    expect(compare.columns).to_have_count(3)
    assert compare.order() == list(names)


def test_real_or_made_is_answered_by_keys_and_counted(compare: Compare, real: Path) -> None:
    compare.open()
    frames = compare.frames
    compare.page.get_by_test_id("blind-single").click()
    compare.drawn(frames)
    expect(compare.columns).to_have_count(1)
    compare.page.keyboard.press("m")
    expect(compare.page.get_by_test_id("tally")).to_contain_text("of 1 right")
    compare.page.keyboard.press("n")
    expect(compare.columns.locator("h3")).to_have_text("Real or made?")
    compare.page.get_by_test_id("judge-real").click()
    expect(compare.page.get_by_test_id("tally")).to_contain_text("of 2 right")
    compare.page.get_by_test_id("blind-end").click()
    expect(compare.columns).to_have_count(2)
    compare.link("n=4")


def test_without_real_pictures_the_page_says_how_to_get_them(compare: Compare) -> None:
    compare.open()
    compare.page.get_by_test_id("blind-single").click()
    expect(compare.page.locator(".zt-notice")).to_contain_text("zoetrope-train gather toy --shape 1 16 16")
    expect(compare.columns).to_have_count(2)


def test_columns_of_several_kinds_are_no_riddle(compare: Compare) -> None:
    compare.open("models=toy-ae,frey-vae-2d&n=4")
    compare.page.get_by_test_id("blind-models").click()
    expect(compare.page.locator(".zt-notice")).to_contain_text("one kind of picture")


def test_the_same_picture_goes_through_all_that_encode(compare: Compare) -> None:
    compare.open()
    compare.page.get_by_test_id("through").locator("summary").click()
    compare.page.get_by_test_id("through-sample").select_option("toy-ae")
    row = compare.page.get_by_test_id("through-row")
    expect(row.locator("figure")).to_have_count(3)
    expect(row).to_contain_text("error 0.")
    compare.page.get_by_test_id("through-picture").select_option(index=1)
    expect(row.locator("figure")).to_have_count(3)


def test_no_reconstruction_stands_beside_another_picture_than_its_own(compare: Compare) -> None:
    held = Held(compare.page, "/live")
    compare.open()
    compare.page.get_by_test_id("through").locator("summary").click()
    row = compare.page.get_by_test_id("through-row")
    compare.page.get_by_test_id("through-picture").select_option(index=1)
    expect(row).to_contain_text("error 0.")
    held.hold()
    compare.page.get_by_test_id("through-picture").select_option(index=2)
    expect(row).not_to_contain_text("error 0.")
    expect(row.locator("figure")).to_have_count(3)
    held.release()
    expect(row).to_contain_text("error 0.")


def test_figures_have_live_latency_and_go_into_a_csv(compare: Compare) -> None:
    compare.open()
    table = compare.page.get_by_test_id("table")
    expect(table.locator("td[data-live=toy-ae]")).to_contain_text("ms")
    expect(table.locator("tr[data-figure='test MSE'] th")).to_contain_text("↓ lower is better")
    expect(table.locator("tr[data-figure='test MSE'] th")).to_contain_text("Mean squared error of a pixel")
    table.get_by_role("button", name="0.0200 ± 0.0125").hover()
    expect(compare.page.get_by_test_id("protocol")).to_contain_text("95 % confidence from 0.0125 to 0.0375")
    with compare.page.expect_download() as download:
        compare.page.get_by_test_id("save-csv").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert {row["model"] for row in rows} == {"toy-vae-6d", "toy-ae"}
    assert any(row["figure"] == "parameters" and int(row["value"]) > 0 for row in rows)
    error = next(row for row in rows if row["figure"] == "test MSE")
    assert (error["value"], error["from"], error["to"]) == ("0.02", "0.0125", "0.0375")


def test_the_walls_are_saved_as_one_picture(compare: Compare) -> None:
    compare.open()
    with compare.page.expect_download() as download:
        compare.page.get_by_test_id("save-png").click()
    with Image.open(download.value.path()) as picture:
        kind, wide = picture.format, picture.width
    width = sum(int(compare.walls.nth(i).evaluate("canvas => canvas.width")) for i in range(2))
    assert (kind, wide > width) == ("PNG", True)


FAKE = """async at => {
  const { picture } = (await import(at)).modules["pages/compare/saving.js"]
  const canvas = new OffscreenCanvas(320, 320)
  canvas.getContext('2d').fillRect(0, 0, 320, 320)
  const says = { textContent: '' }
  const column = (i) => ({ fresh: i !== 1, wall: { canvas }, title: `Model ${i}`, name: `m${i}`, card: null, says })
  const image = await createImageBitmap(await picture(Array.from({ length: 8 }, (_, i) => column(i))))
  const seen = new OffscreenCanvas(image.width, image.height).getContext('2d')
  seen.drawImage(image, 0, 0)
  const centre = (i) => [...seen.getImageData(24 + (i % 6) * 344 + 160, 92 + 100 + Math.floor(i / 6) * 436, 1, 1).data]
  return Array.from({ length: 8 }, (_, i) => centre(i))
}"""


def test_a_picture_of_many_walls_holds_them_all_and_a_missing_one_says_so(compare: Compare) -> None:
    compare.open()
    loaded = "performance.getEntriesByType('resource').map(({ name }) => name)"
    (module,) = {name for name in compare.page.evaluate(loaded) if name.endswith("/shared.js")}
    seen = compare.page.evaluate(FAKE, module)
    assert seen[1][:3] == [0xF1, 0xED, 0xE4]
    assert [colour[:3] for i, colour in enumerate(seen) if i != 1] == [[0, 0, 0]] * 7


def test_a_conditional_model_beside_others_draws_all_classes_in_turn(compare: Compare) -> None:
    sent: list[str] = []

    def opened(socket: Any) -> None:
        if "/live?" in socket.url:
            socket.on("framesent", lambda data: sent.append(data.decode("latin1") if isinstance(data, bytes) else data))

    compare.page.on("websocket", opened)
    compare.open("models=toy-cvae,toy-ae&seed=5&n=4")
    rule = compare.page.get_by_test_id("rule").first
    expect(rule).to_contain_text("all classes in turn")
    assert any('"y":[1,2,3,0]' in text for text in sent)
    frames, before = compare.frames, compare.pixels(0)
    compare.page.get_by_role("button", name="class 1", exact=True).click()
    compare.drawn(frames)
    expect(rule).to_contain_text("class 1")
    assert compare.pixels(0) != before
    compare.link("y=1")
    frames = compare.frames
    compare.page.get_by_role("button", name="all", exact=True).click()
    compare.drawn(frames)
    assert compare.pixels(0) == before


def test_a_blind_round_shows_no_seed_that_is_not_the_pictures(compare: Compare) -> None:
    compare.open()
    compare.page.get_by_test_id("blind-models").click()
    expect(compare.page.get_by_test_id("blind")).to_be_visible()
    expect(compare.page.get_by_test_id("seed")).to_have_value("")
    compare.page.keyboard.press("Escape")
    expect(compare.page.get_by_test_id("seed")).to_have_value("5")


def test_every_control_is_reached_by_tab_and_has_a_name(compare: Compare) -> None:
    compare.open()
    nameless = compare.page.evaluate(
        """() => [...document.querySelectorAll('.zt-cmp :is(button, input, select, canvas[tabindex])')]
        .filter(e => e.checkVisibility())
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []
    hidden = compare.page.evaluate(
        """() => [...document.querySelectorAll('.zt-cmp :is(button, input, select, canvas[role=application])')]
        .filter(e => e.tabIndex < 0).length"""
    )
    assert hidden == 0


def test_a_phone_shows_the_first_column_whole(browser_phone: Page, server: str) -> None:
    Compare(browser_phone, server).open()
    box = browser_phone.get_by_test_id("column").first.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert browser_phone.evaluate("document.documentElement.scrollWidth") <= 390
