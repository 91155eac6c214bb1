"""Home in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.views.home import WALKER
from engine.checkpoints.files import read_card
from engine.inference.engine import Engine
from engine.models.vae import VAE, VAEConfig
from tests.browser.conftest import Explore, serving
from tests.tiny import write
from train.home import Choice, choose

pytestmark = pytest.mark.browser


def test_the_gallery_shows_each_model_and_opens_it(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.locator(".zt-card[data-drawn]")).to_have_count(5)
    page.locator(".zt-card[data-model=toy-ae]").click()
    Explore(page, server).until("status.dataset.model === wanted", "toy-ae")
    assert "/explore?model=toy-ae" in page.url


def test_enter_opens_a_card(page: Page, server: str) -> None:
    page.goto(server)
    page.locator(".zt-card[data-drawn]").first.focus()
    page.keyboard.press("Enter")
    Explore(page, server).until("status.dataset.model === wanted", "frey-vae-2d")


def test_thumbnails_move_and_rest_where_motion_is_unwelcome(page: Page, server: str) -> None:
    page.goto(server)
    canvas = page.locator(".zt-card[data-drawn] canvas").first
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.locator(".zt-card").first.hover()
    page.wait_for_function("before => document.querySelector('.zt-card canvas').toDataURL() !== before", arg=before)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    expect(page.locator(".zt-card[data-drawn]")).to_have_count(5)


@pytest.mark.parametrize("width", [1366, 390])
def test_the_page_opens_by_its_name_and_its_buttons_keep_their_distance(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server}/home")
    expect(page.locator(".zt-card[data-drawn]")).to_have_count(5)
    expect(page).to_have_url(f"{server}/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    above, below = (page.locator(part).bounding_box() for part in (".zt-tools", ".zt-tree"))
    assert above is not None
    assert below is not None
    assert below["y"] - above["y"] - above["height"] >= 12


def test_a_refused_checkpoint_is_named_with_its_reason(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_text("1 model was not opened").click()
    expect(page.get_by_text("toy-broken: weights.safetensors has SHA-256")).to_be_visible()


def test_faces_turn_beside_the_welcome_and_rest_where_motion_is_unwelcome(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    write(folder, WALKER, VAE(VAEConfig((1, 16, 16), latent=2, width=32, depth=1)))
    turned = "() => Number.parseFloat(getComputedStyle(document.querySelector('.zt-drum i')).backgroundPositionX)"
    with serving(folder, tmp_path) as server:
        page = browser.new_page()
        with page.expect_response("**/faces.webp") as strip:
            page.goto(server.address)
        assert strip.value.ok
        expect(page.locator(".zt-drum i")).to_have_count(5)
        page.wait_for_function(f"() => ({turned})() > 3")
        page.emulate_media(reduced_motion="reduce")
        still = page.evaluate(turned)
        page.wait_for_timeout(500)
        assert page.evaluate(turned) == still
        page.locator(".zt-drum").click()
        Explore(page, server.address).until("status.dataset.model === wanted", WALKER)
        page.close()


def test_the_faces_of_a_model_that_is_not_here_are_not_shown(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.locator(".zt-card[data-drawn]")).to_have_count(5)
    page.reload()
    expect(page.locator(".zt-card[data-drawn]")).to_have_count(5)
    expect(page.locator(".zt-drum")).to_have_count(0)


def test_a_model_is_first_shown_as_its_card_says(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    for name, seed in (("toy-vae-one", 5), ("toy-vae-two", 6)):
        write(folder, name, VAE(VAEConfig((1, 16, 16), latent=3, width=32, depth=1)))
        choose(Engine([folder], "cpu"), name, Choice(seed=seed, keys=(seed, 40, 41), truncation=0.5))
    z = [read_card(folder / name).home.z for name in ("toy-vae-one", "toy-vae-two")]  # type: ignore[union-attr]
    with serving(folder, tmp_path) as server:
        page = browser.new_page()
        explore = Explore(page, server.address).open("model=toy-vae-one")
        seed, truncation = page.get_by_label("Seed of the random draw"), page.get_by_label("Truncation")
        explore.at(*z[0], within=1e-3)
        expect(seed).to_have_value("5")
        expect(truncation).to_have_value("0.5")
        page.get_by_label("Model", exact=True).select_option("toy-vae-two")  # nothing of the first was chosen,
        explore.at(*z[1], within=1e-3)  # so the second opens at its own home
        expect(seed).to_have_value("6")
        explore.press("r")
        expect(seed).not_to_have_value("6")
        truncation.fill("1")
        explore.press("0")
        explore.at(*z[1], within=1e-3)
        expect(seed).to_have_value("6")
        expect(truncation).to_have_value("0.5")
        keys = page.get_by_test_id("morph-keys")
        page.goto(f"{server.address}/morph?model=toy-vae-one")
        expect(keys.locator("small")).to_have_text(["seed 5", "seed 40", "seed 41"])
        page.get_by_label("Model", exact=True).select_option("toy-vae-two")
        expect(keys.locator("small")).to_have_text(["seed 6", "seed 40", "seed 41"])
        page.close()


def test_without_a_checkpoint_the_pages_say_what_to_do(browser: Browser, tmp_path: Path) -> None:
    empty = tmp_path / "checkpoints"
    empty.mkdir()
    with serving(empty, tmp_path) as server:
        page = browser.new_page()
        for path in ("/", "/explore"):
            page.goto(server.address + path)
            expect(page.get_by_text("No model is here yet.")).to_be_visible(timeout=20_000)
        page.goto(f"{server.address}/complete")
        expect(page.get_by_text("No model that draws pixel by pixel is here yet.")).to_be_visible()
        page.close()
