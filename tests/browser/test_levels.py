"""A latent with levels in a real browser: groups, freezing, resampling, and what comes back of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Explore, kept

pytestmark = pytest.mark.browser

UPPER, LOWER = slice(0, 2), slice(2, 6)
START = "model=toy-levels&z=0.5,-0.5,1,-1,0.25,-0.25"
AT = [0.5, -0.5, 1.0, -1.0, 0.25, -0.25]


@pytest.fixture
def levels(explore: Explore) -> Explore:
    explore.open(START)
    explore.at(*AT)
    return explore


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def moved(explore: Explore, act: str) -> list[float]:
    """Press a button or a single key, and give the new z once it has arrived."""
    with explore.arrival():
        explore.press(act) if len(act) == 1 else button(explore.page, act).click()
    return explore.z


def test_sliders_stand_in_groups_with_what_each_level_is(levels: Explore) -> None:
    page = levels.page
    upper, lower = page.get_by_role("group", name="Level z2"), page.get_by_role("group", name="Level z1")
    expect(upper).to_contain_text("2 axes")
    expect(upper).to_contain_text("Upper level: what is shown.")
    expect(lower).to_contain_text("4 axes")
    expect(lower).to_contain_text("Lower level: how it is shown.")
    expect(upper.get_by_test_id("axis-slider")).to_have_count(2)
    expect(lower.get_by_test_id("axis-slider")).to_have_count(4)
    expect(button(page, "z2[0]")).to_be_visible()
    expect(button(page, "z1[3]")).to_be_visible()


def test_a_model_without_levels_has_no_groups(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    expect(explore.page.locator(".zt-level")).to_have_count(0)
    expect(explore.page.get_by_text("Axes, most informative first")).to_be_visible()
    before = explore.z
    explore.press("l")
    expect(explore.page.locator(".zt-thaw")).to_have_count(0)
    assert explore.z == before


def test_both_levels_show_in_the_picture_and_resampling_moves_one_in_one_step(levels: Explore) -> None:
    start = levels.pixels()
    lower = moved(levels, "Resample z1")
    assert lower[UPPER] == AT[UPPER]
    assert all(new != old for new, old in zip(lower[LOWER], AT[LOWER], strict=True))
    middle = levels.pixels()
    upper = moved(levels, "Resample z2")
    assert upper[LOWER] == lower[LOWER]
    assert all(new != old for new, old in zip(upper[UPPER], AT[UPPER], strict=True))
    assert len({start, middle, levels.pixels()}) == 3
    levels.press("u")
    levels.at(*lower, within=1e-4)
    levels.press("u")
    levels.at(*AT, within=1e-4)
    levels.press("Shift+U", "Shift+U")
    levels.at(*upper, within=1e-4)
    expect(levels.page.get_by_label("Seed of the random draw")).to_have_value("")


def test_a_resample_during_a_glide_lets_the_other_level_arrive(levels: Explore) -> None:
    button(levels.page, "Freeze z2").click()
    for name in ("Reset", "Freeze z2", "Resample z2"):
        button(levels.page, name).evaluate("button => button.click()")
    written = "new URLSearchParams(location.search).get('z') === status.dataset.z"
    levels.until(f"status.dataset.z.endsWith(',0,0,0,0') && !status.dataset.z.startsWith('0.5,-0.5') && {written}")
    with levels.arrival():
        levels.press("u")
    if levels.z != AT:  # on a slow machine the draw comes after the glide, and is a step of its own
        levels.press("u")
    levels.at(*AT, within=1e-4)


def test_what_is_frozen_holds(levels: Explore) -> None:
    button(levels.page, "Freeze z2").click()
    for act in ("Random", "r", "Nudge", "n", "Reset", "Nudge", "0"):
        before = levels.z
        assert moved(levels, act)[UPPER] == AT[UPPER]
        assert levels.z[LOWER] != before[LOWER]


def test_seed_and_truncation_draw_only_what_is_free(levels: Explore) -> None:
    button(levels.page, "Freeze z1").click()
    drawn = levels.draw(7)
    assert drawn[LOWER] == AT[LOWER]
    levels.page.get_by_label("Truncation").fill("0.5")
    levels.at(*[value / 2 for value in drawn[UPPER]], *AT[LOWER], within=1e-3)


def test_sliders_strips_and_plane_of_a_frozen_level_stay(levels: Explore) -> None:
    page = levels.page
    upper = page.get_by_role("group", name="Level z2")
    expect(upper.locator(".zt-strip").first).to_have_js_property("width", 144)
    button(page, "Freeze z2").click()
    expect(button(page, "Freeze z2")).to_have_attribute("aria-pressed", "true")
    expect(button(page, "Resample z2")).to_be_disabled()
    expect(upper.get_by_test_id("axis-slider").first).to_be_disabled()
    expect(page.get_by_role("group", name="Level z1").get_by_test_id("axis-slider").first).to_be_enabled()
    expect(page.get_by_text("z2 frozen: this plane stays. Choose other axes below.")).to_be_visible()
    upper.locator(".zt-strip").first.click(position={"x": 5, "y": 5})
    levels.drag_plane((0.5, 0.5), (0.9, 0.9))
    levels.press("ArrowRight")
    page.get_by_label("Axis upwards").select_option("2")
    expect(page.get_by_text("z2 frozen: a drag moves ↑ only.")).to_be_visible()
    levels.drag_plane((0.2, 0.5), (0.9, 0.75))
    levels.at(0.5, -0.5, 1.5, *AT[3:])
    page.get_by_role("button", name="z2 is frozen").click()
    expect(page.get_by_role("button", name="Random")).to_be_focused()
    expect(upper.get_by_test_id("axis-slider").first).to_be_enabled()
    expect(page.locator(".zt-plane-held")).to_be_hidden()


def test_where_all_is_frozen_a_draw_says_so(levels: Explore) -> None:
    for name in ("Freeze z2", "Freeze z1"):
        button(levels.page, name).click()
    levels.press("r")
    expect(levels.page.get_by_text("Every level is frozen, so nothing moves.")).to_be_visible()
    assert levels.z == AT
    levels.page.get_by_role("button", name="Unfreeze all").click()
    assert moved(levels, "r") != AT


def test_undo_and_bookmarks_bring_whole_pictures_back(levels: Explore) -> None:
    levels.press("k")
    moved(levels, "Resample z2")
    button(levels.page, "Freeze z2").click()
    levels.press("1")
    levels.at(*AT, within=1e-4)
    expect(button(levels.page, "Freeze z2")).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_reaches_every_control(levels: Explore) -> None:
    page = levels.page
    fold = page.get_by_role("button", name="z2 2 axes")
    fold.focus()
    levels.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("group", name="Level z2").get_by_test_id("axis-slider").first).to_be_hidden()
    levels.press("Enter", "Tab")
    expect(button(page, "Freeze z2")).to_be_focused()
    levels.press(" ")
    expect(button(page, "Freeze z2")).to_have_attribute("aria-pressed", "true")
    levels.press(" ", "Tab")
    expect(button(page, "Resample z2")).to_be_focused()
    levels.press("Enter")
    levels.until("!status.dataset.z.startsWith('0.5,')")
    assert levels.z[LOWER] == AT[LOWER]


def test_l_freezes_one_level_after_the_other(levels: Explore) -> None:
    frozen = levels.page.locator(".zt-thaw")
    for name in ("z2", "z1"):
        levels.press("l")
        expect(frozen).to_have_count(1)
        expect(frozen).to_contain_text(f"{name} is frozen")
    levels.press("l")
    expect(frozen).to_have_count(0)


def test_what_is_frozen_outlives_a_change_of_model_and_a_reload(levels: Explore) -> None:
    page = levels.page
    button(page, "Freeze z2").click()
    with kept(page, '"levels":{"toy-levels":{"frozen":["z2"],"folded":["z1"]}'):
        page.get_by_role("button", name="z1 4 axes").click()
    page.get_by_label("Model").select_option("toy-ae")
    levels.link("model=toy-ae")
    expect(page.locator(".zt-thaw")).to_have_count(0)
    page.get_by_label("Model").select_option("toy-levels")
    levels.at(*AT)
    expect(page.locator(".zt-thaw")).to_have_text("z2 is frozen×")
    page.get_by_role("link", name="Home").click()
    expect(page.locator(".zt-card[data-drawn]").first).to_be_visible()
    page.get_by_role("link", name="Explore").click()
    expect(button(page, "Freeze z2")).to_have_attribute("aria-pressed", "true")
    page.reload()
    levels.drawn()
    expect(button(page, "Freeze z2")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="z1 4 axes")).to_have_attribute("aria-expanded", "false")
    assert moved(levels, "r")[UPPER] == AT[UPPER]


def test_a_link_of_a_resampled_picture_reproduces_it(levels: Explore, context: BrowserContext, server: str) -> None:
    z = moved(levels, "Resample z1")
    other = Explore(context.new_page(), server)
    other.page.goto(levels.page.url)
    other.drawn()
    assert other.z == z
    assert other.pixels() == levels.pixels()


def test_a_name_within_a_level_is_kept_and_given_back(levels: Explore) -> None:
    page = levels.page
    button(page, "z1[2]").click()
    page.get_by_label("Name of the axis").fill("slant")
    page.get_by_label("Name of the axis").press("Enter")
    expect(button(page, "slant")).to_be_visible()
    button(page, "slant").click()
    page.get_by_label("Name of the axis").fill("z1[2]")
    page.get_by_label("Name of the axis").press("Enter")
    expect(button(page, "z1[2]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_heads_are_in_sight_however_the_rows_scroll(levels: Explore, scheme: str) -> None:
    levels.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    levels.page.set_viewport_size({"width": 1366, "height": 600})
    for scroll in (0, 9999):
        levels.page.locator(".zt-axes-list").evaluate("(list, top) => (list.scrollTop = top)", scroll)
        for name in ("Resample z2", "Resample z1"):
            box = button(levels.page, name).bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 600


def test_freezing_moves_nothing_on_a_phone(browser_phone: Page, server: str) -> None:
    explore = Explore(browser_phone, server).open(START)
    freeze = button(browser_phone, "Freeze z2")
    freeze.scroll_into_view_if_needed()
    before = freeze.bounding_box()
    freeze.tap()
    expect(browser_phone.locator(".zt-thaw")).to_be_visible()
    assert freeze.bounding_box() == before
    assert browser_phone.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    assert explore.z == AT
