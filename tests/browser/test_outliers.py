"""Outliers in a real browser, on densities whose weights are random: noise is their own, and one grey the outlier."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from engine import outliers
from engine.card import Metric, Outliers
from engine.models.classifier import ClassifierConfig
from engine.models.gan import GANConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.outliers import SCORES, Reading
from engine.ready import Ready
from engine.runtime import Engine
from tests.browser.conftest import LAPTOP, foreign, serving
from tests.shelf import keep, made
from train.measures.held_out import quantiles
from train.measures.outliers import tensors

pytestmark = pytest.mark.browser

SHAPE = (1, 16, 16)
PIXELS = PixelCNNConfig(SHAPE, width=4, depth=1, kernel=3, output="softmax")
COUNT = 101
ROW = "sample:toy-gan:1,sample:toy-gan:2"


def own() -> Any:
    return np.random.default_rng(0).integers(0, 256, (COUNT, 16, 16, 1), np.uint8)


def flat() -> Any:
    return np.broadcast_to(np.arange(COUNT, dtype=np.uint8)[:, None, None, None], (COUNT, 16, 16, 1)).copy()


def write(folder: Path) -> Path:
    """Write densities that were measured, one behind another, one of classes, a classifier, and a painter."""
    background = keep(folder, "toy-background", made(PIXELS), recipe={"mutated": 0.3})
    density(folder, "toy-pixels", PIXELS, background.name)
    classes = PixelCNNConfig(SHAPE, width=4, depth=1, kernel=3, classes=4)
    density(folder, "toy-conditional", classes)
    keep(folder, "toy-judge", made(ClassifierConfig(SHAPE, width=4, answers=4)), labels=tuple("wxyz"))
    keep(folder, "toy-gan", made(GANConfig(SHAPE, latent=3, width=8, depth=1)))
    unlike = PixelCNNConfig(SHAPE, width=8, depth=1, kernel=3, output="softmax")
    keep(folder, "toy-unlike", made(PIXELS), config=vars(unlike), title="Unlike its card")
    return folder


def density(folder: Path, name: str, config: PixelCNNConfig, background: str = "") -> None:
    """Write a density with the scores of noise and of single greys."""
    model = made(config)
    ready = Ready(model, keep(folder, name, model), Engine([folder], "cpu").device)
    read = [reading(ready, pictures) for pictures in (own(), flat())]
    mean = -float(read[0].nats.mean())
    one, other = (quantiles(tensors(outliers.scores(known(part, mean, bool(background))))) for part in read)
    metrics = (
        Metric("AUROC, likelihood", 0.125, "", "a protocol", (0.1, 0.15)),
        Metric("AUROC, complexity", 0.975, "", "a protocol", (0.97, 0.98)),
        Metric("outliers refused, complexity", 98.5, "%", "a protocol"),
        Metric("classifier's confidence in outliers", 77.5, "%", "a protocol"),
    )
    measured = Outliers("flat", mean, one, other, background)
    keep(folder, name, model, outliers=measured, metrics=metrics, title=f"A {name}")


def reading(ready: Ready, pictures: Any) -> Reading:
    found = ready.score(pictures)
    return Reading(found["log_prob"].astype(np.float64), found["file_bits"], 0.0)


def known(read: Reading, mean: float, background: bool) -> Reading:
    """The same weights stand behind it, so that its ratio is nought."""
    return Reading(read.nats, read.bits, mean, read.nats if background else None)


class Desk:
    """The page as a person sees it."""

    def __init__(self, page: Page, server: str, folder: Path) -> None:
        self.page, self.server, self.folder = page, server, folder
        self.verdict = page.get_by_test_id("verdict")
        self.tiles = page.get_by_test_id("picture")
        self.story = page.get_by_test_id("story")
        self.contest = page.get_by_test_id("contest")
        self.must, self.may = page.get_by_test_id("must-answer"), page.get_by_test_id("may-refuse")

    def open(self, query: str = "") -> Desk:
        self.page.goto(f"{self.server}/outliers?{query}")
        return self

    def read(self, count: int) -> Desk:
        """Wait until so many pictures have been read."""
        script = "n => document.querySelectorAll('[data-testid=picture]:not([data-score=\"\"])').length === n"
        self.page.wait_for_function(script, arg=count, timeout=60_000)
        return self

    def link(self, part: str) -> None:
        self.page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)

    def scores(self) -> list[float]:
        return [float(tile.get_attribute("data-score") or "nan") for tile in self.tiles.all()]

    def bring(self, name: str, data: bytes) -> None:
        chooser = self.page.locator('[data-testid="stFileUploader"] input[type=file]')
        chooser.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("densities"))


@pytest.fixture(scope="module")
def address(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(shelf, tmp_path_factory.mktemp("home")) as server:
        yield server.address


@pytest.fixture
def desk(browser: Browser, address: str, shelf: Path) -> Iterator[Desk]:
    context = browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
    page, troubles = context.new_page(), list[str]()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.extend(foreign(request.url, address)))
    yield Desk(page, address, shelf)
    context.close()
    assert troubles == []


def test_a_bare_address_lays_out_a_row_and_every_score_is_the_engines(desk: Desk) -> None:
    desk.open("model=toy-pixels&score=likelihood").read(4)
    desk.link("row=sample:toy-gan:1,sample:toy-gan:2,sample:toy-gan:3")
    expect(desk.verdict).to_contain_text("By raw likelihood")
    engine = Engine([desk.folder], "cpu")
    pictures, measured = engine.ready("toy-gan").wall([1, 2, 3]), engine.card("toy-pixels").outliers
    assert measured is not None
    wanted = outliers.scores(known(reading(engine.ready("toy-pixels"), pictures), measured.mean, True))
    assert list(wanted) == list(SCORES)
    for key, (name, numbers) in enumerate(wanted.items(), start=1):
        desk.page.keyboard.press(str(key))
        desk.link(f"score={name}")
        assert desk.scores()[:3] == pytest.approx(numbers.tolist(), abs=0.02)
        expect(desk.page.locator(f'[data-score="{name}"] .zt-button')).to_have_attribute("aria-pressed", "true")


def test_by_complexity_what_is_simple_does_not_belong_to_noise_and_the_failure_is_told(desk: Desk) -> None:
    desk.open("model=toy-pixels&score=complexity&source=bundled:digit-1-upright").read(1)
    expect(desk.verdict).to_contain_text("By input complexity picture A does not belong among toy")
    expect(desk.tiles.first).to_contain_text("stranger than all of its own")
    expect(desk.story).to_contain_text("Raw likelihood fails")
    expect(desk.story).to_contain_text("in 87.5 % of such pairs it finds the stranger the likelier")
    expect(desk.story).to_contain_text("Input complexity does, in 97.5 % of pairs")
    chart = desk.page.locator('[data-score="likelihood"]')
    expect(chart.get_by_test_id("auroc")).to_have_text("right in 12.5 % of pairs · AUROC .125, .100 to .150")
    drawn = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    assert chart.get_by_test_id("histogram").evaluate(drawn) > 3
    expect(desk.contest).to_be_hidden()  # one picture has nobody to share with


def test_pictures_are_kept_shared_among_and_taken_away_by_keys(desk: Desk) -> None:
    desk.open(f"model=toy-pixels&score=likelihood&row={ROW}&source=sample:toy-gan:3").read(3)
    scores = desk.scores()
    first = "ABC"[scores.index(min(scores))]  # the least surprising takes most of the mass
    expect(desk.contest).to_have_attribute("data-first", first)
    shares = [math.exp(min(scores) - score) for score in scores]
    said = desk.contest.get_by_role("listitem").nth(scores.index(min(scores)))
    assert float(said.locator("b").inner_text().split()[0]) == pytest.approx(100 / sum(shares), abs=0.06)
    desk.page.keyboard.press("k")
    desk.read(4)
    desk.link("row=sample:toy-gan:1,sample:toy-gan:2,sample:toy-gan:3&")
    desk.tiles.first.get_by_role("button").first.focus()
    desk.page.keyboard.press("Delete")
    desk.read(3)
    desk.link("row=sample:toy-gan:2,sample:toy-gan:3&")
    assert desk.page.evaluate("document.activeElement.className") == "zt-out-pick"  # the hand stays in the row
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_test_id("refusal")).to_contain_text("about picture B")


def test_a_classifier_must_answer_where_a_density_refuses(desk: Desk) -> None:
    desk.open("model=toy-conditional&source=bundled:digit-1-upright").read(1)
    engine = Engine([desk.folder], "cpu")
    expect(desk.may).to_have_attribute("data-refuses", "true")
    expect(desk.may).to_contain_text("Refuses: by input complexity it is stranger than all of its test pictures")
    expect(desk.may).to_contain_text("It refuses 98.5 % of pictures of flat")
    expect(desk.must).to_contain_text("77.5 % sure on average")
    answer = desk.must.locator(".zt-out-answer")
    expect(answer).to_contain_text("% sure")
    assert answer.inner_text()[1] in engine.card("toy-judge").labels
    posterior = [line.locator("b").inner_text() for line in desk.may.get_by_role("listitem").all()]
    assert sum(float(each.split()[0]) for each in posterior) == pytest.approx(100, abs=0.3)
    desk.page.get_by_test_id("everyone-details").locator("summary").click()
    table = desk.page.locator(".zt-out-table")
    expect(table.locator('[data-model="toy-pixels"] td')).to_have_text(["all"])
    expect(table).to_contain_text("Unlike its card")
    expect(table).to_contain_text("in the file")  # why it cannot be asked, in its own line


def test_what_cannot_be_had_is_a_sentence_and_the_row_stays(desk: Desk) -> None:
    desk.open(f"model=nobody&score=beauty&row={ROW},moon&source=bundled:digit-1-upright").read(3)
    notice = desk.page.locator(".zt-notice")
    for word in ("nobody", "beauty", "moon"):
        expect(notice).to_contain_text(word)
    desk.bring("letter.png", b"Dear reader, this is a letter.")
    expect(notice).to_contain_text("holds text and no picture")
    assert len(desk.scores()) == 3
    desk.page.get_by_test_id("model").select_option("toy-unlike")
    expect(desk.verdict).to_contain_text("toy-unlike:")
    desk.page.get_by_test_id("model").select_option("toy-pixels")
    expect(desk.verdict).to_contain_text("By ")
    desk.read(3)


def test_it_fits_a_phone(browser_phone: Page, address: str, shelf: Path) -> None:
    phone = Desk(browser_phone, address, shelf).open(f"model=toy-pixels&row={ROW}&source=sample:toy-gan:3").read(3)
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    tile = phone.tiles.first.bounding_box()
    assert tile is not None
    assert tile["width"] >= 80
