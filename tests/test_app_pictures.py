"""How pictures travel: small ones as they are, sheets in the format that costs a client less."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app.server.pictures import DOUBT, RAW_LIMIT, Codec, Cost

SHEET = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8).repeat(4, 1).repeat(4, 2)


def test_small_pictures_travel_as_they_are() -> None:
    pictures = SHEET[:5]
    assert pictures.nbytes <= RAW_LIMIT
    assert Codec().encode("m", pictures, 5, 1.0) == ("raw", pictures.tobytes())


@pytest.mark.parametrize("channels", [1, 3])
def test_what_arrives_is_the_sheet(channels: int) -> None:
    pictures = np.full((100, 32, 32, channels), 90, np.uint8)
    for rate in (None, 1e3, 1e3, 1e9):
        form, payload = Codec().encode("m", pictures, 20, rate)
        arrived = Image.open(io.BytesIO(payload))
        assert arrived.format == form.upper()
        assert arrived.size == (640, 160)
        assert abs(np.asarray(arrived).astype(int) - 90).max() <= 3


def test_without_a_rate_nobody_pays_for_a_slow_format() -> None:
    assert {Codec().encode("m", SHEET, 8, None)[0] for _ in range(DOUBT + 1)} == {"jpeg"}


def test_the_cheaper_format_is_taken_for_each_client_and_the_other_looked_at_now_and_then() -> None:
    codec = Codec()
    jpeg, webp = Cost(seconds=2e-9, size=0.3), Cost(seconds=30e-9, size=0.2)
    codec.costs["m"] = {"jpeg": jpeg, "webp": webp}
    assert codec.cheaper("m", 100e6) == "jpeg"
    assert codec.cheaper("m", 1e6) == "webp"
    codec.costs["m"]["webp"] = Cost(seconds=1e3, size=0.2)
    taken = [codec.encode("m", SHEET, 8, 1e6)[0] for _ in range(DOUBT)]
    assert taken == ["jpeg"] * (DOUBT - 1) + ["webp"]


def test_the_first_sheet_of_a_model_measures_every_format_and_a_slow_line_gets_the_smaller() -> None:
    codec = Codec()
    form, payload = codec.encode("m", SHEET, 8, 1.0)
    sizes = {name: cost.size * SHEET[..., 0].size for name, cost in codec.costs["m"].items()}
    assert set(sizes) == {"jpeg", "webp"}
    assert len(payload) == round(sizes[form]) == round(min(sizes.values()))


def test_a_running_average_follows_what_is_measured() -> None:
    cost = Cost(seconds=0.0, size=1.0)
    for _ in range(50):
        cost.learn(2.0, 5.0)
    assert cost.total(rate=5.0) == pytest.approx(3.0, rel=0.01)
