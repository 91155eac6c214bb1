"""One server over small checkpoints, in a home of its own, and a fresh Chromium page for each test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, TimeoutError, expect, sync_playwright

from app.network import free_port
from bench.rig.chromium import FLAGS, LAPTOP
from bench.rig.processes import descendants
from bench.rig.server import answers
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from tests.tiny import write, write_all

ROOT = Path(__file__).parent.parent.parent
expect.set_options(timeout=20_000)  # a cold engine on a busy machine takes longer than the usual five seconds
NAMES = "--host-resolver-rules=MAP *.example 127.0.0.1"  # names that lead to this machine, as in a network with DNS
NOTHING = 400  # milliseconds in which what must not happen would have happened
STORED = "cookies,local_storage,indexeddb"  # what is in a tab alone goes with it


def chromium() -> str:
    found = os.environ.get("ZOETROPE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("ZOETROPE_REQUIRE_BROWSER") == "1":
        pytest.fail("Chromium is missing, and ZOETROPE_REQUIRE_BROWSER=1 forbids to go on without.")
    if found is None:
        pytest.skip("Chromium is missing; install it (apt install chromium) to run the browser tests.")
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser whose pages and contexts know nothing of each other, and have everything fetched and compiled anew."""
    running = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, NAMES])
    yield running
    running.close()


@pytest.fixture(scope="session")
def profile(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that keeps what it has fetched and compiled, as a person's does: a page takes half as long to open."""
    running = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=chromium(),
        args=[*FLAGS, NAMES],
        viewport=LAPTOP,
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield running
    running.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Zoetrope."""
    with serving(write_all(tmp_path_factory.mktemp("checkpoints")), home) as running:
        yield running.address


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one whose checkpoints give every page something to show."""
    home = tmp_path_factory.mktemp("home")
    folder = write_all(home / "checkpoints")
    write(folder, "toy-pixels", PixelCNN(PixelCNNConfig((1, 6, 5), width=8, depth=2)))
    with serving(folder, home) as running:
        yield running.address


class Server:
    """A Zoetrope of its own on a port of its own, which can be stopped and started again."""

    def __init__(self, folder: Path, home: Path, options: Sequence[str] = (), root: Path = ROOT) -> None:
        self.port, self.root = free_port(), root
        self.folder, self.home, self.options = folder, home, options
        self.address = f"http://localhost:{self.port}"
        self.log = home / "server.log"

    def start(self) -> None:
        where = ["--port", str(self.port), "--checkpoints", str(self.folder), *self.options]
        command = [sys.executable, "-m", "app.cli", "run", "--headless", *where]
        paths = os.pathsep.join(map(str, dict.fromkeys((self.root, ROOT))))
        environment = {**os.environ, "HOME": str(self.home), "PYTHONPATH": paths}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            if answers(self.port):
                return
            time.sleep(0.05)
        pytest.fail(f"The server did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def engine(self) -> int:
        """The process that holds the models: of those below the server, the one that has torch in it."""
        found = [pid for pid in descendants(self.process.pid) if holds(pid, "libtorch_cpu") and not descendants(pid)]
        assert len(found) == 1, f"{len(found)} processes with torch below the server"
        return found[0]


def holds(pid: int, library: str) -> bool:
    return library in Path(f"/proc/{pid}/maps").read_text()


@contextlib.contextmanager
def serving(folder: Path, home: Path, options: Sequence[str] = (), root: Path = ROOT) -> Iterator[Server]:
    server = Server(folder, home, options, root)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """Tabs that start with nothing in cookies or storage."""
    blank, *others = profile.pages
    assert others == []
    yield profile
    tabs = profile.pages[1:]
    origins = {"://".join(urlsplit(tab.url)[:2]) for tab in tabs if tab.url.startswith("http")}
    for tab in tabs:
        tab.close()
    session = profile.new_cdp_session(blank)
    for origin in origins:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
    session.detach()


@pytest.fixture
def page(context: BrowserContext, server: str) -> Iterator[Page]:
    with watched(context, server) as opened:
        yield opened


@contextlib.contextmanager
def watched(context: BrowserContext, server: str, patience: float = 20_000) -> Iterator[Page]:
    """A tab that fails its test when a script of it fails, or when it asks anybody but a server for something."""
    troubles: list[str] = []
    opened = context.new_page()
    opened.set_default_timeout(patience)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda request: troubles.extend(foreign(request.url, server)))
    yield opened
    assert troubles == []


def foreign(url: str, server: str) -> list[str]:
    return [] if url.startswith((server, "blob:", "data:")) else [f"asked for {url}"]


ARRIVED = """
([z, address]) => {
  const shown = document.querySelector('[data-testid=live-status]').dataset.z
  return shown !== z && location.href !== address && new URLSearchParams(location.search).get('z') === shown
}
"""


class Explore:
    """The explorer of a page, as a person sees it."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.plane = page.get_by_test_id("latent-plane")
        self.status = page.get_by_test_id("live-status")
        self.sliders = page.get_by_test_id("axis-slider")

    def open(self, query: str = "model=frey-vae-2d") -> Explore:
        self.page.goto(f"{self.server}/explore?{query}")
        return self.drawn()

    def drawn(self, more_than: int = 0) -> Explore:
        self.until("Number(status.dataset.frames) > wanted", more_than)
        return self

    def until(self, condition: str, wanted: Any = None) -> None:
        """Wait for a condition on `status`, the read-out's element."""
        script = (
            "wanted => { const status = document.querySelector('[data-testid=live-status]'); return status && (%s) }"
        )
        self.page.wait_for_function(script % condition, arg=wanted)

    def at(self, *z: float, within: float = 0.02) -> None:
        """Wait until the picture on the canvas is the one at z."""
        near = "status.dataset.z.split(',').every((v, i) => Math.abs(v - wanted.z[i]) <= wanted.within)"
        self.until(f"status.dataset.z && {near}", {"z": list(z), "within": within})

    def draw(self, seed: int) -> list[float]:
        """Draw the latent of a seed by its field; gives it once it is shown."""
        field = self.page.get_by_label("Seed of the random draw")
        field.fill(str(seed))
        with self.arrival():
            field.press("Enter")
        return self.z

    @contextlib.contextmanager
    def arrival(self) -> Iterator[None]:
        """Wait after an act until another picture has arrived for good: the address, written at the end, has its z."""
        before = [self.status.get_attribute("data-z"), self.page.url]
        yield
        self.page.wait_for_function(ARRIVED, arg=before)

    def link(self, part: str) -> None:
        """Wait until the address holds a part."""
        self.page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)

    @property
    def frames(self) -> int:
        return int(self.status.get_attribute("data-frames") or 0)

    @property
    def z(self) -> list[float]:
        return [float(value) for value in (self.status.get_attribute("data-z") or "").split(",")]

    def pixels(self) -> str:
        return str(self.page.get_by_test_id("live-canvas").evaluate("canvas => canvas.toDataURL()"))

    def drag_plane(self, *points: tuple[float, float]) -> None:
        """Drag over the plane through points given in parts of its width and height, from the lower left."""
        box = self.plane.bounding_box()
        assert box is not None
        spots = [(box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]) for x, y in points]
        self.page.mouse.move(*spots[0])
        self.page.mouse.down()
        for spot in spots[1:]:
            self.page.mouse.move(*spot, steps=12)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


KEEPS = """() => {
  const header = (data) => {
    const bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data)
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    return new TextDecoder().decode(bytes.subarray(4, 4 + length))
  }
  window.keeps = []
  const { send } = WebSocket.prototype
  WebSocket.prototype.send = function (message) {
    send.call(this, message)
    if (!new URL(this.url).pathname.endsWith("/live")) return
    const view = header(message)
    const { id, op } = JSON.parse(view)
    if (op !== "keep") return
    const hear = ({ data }) => {
      if (JSON.parse(header(data)).id !== id) return
      keeps.push(view)
      this.removeEventListener("message", hear)
    }
    this.addEventListener("message", hear)
  }
}"""


@contextlib.contextmanager
def kept(page: Page, part: str) -> Iterator[None]:
    """Wait after an act until the server has kept a view whose JSON holds a part."""
    page.evaluate(KEEPS)
    yield
    try:
        page.wait_for_function("part => keeps.some((view) => view.includes(part))", arg=part)
    except TimeoutError as error:
        raise AssertionError(f"{part} was not kept: {page.evaluate('keeps')}") from error


RESTS = """() => {
  const moves = (each) => each.playState === "running" && each.effect.getComputedTiming().endTime < Infinity
  const app = document.querySelector("[data-testid=stApp]")
  return app?.dataset.testScriptState === "notRunning" && !document.getAnimations().some(moves)
}"""


def rests(page: Page) -> None:
    """Wait until Streamlit has run and nothing fades or moves into its place any more."""
    page.wait_for_function(RESTS)


def painted(page: Page) -> None:
    """Wait until what was done last has been painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def comes(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what no condition in the page can tell."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it did not come"
        page.wait_for_timeout(20)


def nothing_more(page: Page) -> None:
    """Wait for what must not happen: some of the engine's answers, and Streamlit's run, would be back by then."""
    page.wait_for_timeout(NOTHING)


HELD = """
window.held = { path: %s, holding: false, kept: [], sent: 0 }
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given)
    this.theirs = new URL(this.url).pathname.endsWith(held.path)
    this.addEventListener("message", (event) => {
      if (!this.theirs || !held.holding) return
      event.stopImmediatePropagation()
      held.kept.push(() => this.dispatchEvent(new MessageEvent("message", { data: event.data })))
    })
  }
  send(message) {
    held.sent += this.theirs
    super.send(message)
  }
}
"""


class Held:
    """What the server tells a page, through Streamlit or live, which can be held back as on a slow network."""

    def __init__(self, page: Page, path: str = "/_stcore/stream") -> None:
        self.page = page
        page.add_init_script(HELD % json.dumps(path))

    def hold(self) -> None:
        self.page.evaluate("() => Object.assign(held, { sent: 0, holding: true })")

    def asked(self) -> None:
        """Wait until the page has asked the server for something since."""
        self.page.wait_for_function("() => held.sent > 0")

    def release(self) -> None:
        self.page.evaluate("() => ((held.holding = false), held.kept.splice(0).forEach((tell) => tell()))")


def lecture(page: Page) -> None:
    """Have a page that is open go to lecture mode and come back, by its button and as Escape does it."""
    button = page.get_by_role("button", name="Lecture", exact=True)
    expect(button).to_have_attribute("aria-pressed", "false")
    for leave in (button.click, lambda: page.evaluate("document.exitFullscreen()")):
        page.keyboard.press("f")
        page.wait_for_function("() => document.fullscreenElement?.classList.contains('zt-lecture')")
        expect(button).to_have_attribute("aria-pressed", "true")
        leave()
        page.wait_for_function("() => !document.fullscreenElement && !document.querySelector('.zt-lecture')")
        expect(button).to_have_attribute("aria-pressed", "false")


@pytest.fixture
def explore(page: Page, server: str) -> Explore:
    return Explore(page, server)


@pytest.fixture
def reruns(page: Page) -> Callable[[], int]:
    """How many messages the page has sent to Streamlit so far."""
    sent: list[int] = []

    def opened(socket: Any) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", lambda _: sent.append(1))

    page.on("websocket", opened)
    return lambda: len(sent)


@pytest.fixture
def browser_phone(browser: Browser) -> Iterator[Page]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened = made.new_page()
    opened.set_default_timeout(20_000)
    yield opened
    made.close()
