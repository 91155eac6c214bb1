"""Who has the keys: the page, once a person has chosen from a list or entered a number, and a slider its own arrows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Explore

pytestmark = pytest.mark.browser

FOCUS = "() => document.activeElement === document.body"


@pytest.mark.parametrize(
    ("place", "label", "value"),
    [
        ("explore?model=frey-vae-2d", "Model", "toy-ae"),
        ("morph?model=frey-vae-2d", "Model", "toy-ae"),
        ("compare?models=toy-ae", "Samples to a wall", "16"),
        ("outliers?model=toy-vae-6d", "The model that judges", "frey-vae-2d"),
    ],
)
def test_a_list_gives_the_focus_back_once_a_person_has_chosen(
    page: Page, server: str, place: str, label: str, value: Any
) -> None:
    page.goto(f"{server}/{place}")
    chosen = page.get_by_label(label, exact=True)
    expect(chosen).to_be_visible()
    chosen.focus()
    chosen.select_option(value)
    page.wait_for_function(FOCUS)
    page.keyboard.press("r")  # would type ahead in a list that has the focus
    expect(page.get_by_label(label, exact=True)).to_have_value(value)


def test_a_list_that_is_stepped_through_by_keys_keeps_the_focus(explore: Explore) -> None:
    page = explore.open("model=frey-vae-2d").page
    model = page.get_by_label("Model", exact=True)
    model.focus()
    page.keyboard.press("ArrowDown")
    expect(model).not_to_have_value("frey-vae-2d")
    expect(model).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_function(FOCUS)


def test_a_seed_is_taken_at_enter_and_the_keys_are_the_pages_again(explore: Explore) -> None:
    page = explore.open("model=frey-vae-2d&z=0.5,0.5").page
    seed = page.get_by_label("Seed of the random draw")
    seed.fill("7")
    page.keyboard.press("Enter")
    page.wait_for_function(FOCUS)
    expect(page).not_to_have_url(re.compile("z=0.5%2C0.5"))
    page.keyboard.press("0")
    explore.at(0, 0)


def test_the_slider_of_truncation_has_its_arrows_and_the_plane_stays(explore: Explore) -> None:
    page = explore.open("model=frey-vae-2d&z=0.5,0.5").page
    slider = page.locator(".zt-truncation")
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value(f"{before - 0.1:.1f}")
    page.keyboard.press("k")  # a letter is the page's
    expect(page.locator(".zt-mark.zt-full")).to_have_count(1)


def test_pages_have_titles_of_their_own(page: Page, server: str) -> None:
    page.goto(server)
    for name in ("Explore", "Morph", "Reconstruct", "Compare", "Complete", "Outliers", "Home"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(f"{name} · Zoetrope")


# What another model takes over


def test_another_model_of_explore_takes_the_seed_and_the_class_by_its_name(explore: Explore) -> None:
    page = explore.open("model=toy-vae-6d").page
    seed = page.get_by_label("Seed of the random draw")
    seed.fill("7")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("z=0%2C0%2C0%2C0"))
    page.get_by_label("Model", exact=True).select_option("toy-levels")  # of as many latents
    explore.until("status.dataset.model === wanted", "toy-levels")
    expect(seed).to_have_value("7")
    expect(page).to_have_url(re.compile("model=toy-levels&z=(?!0%2C0%2C0%2C0)"))


def test_another_model_of_morph_takes_the_seeds_of_the_keys(page: Page, server: str) -> None:
    page.goto(f"{server}/morph?model=frey-vae-2d")
    keys = page.get_by_test_id("morph-keys")
    expect(keys.get_by_text("seed 3", exact=True)).to_be_visible()
    page.keyboard.press("r")
    expect(keys.get_by_text("seed 3", exact=True)).to_have_count(0)
    words = keys.locator("li").evaluate_all("all => all.map((each) => each.innerText.match(/seed \\d+/)?.[0])")
    page.get_by_label("Model", exact=True).select_option("toy-ae")
    for word in words:
        expect(keys.get_by_text(word, exact=True).first).to_be_visible()
