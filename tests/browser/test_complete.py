"""Complete in a real browser: pixel by pixel, hide and fill, what is seen and what surprises, and a death."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Locator, Page, TimeoutError, expect

from engine.checkpoints.card import TrainingRun
from engine.inference.engine import Engine
from engine.models.gan import GAN, GANConfig
from engine.models.pixel_cnn import PixelCNNConfig
from tests.browser.conftest import Held, Server, lecture, serving, watched
from tests.browser.test_reconstruct import NAMELESS, bring, file
from tests.shelf import keep, made
from tests.tiny import write

pytestmark = pytest.mark.browser

SHAPE = (1, 12, 10)
CONFIGS = {
    "toy-gated": PixelCNNConfig(SHAPE, width=8, depth=2, classes=3),
    "toy-plain": PixelCNNConfig(SHAPE, width=8, depth=1, gated=False),
    "toy-colour": PixelCNNConfig((3, 6, 5), width=6, depth=1, output="softmax"),
}
VEIL = {(158, 120, 84), (139, 104, 71)}
Bytes = NDArray[np.uint8]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with models that draw pixel by pixel, one that draws at once, and nothing else."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "checkpoints"
    for name, config in CONFIGS.items():
        keep(folder, name, made(config), title=name, feature_variance=None, history=(TrainingRun({}, 20, 640, ""),))
    write(folder, "toy-gan", GAN(GANConfig(SHAPE, latent=4, width=16, depth=1)))
    with serving(folder, home) as running:
        yield running


class Complete:
    """The page, as a person sees it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.engine = Engine([server.folder], "cpu")
        self.root = page.locator("[data-part=complete]")
        self.board = page.get_by_test_id("board")

    def open(self, query: str = "model=toy-gated") -> Complete:
        self.page.goto(f"{self.server.address}/complete?{query}")
        if "way=fill" in query:  # the first picture comes when it has loaded, and stops what is being drawn
            self.page.wait_for_function("() => location.search.includes('source=')")
        return self.until("Number(data.known) > 0 || data.total === '0'")

    def until(self, condition: str) -> Complete:
        """Wait for a condition on `data`, what the page tells of the drawing."""
        script = "() => { const data = document.querySelector('[data-part=complete]')?.dataset; return data && (%s) }"
        try:
            self.page.wait_for_function(script % condition)
        except TimeoutError as error:
            told = self.root.evaluate("root => JSON.stringify(root.dataset)")
            raise AssertionError(f"{condition} did not come about: {told}") from error
        return self

    def shown(self, count: int) -> Complete:
        return self.until(f"Number(data.shown) === {count}")

    def says(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def fast(self) -> None:
        slider = self.page.get_by_label("Speed")
        slider.fill("6")
        slider.blur()  # which would keep the arrows

    def seen(self, canvas: Locator | None = None, shape: tuple[int, int, int] = SHAPE) -> Bytes:
        """The pixels (height, width, 3) of the board, or of another canvas, read in their middles."""
        _, height, width = shape
        return middles(canvas or self.board, width, height)

    def spot(self, row: float, column: float) -> tuple[float, float]:
        box = self.board.bounding_box()
        assert box is not None
        _, height, width = SHAPE
        return box["x"] + box["width"] * (column + 0.5) / width, box["y"] + box["height"] * (row + 0.5) / height


def middles(canvas: Locator, width: int, height: int) -> Bytes:
    """Read the corner quarter of each drawn pixel, where no frame around a pixel reaches."""
    script = """(canvas, [width, height]) => {
      const context = canvas.getContext("2d")
      const at = (i, count, length) => Math.floor(((i + 0.5) * length) / count)
      const all = []
      for (let row = 0; row < height; row++) for (let column = 0; column < width; column++)
        all.push(...context.getImageData(at(column, width, canvas.width), at(row, height, canvas.height), 1, 1).data)
      return all
    }"""
    flat = canvas.evaluate(script, [width, height])
    return np.array(flat, np.uint8).reshape(height, width, 4)[:, :, :3]


def veiled(seen: Bytes) -> NDArray[np.bool_]:
    return np.array([[tuple(map(int, value)) in VEIL for value in row] for row in seen])


@pytest.fixture
def complete(context: BrowserContext, studio: Server) -> Iterator[Complete]:
    with watched(context, studio.address, 60_000) as page:  # the first to come waits for a cold engine
        yield Complete(page, studio)


def test_a_picture_is_drawn_pixel_by_pixel_at_any_pace(complete: Complete) -> None:
    complete.open("model=toy-gated&y=2&seed=7")
    wanted = complete.engine.sample("toy-gated", [7], [2])[0, :, :, 0]
    expect(complete.page.get_by_text("A sentence. Trained 20 steps on 640 pictures.")).to_be_visible()
    expect(complete.says("chances")).to_contain_text("No pixel is drawn yet")
    complete.press("ArrowRight", "ArrowRight", "ArrowRight")
    complete.shown(3)
    seen = complete.seen()
    assert veiled(seen).sum() == 117
    assert (seen[0, :3, 0] == wanted[0, :3]).all()
    value = "white" if wanted[0, 2] else "black"
    expect(complete.says("chances")).to_contain_text(f"Pixel at row 1, column 3: {value} was drawn; its chance was")
    complete.press("ArrowLeft")
    complete.shown(2)
    complete.press("ArrowDown")
    complete.shown(10)
    complete.press("ArrowDown", "ArrowDown", "ArrowUp")
    complete.shown(20)
    complete.press(" ")  # plays, and is stopped somewhere
    complete.until("Number(data.shown) > 24 && data.playing === 'true'")
    complete.press(" ")
    complete.until("data.playing === 'false'")
    stopped = int(complete.root.get_attribute("data-shown") or 0)
    assert 24 < stopped < 120
    complete.fast()
    complete.button("Play").click()
    complete.shown(120).until("data.playing === 'false'")
    assert (complete.seen()[:, :, 0] == wanted).all()
    expect(complete.says("rival-says")).to_contain_text("All 120 pixels in one pass:")
    expect(complete.says("rival-says")).to_contain_text("Pixel by pixel, 120 took")
    complete.page.get_by_test_id("scrub").fill("15")
    complete.shown(15)
    complete.button("class 1").click()
    complete.press("End")
    complete.shown(120)
    assert (complete.seen()[:, :, 0] == complete.engine.sample("toy-gated", [7], [1])[0, :, :, 0]).all()
    complete.page.wait_for_function("() => location.search.includes('y=1') && location.search.includes('seed=7')")
    complete.press("n")
    complete.page.wait_for_function("() => !/seed=7(&|$)/.test(location.search)")
    assert complete.page.evaluate(NAMELESS.replace("reconstruct", "complete")) == []


def test_a_region_is_hidden_and_filled_in_many_ways(complete: Complete) -> None:
    complete.open("model=toy-plain&way=fill")
    complete.shown(0)
    complete.page.get_by_label("How many fillings").select_option("4")
    complete.until("data.total === '60'")  # the lower half, to begin with
    source = complete.seen()[:, :, 0]
    assert (veiled(complete.seen())[:6] == 0).all()
    assert veiled(complete.seen())[6:].all()
    complete.fast()
    complete.press(" ")
    complete.shown(60)
    hidden = np.repeat(np.arange(12)[:, None] >= 6, 10, axis=1).astype(np.uint8)
    given = np.where(hidden, 0, source).astype(np.uint8)
    all_given, all_hidden = np.repeat(given[None, :, :, None], 4, 0), np.repeat(hidden[None], 4, 0)
    wanted = complete.engine.complete("toy-plain", all_given, all_hidden, [1, 2, 3, 4])[:, :, :, 0]
    tiles = complete.says("fillings").locator("canvas")
    for i in range(4):
        assert (complete.seen(tiles.nth(i))[:, :, 0] == wanted[i]).all()
    assert len({each.tobytes() for each in wanted}) > 1
    complete.says("fillings").get_by_role("button").nth(2).click()
    assert (complete.seen()[:, :, 0] == wanted[2]).all()

    complete.button("Nothing").click()
    complete.until("data.total === '0'")
    expect(complete.says("where")).to_contain_text("Nothing is hidden")
    complete.page.get_by_label("Size of the brush").fill("0")
    complete.page.mouse.move(*complete.spot(2, 2))
    complete.page.mouse.down()
    complete.page.mouse.move(*complete.spot(2, 6), steps=6)
    complete.page.mouse.up()
    complete.until("data.total === '5'")
    assert veiled(complete.seen())[2, 2:7].all()
    complete.press("ArrowDown", "Enter")  # the cursor begins in the middle
    complete.until("data.total === '6'")
    complete.press("Shift+Enter")
    complete.until("data.total === '5'")
    complete.press("u", "u", "u")
    complete.until("data.total === '0'")
    complete.press("h")
    complete.until("data.total === '60'")

    before = complete.seen()
    bring(complete, "torn.png", b"\x89PNG\r\n\x1a\n nothing more")  # type: ignore[arg-type]
    expect(complete.page.locator(".zt-notice")).to_contain_text("torn.png")
    assert (complete.seen() == before).all()
    grey = np.full((24, 20, 3), 90, np.uint8)
    complete.button("Nothing").click()
    complete.until("data.total === '0'")
    bring(complete, "grey.png", file(grey))  # type: ignore[arg-type]
    expect(complete.page.get_by_text("grey.png, 20 × 24")).to_be_attached()
    complete.page.get_by_label("Grey from which on a pixel is white").fill("60")
    complete.page.wait_for_timeout(700)
    assert (complete.seen() == 255).any()
    complete.page.get_by_label("Grey from which on a pixel is white").fill("120")
    complete.page.wait_for_timeout(700)
    assert (complete.seen() == 0).all()  # black and white alone
    complete.button("Middle").click()
    complete.until("data.total === '24'")
    complete.page.wait_for_function("() => location.search.includes('way=fill')")
    complete.page.get_by_text("Picture", exact=True).click()
    complete.page.get_by_role("tab", name="Pictures").click()
    complete.page.get_by_role("button", name="A three in an upright hand").click()
    complete.page.wait_for_function("() => decodeURIComponent(location.search).includes('source=bundled:digit-3')")
    complete.page.wait_for_timeout(1500)
    before = complete.seen()
    complete.page.reload()  # the mask comes back, and what it lies on
    complete.until("data.total === '24'")
    complete.page.wait_for_timeout(600)
    assert (complete.seen() == before).all()
    assert veiled(complete.seen())[3:9, 3:7].all()
    assert veiled(complete.seen()).sum() == 24


def test_what_is_seen_and_what_surprises_is_shown(complete: Complete) -> None:
    complete.open("model=toy-plain&seed=3")
    complete.fast()
    complete.press(" ")
    complete.shown(120)
    picture = complete.engine.sample("toy-plain", [3])
    complete.press("b")
    expect(complete.says("surprise")).to_contain_text("nats")
    nats = complete.engine.surprise("toy-plain", picture).sum() * math.log(2)
    expect(complete.says("surprise")).to_have_attribute("data-nats", f"{nats:.3f}")
    expect(complete.says("surprise")).to_contain_text(f"{nats / math.log(2) / 120:.3f} bits per dimension. Exact.")
    assert (complete.seen()[:, :, 0] != picture[0, :, :, 0]).any()  # heat lies over it
    complete.press("b")
    complete.press("m")
    complete.page.mouse.move(*complete.spot(8, 4))
    expect(complete.says("reach")).to_have_attribute("data-pixel", "84")
    ready = complete.engine.device_model("toy-plain")
    seen = ready.receptive(picture, 84)[0] > 0
    expect(complete.says("reach")).to_have_attribute("data-seen", str(seen.sum()))
    expect(complete.says("reach")).to_contain_text("hidden from this one (pink)")
    expect(complete.page.locator(".zt-cpl-mask")).to_have_count(2)
    label = "Mask of the masked convolution, type A, 7 × 7: 24 of 49 pixels are seen"
    expect(complete.page.get_by_role("img", name=label)).to_be_visible()
    complete.page.get_by_label("Model", exact=True).select_option("toy-colour")
    complete.until("data.total === '30'")
    complete.press("ArrowRight")
    complete.shown(1)
    expect(complete.page.locator(".zt-cpl-area")).to_have_count(3)
    expect(complete.says("rival-says")).to_contain_text("pixels in one pass")
    wanted = complete.engine.sample("toy-colour", [3])[0]
    complete.press("End")
    complete.shown(30)
    complete.press("m")
    assert (complete.seen(shape=(3, 6, 5)) == wanted).all()


def test_nothing_stands_beside_another_picture_than_its_own(complete: Complete) -> None:
    held = Held(complete.page, "/live")
    complete.open("model=toy-plain&seed=3")
    complete.fast()
    complete.press(" ")
    complete.shown(120)
    complete.press("b", "m")
    complete.page.mouse.move(*complete.spot(8, 4))
    said = {name: complete.says(name) for name in ("surprise", "reach", "rival-says")}
    wanted = {"surprise": "nats", "reach": "sees", "rival-says": "pixels in one pass"}
    for name, words in wanted.items():
        expect(said[name]).to_contain_text(words)
    held.hold()
    complete.page.get_by_label("Seed", exact=True).fill("4")
    complete.press("Enter")
    for name, words in wanted.items():
        expect(said[name]).not_to_contain_text(words)
    expect(complete.says("rival")).to_be_hidden()
    expect(complete.page.get_by_label("What the other model sees")).to_be_hidden()
    held.release()
    expect(complete.says("rival")).to_be_visible()
    complete.page.evaluate("document.activeElement.blur()")
    complete.press("End")
    complete.shown(120)
    picture = complete.engine.sample("toy-plain", [4])
    nats = complete.engine.surprise("toy-plain", picture).sum() * math.log(2)
    expect(said["surprise"]).to_have_attribute("data-nats", f"{nats:.3f}")
    seen = complete.engine.device_model("toy-plain").receptive(picture, 84)[0] > 0
    expect(said["reach"]).to_have_attribute("data-seen", str(seen.sum()))


def test_a_class_outlives_a_model_without_classes(complete: Complete) -> None:
    complete.open("model=toy-gated&y=2&seed=7")
    model, chip = complete.page.get_by_label("Model", exact=True), complete.button("class 2")
    expect(chip).to_have_attribute("aria-pressed", "true")
    model.select_option("toy-plain")
    expect(chip).to_be_hidden()
    complete.page.wait_for_function("() => !/[?&]y=/.test(location.search)")
    complete.page.wait_for_timeout(500)
    model.select_option("toy-gated")
    expect(chip).to_have_attribute("aria-pressed", "true")
    complete.page.wait_for_function("() => /[?&]y=2/.test(location.search)")
    complete.page.go_back()
    expect(model).to_have_value("toy-plain")
    complete.page.go_forward()
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_a_link_that_asks_for_too_much_is_answered_and_a_dead_engine_harms_nothing(
    complete: Complete, studio: Server
) -> None:
    complete.open("model=toy-nobody&seed=x&y=9&way=sideways")
    notice = complete.page.locator(".zt-notice")
    for part in ("There is no model called 'toy-nobody' here", "seed 'x' is no whole number", "way 'sideways'"):
        expect(notice).to_contain_text(part)
    complete.press("ArrowDown")
    complete.shown(10)
    before = complete.seen()
    os.kill(studio.engine(), signal.SIGKILL)
    complete.press("End")
    complete.shown(120)
    assert (complete.seen()[0] == before[0]).all()
    complete.page.goto(studio.address)  # Home draws such a model too, and opens it here
    card = complete.page.locator(".zt-card[data-model=toy-plain][data-drawn]")
    expect(card).to_contain_text("no latents")
    card.click()
    complete.until("data.total === '120'")
    expect(complete.page.get_by_label("Model", exact=True)).to_have_value("toy-plain")
    complete.fast()
    complete.press("End")
    complete.shown(120)
    drawn = complete.seen()
    complete.button("Hide part of it").click()
    complete.until("data.total === '60'")
    assert (complete.seen()[:6] == drawn[:6]).all()


def test_nothing_is_cut_off_on_a_phone(browser_phone: Page, studio: Server) -> None:
    browser_phone.goto(f"{studio.address}/complete?model=toy-gated")
    browser_phone.wait_for_function("() => document.querySelector('[data-part=complete]')?.dataset.known > 0")
    for way in ("Draw from nothing", "Hide and fill"):
        browser_phone.get_by_role("button", name=way).click()
        assert browser_phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        box = browser_phone.get_by_test_id("board").bounding_box()
        assert box is not None
        assert 250 < box["width"] <= 390


def test_lecture_mode_ends_with_the_full_screen(complete: Complete) -> None:
    lecture(complete.open().page)
