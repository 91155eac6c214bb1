"""What Complete takes from the address and from its component, and what it tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.engine_client import EngineClient
from app.views import complete, state
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from tests.echo import CARDS, Echo
from tests.visit import Visitor


def drawing(name: str, shape: tuple[int, int, int], output: str, classes: int = 0) -> Card:
    names = tuple("abc"[:classes])
    verbs = ("samples", "scores", "completes")
    return replace(
        CARDS["grey"],
        name=name,
        title=name,
        latent=0,
        verbs=verbs,
        shape=shape,
        config={"output": output},
        classes=names,
    )


DRAWERS = {
    "colour-pixels": drawing("colour-pixels", (3, 4, 4), "softmax"),
    "grey-pixels": drawing("grey-pixels", (1, 9, 9), "logistic"),
    "binary-pixels": drawing("binary-pixels", (1, 9, 9), "bernoulli", classes=3),
}


class Pixels(Echo):
    """An engine that also has models that draw pixel by pixel."""

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        return Catalogue({**CARDS, **DRAWERS}, {"broken": "broken: it was cut short."})


def page() -> None:
    from app.views.complete import complete

    complete()


class Visit(Visitor):
    """A visitor of Complete, whose component is a button that tells `view` to Streamlit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(complete.component, "complete", self.mounted)
        super().__init__(page)

    def mounted(self, data: dict[str, Any], settled: Any) -> None:
        import streamlit as st

        self.data = data
        st.button("settle", on_click=settled)

    def tell(self, **told: Any) -> None:
        self.press("settle", complete.component.KEY, view=told)


def test_the_quickest_model_comes_first_and_those_that_draw_at_once_stand_beside(
    client: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.open(Pixels)
    visit = Visit(monkeypatch)
    assert [model["name"] for model in visit.data["models"]] == ["binary-pixels", "colour-pixels", "grey-pixels"]
    assert [model["levels"] for model in visit.data["models"]] == [2, 256, 256]
    assert [model["name"] for model in visit.data["samplers"]] == list(CARDS)
    start = {"model": "binary-pixels", "seed": 1, "y": None, "way": "draw", "source": ""}
    assert visit.data["asked"] == {"query": {}, "view": start, "notices": []}

    asked = {"model": "grey-pixels", "seed": "7", "way": "fill", "source": "bundled:digit-3-upright"}
    visit.tell(**asked)
    assert visit.address == asked
    visit.at(**asked, y="2")
    assert visit.data["asked"]["view"] == {**asked, "seed": 7, "y": None}
    visit.at(model="binary-pixels", y="2")
    assert visit.data["asked"]["view"] == {**start, "y": 2}
    visit.at(model="binary-pixels", seed=str(2**40 + 9))  # noise has 32 bits of a seed
    assert (visit.data["asked"]["view"]["seed"], visit.data["asked"]["notices"]) == (9, [])


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"model": "nobody"}, "There is no model called 'nobody' here that draws pixel by pixel. Choose one"),
        ({"model": "grey"}, "There is no model called 'grey' here that draws pixel by pixel."),
        ({"model": "broken"}, "broken: it was cut short."),
        ({"seed": "9223372036854775808"}, "seed '9223372036854775808' is no whole number from 0 to 2^32 - 1"),
        ({"seed": "²"}, "seed '²' is no whole number"),
        ({"y": "3"}, "asks for class 3; binary-pixels has classes 0 to 2."),
        ({"way": "erase"}, "way 'erase' is none of draw, fill; draw is shown."),
        ({"source": "bundled:nothing"}, "No picture called 'nothing' comes along."),
    ],
)
def test_a_part_of_a_link_that_cannot_be_taken_is_said_and_the_rest_is_taken(
    address: dict[str, str], sentence: str
) -> None:
    models = Catalogue({**CARDS, **DRAWERS}, {"broken": "broken: it was cut short."})
    names = ["binary-pixels", "grey-pixels"]
    asked = state.parse("complete", {"seed": "5", **address}, models, names, {"seed": complete.seed})
    assert asked["view"]["model"] == "binary-pixels"
    assert asked["view"]["seed"] == (1 if "seed" in address else 5)
    (notice,) = asked["notices"]
    assert sentence in notice


def test_without_such_a_model_the_page_says_how(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.open(Echo)
    visit = Visit(monkeypatch)
    assert visit.data == {}
    assert "zoetrope-train run mnist-pixelcnn" in visit.page.info[0].value
