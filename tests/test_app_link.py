"""Where a model opens, and what a link to Explore may say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app import link
from app.views import explore, state
from engine.checkpoints.card import Axis, Card, Home
from engine.checkpoints.catalogue import Catalogue
from tests import echo

NORMAL = (-2.3, -1.6, -0.7, 0.0, 0.7, 1.6, 2.3)


def card(
    latent: int = 2,
    classes: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ("samples", "decodes"),
    quantiles: Any = NORMAL,
    home: Home | None = None,
) -> Card:
    axes = tuple(Axis(1.0, 0.1, quantiles, 0.5, 1.0) for _ in range(latent))
    shown = replace(echo.card("m", latent, (1, 4, 3)), title="M", verbs=verbs)
    return replace(shown, classes=classes, axes=axes, home=home)


def parse(address: dict[str, str], shown: Card) -> tuple[list[float], int | None, list[int] | None, list[str]]:
    """Read a link to Explore: latent, class, axes, and what could not be taken."""
    asked = state.parse("explore", address, Catalogue({"m": shown}, {}), ["m"], explore.USUAL)
    view = asked["view"]
    return view["z"], view["y"], view["axes"], asked["notices"]


@pytest.mark.parametrize("z", ["", "1", "1,2,3", "nan,0", "inf,0", "1,,2", "x,y", "1e999,0", ",".join("1" * 5000)])
def test_a_latent_that_does_not_fit_gives_the_middle_and_at_most_a_sentence(z: str) -> None:
    found, _, _, notices = parse({"z": z}, card())
    assert found == [0.0, 0.0]
    assert len(notices) == (1 if z else 0)


def test_a_game_of_many_latents_opens_at_a_draw_and_any_other_model_in_its_middle() -> None:
    drawn = link.home(card(latent=128)).z
    assert drawn == link.home(card(latent=128)).z
    assert 0.8 * 128 < sum(value**2 for value in drawn) < 1.2 * 128  # on the prior's shell
    assert link.home(card(latent=128, verbs=("samples", "decodes", "bounds"))).z == (0.0,) * 128
    assert link.home(card(latent=link.FEW)).z == (0.0,) * link.FEW
    assert link.home(card(latent=128, verbs=("decodes", "encodes"))).z == (0.5,) * 128


def test_a_model_opens_where_its_card_says_and_a_link_says_otherwise() -> None:
    chosen = card(classes=("a", "b", "c"), home=Home((0.25, -1.5), y=2, seed=7))
    assert link.home(chosen) == link.View((0.25, -1.5), 2)
    assert parse({}, chosen) == ([0.25, -1.5], 2, None, [])
    assert parse({"z": "1,2"}, chosen) == ([1.0, 2.0], 0, None, [])  # as links were before there were homes
    assert parse({"y": "1"}, chosen) == ([0.25, -1.5], 1, None, [])


def test_a_latent_out_of_range_is_brought_back() -> None:
    z, _, _, notices = parse({"z": "1e30,5"}, card())
    assert z == [12.0, 5.0]
    assert "z0 = 1e+30" in notices[0]


@pytest.mark.parametrize(
    "asked", [{"y": "4"}, {"y": "-1"}, {"y": "²"}, {"axes": "0,0"}, {"axes": "0,9"}, {"axes": "a"}]
)
def test_other_parts_that_do_not_fit_give_a_sentence(asked: dict[str, str]) -> None:
    _, y, axes, notices = parse(asked, card(classes=("a", "b")))
    assert (y, axes) == (0, None)
    assert len(notices) == 1


def test_limits_follow_the_prior_or_the_data() -> None:
    assert link.bounds(card())[0] == (-3.0, 3.0)
    wide = (-9.0, -5.0, -1.0, 0.0, 1.0, 5.0, 9.0)
    assert link.bounds(card(quantiles=wide))[0] == (-11.0, 11.0)
    codes = (10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 20.0)
    assert link.bounds(card(verbs=("decodes",), quantiles=codes))[0] == (9.0, 21.0)
    dead = (0.0,) * 7
    assert link.bounds(card(verbs=("decodes",), quantiles=dead))[0] == (-1.0, 1.0)
    assert link.home(card(verbs=("decodes",))).z == (0.5, 0.5)
