"""What Explore takes from the address and from its component, and what it tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import link
from app.engine_client import EngineClient
from app.server import store
from app.views import explore
from app.views.plainly import unmarked
from engine.checkpoints.card import Card
from tests.echo import Absent, Echo, card
from tests.visit import Visitor


def page() -> None:
    from app.views.explore import explore

    explore()


def lobby() -> None:
    from app.views.home import home

    home()


class Visit(Visitor):
    """A visitor of Explore, whose component is a button that tells `view` to Streamlit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **address: str) -> None:
        monkeypatch.setattr(explore.explorer, "explorer", self.mounted)
        super().__init__(page, **address)

    def mounted(self, data: dict[str, Any], settled: Any, renamed: Any) -> None:
        import streamlit as st

        self.data = data
        st.button("settle", on_click=settled)
        st.button("rename", on_click=renamed)

    def tell(self, button: str = "settle", **told: Any) -> None:
        self.press(button, explore.explorer.KEY, view=told, rename=told)


@pytest.fixture
def visit(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> Visit:
    client.open(Echo)
    return Visit(monkeypatch)


def test_a_bare_address_opens_the_first_model_in_its_middle(visit: Visit) -> None:
    assert visit.data["card"]["name"] == "grey"
    view = {"model": "grey", "z": [0.0, 0.0], "y": None, "axes": None}
    assert visit.data["asked"] == {"query": {}, "view": view, "notices": []}
    assert visit.address == {}  # the component writes it: Streamlit would add an entry of the history


def test_a_link_is_read_and_its_model_comes_with_it(visit: Visit) -> None:
    link = {"model": "colour", "z": "0.5,1,-1", "y": "1"}
    visit.at(**link)
    view = {"model": "colour", "z": [0.5, 1.0, -1.0], "y": 1, "axes": None}
    assert (visit.data["card"]["name"], visit.data["asked"]) == ("colour", {"query": link, "view": view, "notices": []})
    visit.at(model="slow")
    assert visit.data["asked"]["view"]["z"] == [0.0]


def test_a_settled_gesture_goes_into_the_address(visit: Visit) -> None:
    gesture = {"model": "grey", "z": "0.25,-1", "axes": "1,0"}
    visit.tell(**gesture, at=1)
    assert visit.address == gesture
    assert visit.data["asked"]["query"] == gesture


def test_another_model_comes_with_its_card(visit: Visit) -> None:
    visit.tell(model="colour", at=1, z="2,0,0", y="0")
    assert visit.data["card"]["name"] == "colour"
    assert visit.data["asked"]["view"] == {"model": "colour", "z": [2.0, 0.0, 0.0], "y": 0, "axes": None}


def test_an_unknown_model_is_a_sentence_and_the_rest_of_its_link_says_nothing(visit: Visit) -> None:
    visit.at(model="nobody", z="9", y="x", axes="x")
    (notice,) = visit.data["asked"]["notices"]
    assert "no model called 'nobody'" in notice
    assert visit.data["asked"]["view"] == {"model": "grey", "z": [0.0, 0.0], "y": None, "axes": None}
    visit.at(model="broken")
    assert visit.data["asked"]["notices"][0].startswith("broken: it was cut short.")


def test_a_name_of_an_axis_is_kept(visit: Visit) -> None:
    visit.tell("rename", model="grey", axis=1, name="smile")
    assert visit.data["names"] == {"1": "smile"}


def test_a_store_that_fails_is_said_once(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "trouble", lambda: "The disk is full.")
    visit.at(model="slow")
    assert visit.data["asked"]["notices"] == ["The disk is full."]
    visit.run()  # of the run before, which was broken off, nothing may have come through
    assert visit.data["asked"]["notices"] == ["The disk is full."]
    visit.at(model="grey")
    assert visit.data["asked"]["notices"] == []


@pytest.mark.parametrize("script", [page, lobby])
def test_an_engine_that_does_not_open_is_a_sentence_with_a_way_on(script: Any, client: EngineClient) -> None:
    client.open(Absent)
    shown = AppTest.from_function(script, default_timeout=20).run()
    assert [error.value for error in shown.error] == [unmarked("The engine does not start: it is not there.")]
    assert [button.label for button in shown.button] == ["Try again"]
    assert not shown.exception


# Levels


def card_of(levels: dict[str, tuple[int, int]], latent: int = 6) -> Card:
    return replace(link.measured(card("toy", latent, (1, 4, 3))), levels=levels)


def test_a_flat_latent_has_no_levels() -> None:
    for levels in ({}, {"z": (0, 6)}):
        assert explore.face(card_of(levels))["levels"] == []


def test_levels_come_in_their_own_order_with_what_their_place_says() -> None:
    shown = explore.face(card_of({"top": (4, 6), "middle": (1, 4), "bottom": (0, 1)}))["levels"]
    assert [(level["name"], level["axes"]) for level in shown] == [
        ("top", [4, 5]),
        ("middle", [1, 2, 3]),
        ("bottom", [0]),
    ]
    assert [level["about"] for level in shown] == [
        "Upper level: what is shown.",
        "Level between: narrows down what is shown.",
        "Lower level: how it is shown.",
    ]
