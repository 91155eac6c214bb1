"""What Compare takes from the address and from its component, what it says of models, and which charts there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.engine_client import EngineClient
from app.views import charts, compare, labels, opening
from engine.checkpoints.card import Card, Metric
from engine.checkpoints.catalogue import Catalogue
from tests.echo import CARDS, Absent, Echo
from tests.visit import Visitor


def page() -> None:
    from app.views.compare import compare

    compare()


class Visit(Visitor):
    """A visitor of Compare, whose component is a button that tells `view` to Streamlit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compare.component, "compare", self.mounted)
        super().__init__(page)

    def mounted(self, data: dict[str, Any], settled: Any) -> None:
        import streamlit as st

        self.data = data
        st.button("settle", on_click=settled)

    def tell(self, **told: Any) -> None:
        self.press("settle", compare.component.KEY, view=told)


@pytest.fixture
def visit(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> Visit:
    client.open(Echo)
    return Visit(monkeypatch)


def test_a_bare_address_opens_models_of_one_kind(visit: Visit) -> None:
    view = {"models": ["slow", "gated"], "seed": [1], "n": 36, "t": 1.0, "y": -1}
    assert visit.data["asked"] == {"query": {}, "view": view, "notices": []}
    assert [entry["name"] for entry in visit.data["models"]] == ["grey", "colour", "slow", "gated"]


def test_a_link_is_followed_and_each_part_that_cannot_be_taken_gets_a_sentence(visit: Visit) -> None:
    link = {"models": "colour,grey,colour", "seed": "3,5,8", "n": "16", "t": "0.7", "y": "1"}
    visit.at(**link, utm="elsewhere")
    view = {"models": ["colour", "grey"], "seed": [3, 5, 8], "n": 16, "t": 0.7, "y": 1}
    assert visit.data["asked"] == {"query": link, "view": view, "notices": []}
    visit.at(models="colour", seed=f"3,{2**32},{2**63 - 1}")  # noise has 32 bits of a seed
    assert visit.data["asked"]["view"]["seed"] == [3, 0, 2**32 - 1]
    assert visit.data["asked"]["notices"] == []
    visit.at(models="grey,nobody,broken", seed="-1", n="1000", t="nan", y="x")
    assert visit.data["asked"]["view"] == {"models": ["grey"], "seed": [1], "n": 36, "t": 1.0, "y": -1}
    assert [
        word in " ".join(visit.data["asked"]["notices"])
        for word in ("nobody", "cut short", "'-1'", "'1000'", "'nan'", "'x'")
    ] == [True] * 6


def test_what_settles_goes_into_the_address(visit: Visit) -> None:
    visit.tell(models="colour,grey", seed="7", n="16", t="1", y="0", latency={"grey": 1.5})
    assert visit.address == {"models": "colour,grey", "seed": "7", "n": "16", "t": "1", "y": "0"}
    assert visit.data["asked"]["query"] == visit.address


def test_an_engine_that_does_not_open_is_told(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.open(Absent)
    visit = Visit(monkeypatch)
    assert "not there" in visit.page.error[0].value
    assert visit.data == {}


# Rules


def made(*verbs: str, **changes: Any) -> Card:
    return replace(CARDS["grey"], verbs=verbs, **changes)


def test_rules_say_what_is_shown_by_which_weights_and_what_the_likelihood_is() -> None:
    vae = compare.rule(made("samples", "decodes", "encodes", "bounds", recipe={"ema": 0.999}))
    assert vae == {
        "shown": "mean of p(x|z), z drawn from the prior",
        "weights": "EMA weights (0.999)",
        "likelihood": "bound on the likelihood",
    }
    gan = compare.rule(made("samples", "decodes", recipe={"ema": 0}))
    assert (gan["weights"], gan["likelihood"]) == ("raw weights", "no likelihood")
    assert "it has no prior" in compare.rule(made("decodes", "encodes"))["shown"]
    pixels = compare.rule(made("samples", "scores"))
    assert pixels["likelihood"] == "exact likelihood"
    assert "does not say" in pixels["weights"]


def test_only_toys_have_a_plane_and_known_data_its_modes() -> None:
    assert compare.toy(made("decodes")) is None
    ring = compare.toy(made("decodes", config={"extent": 1.5}, data="ring"))
    assert ring is not None
    assert (len(ring["modes"]), ring["deviation"], ring["reach"]) == (8, 0.01, 3.0)
    spiral = compare.toy(made("decodes", config={"extent": 1.5}, data="spiral"))
    assert spiral is not None
    assert spiral["modes"] == []


def test_the_first_columns_are_of_families_that_lectures_set_against_each_other() -> None:
    families = {"cvae": "vae", "dcgan": "dcgan", "lsgan": "dcgan", "pixelcnn": "pixel_cnn", "vae": "vae", "wgan": "gan"}
    cards = {
        f"mnist-{name}": made("samples", name=f"mnist-{name}", family=of, data="mnist") for name, of in families.items()
    }
    cards |= {f"frey-{i}": made("samples", name=f"frey-{i}", data="frey") for i in range(3)}
    first = compare.opening(Catalogue(cards, {}), list(cards))
    assert first == ["mnist-vae", "mnist-dcgan", "mnist-pixelcnn", "mnist-cvae"]


def test_what_draws_nothing_is_not_offered() -> None:
    cards = {"a-judge": made("classifies", name="a-judge"), "a-pixel": made("samples", "scores", name="a-pixel")}
    assert opening.names_of(Catalogue(cards, {}), "decodes", "samples") == ["a-pixel"]


# Charts


def measured(name: str, data: str = "mnist", protocol: str = "p", **figures: float) -> Card:
    metrics = tuple(Metric(what.replace("_", " "), float(value), "", protocol) for what, value in figures.items())
    return made("samples", "decodes", name=name, title=name, data=data, metrics=metrics, parameters=100)


def test_a_chart_has_only_models_with_both_figures() -> None:
    cards = [measured("a", precision=80, recall=60), measured("b", precision=70), measured("c", sharpness=1)]
    plane, sharp, cost = charts.plan(cards, {})
    assert [(mark.card.name, mark.x, mark.y) for mark in plane.marks] == [("a", 60, 80)]
    assert (sharp.marks, cost.marks) == ((), ())


def binary(name: str, **figures: float) -> Card:
    return replace(measured(name, "mnist", "p", **figures), recipe={"pixels": "binarized"})


def test_all_likelihoods_share_one_axis_as_costs_and_a_bound_is_called_one() -> None:
    exact, bound = binary("a", NLL=85, sharpness=1), binary("b", **{"NLL, IW-1000 bound": 86, "sharpness": 0.5})
    elbo = binary("c", test_ELBO=-90, sharpness=0.4)
    chart = charts.plan([exact, bound, elbo], {})[1]
    assert [(mark.card.name, mark.x) for mark in chart.marks] == [("a", 85), ("b", 86), ("c", 90)]
    assert [mark.protocols[0].split(";")[0] for mark in chart.marks] == ["exact", "bound", "bound"]
    assert "lower is better" in charts.axis(chart.x)


def test_models_that_a_chart_leaves_out_are_named_with_what_they_lack() -> None:
    cards = [measured("a", precision=80, recall=60), measured("b", precision=70), measured("c", sharpness=1)]
    said = charts.note(charts.plan(cards, {})[0])
    assert "Not in it: b (no recall); c (no recall and precision)." in said


def test_what_hardly_differs_stays_close_together_on_its_axis() -> None:
    low, high = charts.span([81.0, 81.8], (None, None))
    assert (81.8 - 81.0) / (high - low) < 0.05
    low, high = charts.span([95.1, 95.2], (0.0, 100.0))
    assert low < 0 < 100 < high
    assert charts.span([0.2, 0.9], (0.0, None))[0] < 0
    low, high = charts.span([1.0, 100.0], (None, None))
    assert low < 1 < 100 < high


def test_the_points_of_a_rarer_protocol_are_hollow() -> None:
    cards = [measured(name, "mnist", "10000 samples", **{"Fréchet distance": 1.0}) for name in "abc"]
    cards.append(measured("d", "mnist", "700 samples", **{"Fréchet distance": 1.0}))
    chart = charts.plan(cards, {})[2]
    assert [mark.card.name for mark in chart.apart] == ["d"]
    assert list(charts.figure(chart).data[0].marker.symbol).count("circle-open") == 1


NEAR = {"DCGAN": (67.4, 81.1), "ALI": (79.5, 65.2), "Gated": (70.0, 60.0), "By class": (60.0, 70.0)}
"""Recall and precision of models beside one of 78.1 and 75.9."""


def test_names_of_near_points_stand_over_no_other_name_and_no_point() -> None:
    cards = [measured(name, recall=x, precision=y) for name, (x, y) in {**NEAR, "Handwritten": (78.1, 75.9)}.items()]
    found = charts.figure(charts.plan(cards, {})[0]).data[0]
    points = [
        ((x + 4) / 108 * labels.PLANE[0], (y + 4) / 108 * labels.PLANE[1])
        for x, y in zip(found.x, found.y, strict=True)
    ]
    boxes = [labels.box(*given) for given in zip(points, found.text, found.textposition, strict=True)]
    dots = [labels.Box(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    for i, name in enumerate(boxes):
        assert [name.shared(other) for other in [*dots, *boxes[:i]]] == pytest.approx([0] * (5 + i))


def test_a_name_that_has_room_stands_above_its_point_and_one_at_the_rim_within() -> None:
    assert labels.positions([(0.5, 0.5)], ["one"]) == ["top center"]
    assert labels.positions([(0.0, 0.5)], ["a long name of a model"]) == ["middle right"]
    assert labels.positions([], []) == []


def test_cost_is_latency_where_all_were_measured_and_else_parameters() -> None:
    cards = [measured("a", test_MSE=0.1), measured("b", test_MSE=0.2)]
    some, all_ = charts.cost(cards, {"a": 3.0}, "test MSE"), charts.cost(cards, {"a": 3.0, "b": 4.0}, "test MSE")
    assert [(mark.x, mark.y) for mark in some.marks] == [(100, 0.1), (100, 0.2)]
    assert [(mark.x, mark.y) for mark in all_.marks] == [(3.0, 0.1), (4.0, 0.2)]


def test_protocols_that_differ_and_other_data_are_named() -> None:
    same = charts.plan([measured(name, precision=1, recall=1) for name in "abc"], {})[0]
    apart = charts.plan([measured("a", precision=1, recall=1), measured("b", "mnist", "q", precision=2, recall=2)], {})[
        0
    ]
    others = charts.plan([measured("a", precision=1, recall=1), measured("b", "frey", precision=2, recall=2)], {})[0]
    assert charts.note(same) == "One data set, one protocol."
    assert "another protocol" in charts.note(apart)
    assert "do not compare" in charts.note(others)
    assert len(charts.figure(others).data) == 2
    assert charts.figure(others).layout.colorway[:2] == ("#e8590c", "#1c7ed6")  # those of kinds in the browser
