"""Directions in a real browser: sliders like any axis, what is frozen, boxes of pictures, and A − B + C."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Explore, kept

pytestmark = pytest.mark.browser


def unfolded(explore: Explore, query: str) -> Page:
    explore.open(query)
    explore.page.get_by_role("button", name="Directions").click()
    return explore.page


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=f"{name}, from −3 to 3 deviations", exact=True)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_many_directions_are_folded_and_then_named_with_what_is_known(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    page, sliders = explore.page, explore.page.get_by_test_id("direction-slider")
    fold = page.get_by_role("button", name="Directions 6")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(sliders.first).to_be_hidden()
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(sliders).to_have_count(6)
    expect(sliders.first).to_have_attribute("aria-label", "Trait 0, from −3 to 3 deviations")
    expect(page.get_by_text("90 % right, by guessing 50 %")).to_be_visible()
    expect(page.get_by_text("25 % of the variance")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.zt-direction .zt-strip').width === 9 * 16")


def test_a_direction_moves_the_latent_along_itself_and_undo_brings_it_back(explore: Explore) -> None:
    page = unfolded(explore, "model=toy-vae-6d&z=0,0,0,0,0.5,0")
    slider(page, "PC 1").fill("1")  # (1, −1, 0, …)/√2, of deviation 2
    explore.at(1.4142, -1.4142, 0, 0, 0.5, 0, within=2e-4)
    explore.link("1.4142,-1.4142,0,0,0.5,0")
    slider(page, "Trait 4").focus()  # (1, 1, 1, 1, 1, 1)/√6
    explore.press("ArrowRight")
    step = 6 / 60 / 6**0.5
    explore.at(1.4142 + step, -1.4142 + step, step, step, 0.5 + step, step, within=3e-4)
    expect(slider(page, "PC 1")).to_have_attribute("aria-valuetext", "+1.00 σ")
    explore.link("1.455")
    explore.press("u")
    explore.at(1.4142, -1.4142, 0, 0, 0.5, 0, within=2e-4)
    explore.press("u")
    explore.at(0, 0, 0, 0, 0.5, 0)


def test_what_is_frozen_is_not_moved_by_a_direction(explore: Explore) -> None:
    page = unfolded(explore, "model=toy-levels&z=0.5,-0.5,1,-1,0.25,-0.25")
    button(page, "Freeze z2").click()
    expect(page.get_by_text("z2 frozen: directions move the rest only.")).to_be_visible()
    expect(slider(page, "Trait 1")).to_be_disabled()  # z2 alone
    expect(page.get_by_text("moves its unfrozen 64 %")).to_be_visible()
    slider(page, "Trait 0").fill("2")  # (0.6, 0, 0.8, 0, 0, 0): 0.6 · 0.5 + 0.8 · z = 2
    explore.at(0.5, -0.5, 2.125, -1, 0.25, -0.25, within=2e-4)
    expect(slider(page, "Trait 0")).to_have_attribute("aria-valuetext", "+2.00 σ")


def test_two_boxes_make_a_direction_that_is_kept(explore: Explore) -> None:
    page = unfolded(explore, "model=toy-vae-6d&z=1,0,0,0,0,0")
    page.get_by_text("Make a direction from two boxes of pictures").click()
    making = button(page, "Make the direction A → B")
    expect(making).to_be_disabled()
    button(page, "Box A: put the picture shown in here").click()
    page.get_by_test_id("axis-slider").nth(0).focus()
    explore.press("0")
    explore.at(0, 0, 0, 0, 0, 0)
    button(page, "Box B: put the picture shown in here").click()
    with kept(page, '"own":[{"name":"A → B 1"'):
        making.click()
    own = slider(page, "A → B 1")
    expect(own).to_be_focused()
    expect(page.get_by_text("from A to B: 1.0 σ")).to_be_visible()
    own.fill("-2")
    explore.at(2, 0, 0, 0, 0, 0)
    explore.link("z=2,0,0,0,0,0")
    page.reload()
    explore.drawn()
    expect(slider(page, "A → B 1")).to_be_visible()
    button(page, "Remove A → B 1").click()
    expect(slider(page, "A → B 1")).to_have_count(0)
    button(page, "Put it back").click()
    expect(slider(page, "A → B 1")).to_be_visible()


def test_arithmetic_with_pictures_shows_its_result_and_opens_it(explore: Explore) -> None:
    page = unfolded(explore, "model=toy-vae-6d&z=1,0.5,0,0,0,0")
    page.get_by_text("Arithmetic: A − B + C").click()
    opening = button(page, "Open the result")
    expect(opening).to_be_disabled()
    button(page, "Picture A: put the picture shown in here").click()
    explore.press("0")
    explore.at(0, 0, 0, 0, 0, 0)
    button(page, "Picture B: put the picture shown in here").click()
    slider(page, "Trait 1").fill("1")  # the axis z3
    explore.at(0, 0, 0, 1, 0, 0)
    button(page, "Picture C: put the picture shown in here").click()
    result = page.get_by_role("img", name="A − B + C")
    expect(result).to_be_visible()
    page.wait_for_function("() => document.querySelector('.zt-sum').width === 16")
    opening.click()
    explore.at(1, 0.5, 0, 1, 0, 0, within=1e-3)


def test_a_bad_file_of_directions_is_told_and_the_model_works(explore: Explore) -> None:
    explore.open("model=toy-ae")
    sentence = "The directions of toy-ae were changed or cut short. Find them again: zoetrope-train directions toy-ae."
    expect(explore.page.get_by_text(sentence)).to_be_visible()
    before = explore.frames
    explore.press("r")
    explore.drawn(before)


def test_a_model_without_directions_says_how_to_find_some(explore: Explore) -> None:
    page = unfolded(explore, "model=toy-cvae")
    expect(page.get_by_text("Nobody has looked for directions of this model yet")).to_be_visible()
