"""Reconstruct in a real browser: sources, the crop box, rows of models, searches, and what outlives a death."""

from __future__ import annotations

import io
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from bench.rig.chromium import FLAGS, LAPTOP
from engine.analysis import familiarity
from engine.checkpoints import files
from engine.inference.engine import Engine
from engine.models.ae import Autoencoder, AutoencoderConfig
from engine.models.classifier import Classifier, ClassifierConfig
from engine.models.gan import GAN, GANConfig
from engine.models.hierarchical_ali import HierarchicalALI, HierarchicalALIConfig
from engine.models.vae import VAE, VAEConfig
from tests.browser.conftest import Explore, Server, chromium, comes, nothing_more, painted, serving, watched
from tests.tiny import write
from train.metrics.familiarity import Measured, keep, reconstruction

pytestmark = pytest.mark.browser

GREY = (1, 16, 16)
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PIXELS = """(canvas, [width, height]) => {
  const copy = new OffscreenCanvas(width, height).getContext("2d")
  copy.imageSmoothingEnabled = false
  copy.drawImage(canvas, 0, 0, width, height)
  return Array.from(copy.getImageData(0, 0, width, height).data)
}"""
DRAWN = "([tile, least]) => Number(document.querySelector(tile)?.dataset.frames) > least"
RESTED = """([model, least]) => {
  const row = document.querySelector(`.zt-rec-group:has([data-model=${model}])`)
  return row && row.dataset.drawn === row.dataset.asked && Number(row.dataset.drawn) > least
}"""
NAMELESS = """() => {
  const all = document.querySelectorAll("[data-part=reconstruct] :is(button, input, select, [role=application])")
  const name = (each) => each.textContent.trim() || each.ariaLabel || each.title || each.querySelector("img")?.alt
  return [...all].filter((each) => each.checkVisibility() && !name(each)).map((each) => each.outerHTML)
}"""
SAMPLE = """async () => {
  const files = performance.getEntriesByType("resource").map((entry) => entry.name)
  const { modules } = await import(files.find((name) => name.endsWith("/shared.js")))
  const { sourceState } = modules["source/sourceState.js"]
  return Array.from(sourceState.sources.sample.canvas.getContext("2d").getImageData(0, 0, 16, 16).data)
}"""
Bytes = NDArray[np.uint8]


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a model of every kind that the page treats differently."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "checkpoints"
    write(folder, "toy-ae", Autoencoder(AutoencoderConfig(GREY, latent=2, width=32, depth=1)))
    write(folder, "toy-vae", VAE(VAEConfig(GREY, latent=3, width=32, depth=1)))
    write(folder, "toy-levels", HierarchicalALI(HierarchicalALIConfig(GREY, 6, z2_dim=2, hidden=16, net="dense")))
    write(folder, "toy-gan", GAN(GANConfig(GREY, latent=4, width=16, depth=1)))
    write(folder, "toy-cvae", VAE(VAEConfig((3, 16, 16), latent=3, width=32, depth=1, classes=3)))
    write(folder, "toy-cgan", GAN(GANConfig((1, 28, 20), latent=4, width=16, depth=1, classes=3)))
    write(folder, "toy-narrow", VAE(VAEConfig((1, 28, 20), latent=2, width=32, depth=1)))
    write(folder, "toy-judge", Classifier(ClassifierConfig(GREY, width=4, answers=3)))
    amend(folder / "toy-vae", held_out={"mse": list(np.linspace(0, 1e-6, 101))})
    amend(folder / "toy-ae", held_out={"mse": list(np.linspace(0, 1, 101))})
    rising = np.linspace(0, 1, 101)
    own = {"mse": list(rising), "mse, z2 alone": list(1e-6 * rising), "mse, draw": list(0.9 + 0.1 * rising)}
    amend(folder / "toy-levels", held_out=own)
    amend(folder / "toy-judge", feature_variance=0.5)
    write(folder, "toy-plain", Autoencoder(AutoencoderConfig((1, 28, 20), latent=2, width=8, depth=1)))
    amend(folder / "toy-plain", data="plain")
    learn(folder, "toy-knowing", 0.97)
    learn(folder, "toy-doubtful", 0.6)
    darken(folder, "toy-dark")
    with serving(folder, home) as running:
        yield running


def darken(folder: Path, name: str) -> None:
    """Write a model of data of its own that knows one picture alone: all black."""
    model = Autoencoder(AutoencoderConfig(GREY, latent=2, width=8, depth=1))
    write(folder, name, model)
    for parameter in model.parameters():
        parameter.data.fill_(0)
    list(model.parameters())[-1].data.fill_(-9)
    place = folder / name
    card = replace(files.read_card(place), data="dark")
    files.save(folder, model, card, (place / "sheet.webp").read_bytes(), np.zeros((2, 2), np.float32), None)


def familiar(seed: int, count: int = 1) -> Bytes:
    """Pictures of one kind, (count, 16, 16, 1): coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 1), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def learn(folder: Path, name: str, area: float) -> None:
    """Write a model that knows pictures of that kind, and tells others from them in a share of pairs."""
    model = Autoencoder(AutoencoderConfig(GREY, latent=2, width=8, depth=1))
    write(folder, name, model)
    known, test = familiar(0, 400), familiar(1, 200)
    found = familiarity.of(known, *reconstruction(model, known))
    own = found.strangeness(test, *reconstruction(model, test))["strangeness"]
    keep(folder / name, Measured(found, own, {}))
    told = {"areas": {"all others": [area, area, area]}, "protocol": "one kind"}
    amend(folder / name, data=name, strangeness=told)


def amend(place: Path, **fields: Any) -> None:
    """Give a card further fields, as an evaluation would."""
    card = json.loads((place / "card.json").read_text())
    (place / "card.json").write_text(json.dumps({**card, **fields}))


class Reconstruct:
    """The page, as a person sees it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.status = page.get_by_test_id("reconstruct-status")
        self.crop = page.get_by_test_id("crop")
        self.stage = page.get_by_test_id("stage")

    def open(self, query: str = "source=sample:toy-vae:7") -> Reconstruct:
        self.page.goto(f"{self.server.address}/reconstruct?{query}")
        return self.drawn("toy-vae")

    def tile(self, model: str, way: str = "") -> Locator:
        return self.page.locator(f".zt-rec-tile[data-model={model}]").filter(has_text=way).first

    def drawn(self, model: str, more_than: int = 0) -> Reconstruct:
        self.page.wait_for_function(DRAWN, arg=[f".zt-rec-tile[data-model={model}]", more_than])
        return self

    def rested(self, model: str = "toy-vae", more_than: int = 0) -> Reconstruct:
        """Wait until the row of a model shows what it makes of the picture, as it does once a hand rests."""
        painted(self.page)
        self.page.wait_for_function(RESTED, arg=[model, more_than])
        return self

    def frames(self, model: str = "toy-vae") -> int:
        return int(self.tile(model).get_attribute("data-frames") or 0)

    def after(self, act: Any, model: str = "toy-vae") -> None:
        """Do something, and wait until the row has followed and rests."""
        row = self.page.locator(f".zt-rec-group:has([data-model={model}])")
        before = int(row.get_attribute("data-drawn") or 0)
        act()
        self.rested(model, before)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.after(lambda: self.button(name).click())

    def seen(self, model: str = "toy-vae") -> Bytes:
        """What the models of a row saw."""
        section = self.page.locator(f".zt-rec-group:has([data-model={model}])")
        return pixels(section.locator(".zt-rec-sight canvas"))

    def made(self, model: str, way: str = "") -> Bytes:
        return pixels(self.tile(model, way).locator("canvas").first)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()


def pixels(canvas: Locator, size: tuple[int, int] = (16, 16)) -> Bytes:
    """The pixels (height, width, 3) of a small picture that is drawn large."""
    flat = canvas.evaluate(PIXELS, list(size))
    return np.array(flat, np.uint8).reshape(size[1], size[0], 4)[:, :, :3]


@pytest.fixture
def desk(context: BrowserContext, row: Server) -> Iterator[Reconstruct]:
    with watched(context, row.address, 60_000) as page:  # the first to come waits for a cold engine
        yield Reconstruct(page, row)


@pytest.fixture(scope="module")
def still(browser: Browser, row: Server) -> Iterator[Reconstruct]:
    """The page as it opens, once for all tests that only look at it."""
    with closing(browser.new_context(viewport=LAPTOP)) as context, watched(context, row.address, 60_000) as page:
        yield Reconstruct(page, row).open()


def file(pixels: Bytes) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def number(tile: Locator) -> float:
    """The pixel error that a tile shows."""
    return float(tile.locator("dd").first.inner_text().replace("−", "-"))


def bring(desk: Reconstruct, name: str, data: bytes) -> None:
    """Upload a file."""
    chooser = desk.page.locator("input[type=file]")
    chooser.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


class Answers:
    """The answers of the engine on their way to a page: held back, or let through."""

    def __init__(self, page: Page) -> None:
        self.holding, self.waiting = False, list[tuple[WebSocketRoute, str | bytes]]()
        page.route_web_socket("**/live?**", self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda answer: self.waiting.append((socket, answer)) if self.holding else socket.send(answer))

    def hold(self) -> None:
        self.holding = True

    def release(self) -> None:
        self.holding = False
        waiting, self.waiting = self.waiting, []
        for socket, answer in waiting:
            socket.send(answer)


# Rows


def test_every_model_that_encodes_stands_in_a_row_of_its_kind(still: Reconstruct) -> None:
    for name in ("toy-ae", "toy-levels", "toy-cvae", "toy-narrow"):
        still.drawn(name)
    grey = still.page.get_by_role("region", name="Models of toy 16 × 16", exact=True)
    expect(grey.locator(".zt-rec-tile[data-model]")).to_have_count(5)
    expect(still.page.get_by_role("region", name="Models of toy 20 × 28")).to_contain_text("of the box its middle")
    expect(still.page.locator(".zt-rec-trouble:not(:empty)")).to_have_count(0)
    still.page.wait_for_function("() => document.querySelector('[data-testid=reconstruct-status]').dataset.row !== ''")


def test_the_pixel_error_is_that_of_the_pictures_shown(still: Reconstruct) -> None:
    still.rested()
    error = float(np.mean(np.square((still.seen().astype(float) - still.made("toy-vae")) / 255)))
    assert number(still.tile("toy-vae")) == pytest.approx(error, rel=0.01)


def test_a_sample_is_seen_exactly_as_it_was_drawn(still: Reconstruct) -> None:
    sample = np.array(still.page.evaluate(SAMPLE), np.uint8).reshape(16, 16, 4)[:, :, :3]
    assert (still.seen() == sample).all()
    assert sample.std() > 5


def test_the_error_is_ranked_among_test_pictures_and_means_no_more(still: Reconstruct) -> None:
    expect(still.tile("toy-vae")).to_contain_text("rebuilt worse than every one of its own test pictures.")
    error = number(still.tile("toy-ae"))
    share = round(100 * (1 - error))
    expect(still.tile("toy-ae")).to_contain_text(
        f"Pixel error: rebuilt better than {share} % of its own test pictures."
    )
    expect(still.tile("toy-plain")).to_contain_text("No gauge: this model's card has no errors of its test set.")


def test_a_strange_picture_is_told_from_a_familiar_one_where_the_measure_is_trusted(desk: Reconstruct) -> None:
    desk.open()
    tile = desk.tile("toy-knowing")
    desk.drawn("toy-knowing")
    desk.after(lambda: bring(desk, "noise.png", file(familiar(99)[0, :, :, 0])), "toy-knowing")
    expect(tile.locator(".zt-rec-verdict")).to_contain_text("Not strange, as far as this is measured")
    expect(tile).to_contain_text("In 97 of 100 pairs with a test picture, the strange one was told.")
    grey = np.full((16, 16, 1), 128, np.uint8)
    desk.after(lambda: bring(desk, "even.png", file(grey[:, :, 0])), "toy-knowing")
    expect(tile.locator(".zt-rec-verdict")).to_contain_text("Strange by its")
    expect(tile.locator(".zt-rec-scale")).to_be_visible()
    expect(desk.tile("toy-doubtful").locator(".zt-rec-verdict")).to_be_empty()  # told in 60 of 100 pairs: no words


def test_a_draw_and_a_part_of_a_code_are_judged_by_figures_of_their_own(desk: Reconstruct) -> None:
    desk.open()
    whole, alone = desk.tile("toy-levels", "from z2 and z1"), desk.tile("toy-levels", "from z2 alone")
    error = number(whole)
    expect(whole).to_contain_text(f"rebuilt better than {round(100 * (1 - error))} % of its own test pictures.")
    expect(alone).to_contain_text("rebuilt from z2 alone worse than every one of its own test pictures so rebuilt.")
    desk.press("Sample")
    expect(alone).to_contain_text("Not judged: the card has no errors of test pictures rebuilt by a draw of z2 alone.")
    share = "rebuilt by a draw better than every one of its own test pictures so rebuilt."
    expect(desk.tile("toy-ae")).not_to_contain_text("by a draw")  # it has no posterior to draw from
    expect(desk.tile("toy-levels", "from z2 and z1")).to_contain_text(share)
    expect(desk.tile("toy-vae")).to_contain_text(
        "Not judged: the card has no errors of test pictures rebuilt by a draw."
    )
    expect(desk.tile("toy-vae").locator(".zt-rec-gauge")).not_to_contain_text("Pixel error")
    desk.press("Mean")
    expect(desk.tile("toy-vae")).to_contain_text("rebuilt worse than every one")


def test_a_model_that_bounds_shows_both_terms_and_others_none(still: Reconstruct) -> None:
    still.drawn("toy-ae")
    tile = still.tile("toy-vae")
    (cross, error), (rate,) = (
        [float(part) for part in text.split(" ± ")] for text in tile.locator(".zt-rec-term b").all_inner_texts()
    )
    assert rate >= 0  # in closed form, so that it has no error
    assert 0 < error < 0.2 * cross
    head = tile.locator(".zt-rec-bound p")
    total = re.fullmatch(r"cross-entropy \+ rate ([\d.]+) ± ([\d.]+) nats", head.inner_text())
    assert total is not None  # its pixels are grey: a Bernoulli has no likelihood of them
    assert float(total[1]) == pytest.approx(cross + rate, abs=float(total[2]) + 0.1)
    expect(head).to_have_attribute("title", re.compile("grey pixels.* mean of 8 draws"))
    expect(still.tile("toy-ae").locator(".zt-rec-bound")).to_be_hidden()


def test_features_are_compared_where_a_classifier_of_the_data_is_there(still: Reconstruct) -> None:
    value = still.tile("toy-vae").locator("dd").nth(1)
    expect(value).not_to_have_text("–")
    assert float(value.inner_text()) > 0
    still.drawn("toy-narrow")
    expect(still.tile("toy-narrow").locator("dd").nth(1)).to_have_text("–")


def test_levels_are_shown_together_and_from_the_upper_one_alone(still: Reconstruct) -> None:
    expect(still.tile("toy-levels", "from z2 and z1")).to_be_visible()
    upper = still.tile("toy-levels", "from z2 alone")
    expect(upper).to_have_attribute("data-frames", "1")
    assert (still.made("toy-levels", "from z2 alone") != still.made("toy-levels", "from z2 and z1")).any()


def test_a_draw_of_the_posterior_follows_its_seed_and_the_mean_comes_back(desk: Reconstruct) -> None:
    desk.open()
    desk.rested()
    mean = desk.made("toy-vae")
    desk.press("Sample")
    first = desk.made("toy-vae")
    assert (first != mean).any()
    desk.press("Resample")
    assert (desk.made("toy-vae") != first).any()
    desk.page.get_by_label("Seed of the posterior draw").fill("1")
    desk.after(lambda: desk.page.keyboard.press("Enter"))
    assert (desk.made("toy-vae") == first).all()
    desk.press("Mean")
    assert (desk.made("toy-vae") == mean).all()


def test_the_error_map_is_a_switch(desk: Reconstruct) -> None:
    desk.open()
    expect(desk.tile("toy-vae").locator(".zt-rec-map")).to_be_hidden()
    desk.button("Error map").click()
    expect(desk.tile("toy-vae").locator(".zt-rec-map")).to_be_visible()
    expect(desk.tile("toy-gan").locator(".zt-rec-map")).to_be_hidden()


def test_kinds_can_be_folded(desk: Reconstruct) -> None:
    desk.open()
    desk.page.get_by_role("button", name="toy 20 × 28 2").click()
    expect(desk.tile("toy-narrow")).to_be_hidden()
    desk.page.get_by_role("button", name="toy 20 × 28 2").click()
    expect(desk.tile("toy-narrow")).to_be_visible()


# The crop


def test_the_crop_is_turned_mirrored_and_inverted_exactly(desk: Reconstruct) -> None:
    desk.open()
    desk.rested()
    upright = desk.seen()
    desk.press("Mirror")
    assert (desk.seen() == upright[:, ::-1]).all()
    desk.press("Mirror")
    desk.press("Invert")
    assert (desk.seen() == 255 - upright).all()
    desk.press("Invert")
    desk.press("↻ 90°")
    assert (desk.seen() == np.rot90(upright)).all()
    for _ in range(3):
        desk.press("↻ 90°")
    assert (desk.seen() == upright).all()


def test_the_box_is_moved_and_sized_by_hand_and_by_keys(desk: Reconstruct) -> None:
    desk.open()
    box = desk.crop.bounding_box()
    assert box is not None
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.mouse.move(*centre)
    desk.page.mouse.down()
    desk.page.mouse.move(centre[0] + 20, centre[1], steps=5)
    desk.page.mouse.up()
    moved = desk.crop.bounding_box()
    assert moved is not None
    assert moved["x"] == pytest.approx(box["x"] + 20, abs=2)
    desk.crop.focus()
    desk.page.keyboard.press("Shift+ArrowLeft")
    desk.page.keyboard.press("-")
    painted(desk.page)
    keyed = desk.crop.bounding_box()
    assert keyed is not None
    assert keyed["width"] < moved["width"]
    assert keyed["x"] + keyed["width"] / 2 < moved["x"] + moved["width"] / 2 - 5
    corner = keyed["x"] + keyed["width"] - 5, keyed["y"] + keyed["height"] - 5
    desk.page.mouse.move(*corner)
    desk.page.mouse.down()
    desk.page.mouse.move(corner[0] - 40, corner[1] - 40, steps=5)
    desk.page.mouse.up()
    painted(desk.page)
    sized = desk.crop.bounding_box()
    assert sized is not None
    assert sized["width"] == pytest.approx(keyed["width"] - 80, abs=6)


def test_a_negative_is_suggested_and_made_only_when_told(desk: Reconstruct) -> None:
    desk.open()
    white = np.full((32, 32, 3), 255, np.uint8)
    desk.after(lambda: bring(desk, "white.png", file(white)), "toy-dark")
    dark = desk.page.get_by_role("region", name="Models of dark")
    expect(dark).to_contain_text("Inverted, this picture comes over 100 times closer.")
    expect(desk.button("Invert").first).to_have_attribute("aria-pressed", "false")
    assert (desk.seen("toy-dark") == 255).all()
    desk.after(dark.get_by_role("button", name="Invert").click, "toy-dark")
    assert (desk.seen("toy-dark") == 0).all()
    expect(dark.locator(".zt-rec-suggest")).to_be_empty()


# The pad


def stroke(desk: Reconstruct) -> None:
    box = desk.stage.bounding_box()
    assert box is not None
    desk.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=25)


def test_every_row_follows_the_stroke(desk: Reconstruct) -> None:
    desk.open()
    desk.tab("Draw")
    expect(desk.page.get_by_text("The pad is empty.")).to_be_visible()
    before = desk.frames()
    stroke(desk)
    desk.drawn("toy-vae", before + 3)  # while the hand is still down
    desk.page.mouse.up()
    desk.rested()
    assert desk.seen().mean() > 5
    drawing = desk.seen()
    desk.press("Invert")
    desk.press("Invert")
    desk.button("Clear").click()
    expect(desk.page.get_by_text("The pad is empty.")).to_be_visible()
    desk.press("Undo")
    assert (desk.seen() == drawing).all()
    desk.button("Undo").click()
    expect(desk.page.get_by_text("The pad is empty.")).to_be_visible()
    desk.press("Redo")
    assert (desk.seen() == drawing).all()


def test_the_pad_is_drawn_on_by_keys(desk: Reconstruct) -> None:
    desk.open()
    desk.tab("Draw")
    pad = desk.page.get_by_role("application", name="Drawing pad.")
    pad.focus()

    def draw() -> None:
        for key in (" ", "Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp", " "):
            desk.page.keyboard.press(key)

    desk.after(draw)
    seen = desk.seen()
    assert seen[8, 7].min() > 100
    assert seen[2].max() == 0
    desk.page.keyboard.press("u")
    expect(desk.page.get_by_text("The pad is empty.")).to_be_visible()


def test_a_drawing_outlives_a_reload(desk: Reconstruct) -> None:
    desk.open()
    desk.tab("Draw")
    desk.after(lambda: stroke(desk))
    desk.page.mouse.up()
    desk.rested()
    drawing = desk.seen()
    desk.page.reload()
    desk.tab("Draw")
    desk.drawn("toy-vae")
    comes(desk.page, lambda: bool((desk.seen() == drawing).all()))


# Other sources


def test_an_upload_is_seen_and_a_bad_one_is_a_sentence_that_takes_nothing_away(desk: Reconstruct) -> None:
    desk.open()
    desk.rested()
    half = np.zeros((64, 64, 3), np.uint8)
    half[:, 32:] = 255
    desk.after(lambda: bring(desk, "half.png", file(half)))
    expect(desk.page.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")
    seen = desk.seen()
    assert (seen[:, :7] == 0).all()
    assert (seen[:, 9:] == 255).all()
    bring(desk, "letter.png", b"Dear reader, this is text.")
    expect(desk.page.get_by_text("holds text and no picture").first).to_be_visible()
    assert (desk.seen() == seen).all()


def test_a_bundled_picture_is_chosen_and_has_an_address(desk: Reconstruct) -> None:
    desk.open()
    desk.tab("Pictures")
    picture = desk.page.locator(".zt-rec-thumb").nth(1)
    desk.after(picture.click)
    name = picture.get_attribute("data-name")
    desk.page.wait_for_function(
        "name => location.search.includes(`bundled%3A${name}`) || location.search.includes(`bundled:${name}`)", arg=name
    )
    seen = desk.seen()
    desk.page.reload()
    desk.rested()
    assert (desk.seen() == seen).all()
    expect(desk.page.locator(".zt-rec-thumb[aria-pressed=true]")).to_have_attribute("data-name", str(name))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("source=bundled:nothing", "No picture called 'nothing' comes along."),
        ("source=sample:nobody:3", "There is no model called 'nobody' here."),
        ("source=sample:toy-vae:x", "The link's seed 'x' is no whole number"),
        ("source=moon", "The link's source 'moon' is neither"),
    ],
)
def test_a_link_that_leads_nowhere_is_a_sentence(desk: Reconstruct, query: str, sentence: str) -> None:
    desk.open(query)
    expect(desk.page.get_by_text(sentence)).to_be_visible()


def test_the_camera_is_followed_and_held(browser: Browser, row: Server) -> None:
    own = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *FAKE_CAMERA])
    try:
        desk = Reconstruct(own.new_page(viewport=LAPTOP), row).open()
        desk.tab("Camera")
        expect(desk.page.get_by_text("The camera is off.")).to_be_visible()
        desk.button("Start the camera").click()
        desk.drawn("toy-vae", desk.frames() + 4)
        desk.button("Hold").click()
        desk.rested()
        held = desk.frames()
        seen = desk.seen()
        nothing_more(desk.page)
        assert desk.frames() == held
        assert seen.std() > 5
    finally:
        own.close()


def test_without_a_camera_the_page_says_what_to_do(desk: Reconstruct) -> None:
    desk.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError') }"
    )
    desk.open()
    desk.tab("Camera")
    desk.button("Start the camera").click()
    expect(desk.page.get_by_text("No camera is connected.")).to_be_visible()


def test_the_desk_may_be_cleared_while_a_picture_is_under_way(desk: Reconstruct) -> None:
    desk.open()
    turn, camera = desk.button("↻ 90°"), desk.page.get_by_role("tab", name="Camera", exact=True)
    turn.evaluate("(turn, camera) => (turn.click(), camera.click())", camera.element_handle())
    expect(desk.page.get_by_text("The camera is off.")).to_be_visible()
    nothing_more(desk.page)  # what was asked comes back; errors of the page fail every test


# What belongs to another picture

STALE = re.compile(r"\bzt-rec-stale\b")
FIGURES = "dl dd, .zt-rec-gauge p, .zt-rec-bound"


def figures(tile: Locator) -> str:
    """All figures of a tile that can be seen, but for marks that there is none."""
    shown = [each.inner_text() for each in tile.locator(FIGURES).all() if each.is_visible()]
    return "".join(text for text in shown if text != "–" and not text.startswith("No gauge"))


def test_no_figure_of_a_picture_stands_beside_another(desk: Reconstruct) -> None:
    answers = Answers(desk.page)
    desk.open()
    desk.drawn("toy-levels")
    tiles = [desk.tile("toy-vae"), desk.tile("toy-levels", "from z2 and z1"), desk.tile("toy-levels", "from z2 alone")]
    for tile in tiles:
        expect(tile.locator("dd").nth(1)).not_to_have_text("–")
    answers.hold()
    bring(desk, "half.png", file(np.tile(np.repeat(np.uint8([[[0] * 3, [255] * 3]]), 32, 1), (64, 1, 1))))
    expect(desk.page.get_by_text("half.png, 64 × 64")).to_be_visible()
    for tile in tiles:
        expect(tile).to_have_class(STALE)
        assert figures(tile) == ""
        expect(tile.get_by_role("button", name="Use in Morph")).to_be_disabled()
    assert (desk.seen()[:, :7] == 0).all()
    answers.release()
    for tile in tiles:
        expect(tile).not_to_have_class(STALE)
        expect(tile.locator("dd").nth(1)).not_to_have_text("–")
    error = float(np.mean(np.square((desk.seen().astype(float) - desk.made("toy-vae")) / 255)))
    assert number(tiles[0]) == pytest.approx(error, rel=0.01)


def test_an_answer_to_the_picture_before_is_not_shown_beside_the_next(desk: Reconstruct) -> None:
    answers = Answers(desk.page)
    desk.open()
    desk.rested()
    answers.hold()
    desk.button("Mirror").click()  # asks, of the picture that is left at once
    comes(desk.page, lambda: bool(answers.waiting))
    desk.tab("Upload")
    expect(desk.page.get_by_text("No picture has been brought yet.")).to_be_visible()
    answers.release()
    nothing_more(desk.page)
    tile = desk.tile("toy-vae")
    expect(tile).to_have_class(STALE)
    assert figures(tile) == ""


def test_a_crop_that_waits_for_its_answer_is_marked(desk: Reconstruct) -> None:
    answers = Answers(desk.page)
    desk.open()
    expect(desk.tile("toy-vae").locator("dd").nth(1)).not_to_have_text("–")
    answers.hold()
    upright = desk.seen()
    desk.button("Mirror").click()
    expect(desk.tile("toy-vae")).to_have_class(STALE)
    assert (desk.seen() == upright[:, ::-1]).all()
    answers.release()
    expect(desk.tile("toy-vae")).not_to_have_class(STALE)


def test_a_refused_upload_leaves_the_caption_of_the_picture_that_lies_there_and_is_said_once(desk: Reconstruct) -> None:
    desk.open()
    desk.after(lambda: bring(desk, "half.png", file(np.zeros((64, 64, 3), np.uint8))))
    expect(desk.page.get_by_text("half.png, 64 × 64")).to_be_visible()
    bring(desk, "letter.png", b"Dear reader, this is text.")
    expect(desk.page.get_by_text("holds text and no picture")).to_have_count(1)
    expect(desk.page.get_by_text("half.png, 64 × 64")).to_be_visible()
    expect(desk.page.get_by_test_id("stFileUploaderFileName").filter(visible=True)).to_have_count(0)


# Searches

STOPPED = """() => {
    const tile = document.querySelector("[data-model=toy-gan]")
    if (Number(tile.dataset.steps) <= 10) return false
    const stop = [...tile.querySelectorAll("button")].find((button) => button.textContent === "Stop")
    stop?.click()
    return Boolean(stop)
}"""


def test_a_model_without_an_encoder_is_searched_and_can_be_stopped(desk: Reconstruct) -> None:
    desk.open("source=sample:toy-gan:3")
    tile = desk.tile("toy-gan")
    expect(tile).to_contain_text("has no encoder")
    expect(tile).to_contain_text("Not searched yet.")
    tile.get_by_role("button", name="Search").click()
    desk.page.wait_for_function(STOPPED)  # in the page itself: by a way round through here it would have converged
    expect(tile.get_by_role("button", name="Go on")).to_be_visible()
    nothing_more(desk.page)  # of what was asked for before
    steps = tile.get_attribute("data-steps")
    nothing_more(desk.page)
    assert tile.get_attribute("data-steps") == steps
    early = number(tile)
    tile.get_by_role("button", name="Go on").click()
    expect(tile.get_by_role("button", name="Search")).to_be_visible()
    assert number(tile) <= early
    assert float(np.mean(np.square((desk.seen().astype(float) - desk.made("toy-gan")) / 255))) < 0.02


def test_a_class_is_the_likeliest_or_the_one_that_is_told_and_goes_on_into_explore(desk: Reconstruct) -> None:
    desk.open()
    desk.drawn("toy-cvae")
    tile = desk.tile("toy-cvae")
    told = tile.get_by_role("combobox", name="Class that Toy Cvae is told")
    ready = Engine([desk.server.folder], "cpu").device_model("toy-cvae")
    likeliest = int(ready.reconstruct(desk.seen("toy-cvae")[None])["y"][0])
    expect(told.locator("option").first).to_have_text(f"likeliest: {ready.card.classes[likeliest]}")
    expect(desk.tile("toy-cgan").get_by_role("combobox").locator("option")).to_have_text(list(ready.card.classes))
    other = (likeliest + 1) % 3
    before = desk.made("toy-cvae")
    desk.after(lambda: told.select_option(str(other)), "toy-cvae")
    assert (desk.made("toy-cvae") != before).any()
    tile.get_by_role("button", name="Explore from here").click()
    desk.page.wait_for_url(f"**y={other}**")


def test_a_find_of_an_earlier_picture_says_so(desk: Reconstruct) -> None:
    desk.open("source=sample:toy-gan:3")
    tile = desk.tile("toy-gan")
    tile.get_by_role("button", name="Search").click()
    desk.page.wait_for_function("() => Number(document.querySelector('[data-model=toy-gan]').dataset.steps) > 3")
    tile.get_by_role("button", name="Stop").click()
    expect(tile.get_by_role("button", name="Go on")).to_be_visible()
    desk.press("Invert")
    expect(tile).to_contain_text("Of an earlier picture:")


# Going on


def test_explore_goes_on_from_a_reconstruction_and_nothing_is_lost(desk: Reconstruct) -> None:
    desk.open()
    desk.rested()
    desk.press("Mirror")
    seen, made = desk.seen(), desk.made("toy-vae")
    desk.tile("toy-vae").get_by_role("button", name="Explore from here").click()
    explore = Explore(desk.page, desk.server.address).drawn()
    assert "model=toy-vae" in desk.page.url
    shown = pixels(desk.page.get_by_test_id("live-canvas"))
    assert np.abs(shown.astype(int) - made).max() <= 80  # the canvas of Explore is softened
    assert len(explore.z) == 3
    desk.page.get_by_role("link", name="Reconstruct").click()
    desk.drawn("toy-vae").rested()
    assert (desk.seen() == seen).all()
    expect(desk.button("Mirror")).to_have_attribute("aria-pressed", "true")


def test_the_row_lives_through_the_death_of_the_engine(desk: Reconstruct) -> None:
    desk.open()
    desk.rested()
    made = desk.made("toy-vae")
    os.kill(desk.server.engine(), signal.SIGKILL)
    expect(desk.page.get_by_text("The engine is restarting…")).to_be_visible()
    assert (desk.made("toy-vae") == made).all()
    desk.press("Mirror")
    expect(desk.page.get_by_text("The engine is restarting…")).to_be_hidden()
    assert (desk.made("toy-vae") != made).any()
    expect(desk.page.locator(".zt-rec-trouble:not(:empty)")).to_have_count(0)


# Everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, row: Server, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    desk = Reconstruct(context.new_page(), row)
    desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    desk.open()
    assert desk.page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    context.close()


def test_every_control_has_a_name_and_a_place_in_the_order_of_tabs(desk: Reconstruct) -> None:
    desk.open()
    assert desk.page.evaluate(NAMELESS) == []
    desk.page.get_by_role("tab", name="Sample").focus()
    reached = set()
    for _ in range(40):
        desk.page.keyboard.press("Tab")
        reached.add(desk.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.ariaLabel"))
    assert {"Another", "Mirror", "Invert", "Error map", "Sample", "Resample"} <= reached
    assert any(str(name).startswith("Crop box.") for name in reached)


def test_a_picture_is_taken_from_a_server_that_has_started_again(browser: Browser, tmp_path: Path) -> None:
    write(tmp_path / "checkpoints", "toy-ae", Autoencoder(AutoencoderConfig(GREY, latent=2, width=32, depth=1)))
    with serving(tmp_path / "checkpoints", tmp_path) as server:
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(90_000)  # an engine starts under way, on however busy a machine
        desk = Reconstruct(page, server)
        page.goto(f"{server.address}/reconstruct")
        expect(page.locator(".zt-rec-thumb[aria-pressed=true]")).to_be_visible(timeout=90_000)
        for name, grey in (("first.png", 50), ("second.png", 100)):
            bring(desk, name, file(np.full((20, 20, 3), grey, np.uint8)))
            expect(page.get_by_text(f"{name}, 20 × 20")).to_be_visible()
        server.stop()
        expect(page.get_by_text("Reconnecting…")).to_be_visible()
        server.start()
        expect(page.get_by_text("Reconnecting…")).to_be_hidden(timeout=90_000)
        expect(page.locator("input[type=file]")).to_be_enabled(timeout=90_000)
        bring(desk, "third.png", file(np.full((20, 20, 3), 150, np.uint8)))
        expect(page.get_by_text("third.png, 20 × 20")).to_be_visible(timeout=90_000)
        page.close()
