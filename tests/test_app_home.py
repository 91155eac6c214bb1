"""Home: the family tree, and which models stand on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.engine_client import EngineClient
from app.tree import LEAVES, in_order, kinds
from app.views import home
from app.views.facts import FAMILIES, short
from app.views.home import by_data
from engine import registry
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from tests.echo import CARDS, Echo


def of(family: str, data: str = "mnist", title: str = "") -> Card:
    return replace(CARDS["grey"], family=family, data=data, title=title)


def test_each_family_that_draws_stands_once_on_the_tree_and_has_a_plain_name() -> None:
    assert sorted(LEAVES) == sorted(set(registry.FAMILIES) - {"classifier"})
    assert set(FAMILIES) == set(registry.FAMILIES)
    assert [card.family for card in in_order([of("ae"), of("gan"), of("pixel_cnn")])] == ["pixel_cnn", "gan", "ae"]


def test_the_pictures_that_most_kinds_learnt_from_come_first() -> None:
    cards = [of("vae", "frey"), of("vae", "frey"), of("vae", "frey"), of("vae"), of("pixel_cnn"), of("gan", "own")]
    assert kinds(cards) == 3
    assert {data: len(found) for data, found in by_data(cards).items()} == {"mnist": 2, "frey": 3, "own": 1}
    assert list(by_data(cards)) == ["mnist", "frey", "own"]


class Several(Echo):
    """A backend whose models learnt from two sets of pictures."""

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        sets = {"grey": "mnist", "colour": "celeba", "slow": "mnist"}
        return Catalogue({name: replace(CARDS[name], data=data) for name, data in sets.items()}, {})


def page() -> None:
    from app.views.home import home

    home()


def test_a_person_or_a_link_chooses_the_pictures(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(home, "gallery", lambda tree, families, cards: given.__setitem__(slice(None), cards))
    client.open(Several)
    visit = AppTest.from_function(page, default_timeout=20).run()
    assert [card["name"] for card in given] == ["grey", "slow"]
    visit.button_group[0].set_value("celeba").run()
    assert not visit.exception
    assert [card["name"] for card in given] == ["colour"]
    linked = AppTest.from_function(page, default_timeout=20)
    linked.query_params["pictures"] = "Faces in colour"
    linked.run()
    assert [card["name"] for card in given] == ["colour"]


def test_a_title_is_shown_without_the_pictures_that_stand_above_it() -> None:
    titles = {
        "Handwritten digits, ALI with a mapping": "ALI with a mapping",
        "Handwritten digits by class": "By class",
        "Handwritten digits": "Handwritten digits",
        "My own": "My own",
    }
    assert {title: short(of("vae", title=title)) for title in titles} == titles
    assert short(of("vae", "cats", "Cats, grown")) == "Grown"
    assert short(of("dcgan", "stacked-mnist", "Three digits in one picture, DCGAN")) == "DCGAN"
