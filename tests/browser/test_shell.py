"""What every page has: its keys in a list, lecture mode, a word where the engine is away, and an address that stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.components.assets import SCRIPT
from tests.browser.conftest import lecture, watched
from tests.browser.test_access import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SOCKET = """
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given)
    if (new URL(this.url).pathname.endsWith("/live")) window.live = this
  }
}
"""
TELL = """engine => {
  const text = new TextEncoder().encode(JSON.stringify({ engine }))
  const message = new Uint8Array(4 + text.length)
  new DataView(message.buffer).setUint32(0, text.length, true)
  message.set(text, 4)
  live.dispatchEvent(new MessageEvent("message", { data: message.buffer }))
}"""


@pytest.fixture(params=PAGES)
def opened(context: BrowserContext, everything: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    ready = PAGES[request.param]
    with watched(context, everything, 60_000) as page:
        page.add_init_script(SOCKET)
        page.goto(f"{everything}/{request.param}")
        expect(page.locator(ready).first).to_be_visible(timeout=60_000)
        yield page
        before = page.url
        page.reload()
        expect(page.locator(ready).first).to_be_visible(timeout=60_000)
        assert page.url == before


def test_every_page_has_the_shell(opened: Page) -> None:
    keys = opened.get_by_role("dialog", name="Keys")
    opened.keyboard.press("?")
    expect(keys).to_contain_text("lecture: full screen, large type")
    assert keys.locator("tr").count() > 2
    opened.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    opened.get_by_role("button", name="Keys", exact=True).click()
    expect(keys).to_be_visible()
    keys.get_by_role("button", name="Close").click()
    lecture(opened)
    away = opened.get_by_text("The engine is restarting… the picture stays as it is.")
    opened.evaluate(TELL, "restarting")
    expect(away).to_be_visible()
    opened.evaluate(TELL, "ready")
    expect(away).to_be_hidden()


def test_of_two_runs_that_are_ready_the_other_way_round_the_newest_is_shown(browser: Browser) -> None:
    page = browser.new_page()
    shows = "export default component => { window.shown = [...(window.shown ?? []), component.name] }"
    script = SCRIPT.format(module=f"data:text/javascript,{shows}")
    page.evaluate(
        """async (script) => {
          const { default: call } = await import("data:text/javascript," + encodeURIComponent(script))
          const late = { sheet: null, addEventListener: (_, done) => setTimeout(done, 200) }
          const links = [late, { sheet: {} }]
          const parentElement = { querySelector: () => links.shift() }
          await Promise.all(["older", "newer"].map((name) => call({ name, parentElement })))
        }""",
        script.replace("window.location.href", '"http://localhost/"'),
    )
    assert page.evaluate("shown") == ["newer"]
    page.close()


@pytest.mark.parametrize("name", ["reconstruct", "complete", "outliers"])
def test_a_page_with_an_upload_does_without_the_font_of_icons(
    browser: Browser, everything: str, tmp_path: Path, name: str
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{everything}/{name}")
    expect(page.locator(PAGES[name]).first).to_be_visible(timeout=60_000)
    uploader = page.get_by_test_id("stFileUploader")
    Image.new("L", (28, 28), 128).save(picture := tmp_path / "grey.png")
    uploader.locator("input[type=file]").set_input_files(picture)
    expect(uploader).to_contain_text("grey.png")
    page.wait_for_timeout(500)
    assert any(url.endswith(".woff2") for url in asked)
    assert [url for url in asked if "MaterialSymbols" in url] == []
    page.context.close()
