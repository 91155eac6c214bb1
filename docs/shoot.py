"""Take the pictures of README from the running app: python docs/shoot.py http://localhost:8501."""

import io
import math
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
SIZE = {"width": 1366, "height": 768}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FRAMES, MILLISECONDS = 48, 70


def shoot(address: str) -> None:
    """Write explore.png and drag.webp beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport=SIZE, device_scale_factor=1)
        page.goto(f"{address}/explore?model=frey-vae-2d&z=0.4,-0.9")
        page.wait_for_selector('[data-testid="live-status"]:not([data-frames="0"])')
        page.wait_for_timeout(3_000)  # strips and manifold settle
        page.screenshot(path=HERE / "explore.png")
        film(page).save_to(HERE / "drag.webp")
        browser.close()


class Film:
    """Frames of one gesture."""

    def __init__(self) -> None:
        self.frames: list[Image.Image] = []

    def add(self, picture: bytes) -> None:
        frame = Image.open(io.BytesIO(picture)).convert("RGB")
        self.frames.append(frame.resize((frame.width * 2 // 3, frame.height * 2 // 3), Image.Resampling.LANCZOS))

    def save_to(self, path: Path) -> None:
        first, *rest = self.frames
        first.save(path, save_all=True, append_images=rest, duration=MILLISECONDS, loop=0, quality=60, method=6)


def film(page: Page) -> Film:
    """Drag once around the plane, looking at picture and plane."""
    plane = page.get_by_test_id("latent-plane").bounding_box()
    canvas = page.get_by_test_id("live-canvas").bounding_box()
    assert plane is not None
    assert canvas is not None
    left, top = min(canvas["x"], plane["x"]) - 8, min(canvas["y"], plane["y"]) - 8
    clip = {
        "x": left,
        "y": top,
        "width": plane["x"] + plane["width"] + 8 - left,
        "height": plane["height"] + 16,
    }
    film = Film()
    for step in range(FRAMES + 1):
        angle = 2 * math.pi * step / FRAMES
        x = plane["x"] + plane["width"] * (0.5 + 0.3 * math.cos(angle))
        y = plane["y"] + plane["height"] * (0.5 + 0.32 * math.sin(2 * angle))
        page.mouse.move(x, y)
        if step == 0:
            page.mouse.down()
        page.wait_for_timeout(60)
        film.add(page.screenshot(clip=clip))
    page.mouse.up()
    return film


if __name__ == "__main__":
    shoot(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8501")
