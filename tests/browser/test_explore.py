"""Explore in a real browser: gestures, keys, links, names, and what a bad link gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Explore, kept, lecture

pytestmark = pytest.mark.browser

RECORD_SOCKETS = """
window.sockets = []
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(url, ...more) {
    const live = String(url).includes("/live?")
    super(live && window.refuse ? String(url).replace("/live", "/nowhere") : url, ...more)
    if (live) window.sockets.push(this)
  }
}
"""


def test_a_drag_over_the_plane_moves_the_picture_without_a_rerun(explore: Explore, reruns: Callable[[], int]) -> None:
    explore.open()
    explore.page.wait_for_load_state("networkidle")
    before, frames, sent = explore.pixels(), explore.frames, reruns()
    box = explore.plane.bounding_box()
    assert box is not None
    explore.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    explore.page.mouse.down()
    explore.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"], steps=30)
    explore.at(1.5, 1.5)
    assert reruns() == sent
    assert explore.frames > frames + 5
    assert explore.pixels() != before
    explore.page.mouse.up()
    explore.link("z=1.5")


def test_the_picture_follows_the_hand_and_no_stale_answer_stays(explore: Explore) -> None:
    explore.open()
    explore.drag_plane((0.1, 0.1), (0.9, 0.9), (0.25, 0.75))
    explore.at(-1.5, 1.5)


def test_a_slider_moves_its_own_axis_while_it_is_dragged(explore: Explore, reruns: Callable[[], int]) -> None:
    explore.open("model=toy-vae-6d")
    slider = explore.sliders.first
    axis = int(slider.get_attribute("data-axis") or -1)
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    explore.page.wait_for_load_state("networkidle")
    sent, frames = reruns(), explore.frames
    explore.page.mouse.move(box["x"] + box["width"] / 2, middle)
    explore.page.mouse.down()
    explore.page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=20)
    explore.drawn(frames + 5)
    explore.page.wait_for_function(
        "axis => Number(document.querySelector('[data-testid=live-status]').dataset.z.split(',')[axis]) > 1.2", arg=axis
    )
    assert reruns() == sent
    explore.page.mouse.up()
    assert [value for i, value in enumerate(explore.z) if i != axis] == [0.0] * 5


def test_axes_are_sorted_by_kl_and_collapsed_ones_are_folded_and_marked(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    order = explore.sliders.evaluate_all("sliders => sliders.map(s => Number(s.dataset.axis))")
    assert order == [1, 5, 3, 0]
    explore.page.get_by_role("button", name="Show 2 collapsed axes").click()
    expect(explore.sliders).to_have_count(6)
    expect(explore.page.get_by_text("collapsed: 0.00 nats").first).to_be_visible()
    expect(explore.page.get_by_title("may fall below zero")).to_have_count(6)


def test_keys_move_undo_redo_and_reset(explore: Explore) -> None:
    explore.open()
    explore.press("ArrowRight")
    explore.at(0.1, 0)
    explore.link("z=0.1,0")
    explore.press("Shift+ArrowUp")
    explore.at(0.1, 1)
    explore.link("z=0.1,1")
    explore.press("u")
    explore.at(0.1, 0)
    explore.press("Shift+U")
    explore.at(0.1, 1)
    explore.press("0")
    explore.at(0, 0)


def test_arrows_on_a_focused_slider_move_its_axis(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    explore.sliders.nth(2).focus()
    explore.press("ArrowRight", "Shift+ArrowRight")
    explore.at(0, 0, 0, 1.1, 0, 0)


def test_a_random_draw_depends_on_its_seed_alone(explore: Explore) -> None:
    explore.open()
    seed = explore.page.get_by_label("Seed of the random draw")
    seed.fill("4711")
    seed.press("Enter")
    explore.link("z=")
    explore.until("!status.dataset.z.startsWith('0,')")
    explore.page.wait_for_function("() => !location.search.includes('z=0%2C0') && location.search.includes('z=')")
    settled = str(explore.page.evaluate("new URLSearchParams(location.search).get('z')"))
    first = [float(value) for value in settled.split(",")]
    explore.at(*first, within=1e-3)  # the address may be there before the last picture of the glide
    explore.page.mouse.click(5, 400)
    explore.press("r")
    explore.until("status.dataset.z !== wanted", ",".join(f"{v:g}" for v in first))
    assert seed.input_value() != "4711"
    seed.fill("4711")
    seed.press("Enter")
    explore.at(*first, within=1e-3)


def test_a_link_reproduces_the_picture_exactly(explore: Explore, context: BrowserContext, server: str) -> None:
    explore.open()
    explore.drag_plane((0.2, 0.3), (0.63, 0.41))
    settled = "decodeURIComponent(location.search).includes('z=' + status.dataset.z)"
    explore.until(f"status.dataset.z.split(',')[0] > 0.5 && {settled}")
    z = explore.z
    other = Explore(context.new_page(), server)
    other.page.goto(explore.page.url)
    other.drawn()
    assert other.z == z
    assert other.pixels() == explore.pixels()


def test_copied_link_and_python_hold_the_view(explore: Explore) -> None:
    explore.open("model=frey-vae-2d&z=0.3,-1.2")
    explore.page.get_by_role("button", name="Copy link").click()
    expect(explore.page.get_by_text("Link copied.")).to_be_visible()
    assert explore.page.evaluate("navigator.clipboard.readText()").endswith("/explore?model=frey-vae-2d&z=0.3,-1.2")
    explore.page.get_by_role("button", name="Copy as Python").click()
    expect(explore.page.get_by_text("Python copied.")).to_be_visible()
    program = explore.page.evaluate("navigator.clipboard.readText()")
    assert program.count("\n") == 2
    assert 'engine.load("frey-vae-2d")' in program
    assert "[[0.3, -1.2]]" in program


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("model=frey-vae-2d&z=nan,1", "not finite"),
        ("model=frey-vae-2d&z=1,2,3", "gives 3 latents"),
        ("model=frey-vae-2d&z=a,b", "not a list of numbers"),
        ("model=frey-vae-2d&z=99,0", "out of range"),
        ("model=nothing", "no model called 'nothing'"),
        ("model=toy-broken", "SHA-256"),
        ("model=toy-cvae&y=9", "class 9"),
    ],
)
def test_a_bad_link_falls_back_with_a_notice(explore: Explore, query: str, sentence: str) -> None:
    explore.open(query)
    expect(explore.page.locator(".zt-notice")).to_contain_text(sentence)
    assert all(abs(value) < 20 for value in explore.z)


def test_classes_change_the_picture_and_the_link(explore: Explore) -> None:
    explore.open("model=toy-cvae")
    before, frames = explore.pixels(), explore.frames
    explore.page.get_by_role("button", name="class 2").click()
    explore.drawn(frames)
    explore.link("y=2")
    assert explore.pixels() != before


def test_another_model_opens_and_the_first_comes_back_as_it_was(explore: Explore) -> None:
    explore.open("model=frey-vae-2d&z=0.5,0.5")
    picker = explore.page.get_by_label("Model")
    picker.select_option("toy-ae")
    explore.until("status.dataset.model === wanted", "toy-ae")
    explore.link("model=toy-ae")
    picker.select_option("frey-vae-2d")
    explore.at(0.5, 0.5)


def test_heat_map_and_pixels_are_toggled(explore: Explore) -> None:
    explore.open()
    explore.press("h")
    expect(explore.page.locator(".zt-heat")).to_be_visible()
    expect(explore.page.locator(".zt-rule")).to_contain_text("moved by z0")
    explore.press("h")
    expect(explore.page.locator(".zt-heat")).to_be_hidden()
    before = explore.pixels()
    explore.press("p")
    assert explore.pixels() != before


def test_a_name_of_an_axis_is_kept(explore: Explore) -> None:
    explore.open()
    explore.page.get_by_role("button", name="z0").click()
    name = explore.page.get_by_label("Name of the axis")
    name.fill("turn of the head")
    name.press("Enter")
    expect(explore.page.get_by_role("button", name="turn of the head")).to_be_visible()
    explore.press("ArrowRight")
    explore.link("z=0.1,0")
    explore.page.reload()
    explore.drawn()
    expect(explore.page.get_by_role("button", name="turn of the head")).to_be_visible()
    explore.page.get_by_role("button", name="turn of the head").click()
    explore.page.get_by_label("Name of the axis").fill("")
    explore.page.get_by_label("Name of the axis").press("Enter")
    expect(explore.page.get_by_role("button", name="z0")).to_be_visible()


def test_strips_go_to_their_pictures(explore: Explore) -> None:
    explore.open()
    explore.page.wait_for_function(
        "() => document.querySelector('.zt-strip').width > 100 && document.querySelector('.zt-strip').height === 28"
    )
    strip = explore.page.locator(".zt-strip").first
    box = strip.bounding_box()
    assert box is not None
    strip.click(position={"x": box["width"] - 3, "y": 5})
    explore.at(2.667, 0)


def test_a_lost_connection_is_said_and_comes_back(explore: Explore) -> None:
    explore.page.add_init_script(RECORD_SOCKETS)
    explore.open()
    explore.page.evaluate("() => { window.refuse = true; window.sockets.at(-1).close() }")
    explore.press("ArrowRight")
    expect(explore.page.get_by_text("Reconnecting…")).to_be_visible()
    assert explore.z == [0, 0]
    explore.page.evaluate("window.refuse = false")
    explore.at(0.1, 0)
    expect(explore.page.get_by_text("Reconnecting…")).to_be_hidden()


def test_the_page_lives_through_changes_of_page(explore: Explore) -> None:
    explore.open("model=frey-vae-2d&z=0.5,-0.5")
    explore.page.get_by_role("link", name="Home").click()
    expect(explore.page.locator(".zt-card[data-drawn]").first).to_be_visible()
    explore.page.get_by_role("link", name="Explore").click()
    explore.at(0.5, -0.5)
    explore.drag_plane((0.5, 0.5), (0.75, 0.75))
    explore.at(1.5, 1.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_laptop_shows_everything_without_scrolling(explore: Explore, scheme: str) -> None:
    explore.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    explore.open()
    for part in (explore.page.get_by_test_id("live-canvas"), explore.plane, explore.status, explore.sliders.first):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 768
    paper = explore.page.evaluate("getComputedStyle(document.querySelector('.zt')).backgroundColor")
    light = sum(int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(","))
    assert (light > 380) == (scheme == "light")


def test_a_phone_drags_with_a_finger(browser_phone: Page, server: str) -> None:
    explore = Explore(browser_phone, server).open()
    assert browser_phone.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    canvas, box = browser_phone.get_by_test_id("live-canvas").bounding_box(), explore.plane.bounding_box()
    assert canvas is not None
    assert box is not None
    assert canvas["y"] < box["y"] < 844
    browser_phone.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    explore.at(1.5, 1.5)


def test_lecture_mode_ends_with_the_full_screen(explore: Explore) -> None:
    lecture(explore.open().page)


def test_the_seed_field_names_a_seed_only_while_the_picture_is_that_seeds(explore: Explore) -> None:
    explore.open("model=toy-vae-6d&z=1,0,0,0,0,0")
    seed = explore.page.get_by_label("Seed of the random draw")
    expect(seed).to_have_value("")
    drawn = explore.draw(7)
    expect(seed).to_have_value("7")
    explore.sliders.nth(2).focus()
    with explore.arrival():
        explore.press("ArrowRight")  # an axis by hand
    expect(seed).to_have_value("")
    explore.press("k", "n")
    explore.press("u")
    explore.press("u")
    explore.at(*drawn, within=1e-4)
    expect(seed).to_have_value("7")
    explore.press("1")  # the bookmark is of the picture made by hand
    expect(seed).to_have_value("")
    seed.fill("-1")
    seed.press("Enter")
    expect(explore.page.locator(".zt-notice")).to_contain_text("A seed is a whole number")
    expect(seed).to_have_value("")


def test_truncation_scales_a_picture_made_by_hand_and_undo_brings_it_back(explore: Explore) -> None:
    at = [1.0, -0.5, 0.25, 0.0, 0.0, 2.0]
    explore.open(f"model=toy-vae-6d&z={','.join(map(str, at))}")
    truncation = explore.page.get_by_label("Truncation")
    truncation.fill("0.5")
    explore.at(*[value / 2 for value in at], within=1e-3)
    truncation.fill("0")
    explore.at(*[0.0] * 6, within=1e-4)
    truncation.fill("1")  # there and back is one gesture: nothing was lost in the middle
    explore.at(*at, within=1e-4)
    explore.link("z=1,-0.5,")
    with explore.arrival():
        truncation.fill("0.5")
    explore.press("u")
    explore.at(*at, within=1e-4)
    expect(truncation).to_have_value("1")


def test_truncation_draws_a_seeds_picture_again_and_the_seed_stays(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    seed, drawn = explore.page.get_by_label("Seed of the random draw"), explore.draw(7)
    explore.page.get_by_label("Truncation").fill("0.5")
    explore.at(*[value / 2 for value in drawn], within=1e-3)
    expect(seed).to_have_value("7")


def test_a_seed_comes_back_with_its_picture_and_with_no_other(explore: Explore) -> None:
    explore.open("model=toy-vae-6d")
    seed = explore.page.get_by_label("Seed of the random draw")
    with kept(explore.page, '"seed":7'):
        explore.draw(7)
    explore.page.reload()
    explore.drawn()
    expect(seed).to_have_value("7")
    explore.page.goto(f"{explore.server}/explore?model=toy-vae-6d&z=1,0,0,0,0,0")
    explore.at(1, 0, 0, 0, 0, 0)
    expect(explore.page.get_by_role("button", name="Undo")).to_be_enabled()  # what was kept is back
    expect(seed).to_have_value("")
