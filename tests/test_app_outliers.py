"""What Outliers takes from the address, and what it tells its component about models, scores and classifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.engine_client import EngineClient
from app.views import opening, outliers, state
from engine.analysis.outliers import SCORES, UNITS
from engine.checkpoints.card import PERCENTS, Card, Metric, Outliers, Strangers
from engine.checkpoints.catalogue import Catalogue
from tests import echo
from tests.echo import Absent, Echo, card
from tests.visit import Visitor
from train.metrics.strangers import STRANGERS

RISING = tuple(float(i) for i in range(PERCENTS))
FIGURES = (
    Metric("AUROC, likelihood", 0.1, "", "p", (0.0, 0.2)),
    Metric("gain, likelihood", -0.3, "", "q", (-0.4, -0.2)),
)
KINDS = (
    Strangers("mnist", {"likelihood": RISING}, FIGURES),
    Strangers("mnist of equal size", {"likelihood": RISING}, (), {"likelihood": RISING}),
    Strangers("upside-down", {"likelihood": RISING}),
)
MEASURED = Outliers(12.5, {"likelihood": RISING}, KINDS, "clothes-background", 500, {"likelihood": RISING})


def density(name: str, verb: str = "scores", output: str = "softmax", **changes: Any) -> Card:
    changes = {"data": "fashion", "verbs": ("samples", verb), "config": {"output": output}, **changes}
    return replace(card(name, 0, (1, 8, 8)), **changes)


CARDS = {
    "clothes": density("clothes", outliers=MEASURED, metrics=(Metric("AUROC, likelihood", 0.1, "", "p", (0.0, 0.2)),)),
    "clothes-background": density("clothes-background", recipe={"noise_fraction": 0.3}),
    "digits": density("digits", "bounds", "gaussian", data="mnist", classes=("0", "1")),
    "painter": card("painter", 2, (1, 8, 8)),
    "judge": replace(card("judge", 0, (1, 8, 8)), verbs=("classifies",), labels=("a", "b")),
    "traits": replace(card("traits", 0, (1, 8, 8)), verbs=("classifies",), config={"attributes": True}),
}


def page() -> None:
    from app.views.outliers import outliers

    outliers()


class Visit(Visitor):
    """A visitor of Outliers, whose component is a button that tells `view` to Streamlit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **address: str) -> None:
        monkeypatch.setattr(outliers.component, "outliers", self.mounted)
        super().__init__(page, **address)

    def mounted(self, data: dict[str, Any], settled: Any) -> None:
        import streamlit as st

        self.data = data
        st.button("settle", on_click=settled)

    def tell(self, **told: Any) -> None:
        self.press("settle", outliers.component.KEY, view=told)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineClient]:
    made = EngineClient()
    monkeypatch.setattr(opening, "engine_client", lambda: made)
    monkeypatch.setattr(echo, "CARDS", {**CARDS})
    yield made
    made.close()


@pytest.fixture
def visit(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> Visit:
    client.open(Echo)
    return Visit(monkeypatch)


def test_a_bare_address_opens_the_model_whose_likelihood_fails(visit: Visit) -> None:
    view = {"model": "clothes", "score": "", "against": "", "row": [], "source": ""}
    assert visit.data["asked"] == {"query": {}, "view": view, "notices": []}
    assert [model["name"] for model in visit.data["models"]] == ["clothes", "digits"]  # no background, no painter


def test_a_link_is_read_and_each_part_that_cannot_be_taken_gets_a_sentence(visit: Visit) -> None:
    link = {
        "model": "digits",
        "score": "ratio",
        "row": "bundled:digit-3-upright,sample:painter:4",
        "source": "sample:painter:7",
    }
    visit.at(**link)
    view = {**link, "against": "", "row": ["bundled:digit-3-upright", "sample:painter:4"]}
    assert visit.data["asked"] == {"query": link, "view": view, "notices": []}
    visit.at(model="clothes-background", score="beauty", row="moon,bundled:nothing", source="sample:nobody:1")
    assert visit.data["asked"]["view"] == {"model": "clothes", "score": "", "against": "", "row": [], "source": ""}
    said = " ".join(visit.data["asked"]["notices"])
    assert [word in said for word in ("'clothes-background'", "'beauty'", "'moon'", "'nothing'", "'nobody'")] == [
        True
    ] * 5


def test_a_row_that_is_too_long_is_cut_with_a_sentence(visit: Visit) -> None:
    visit.at(row=",".join(["sample:painter:1"] * 12))
    assert len(visit.data["asked"]["view"]["row"]) == 8
    assert visit.data["asked"]["notices"] == ["The link has 12 pictures in its row; the first 8 are shown."]


def test_a_model_that_was_refused_says_why(visit: Visit) -> None:
    visit.at(model="broken")
    assert visit.data["asked"]["notices"] == ["broken: it was cut short. Choose one from the list; clothes is shown."]


def test_what_settles_goes_into_the_address(visit: Visit) -> None:
    visit.tell(model="clothes", score="complexity", row="bundled:digit-3-upright", source="")
    assert visit.address == {"model": "clothes", "score": "complexity", "row": "bundled:digit-3-upright"}


def test_without_a_density_the_page_says_what_to_do(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for cards in ({"painter": CARDS["painter"]}, {"a": replace(CARDS["clothes-background"], name="a")}):
        monkeypatch.setattr(echo, "CARDS", cards)
        client.open(Echo)
        visit = Visit(monkeypatch)
        assert "zoetrope-train run" in visit.page.info[0].value
        assert visit.data == {}
        client.close()


def test_an_engine_that_does_not_open_is_told(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.open(Absent)
    assert "not there" in Visit(monkeypatch).page.error[0].value


def test_the_component_hears_how_a_model_scores(visit: Visit) -> None:
    clothes, digits = visit.data["models"]
    assert (clothes["exact"], clothes["values"], clothes["background"]) == (True, 0, "clothes-background")
    measured = clothes["measured"]
    assert (measured["mean"], measured["count"], measured["confidence"]) == (12.5, 500, None)
    assert (measured["own"], measured["tail"]) == (MEASURED.own, MEASURED.tail)
    first, equal, turned = measured["kinds"]
    assert (first["kind"], first["data"], first["pictures"]) == ("mnist", "mnist", "handwritten digits")
    assert first["scores"] == {"likelihood": RISING[::4]}
    assert first["metrics"]["AUROC, likelihood"] == {"value": 0.1, "interval": (0.0, 0.2), "protocol": "p"}
    assert first["metrics"]["gain, likelihood"]["value"] == -0.3
    assert (equal["data"], equal["pictures"]) == ("", "handwritten digits with files of equal size")
    assert (equal["own"], turned["own"]) == ({"likelihood": RISING}, {})
    assert (turned["data"], turned["pictures"]) == ("", "clothes upside down")
    assert (clothes["data"], clothes["pictures"]) == ("fashion", "clothes")
    assert (digits["exact"], digits["values"], digits["measured"]) == (False, 64, None)  # a density counts its bytes
    assert [each["name"] for each in visit.data["judges"]] == ["judge"]  # one answer to a picture, not forty
    assert [(each["name"], each["implicit"]) for each in visit.data["painters"]] == [("painter", True)]


def test_a_link_may_name_the_strangers_and_only_those_that_were_measured(visit: Visit) -> None:
    visit.at(model="clothes", against="upside-down")
    assert visit.data["asked"]["view"]["against"] == "upside-down"
    assert visit.data["asked"]["notices"] == []
    visit.tell(model="clothes", score="likelihood", against="upside-down")
    assert visit.address["against"] == "upside-down"
    visit.at(model="clothes", against="moons")
    assert visit.data["asked"]["view"]["against"] == ""
    assert visit.data["asked"]["notices"] == [
        "clothes was not measured against 'moons'; it was against mnist, mnist of equal size, upside-down."
    ]


def test_the_kind_of_strangers_is_named_after_the_model_that_sees_them() -> None:
    clothes, faces = CARDS["clothes"], replace(CARDS["clothes"], data="celeba", shape=(3, 8, 8))
    assert [outliers.words_of(kind, clothes) for kind in ("celeba", "scrambled", "mnist of equal size", "pebbles")] == [
        "faces of other people in grey",
        "clothes cut up and shuffled",
        "handwritten digits with files of equal size",
        "pebbles",
    ]
    assert outliers.words_of("mirrored halves", faces) == "faces in colour of a half and its mirror image"
    every = {kind for kinds in STRANGERS.values() for kind in kinds}
    assert all(outliers.words_of(kind, clothes) != kind for kind in every)


def test_a_background_model_that_is_gone_is_not_asked() -> None:
    assert outliers.entry(CARDS["clothes"], Catalogue({"clothes": CARDS["clothes"]}, {}))["background"] is None


def test_every_score_has_words() -> None:
    assert outliers.WORDS.keys() == SCORES.keys() == UNITS.keys()
    assert [row.choices for row in state.table("outliers") if row.name == "score"] == [tuple(outliers.WORDS)]
