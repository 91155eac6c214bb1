"""The pages behind a proxy, below a path, under their content security policy, and in words where a proxy is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from app.network import free_port
from app.server.statics import PAGES
from app.views.reconstruct import png
from tests.browser.conftest import LAPTOP, Explore, Server, nothing_more, rests, serving
from tests.proxied import NGINX, nginx, rewriting
from tests.tiny import write_all

pytestmark = pytest.mark.browser


PORTS = [free_port() for _ in range(3)]
NAMED, DEAF, UNNAMED = PORTS
"""Of proxies whose origin the server was told, and one of which it knows nothing."""


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose pages stand below a path and are opened at another name."""
    home = tmp_path_factory.mktemp("home")
    origins = [f"--origin=http://zoetrope.example:{port}" for port in (NAMED, DEAF)]
    with serving(write_all(home / "checkpoints"), home, ["--base-path", "/zoetrope", *origins]) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page that fails its test where the browser refuses something by our policy."""
    refused: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            refused.append(message.text)

    page = browser.new_page(viewport=LAPTOP)
    page.set_default_timeout(30_000)
    page.on("console", heard)
    yield page
    page.close()
    assert refused == []


DRAWN = "canvas, .zt-card, [data-testid=stAlert]"  # the small models know no page of pixels


@pytest.mark.parametrize("name", PAGES)
def test_no_page_wants_what_its_policy_forbids(visitor: Page, server: str, name: str) -> None:
    visitor.goto(f"{server}/{name}")
    expect(visitor.locator(DRAWN).first).to_be_attached()
    rests(visitor)
    nothing_more(visitor)


def test_the_policy_is_in_force(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.goto(server)
    expect(page.locator(DRAWN).first).to_be_attached()
    for script in ("new Image().src = 'http://192.0.2.1/leak.png'", "fetch('http://192.0.2.1/').catch(() => 0)"):
        with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
            page.evaluate(script)
    page.close()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_behind_nginx_as_the_readme_has_it_all_works_below_a_path(visitor: Page, below: Server, tmp_path: Path) -> None:
    with nginx(tmp_path, NAMED, below.port):
        through(visitor, f"http://zoetrope.example:{NAMED}/zoetrope")


def test_behind_a_proxy_that_changes_the_host_all_works_once_its_origin_is_named(visitor: Page, below: Server) -> None:
    with rewriting(NAMED, below.port):
        through(visitor, f"http://zoetrope.example:{NAMED}/zoetrope")


def through(page: Page, address: str) -> None:
    """Use links, the socket, a film and an upload."""
    page.goto(address)
    page.locator(".zt-card").first.click()
    page.wait_for_url("**/zoetrope/explore?**")
    explore = Explore(page, address).drawn()
    explore.press("ArrowRight")
    explore.link("z=0.1")
    page.get_by_role("link", name="Morph", exact=True).first.click()
    page.wait_for_url("**/zoetrope/morph?**")
    with page.expect_download() as download:
        page.get_by_role("button", name="GIF", exact=True).click()
    assert download.value.suggested_filename.startswith("zoetrope-")
    page.get_by_role("link", name="Home", exact=True).first.click()
    expect(page.locator(".zt-card[data-drawn]").first).to_be_visible()
    page.goto(f"{address}/reconstruct")
    page.wait_for_url("**source=**")  # a first picture lies on the desk
    page.wait_for_timeout(600)
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        {"name": "grey.png", "mimeType": "image/png", "buffer": png(np.full((9, 9, 3), 90, np.uint8))}
    )
    expect(page.get_by_text("grey.png, 9 × 9")).to_be_attached()


def test_a_proxy_whose_origin_is_not_named_is_told_of_in_the_page_and_in_the_log(visitor: Page, below: Server) -> None:
    option = f"zoetrope run --origin http://zoetrope.example:{UNNAMED}"
    with rewriting(UNNAMED, below.port):
        visitor.goto(f"http://zoetrope.example:{UNNAMED}/zoetrope/explore")
        expect(visitor.get_by_test_id("obstacle")).to_contain_text(option)
    assert option in below.log.read_text()


def test_a_proxy_that_takes_the_upgrade_away_is_told_of_in_page_and_log(visitor: Page, below: Server) -> None:
    with rewriting(DEAF, below.port, b"/"):
        visitor.goto(f"http://zoetrope.example:{DEAF}/zoetrope/explore")
        expect(visitor.get_by_test_id("obstacle")).to_contain_text("could not open a WebSocket")
    assert "takes its Upgrade header away" in below.log.read_text()


def test_where_the_channel_alone_is_cut_off_the_page_says_why(visitor: Page, below: Server) -> None:
    with rewriting(DEAF, below.port, b"/live"):
        visitor.goto(f"http://zoetrope.example:{DEAF}/zoetrope/explore")
        expect(visitor.locator(".zt-notice")).to_contain_text("could not open a WebSocket")
        expect(visitor.get_by_test_id("obstacle")).to_have_count(0)


def test_a_name_that_is_not_known_is_told_of_in_the_page(visitor: Page, below: Server) -> None:
    visitor.goto(f"http://tafel.example:{below.port}/zoetrope/")
    expect(visitor.locator("body")).to_contain_text(f"zoetrope run --origin http://tafel.example:{below.port}")
