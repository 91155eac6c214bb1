"""The page of docs/add-a-page.md: as it stands there it has a link, Back, what is kept, lecture mode and help."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import ROOT, serving
from tests.tiny import write_all

pytestmark = pytest.mark.browser
FILE = re.compile(r"`(app/\S+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DRAWN = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
PIXELS = "canvas => canvas.toDataURL()"


def files() -> dict[str, str]:
    """The files of the page by their paths, as the document has them."""
    found = FILE.findall((ROOT / "docs" / "add-a-page.md").read_text("utf-8"))
    return {path.replace("NAME", "axis"): text for path, text in found}


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def add_page(root: Path) -> None:
    """Add the page to a copy of the source as the document says: its three files, and a line in three others."""
    for path, text in files().items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, "utf-8")
    replaced(root / "app/server/statics.py", '"outliers")', '"outliers", "axis")')
    replaced(root / "app/components/assets.py", '    "compare": (', '    "axis": (),\n    "compare": (')
    imported = "from app.views.compare import compare\n"
    replaced(root / "app/script.py", imported, "from app.views.axis import axis\n" + imported)
    added = '_pages = [\n    st.Page(axis, title="Axis", url_path="axis"),\n'
    replaced(root / "app/script.py", "_pages = [\n", added)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Zoetrope that has the page."""
    root = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
    add_page(root)
    home = tmp_path_factory.mktemp("home")
    with serving(write_all(home / "checkpoints"), home, root=root) as running:
        yield running.address


@pytest.fixture
def axis(context: BrowserContext, address: str) -> Iterator[Page]:
    troubles: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{address}/axis")
    yield page
    assert troubles == []


def picture(page: Page) -> str:
    canvas = page.get_by_test_id("axis-picture")
    expect(canvas).to_be_visible(timeout=60_000)
    page.wait_for_function(f"() => ({DRAWN})(document.querySelector('[data-testid=axis-picture]'))")
    return str(canvas.evaluate(PIXELS))


def changed(page: Page, before: str) -> str:
    page.wait_for_function(
        f"before => ({PIXELS})(document.querySelector('[data-testid=axis-picture]')) !== before", arg=before
    )
    return picture(page)


def test_the_example_is_short() -> None:
    assert len(files()) == 3
    assert sum(len(text.splitlines()) for text in files().values()) <= 120


def test_the_slider_changes_the_picture_and_the_link_reproduces_it(axis: Page, context: BrowserContext) -> None:
    first = picture(axis)
    axis.get_by_label("First axis").fill("2")
    second = changed(axis, first)
    expect(axis).to_have_url(re.compile(r"axis\?model=[\w-]+&at=2$"))
    other = context.new_page()
    other.goto(axis.url)
    assert picture(other) == second
    expect(other.get_by_label("First axis")).to_have_value("2")
    axis.keyboard.press("m")
    assert changed(axis, second) == first


def test_another_model_is_a_step_back(axis: Page) -> None:
    first = picture(axis)
    before = axis.get_by_label("Model").input_value()
    axis.get_by_label("First axis").fill("1")
    moved = changed(axis, first)
    names = axis.get_by_label("Model").locator("option").evaluate_all("all => all.map(option => option.value)")
    axis.get_by_label("Model").select_option(next(name for name in names if name != before))
    changed(axis, moved)
    axis.go_back()
    expect(axis.get_by_label("Model")).to_have_value(before)
    expect(axis.get_by_label("First axis")).to_have_value("1")


def test_what_was_shown_is_kept_for_a_bare_address(axis: Page, address: str) -> None:
    first = picture(axis)
    axis.get_by_label("First axis").fill("-1.5")
    changed(axis, first)
    axis.wait_for_timeout(300)  # so that it is kept
    axis.goto(f"{address}/axis")
    expect(axis.get_by_label("First axis")).to_have_value("-1.5", timeout=60_000)


def test_it_has_help_and_lecture_mode(axis: Page) -> None:
    picture(axis)
    axis.keyboard.press("?")
    expect(axis.get_by_role("dialog", name="Keys")).to_contain_text("the middle of the axis")
    axis.keyboard.press("Escape")
    axis.get_by_role("button", name="Lecture").click()
    expect(axis.locator(".zt-lecture")).to_be_visible()


def test_it_fits_a_phone(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, device_scale_factor=3)
    page.goto(f"{address}/axis")
    picture(page)
    keys, canvas = (
        page.get_by_role("button", name="Keys").bounding_box(),
        page.get_by_test_id("axis-picture").bounding_box(),
    )
    assert keys is not None
    assert canvas is not None
    assert keys["x"] + keys["width"] <= 390
    assert (canvas["width"], canvas["height"]) == (320, 320)
    assert canvas["y"] >= keys["y"] + keys["height"] + 8
    page.context.close()
