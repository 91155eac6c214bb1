"""No text from a file is markup on any page, and a folder of a strange name stops no other model."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from engine.checkpoints.files import CARD
from tests.browser.conftest import nothing_more, rests, serving
from tests.browser.test_access import PAGES
from tests.tiny import write_all

pytestmark = pytest.mark.browser

ELSEWHERE = "elsewhere.invalid"
NASTY = (
    f"x ![i](http://{ELSEWHERE}/leak.png) <img src=http://{ELSEWHERE}/a.png> <b>bold</b> *slant* `code` $a^2$ "
    f":red[red] :smile: :material/home: [link](http://{ELSEWHERE}/) http://{ELSEWHERE}/b www.{ELSEWHERE} a@{ELSEWHERE}"
)
READY = {**PAGES, "home": PAGES[""]}
STRANGE = ("real", "blind:x", "![i](http://elsewhere.invalid/c.png)", "a\nb-c", "<b>d-e")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints whose cards hold markup, and folders that no checkpoint can be called."""
    folder = write_all(tmp_path_factory.mktemp("nasty"))
    for name in ("toy-ae", "toy-cvae", "toy-vae-6d"):
        path = folder / name / CARD
        fields = json.loads(path.read_text())
        texts = {field: f"{field} {NASTY}" for field in ("title", "description", "data", "terms", "licence")}
        fields |= texts | {"classes": [f"{each} {NASTY}" for each in fields["classes"]]}
        fields["axes"] = [axis | {"name": NASTY} for axis in fields["axes"]]
        figures = ("recall", "precision", "test MSE", "sharpness", "test ELBO")
        fields["metrics"] = [{"name": each, "value": 0.5, "unit": "", "protocol": NASTY} for each in figures]
        path.write_text(json.dumps(fields))
    for name in STRANGE:
        shutil.copytree(folder / "toy-levels", folder / name.replace("/", "∕"))
    shutil.copytree(os.fsencode(folder / "toy-levels"), os.fsencode(folder) + b"/\xff\xfe-x")
    return folder


def test_text_from_cards_and_folders_is_shown_letter_by_letter(
    context: BrowserContext, folder: Path, tmp_path: Path
) -> None:
    asked: list[str] = []
    with serving(folder, tmp_path) as server:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.address)
        pills = page.locator("[data-testid=stButtonGroup]")
        expect(pills).to_contain_text("elsewhere", timeout=60_000)
        said = pills.inner_text().replace("\u2060", "")
        assert f"Data {NASTY}" in said, said
        page.locator("[data-testid=stExpander]").click()
        expect(page.locator("[data-testid=stExpander]")).to_contain_text("no checkpoint has such a name")
        for path in ("home", "explore?model=toy-cvae", "compare?models=toy-ae,toy-cvae,toy-vae-6d", "reconstruct"):
            page.goto(f"{server.address}/{path}")
            expect(page.locator(READY[path.split("?")[0]]).first).to_be_visible(timeout=60_000)
            rests(page)
            for opener in page.locator("[data-testid=stExpander] summary, [data-testid=stCheckbox] label").all():
                opener.dispatch_event("click")
            rests(page)
            nothing_more(page)
            assert page.locator(f"img[src*='{ELSEWHERE}'], a[href*='{ELSEWHERE}']").count() == 0, path
            shown = page.locator("[data-testid=stMain]")
            for tag in ("b", "em", "code", "img[alt=i]", ".katex"):
                assert shown.locator(tag).filter(has_text="bold").count() == 0, (path, tag)
    assert [url for url in asked if ELSEWHERE in url] == []
