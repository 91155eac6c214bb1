"""Toys in Compare, in a real browser: their points over the modes of their data, and their walls beside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from engine.checkpoints.files import read_card
from engine.checkpoints.listing import SHIPPED
from tests.browser.conftest import Server, serving

pytestmark = pytest.mark.browser

RINGS = ("ring-gan", "ring-minimax", "ring-lsgan", "ring-wgan-gp", "ring-r3gan")


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the shipped toys of the ring."""
    home = tmp_path_factory.mktemp("home")
    for name in RINGS:
        shutil.copytree(SHIPPED / name, home / "checkpoints" / name)
    with serving(home / "checkpoints", home) as running:
        yield running


@pytest.fixture
def server(rings: Server) -> str:
    return rings.address


def test_all_toys_side_by_side_count_the_modes_that_their_cards_name(page: Page, server: str) -> None:
    page.goto(f"{server}/compare?models={','.join(RINGS)}")
    plots = page.get_by_test_id("toy")
    expect(plots).to_have_count(len(RINGS))
    for plot, name in zip(plots.all(), RINGS, strict=True):
        expect(plot).to_have_attribute("data-count", "2500", timeout=60_000)
        (modes,) = (metric.value for metric in read_card(SHIPPED / name).metrics if metric.name == "modes")
        expect(plot).to_have_attribute("data-found", f"{modes:.0f}")
    for trouble in page.locator(".zt-cmp-trouble").all():
        expect(trouble).to_be_empty()
    for wall in page.get_by_test_id("wall").all():
        assert int(wall.get_attribute("data-frames") or 0) > 0
