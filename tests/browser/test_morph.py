"""Morph in a real browser: the path's maths, play and scrub, the strip by hand and by key, films and path files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.components import assets
from engine.analysis import reference_images
from engine.analysis.reference_images import ReferenceImages
from engine.latent.interpolation import INTERPOLATIONS
from engine.latent.path import EASINGS, PACES, LatentPath
from tests.browser.conftest import Explore, kept, lecture, painted

pytestmark = pytest.mark.browser

LAW = """
async ([module, cases]) => {
  const { Path } = (await import(module)).modules["latent/path.js"]
  return cases.map(({ keys, times, ...settings }) => {
    const path = new Path(keys, settings)
    return { z: times.map((time) => Array.from(path.at(time))), nearest: times.map((time) => path.nearest(time)) }
  })
}
"""


NOTE = """async () => {
  const files = performance.getEntriesByType("resource").map((entry) => entry.name)
  const { modules } = await import(files.find((name) => name.endsWith("/shared.js")))
  const { prototype } = modules["pages/morph/player.js"].Player
  prototype.theirs ??= prototype.show
  prototype.show = function (...given) {
    window.wanted = this.walk?.ready ? this.walk.path.at(this.time).join(",") : ""
    this.theirs(...given)
  }
}"""


class Morph:
    """The morph of a page, as a person sees it."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.keys = page.locator(".zt-key")
        self.status = page.get_by_test_id("live-status")
        self.scrub = page.get_by_test_id("morph-scrub")

    def open(self, model: str = "frey-vae-2d") -> Morph:
        self.page.goto(f"{self.server}/morph?model={model}")
        return self.drawn(3)

    def drawn(self, more_than: int) -> Morph:
        self.page.wait_for_function(
            "more => Number(document.querySelector('[data-testid=live-status]')?.dataset.frames) > more", arg=more_than
        )
        return self

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def pause(self) -> None:
        if self.page.get_by_test_id("morph-play").inner_text() == "Pause":
            self.button("Pause").click()

    def captions(self) -> list[str]:
        return self.keys.locator("small").all_inner_texts()

    def at(self, time: float) -> str:
        """Scrub to a moment, and give z of the picture that is drawn there, once it has come."""
        self.page.evaluate(NOTE)
        self.scrub.evaluate("(s, t) => { s.value = t * s.max; s.dispatchEvent(new Event('input')) }", time)
        self.page.wait_for_function("() => document.querySelector('[data-testid=live-status]').dataset.z === wanted")
        return str(self.status.get_attribute("data-z"))

    def save(self, name: str) -> Path:
        with self.page.expect_download(timeout=120_000) as coming:
            self.button(name).click()
        return coming.value.path()


@pytest.fixture
def morph(page: Page, server: str) -> Morph:
    return Morph(page, server)


def test_the_browser_walks_as_the_engine_does(morph: Morph) -> None:
    morph.page.goto(f"{morph.server}/home")
    random, times, cases = np.random.default_rng(0), np.linspace(0, 1, 31), list[dict[str, Any]]()
    for keys, latent in ((2, 2), (5, 40)):
        z = random.normal(size=(keys, latent)).astype(np.float32).tolist()
        rows = (
            (way, easing, pace, loop)
            for way in INTERPOLATIONS
            for easing in EASINGS
            for pace in PACES
            for loop in (0, 1)
        )
        for way, easing, pace, loop in rows:
            cases.append({"keys": z, "way": way, "easing": easing, "pace": pace, "loop": bool(loop)})
    module = f"{morph.server}/{assets.address('shared.js')}"
    answers = morph.page.evaluate(LAW, [module, [{**case, "times": times.tolist()} for case in cases]])
    for case, answer in zip(cases, answers, strict=True):
        path = LatentPath(np.array(case.pop("keys"), np.float32), case.pop("way"), **case)
        np.testing.assert_allclose(np.array(answer["z"], np.float32), path.at(times), rtol=0, atol=2e-6)
        _, along = path.locate(times)
        apart = np.abs(along - 0.5) > 1e-9  # half way both keys are as near
        assert (np.array(answer["nearest"]) == path.nearest(times))[apart].all()


def test_it_plays_by_itself_pauses_and_is_scrubbed_by_hand_and_key(morph: Morph) -> None:
    morph.open().drawn(12)
    morph.page.keyboard.press("Space")
    expect(morph.button("Play")).to_be_visible()
    first, middle = morph.at(0.0), morph.at(0.5)
    assert first != middle
    assert morph.at(0.0) == first
    morph.page.keyboard.press("End")
    expect(morph.page.locator(".zt-clock")).to_have_text("6.0 / 6 s")
    morph.page.keyboard.press("Home")
    morph.page.keyboard.press("Shift+ArrowRight")
    expect(morph.page.locator(".zt-clock")).to_have_text("0.3 / 6 s")
    box = morph.page.get_by_test_id("morph-plot").bounding_box()
    assert box is not None
    morph.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert 81 < float(morph.scrub.input_value()) < 99  # of 180 frames


def test_the_last_moment_of_a_path_of_any_length_can_be_scrubbed_to(morph: Morph) -> None:
    """Of these lengths, 15, 75 and 165 frames, 1 / frames in as many digits as it has comes to more than 1 in all."""
    morph.open()
    morph.button("Loop").click()
    for seconds in (0.5, 2.5, 5.5):
        morph.page.get_by_label("seconds").fill(str(seconds))
        morph.page.get_by_label("seconds").blur()  # and not on to a list, which takes End for its own last line
        first, last = morph.at(0.0), morph.at(1.0)
        assert first != last
        expect(morph.page.locator(".zt-clock")).to_have_text(f"{seconds} / {seconds} s")
        morph.at(0.0)
        morph.page.keyboard.press("End")
        expect(morph.status).to_have_attribute("data-z", last)


def test_keys_are_added_moved_and_removed_by_hand_and_by_key(morph: Morph) -> None:
    morph.open("toy-vae-6d")
    expect(morph.keys).to_have_count(4)
    assert morph.captions() == ["seed 3", "seed 8", "seed 21", "seed 34"]
    seed = morph.page.get_by_label("Seed of a key picture to add")
    seed.fill("99")
    seed.press("Enter")
    expect(morph.keys).to_have_count(5)
    morph.keys.nth(4).get_by_role("button").first.focus()
    morph.page.keyboard.press("Shift+ArrowLeft")
    morph.page.keyboard.press("Shift+ArrowLeft")
    assert morph.captions() == ["seed 3", "seed 8", "seed 99", "seed 21", "seed 34"]
    morph.page.keyboard.press("Delete")
    expect(morph.keys).to_have_count(4)
    morph.button("Put it back").click()
    assert morph.captions() == ["seed 3", "seed 8", "seed 99", "seed 21", "seed 34"]
    start, end = (morph.keys.nth(place).bounding_box() for place in (0, 3))
    assert start is not None
    assert end is not None
    morph.page.mouse.move(start["x"] + 30, start["y"] + 30)
    morph.page.mouse.down()
    morph.page.mouse.move(end["x"] + 30, end["y"] + 30, steps=15)
    morph.page.mouse.up()
    assert morph.captions() == ["seed 8", "seed 99", "seed 21", "seed 3", "seed 34"]


def test_a_path_without_two_keys_says_what_to_do(morph: Morph) -> None:
    morph.open()
    morph.pause()
    for left in (3, 2, 1, 0):
        morph.keys.first.get_by_role("button").first.focus()
        morph.page.keyboard.press("Delete")
        expect(morph.keys).to_have_count(left)
    expect(morph.page.get_by_text("A path needs two key pictures.")).to_be_visible()
    expect(morph.button("MP4")).to_be_disabled()
    morph.page.keyboard.press("s")
    morph.page.keyboard.press("s")
    expect(morph.keys).to_have_count(2)
    expect(morph.button("MP4")).to_be_enabled()


def test_what_was_made_is_there_after_a_reload_and_bookmarks_of_explore_too(morph: Morph) -> None:
    morph.page.goto(f"{morph.server}/explore?model=toy-vae-6d&z=1,1,0,0,0,0")
    morph.drawn(0)
    with kept(morph.page, '"bookmarks":{"toy-vae-6d":[{'):
        morph.page.keyboard.press("k")
    morph.open("toy-vae-6d")
    morph.button("+ Bookmark 1").click()
    expect(morph.keys).to_have_count(5)
    with kept(morph.page, '"way":"linear"'):
        morph.button("Linear").click()
    morph.page.reload()
    morph.drawn(0)
    expect(morph.keys).to_have_count(5)
    assert morph.captions()[-1] == "bookmark 1"
    expect(morph.button("Linear")).to_have_attribute("aria-pressed", "true")
    morph.page.get_by_role("link", name="Explore").click()
    expect(morph.page.get_by_role("button", name="Bookmark 1 of Toy Vae 6D: go there")).to_be_visible()


FOLLOWED = """[...document.querySelectorAll('[data-testid=axis-slider]')].every(
    slider => Math.abs(slider.value - status.dataset.z.split(',')[slider.dataset.axis]) < 1e-3)"""


def rested(explore: Explore) -> list[float]:
    """Return the latent of the picture once it is where the sliders are: on a busy machine it comes after the hand."""
    painted(explore.page)
    explore.until(FOLLOWED)
    return explore.z


def test_a_gesture_of_explore_is_a_path_at_the_pace_of_the_hand(morph: Morph, explore: Explore) -> None:
    morph.open("toy-vae-6d")
    morph.page.get_by_role("link", name="Explore").click()
    expect(explore.plane).to_be_visible()
    explore.drawn()
    explore.page.get_by_label("Model", exact=True).select_option("toy-vae-6d")
    explore.until("status.dataset.model === wanted", "toy-vae-6d")
    explore.press("g")
    expect(morph.button("Record")).to_have_attribute("aria-pressed", "true")
    expect(morph.button("Open in Morph")).to_be_hidden()
    explore.drag_plane((0.2, 0.2), (0.8, 0.3))
    explore.page.wait_for_timeout(600)  # the hand rests, and so does the path
    explore.drag_plane((0.8, 0.3), (0.4, 0.9))
    rested(explore)
    morph.button("Record").click()
    expect(explore.page.get_by_text("seconds as")).to_be_visible()
    last = rested(explore)  # only now has every move been handled
    with kept(explore.page, '"handed":null'):
        morph.button("Open in Morph").click()
        explore.page.wait_for_url("**/morph?model=toy-vae-6d")
    expect(explore.page.get_by_text("The recorded gesture is open")).to_be_visible()
    morph.pause()
    seconds = float(morph.page.get_by_label("seconds").input_value())
    assert 0.6 <= seconds < 8
    assert 3 <= morph.keys.count() <= 40
    assert morph.captions()[0] == "0.0 s"
    expect(morph.button("Linear")).to_have_attribute("aria-pressed", "true")
    expect(morph.button("Loop")).to_have_attribute("aria-pressed", "false")
    first = morph.at(0.0)
    assert first != morph.at(1.0)
    explore.at(*last, within=1e-3)
    morph.page.reload()
    morph.drawn(0)
    expect(morph.keys.first).to_contain_text("0.0 s")


def test_the_path_before_a_gesture_comes_back(morph: Morph, explore: Explore) -> None:
    morph.open()
    morph.page.get_by_role("link", name="Explore").click()
    expect(explore.plane).to_be_visible()
    explore.drawn()
    explore.press("g")
    explore.drag_plane((0.2, 0.2), (0.8, 0.3))
    explore.press("g")
    morph.button("Open in Morph").click()
    morph.button("Back to the path before").click()
    assert morph.captions() == ["seed 3", "seed 8", "seed 21", "seed 34"]


def test_a_recording_in_which_nothing_moved_says_so(morph: Morph, explore: Explore) -> None:
    explore.open()
    morph.button("Record").click()
    expect(explore.page.get_by_text("Recording. Drag over the plane")).to_be_visible()
    morph.button("Record").click()
    expect(explore.page.get_by_text("Nothing moved while it recorded.")).to_be_visible()
    expect(explore.page.get_by_text("Recording. Drag over the plane")).to_be_hidden()
    expect(morph.button("Open in Morph")).to_be_hidden()


def test_a_picture_becomes_a_key_by_way_of_reconstruct(morph: Morph) -> None:
    morph.open("toy-cvae")
    morph.button("+ Seed").click()
    expect(morph.keys).to_have_count(5)
    morph.page.get_by_role("link", name="From a picture…").click()
    morph.page.wait_for_url("**/reconstruct")
    tile = morph.page.locator(".zt-rec-tile[data-model=toy-cvae]").first
    tile.get_by_role("button", name="Use in Morph").click()
    morph.page.wait_for_url("**/morph?model=toy-cvae")
    expect(morph.keys).to_have_count(6)
    name = morph.captions()[-1]
    expect(morph.page.get_by_text(f"Added as the last key picture: {name}.")).to_be_visible()
    written = json.loads(morph.save("Path file").read_text())
    assert written["keys"][-1]["origin"] == {"kind": "picture", "seed": None, "truncation": None, "name": name}


def test_a_picture_joins_the_first_keys_of_a_model_that_morph_has_not_shown(morph: Morph) -> None:
    morph.page.goto(f"{morph.server}/reconstruct")
    tile = morph.page.locator(".zt-rec-tile[data-model=toy-ae]").first
    tile.get_by_role("button", name="Use in Morph").click()
    expect(morph.keys).to_have_count(5)
    assert morph.captions()[:4] == ["seed 3", "seed 8", "seed 21", "seed 34"]


def test_the_nearest_training_pictures_are_looked_up_at_rest(
    morph: Morph, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    pictures = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1), np.uint8)
    reference_images.save(reference_images.place_of("toy", (1, 16, 16)), ReferenceImages(pictures, pictures[:20] // 2))
    morph.open("toy-vae-6d")
    morph.page.keyboard.press("n")
    near = morph.page.get_by_test_id("morph-near")
    expect(near).to_contain_text("Pause, and the training pictures nearest to that frame are looked up.")
    expect(near).to_contain_text("There is no classifier of toy here")
    morph.page.keyboard.press("Space")
    tiles = near.locator("li:visible")
    expect(tiles).to_have_count(6)
    distances = [float(text) for text in tiles.all_inner_texts()]
    assert distances == sorted(distances)
    assert 0 < distances[0] < 1
    expect(near).to_contain_text("Half of the path's frames lie within")
    expect(near).not_to_contain_text("Pause, and")
    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    assert morph.page.get_by_test_id("near-pixels").evaluate(drawn)
    before = tiles.locator("canvas").first.get_attribute("aria-label")
    morph.at(0.6)
    expect(tiles.locator("canvas").first).not_to_have_attribute("aria-label", str(before))


def test_where_nothing_was_gathered_one_sentence_says_how(morph: Morph) -> None:
    morph.open()
    morph.pause()
    near = morph.page.get_by_test_id("morph-near")
    near.locator("summary").click()
    expect(near).to_contain_text("Gather them: zoetrope-train gather toy --shape 1 28 20")
    expect(near.locator("li:visible")).to_have_count(0)


def test_a_film_and_a_path_are_saved_and_the_path_opened_again_gives_the_same_frames(morph: Morph) -> None:
    morph.open("toy-cvae")
    morph.pause()
    morph.page.get_by_label("seconds").fill("1")
    morph.page.get_by_label("seconds").press("Enter")
    film, path = morph.save("MP4"), morph.save("Path file")
    with av.open(str(film)) as opened:
        stream = opened.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height, stream.frames) == ("h264", 512, 512, 30)
    frames = [morph.at(time) for time in (0.0, 0.31, 0.77)]
    pixels = morph.page.get_by_test_id("morph-live").evaluate("canvas => canvas.toDataURL()")
    written = json.loads(path.read_text())
    assert [key["origin"]["seed"] for key in written["keys"]] == [3, 8, 21, 34]
    morph.open("frey-vae-2d")
    morph.page.get_by_test_id("morph-file").set_input_files(path)
    expect(morph.page.get_by_text("is open: 4 key pictures")).to_be_visible()
    expect(morph.page.get_by_label("Model", exact=True)).to_have_value("toy-cvae")
    morph.pause()
    assert [morph.at(time) for time in (0.0, 0.31, 0.77)] == frames
    assert morph.page.get_by_test_id("morph-live").evaluate("canvas => canvas.toDataURL()") == pixels
    assert morph.save("GIF").read_bytes() == morph.save("GIF").read_bytes()


def test_a_film_shows_its_progress_without_being_asked_for_it_and_is_cancelled(morph: Morph) -> None:
    asked: list[str] = []
    morph.page.on("request", lambda request: asked.append(request.method) if "/films/" in request.url else None)
    morph.open()
    morph.page.get_by_label("seconds").fill("60")
    morph.page.get_by_label("seconds").press("Enter")
    morph.page.get_by_label("size").select_option("1024")
    morph.button("GIF").click()
    bar = morph.page.locator("progress")
    expect(bar).to_be_visible()
    for _ in range(2):
        done = bar.evaluate("bar => bar.value")
        morph.page.wait_for_function("done => document.querySelector('progress').value > done", arg=done)
    expect(morph.button("MP4")).to_be_disabled()
    assert asked == []
    morph.button("Cancel").click()
    expect(morph.page.get_by_text("Cancelled.")).to_be_visible()
    expect(bar).to_be_hidden()
    expect(morph.button("MP4")).to_be_enabled()
    assert asked == ["DELETE"]


def test_a_file_that_is_no_path_is_a_sentence_and_nothing_is_lost(morph: Morph, tmp_path: Path) -> None:
    morph.open("toy-vae-6d")
    before = morph.captions()
    (tmp_path / "picture.json").write_bytes(b"\x89PNG")
    morph.page.get_by_test_id("morph-file").set_input_files(tmp_path / "picture.json")
    expect(morph.page.get_by_text("This is no path file: it is not JSON.")).to_be_visible()
    assert morph.captions() == before


def test_an_unknown_model_is_a_notice(morph: Morph) -> None:
    morph.page.goto(f"{morph.server}/morph?model=nobody")
    expect(morph.page.get_by_text("There is no model called 'nobody' here")).to_be_visible()
    morph.drawn(0)


def test_another_model_is_picked_and_the_address_follows(morph: Morph) -> None:
    morph.open()
    morph.page.get_by_label("Model", exact=True).select_option("toy-ae")
    morph.page.wait_for_url("**/morph?model=toy-ae")
    expect(morph.page.get_by_text("This model has no prior, so there is no shell")).to_be_visible()


def test_every_control_is_reached_by_tab_and_has_a_name(morph: Morph) -> None:
    morph.open("toy-cvae")
    morph.pause()
    unnamed = morph.page.evaluate(
        """() => [...document.querySelectorAll('[data-part=morph] :is(button, select, input)')]
          .filter((part) => part.offsetParent && !part.disabled)
          .filter((part) => part.tabIndex < 0 || !(part.textContent.trim() || part.getAttribute('aria-label')
            || part.labels?.length)).map((part) => part.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def test_on_a_phone_nothing_sticks_out(browser_phone: Page, server: str, context: BrowserContext) -> None:
    Morph(browser_phone, server).open("toy-cvae")
    assert browser_phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_lecture_mode_ends_with_the_full_screen(morph: Morph) -> None:
    lecture(morph.open().page)
