"""Outliers in a real browser, on densities whose weights are random: noise is their own, and one grey the outlier."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect

from engine.analysis import outliers
from engine.analysis.outliers import SCORES, Reading
from engine.checkpoints.card import TAIL, Metric, Outliers, Strangers
from engine.inference.device_model import DeviceModel
from engine.inference.engine import Engine
from engine.models.classifier import ClassifierConfig
from engine.models.gan import GANConfig
from engine.models.pixel_cnn import PixelCNNConfig
from tests.browser.conftest import Held, serving, watched
from tests.shelf import keep, made
from train.metrics.held_out import quantiles
from train.metrics.outliers import tensors

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
    background = keep(folder, "toy-background", made(PIXELS), recipe={"noise_fraction": 0.3})
    density(folder, "toy-pixels", PIXELS, background.name)
    classes = PixelCNNConfig(SHAPE, width=4, depth=1, kernel=3, classes=4)
    density(folder, "toy-conditional", classes)
    keep(folder, "toy-judge", made(ClassifierConfig(SHAPE, width=4, answers=4)), labels=tuple("wxyz"))
    keep(folder, "toy-gan", made(GANConfig(SHAPE, latent=3, width=8, depth=1)))
    unlike = PixelCNNConfig(SHAPE, width=8, depth=1, kernel=3, output="softmax")
    keep(folder, "toy-unlike", made(PIXELS), config=vars(unlike), title="Unlike its card")
    # Of data that nobody sorts into classes; and of classes, with figures that no kind of strangers belongs to.
    keep(folder, "stones-pixels", made(PIXELS), data="stones", title="Stones")
    keep(folder, "stones-gan", made(GANConfig(SHAPE, latent=5, width=8, depth=1)), data="stones", title="Stones, GAN")
    keep(folder, "leaves-conditional", made(classes), data="leaves", title="Leaves", metrics=FIGURES)
    return folder


FIGURES = (
    Metric("AUROC, likelihood", 0.125, "", "a protocol", (0.1, 0.15)),
    Metric("AUROC, complexity", 0.975, "", "a protocol", (0.97, 0.98)),
    Metric("AUROC, size", 0.75, "", "a protocol", (0.7, 0.8)),
    Metric("gain, complexity", 0.225, "", "a protocol", (0.2, 0.25)),
    Metric("outliers refused, complexity", 98.5, "%", "a protocol"),
    Metric("classifier's confidence in outliers", 77.5, "%", "a protocol"),
)
TURNED = (
    Metric("AUROC, likelihood", 0.625, "", "a protocol", (0.6, 0.65)),
    Metric("AUROC, size", 0.5, "", "a protocol", (0.45, 0.55)),
    Metric("gain, likelihood", 0.125, "", "a protocol", (0.1, 0.15)),
)


def density(folder: Path, name: str, config: PixelCNNConfig, background: str = "") -> None:
    """Write a density with the scores of noise, of single greys, and of noise upside down."""
    model = made(config)
    ready = DeviceModel(model, keep(folder, name, model), Engine([folder], "cpu").device)
    read = [reading(ready, pictures) for pictures in (own(), flat(), own()[:, ::-1].copy())]
    mean = -float(read[0].nats.mean())
    numbers = [tensors(outliers.scores(known(part, mean, bool(background)))) for part in read]
    kinds = tuple(
        Strangers(kind, quantiles(each), figures)
        for kind, each, figures in zip(("flat", "upside-down"), numbers[1:], (FIGURES, TURNED), strict=True)
    )
    tail = quantiles(numbers[0], torch.tensor(TAIL))
    measured = Outliers(mean, quantiles(numbers[0]), kinds, background, COUNT, tail)
    keep(folder, name, model, outliers=measured, metrics=FIGURES, title=f"A {name}")


def reading(ready: DeviceModel, pictures: Any) -> Reading:
    found = ready.score(pictures)
    return Reading(found["log_prob"].astype(np.float64), found["file_bits"], 0.0)


def known(read: Reading, mean: float, background: bool) -> Reading:
    """The same weights stand behind it, so that its ratio is zero."""
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
def desk(context: BrowserContext, address: str, shelf: Path) -> Iterator[Desk]:
    with watched(context, address, 30_000) as page:
        yield Desk(page, address, shelf)


def test_a_bare_address_lays_out_a_row_and_every_score_is_the_engines(desk: Desk) -> None:
    desk.open("model=toy-pixels&score=likelihood").read(4)
    desk.link("row=sample:toy-gan:1,sample:toy-gan:2,sample:toy-gan:3")
    expect(desk.verdict).to_contain_text("By raw likelihood")
    engine = Engine([desk.folder], "cpu")
    pictures, measured = engine.device_model("toy-gan").wall([1, 2, 3]), engine.card("toy-pixels").outliers
    assert measured is not None
    wanted = outliers.scores(known(reading(engine.device_model("toy-pixels"), pictures), measured.mean, True))
    assert list(wanted) == list(SCORES)
    for key, (name, numbers) in enumerate(wanted.items(), start=1):
        desk.page.keyboard.press(str(key))
        desk.link(f"score={name}")
        assert desk.scores()[:3] == pytest.approx(numbers.tolist(), abs=0.02)
        expect(desk.page.locator(f'[data-score="{name}"] .zt-button')).to_have_attribute("aria-pressed", "true")


def test_a_verdict_says_how_rare_a_picture_is_and_the_failure_and_the_baseline_are_told(desk: Desk) -> None:
    desk.open("model=toy-pixels&score=complexity&source=bundled:digit-1-upright").read(1)
    expect(desk.verdict).to_contain_text(
        "By input complexity picture A stands out: rarer than any of its 101 test pictures of toy"
    )
    expect(desk.verdict).to_contain_text("Of such test pictures at most 1.0 % are as rare.")
    expect(desk.tiles.first).to_contain_text("rarer than any of its own")
    expect(desk.story).to_contain_text("Raw likelihood fails")
    expect(desk.story).to_contain_text("in 87.5 % of such pairs it finds the stranger the likelier")
    expect(desk.story).to_contain_text("Input complexity is right in 97.5 %")
    expect(desk.story).to_contain_text("the size of the file alone is right in 75.0 % of pairs")
    expect(desk.story).to_contain_text("+.225, 95 % from +.200 to +.250")
    chart = desk.page.locator('[data-score="likelihood"]')
    expect(chart.get_by_test_id("auroc")).to_have_text(
        "right in 12.5 % of pairs · AUROC .125, .100 to .150 · file size alone .750"
    )
    drawn = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    assert chart.get_by_test_id("histogram").evaluate(drawn) > 3
    expect(desk.contest).to_be_hidden()  # one picture has nobody to share with


def test_scores_are_shown_against_strangers_of_any_kind_and_the_link_remembers_which(desk: Desk) -> None:
    desk.open("model=toy-pixels&score=likelihood&source=sample:toy-gan:1").read(1)
    gains = desk.page.get_by_test_id("gains")
    expect(gains.locator('[data-kind="flat"] td').nth(0)).to_contain_text(".750")
    expect(gains.locator('[data-kind="flat"] td').last).to_contain_text("+.225")
    gains.locator('[data-kind="upside-down"] button').click()
    desk.link("against=upside-down")
    expect(desk.page.get_by_test_id("against")).to_have_value("upside-down")
    auroc = desk.page.locator('[data-score="likelihood"]').get_by_test_id("auroc")
    expect(auroc).to_contain_text("AUROC .625, .600 to .650 · file size alone .500")
    expect(desk.story).to_contain_text("one picture of toy upside down beside one of toy")
    desk.page.reload()
    desk.read(1)
    expect(auroc).to_contain_text("AUROC .625")
    desk.page.get_by_test_id("against").select_option("flat")
    expect(auroc).to_contain_text("AUROC .125")


PICTURES = (
    """() => [...document.querySelectorAll("[data-testid=picture] canvas")].slice(0, 3).map((all) => all.toDataURL())"""
)


def test_a_picture_that_was_asked_for_another_model_takes_no_place_in_the_row(desk: Desk) -> None:
    held = Held(desk.page, "/live")
    desk.open("model=toy-pixels").read(4)
    mine = desk.page.evaluate(PICTURES)
    held.hold()
    for model in ("stones-pixels", "toy-pixels"):
        desk.page.get_by_test_id("model").select_option(model)
        held.asked()
    held.release()
    desk.link("row=sample:toy-gan:1,sample:toy-gan:2,sample:toy-gan:3")
    desk.read(4)
    assert desk.page.evaluate(PICTURES) == mine


@pytest.mark.parametrize(
    "model", ["toy-pixels", "toy-conditional", "toy-unlike", "stones-pixels", "leaves-conditional"]
)
def test_no_sentence_has_a_hole(desk: Desk, model: str) -> None:
    desk.open(f"model={model}&score=likelihood&row={ROW}&source=bundled:digit-1-upright")
    expect(desk.verdict).to_have_text(re.compile("^By|in the file"))
    desk.page.get_by_test_id("everyone-details").locator("summary").click()
    expect(desk.page.locator('[data-model="toy-pixels"] td').first).not_to_have_text("…")
    for score in ("complexity", "ratio", "size"):
        desk.page.keyboard.press(str(1 + list(SCORES).index(score)))
        desk.link(f"score={score}")
        expect(desk.verdict).to_have_text(re.compile("^By|no ratio|in the file"))
        words = desk.page.locator(".zt").inner_text()
        assert [hole for hole in ("undefined", "NaN", "null", "[object", "Infinity") if hole in words] == []
        assert "does not belong" not in words


def test_what_may_be_refused_is_of_the_pictures_that_the_model_knows(desk: Desk) -> None:
    desk.open("model=stones-pixels&source=bundled:digit-1-upright")
    expect(desk.verdict).to_contain_text("is the strangest; the model has no test pictures to compare it with")
    expect(desk.page.get_by_test_id("refusal")).to_be_hidden()  # nobody sorts stones
    desk.page.get_by_test_id("model").select_option("leaves-conditional")
    expect(desk.must).to_contain_text("No classifier of leaves is here")
    expect(desk.may).to_contain_text("Not measured, so it refuses nothing")
    desk.page.get_by_test_id("model").select_option("toy-pixels")
    expect(desk.may).to_contain_text("A toy-conditional")
    desk.page.get_by_label("The density that may refuse").select_option("toy-pixels")
    expect(desk.may).to_have_attribute("data-refuses", "true")
    expect(desk.may).to_contain_text("Refuses: by input complexity it is rarer than any of its 101 test pictures")


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


def test_what_was_said_of_a_picture_is_stale_until_it_is_read_anew(desk: Desk) -> None:
    held = Held(desk.page, "/live")
    desk.open("model=toy-conditional&source=bundled:digit-1-upright").read(1)
    expect(desk.must).to_contain_text("% sure")
    parts = [desk.verdict, desk.tiles.last, desk.must, desk.may]
    for part in parts:
        expect(part).not_to_have_class(re.compile("zt-out-stale"))
    before = desk.scores()
    held.hold()
    desk.page.get_by_role("button", name="Invert", exact=True).click()
    for part in parts:
        expect(part).to_have_class(re.compile("zt-out-stale"))
    held.release()
    for part in parts:
        expect(part).not_to_have_class(re.compile("zt-out-stale"))
    assert desk.scores() != before


def test_a_classifier_must_answer_where_a_density_refuses(desk: Desk) -> None:
    desk.open("model=toy-conditional&source=bundled:digit-1-upright").read(1)
    engine = Engine([desk.folder], "cpu")
    expect(desk.may).to_have_attribute("data-refuses", "true")
    expect(desk.may).to_contain_text("Refuses: by input complexity it is rarer than any of its 101 test pictures")
    expect(desk.may).to_contain_text("98.5 % of flat, and 5 % of its own")
    expect(desk.must).to_contain_text("Of flat it is 77.5 % sure on average")
    answer = desk.must.locator(".zt-out-answer")
    expect(answer).to_contain_text("% sure")
    assert answer.inner_text()[1] in engine.card("toy-judge").labels
    posterior = [line.locator("b").inner_text() for line in desk.may.get_by_role("listitem").all()]
    assert sum(float(each.split()[0]) for each in posterior) == pytest.approx(100, abs=0.3)
    desk.page.get_by_test_id("everyone-details").locator("summary").click()
    table = desk.page.get_by_test_id("everyone").locator(".zt-out-table")
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
