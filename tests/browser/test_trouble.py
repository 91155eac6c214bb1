"""What a person sees when something dies under their hands: the engine, the network, a request."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.conftest import LAPTOP, Explore, Server, serving
from tests.browser.test_memory import marks, wander
from tests.tiny import write_all

pytestmark = pytest.mark.browser

RESTARTING = "The engine is restarting… the picture stays as it is."


HEAR = """() => {
  window.heard = ""
  const listen = () => document.querySelectorAll(".zt-notice").forEach((notice) => (window.heard += notice.textContent))
  new MutationObserver(listen).observe(document.body, { subtree: true, childList: true, characterData: true })
}"""


LATER = """
window.later = 0 // milliseconds by which the clock is ahead
const now = performance.now.bind(performance)
performance.now = () => now() + later
"""


def killed(page: Page, server: Server) -> int:
    """Kill the engine; its process. What the page says from now on is heard, however soon it is gone again."""
    page.evaluate(HEAR)
    engine = server.engine()
    os.kill(engine, signal.SIGKILL)
    return engine


def told(page: Page) -> None:
    """Wait until the page has said that the engine restarts, and says it no more."""
    page.wait_for_function("sentence => heard.includes(sentence)", arg=RESTARTING)
    expect(page.get_by_text(RESTARTING)).to_be_hidden(timeout=90_000)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose engine may be killed."""
    home = tmp_path_factory.mktemp("home")
    with serving(write_all(home / "checkpoints"), home) as running:
        yield running


@pytest.fixture
def endangered(browser: Browser, mortal: Server) -> Iterator[Explore]:
    page = browser.new_page(viewport=LAPTOP)
    page.set_default_timeout(90_000)  # an engine starts under way, on however busy a machine
    yield Explore(page, mortal.address)
    page.close()


def test_a_drag_lives_through_the_death_of_the_engine(endangered: Explore, mortal: Server) -> None:
    wander(endangered)
    page, box = endangered.page, endangered.plane.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"], steps=10)
    before = killed(page, mortal)
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"], steps=30)
    endangered.at(1.5, 1.5)
    told(page)
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"], steps=10)
    endangered.at(-1.5, -1.5)
    page.mouse.up()
    endangered.link("z=-1.5")
    assert mortal.engine() != before
    expect(marks(page)).to_have_count(2)
    endangered.press("1")
    endangered.at(0.5, 0.5)


def test_the_gallery_tells_of_it_too(endangered: Explore, mortal: Server) -> None:
    endangered.page.goto(mortal.address)
    expect(endangered.page.locator(".zt-card[data-drawn]")).to_have_count(5)
    killed(endangered.page, mortal)
    told(endangered.page)
    canvas = endangered.page.locator(".zt-card canvas").first
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    endangered.page.locator(".zt-card").first.hover()
    endangered.page.wait_for_function(
        "before => document.querySelector('.zt-card canvas').toDataURL() !== before", arg=before
    )


def test_a_socket_that_died_without_a_word_is_left_when_the_page_wakes(explore: Explore) -> None:
    dead: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: None if socket in dead else server.send(message))
        live.append(socket)

    live: list[WebSocketRoute] = []
    explore.page.route_web_socket("**/live?**", route)
    explore.page.add_init_script(LATER)
    explore.open()
    dead.append(live[-1])
    explore.press("ArrowRight")
    explore.link("z=0.1,0")  # it was asked for
    explore.page.evaluate("later = 3400")  # so long a phone may be slow; more is death
    explore.page.evaluate("window.dispatchEvent(new Event('online'))")
    explore.at(0.1, 0)
    assert len(live) == 2


def test_a_request_that_the_server_refuses_is_given_up_and_said(explore: Explore) -> None:
    opened: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        opened.append(socket)

        def forward(message: str | bytes) -> None:
            if refused and b'"slot":"live"' in (message if isinstance(message, bytes) else message.encode()):
                socket.close(code=1008, reason="A latent is not a finite number.")
            else:
                server.send(message)

        socket.on_message(forward)

    refused: list[bool] = []
    explore.page.route_web_socket("**/live?**", route)
    explore.open()
    refused.append(True)
    explore.press("ArrowRight")
    said = explore.page.get_by_text("A latent is not a finite number.")  # by all that had asked, the toast among them
    expect(said.last).to_be_visible()
    assert len(opened) <= 4
    refused.clear()
    explore.press("ArrowRight")
    explore.at(0.2, 0)
