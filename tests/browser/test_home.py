"""Home in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Explore, serving

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


def test_a_refused_checkpoint_is_named_with_its_reason(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_text("1 model was not opened").click()
    expect(page.get_by_text("toy-broken: weights.safetensors has SHA-256")).to_be_visible()


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
