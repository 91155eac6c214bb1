"""What Reconstruct takes from the address, from an upload and from its component, and what it tells them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.bundled import bundled
from app.components import reconstruct as component
from app.engine_client import EngineClient
from app.server.statics import places
from app.views import opening, reconstruct
from app.views.plainly import unmarked
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from tests.echo import Absent, Echo, card
from tests.visit import Visitor, broken_off


def page() -> None:
    from app.views.reconstruct import reconstruct

    reconstruct()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineClient]:
    made = EngineClient()
    monkeypatch.setattr(opening, "engine_client", lambda: made)
    yield made
    made.close()


class Visit(Visitor):
    """A visitor, whose component is a button that tells `view` to Streamlit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(component, "reconstruct", self.mounted)
        super().__init__(page)

    def mounted(self, data: dict[str, Any], chosen: Any) -> None:
        import streamlit as st

        self.data = data
        st.button("chosen", on_click=chosen)

    def tell(self, **told: Any) -> None:
        self.press("chosen", component.KEY, view=told)

    @property
    def source(self) -> str:
        return "".join(self.page.query_params.get("source", ""))


@pytest.fixture
def visit(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> Visit:
    client.open(Echo)
    return Visit(monkeypatch)


def test_a_bare_address_asks_for_nothing(visit: Visit) -> None:
    assert visit.data["asked"] == {"query": {}, "view": {"source": ""}, "notices": []}
    assert visit.data["upload"] is None
    assert {model["name"] for model in visit.data["models"]} == {"grey", "colour", "slow", "gated"}


def test_a_link_to_a_sample_is_read(visit: Visit) -> None:
    link = {"source": "sample:grey:17"}
    visit.at(**link)
    assert visit.data["asked"] == {"query": link, "view": link, "notices": []}


def test_a_picture_that_was_chosen_goes_into_the_address(visit: Visit) -> None:
    name = bundled()[0].name
    visit.tell(source=f"bundled:{name}")
    assert visit.source == f"bundled:{name}"
    visit.tell()  # a person's own picture has no address
    assert visit.source == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("bundled:nothing", "No picture called 'nothing' comes along."),
        ("sample:nobody:1", "There is no model called 'nobody' here."),
        ("sample:broken:1", "broken: it was cut short."),
        ("sample:grey:-1", "The link's seed '-1' is no whole number"),
        ("sample:grey:9223372036854775808", "The link's seed '9223372036854775808' is no whole number"),
        ("moon", "The link's source 'moon' is neither"),
    ],
)
def test_a_link_that_leads_nowhere_is_a_notice(visit: Visit, source: str, sentence: str) -> None:
    visit.at(source=source)
    assert visit.data["asked"]["notices"][0].startswith(sentence)
    assert visit.data["asked"]["view"] == {"source": ""}


def test_a_seed_of_more_than_32_bits_shows_what_it_always_showed(visit: Visit) -> None:
    visit.at(source=f"sample:grey:{5 * 2**32 + 17}")
    assert visit.data["asked"]["view"] == {"source": "sample:grey:17"}
    assert visit.data["asked"]["notices"] == []


def test_an_upload_reaches_the_component_and_a_bad_one_leaves_it(visit: Visit) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    bring(visit, "noise.png", written(pixels))
    first = visit.data["upload"]
    assert first == {"file": first["file"], "name": "noise.png", "notes": ["very small: 7 × 5"], "faces": []}
    assert (opened(visit.data["picture"]) == pixels).all()
    bring(visit, "letter.png", b"Dear reader, this is a letter.")
    second = visit.data["upload"]["file"]
    assert second != first["file"]
    assert "holds text and no picture" in visit.data["upload"]["error"]
    assert (opened(visit.data["picture"]) == pixels).all()
    visit.run()
    assert visit.data["upload"]["file"] == second


@pytest.mark.parametrize("at", range(1, 3))
def test_an_upload_whose_run_is_broken_off_is_taken_by_the_next(visit: Visit, at: int) -> None:
    with broken_off(at):
        bring(visit, "noise.png", written(np.zeros((64, 64, 3), np.uint8)))
    visit.run()
    assert visit.data["upload"]["name"] == "noise.png"
    assert opened(visit.data["picture"]).shape == (64, 64, 3)


def bring(visit: Visit, name: str, data: bytes) -> None:
    visit.page.file_uploader[0].set_value((name, data, "image/png"))
    visit.run()


def written(pixels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def opened(url: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))))


def part_of_strip(url: str, at: int, of: int, **_: str) -> Any:
    strip = np.asarray(Image.open(io.BytesIO(places()[f"/{url}"].read_bytes())))
    width = strip.shape[1] // of
    return strip[:, at * width : (at + 1) * width]


def test_every_bundled_picture_is_on_the_shelf_as_it_is(visit: Visit) -> None:
    assert [each["name"] for each in visit.data["bundled"]] == [each.name for each in bundled()]
    for shown, each in zip(visit.data["bundled"], bundled(), strict=True):
        assert (part_of_strip(**shown).reshape(each.pixels.shape) == each.pixels).all()


def test_an_engine_that_does_not_open_is_a_sentence_with_a_way_on(client: EngineClient) -> None:
    client.open(Absent)
    shown = AppTest.from_function(page, default_timeout=20).run()
    assert [error.value for error in shown.error] == [unmarked("The engine does not start: it is not there.")]
    assert not shown.exception


# Models


def models(*cards: Card) -> Catalogue:
    return Catalogue({each.name: each for each in cards}, {})


def judge(name: str, data: str, variance: float | None) -> Card:
    return replace(card(name, 0, (1, 8, 8)), verbs=("classifies",), data=data, feature_variance=variance)


def test_a_judge_knows_the_same_data_at_the_same_size_and_has_been_measured() -> None:
    painter = replace(card("painter", 2, (1, 8, 8)), data="digits")
    fit, other = judge("fit", "digits", 1.5), judge("other", "clothes", 1.5)
    unmeasured, large = judge("unmeasured", "digits", None), replace(judge("large", "digits", 1.5), shape=(1, 9, 9))
    assert reconstruct.classifier(painter, models(painter, other, unmeasured, large, fit)) == "fit"
    assert reconstruct.classifier(painter, models(painter, other, unmeasured, large)) is None


def test_the_component_hears_what_a_model_can_do_by_its_verbs() -> None:
    levels = {"z2": (0, 2), "z1": (2, 6)}
    whole = replace(
        card("whole", 6, (1, 8, 8)), verbs=("decodes", "encodes"), levels=levels, held_out={"mse": (0.0, 1.0)}
    )
    shown = reconstruct.entry(whole, models(whole))
    assert shown["encodes"] is True
    assert shown["levels"] == {"z2": [0, 2], "z1": [2, 6]}
    assert shown["held"] == {"mse": [0.0, 1.0]}
    assert reconstruct.entry(card("maker", 2, (1, 8, 8)), models(whole))["encodes"] is False
