"""Pictures of a person's own come back, pixel by pixel, on every page that has them; what is not kept is said."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from bench.rig.chromium import FLAGS
from tests.browser.conftest import LAPTOP, chromium, comes, kept, serving
from tests.tiny import write_all

pytestmark = pytest.mark.browser

FILE = '[data-testid="stFileUploader"] input[type=file]'
READ = """async ([module, path]) => {
  const files = performance.getEntriesByType("resource").map((entry) => entry.name)
  const shared = files.find((name) => name.endsWith("/shared.js"))
  const source = shared && path.reduce((part, name) => part?.[name], (await import(shared)).modules[module])
  if (!source?.kept) return null
  const { width, height } = source.canvas
  const { data } = source.canvas.getContext("2d").getImageData(0, 0, width, height)
  return { crop: source.crop, pixels: Array.from(data.filter((_, at) => at % 4 < 3)) }
}"""


def noise(seed: int = 0, height: int = 30, width: int = 40) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def bring(page: Page, pixels: Any, name: str = "noise.png") -> None:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    page.locator(FILE).set_input_files({"name": name, "mimeType": "image/png", "buffer": file.getvalue()})


def picture(page: Page, *path: Any, module: str = "source/sourceState.js") -> Any:
    """Wait until a picture is kept: its crop and its pixels."""
    comes(page, lambda: page.evaluate(READ, [module, list(path)]) is not None)
    return page.evaluate(READ, [module, list(path)])


def upload(page: Page) -> Any:
    return picture(page, "sourceState", "sources", "upload")


@pytest.fixture
def bringer(page: Page, server: str) -> Page:
    """Reconstruct, with a picture of a person's own on the desk."""
    page.goto(f"{server}/reconstruct")
    expect(page.locator(".zt-rec-thumb[aria-pressed=true]")).to_have_count(1)
    bring(page, noise())
    upload(page)
    return page


def test_an_upload_and_its_crop_outlive_a_reload_on_every_page_with_a_desk(bringer: Page, server: str) -> None:
    with kept(bringer, '"flip":true'):  # within a second
        bringer.get_by_role("button", name="Mirror").click()
    before = upload(bringer)
    assert before["crop"]["flip"]
    assert before["pixels"] == noise().ravel().tolist()
    bringer.reload()
    assert upload(bringer) == before
    expect(bringer.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")
    expect(bringer.locator(".zt-rec-tile[data-model=toy-ae]")).not_to_have_attribute("data-frames", "0")
    bringer.goto(f"{server}/outliers")
    assert upload(bringer) == before
    expect(bringer.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")


def test_the_row_of_outliers_comes_back_in_its_order_with_pictures_of_ones_own(page: Page, server: str) -> None:
    page.goto(f"{server}/outliers?model=toy-vae-6d&row=sample:toy-ae:3&source=sample:toy-ae:5")
    tiles = page.get_by_test_id("picture")
    expect(tiles).to_have_count(2, timeout=60_000)  # the engine may be starting
    bring(page, noise(1))
    upload(page)
    with kept(page, '"outliers":{'):
        page.keyboard.press("k")
        expect(tiles).to_have_count(3)
    first = picture(page, "state", "laid", 1, module="pages/outliers/state.js")
    for _ in range(2):
        page.reload()
        expect(tiles).to_have_count(3)
        assert picture(page, "state", "laid", 1, module="pages/outliers/state.js") == first
    assert first["pixels"] == noise(1).ravel().tolist()


def test_the_picture_that_goes_through_all_models_comes_back(page: Page, server: str) -> None:
    page.goto(f"{server}/compare?models=toy-vae-6d,toy-ae&seed=3&n=4")
    page.get_by_text("The same picture through all").click()
    expect(page.locator("[data-model]").or_(page.get_by_test_id("columns").locator("canvas")).first).to_be_visible()
    with kept(page, '"picture":"'):
        page.get_by_test_id("through-sample").select_option("toy-ae")
    row = page.get_by_test_id("through-row")
    given = "document.querySelector('[data-testid=through-row] canvas').toDataURL()"
    expect(row).to_have_attribute("data-shown", "2")
    before = page.evaluate(given)
    page.reload()
    expect(row).to_have_attribute("data-shown", "2")
    assert page.evaluate(given) == before


def test_a_duplicated_tab_has_the_picture_and_keeps_it_for_itself(bringer: Page) -> None:
    before = upload(bringer)
    with bringer.expect_popup() as opened:
        bringer.evaluate("window.open(location.href)")  # copies the session storage, as a duplicated tab does
    twin = opened.value
    assert upload(twin) == before
    with kept(twin, '"flip":true'):
        twin.get_by_role("button", name="Mirror").click()
    for page, flipped in ((bringer, False), (twin, True)):
        page.reload()
        assert upload(page)["crop"]["flip"] is flipped


def test_what_is_not_kept_is_said(bringer: Page, home: Path) -> None:
    def full(route: Route) -> None:
        route.fulfill(status=400, body=json.dumps({"error": "holds 32 MB of pictures already, and keeps no more."}))

    bringer.route("**/kept", full)
    bring(bringer, noise(2), "second.png")
    expect(bringer.get_by_text("“second.png” cannot be kept and is lost with a reload: it holds 32 MB")).to_be_visible()
    bringer.unroute("**/kept")
    with kept(bringer, '"title":"third.png"'):
        bring(bringer, noise(3), "third.png")
    with sqlite3.connect(home / ".local" / "share" / "zoetrope" / "state.sqlite3") as data:
        data.execute("DELETE FROM pictures")
    data.close()
    bringer.reload()
    expect(bringer.get_by_text("“third.png” is not kept on this machine any longer. Bring it again.")).to_be_visible()
    expect(bringer.get_by_text("No picture has been brought yet.")).to_be_visible()


@pytest.fixture
def camera(browser: Browser, server: str) -> Iterator[Page]:
    fakes = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    running = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *fakes])
    page = running.new_page(viewport=LAPTOP)
    page.set_default_timeout(20_000)
    page.goto(f"{server}/reconstruct")
    yield page
    running.close()


def test_a_held_camera_picture_outlives_a_reload(camera: Page) -> None:
    camera.get_by_role("tab", name="Camera").click()
    camera.get_by_role("button", name="Start the camera").click()
    camera.get_by_role("button", name="Hold").click()
    before = picture(camera, "sourceState", "sources", "camera")
    camera.wait_for_timeout(1200)
    camera.reload()
    assert picture(camera, "sourceState", "sources", "camera") == before


def test_a_picture_outlives_a_restart_and_is_kept_once_the_server_is_back(browser: Browser, tmp_path: Path) -> None:
    with serving(write_all(tmp_path / "checkpoints"), tmp_path) as server:
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(30_000)
        page.goto(f"{server.address}/reconstruct")
        expect(page.locator(".zt-rec-thumb[aria-pressed=true]")).to_have_count(1)
        page.route("**/kept", lambda route: route.abort())  # as a network that is lost just then
        bring(page, noise())
        page.wait_for_timeout(500)
        page.unroute("**/kept")
        before = upload(page)
        page.wait_for_timeout(300)
        server.stop()
        server.start()
        page.goto(f"{server.address}/reconstruct")
        assert upload(page) == before
        page.close()
