"""Films of a path: zoetrope bench film [--models mnist-vae,celeba-vae] [--forms mp4,webp,gif] [--drag] [--write].

For each model and kind of file: seconds from the order over HTTP until the file is ready, of a path of 10 s at
30 frames a second, 512 pixels; what PyAV finds in the file; and the processor time of web process and engine together.
With --drag somebody else drags over another model's picture all the while, and before; their pictures a second and
milliseconds stand beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path as File
from typing import Any

import av
import numpy as np
from PIL import Image

from app.server.export.path_file import Key, Path
from bench.rig.drags import Seen, drag, percentile
from bench.rig.live import Line
from bench.rig.report import note, options, publish, table
from bench.rig.server import Server
from engine.checkpoints.catalogue import Catalogue
from engine.inference.engine import Engine

HEAD = ("model", "file", "seconds", "processor s", "MB", "codec", "size", "frames", "length, s")
HAND = ("somebody else's drag", "pictures/s", "median ms", "p95 ms")


def main() -> None:
    given = _options()
    cards = Engine(None).catalogue
    rows, hands = list[tuple[object, ...]](), list[tuple[object, ...]]()
    with Server(("--engine", given.engine)) as server:
        asked(server.address, "POST", "/paths", "{}")  # is answered once the engine is there
        if given.drag:
            with dragging(server.address) as seen:
                time.sleep(5)
            hands.append(("alone", *hand(seen)))
        for model in given.models.split(","):
            for form in given.forms.split(","):
                if not given.drag:
                    rows.append(filmed(server, cards, model, form, given.seconds))
                    continue
                with dragging(server.address) as seen:
                    rows.append(filmed(server, cards, model, form, given.seconds))
                hands.append((f"beside {form} of {model}", *hand(seen)))
    publish("film", "\n\n".join([table(HEAD, rows), *([table(HAND, hands)] if hands else [])]), given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure the making of films.")
    parser.add_argument("--models", default="mnist-vae,celeba-vae")
    parser.add_argument("--forms", default="mp4,webp,gif")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each film (10)")
    parser.add_argument("--drag", action="store_true", help="somebody else drags meanwhile")
    return parser.parse_args()


def filmed(server: Server, cards: Catalogue, model: str, form: str, length: float) -> tuple[object, ...]:
    """Order a film, wait for it and look into it."""
    latents = cards.card(model).latent
    keys = np.random.default_rng(0).normal(size=(5, latents)).astype(np.float32)
    path = Path(model, tuple(Key(tuple(map(float, z))) for z in keys), seconds=length, loop=True)
    body = json.dumps({"path": asdict(path), "form": form, "size": 512, "look": "soft"})
    busy, began = sum(server.processor_seconds()), time.perf_counter()
    progress = json.loads(asked(server.address, "POST", "/films", body))
    while progress["state"] in ("waiting", "making"):
        time.sleep(0.1)
        progress = json.loads(asked(server.address, "GET", f"/films/{progress['film']}"))
    seconds, work = time.perf_counter() - began, sum(server.processor_seconds()) - busy
    if progress["state"] != "ready":
        raise SystemExit(progress["error"])
    content = asked(server.address, "GET", f"/films/{progress['film']}/file")
    note(f"{model} {form}: {seconds:.1f} s")
    return model, form, seconds, work, len(content) / 2**20, *found(content, form)


def asked(address: str, method: str, place: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request(method, place, body)
    content = connection.getresponse().read()
    connection.close()
    return content


def found(content: bytes, form: str) -> tuple[str, str, int, float]:
    """Read codec, size, frames and length back from a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / f"film.{form}"
        file.write_bytes(content)
        if form == "webp":  # which PyAV writes and does not read
            return animation(file)
        with av.open(str(file)) as film:
            stream = film.streams.video[0]
            count = sum(1 for _ in film.decode(video=0))
            codec = f"{stream.codec_context.name} {stream.codec_context.pix_fmt}"
            return codec, f"{stream.width}×{stream.height}", count, (film.duration or 0) / av.time_base


def animation(file: File) -> tuple[str, str, int, float]:
    total = 0.0
    with Image.open(file) as film:
        count = int(getattr(film, "n_frames", 1))
        for i in range(count):
            film.seek(i)
            film.load()
            total += film.info["duration"] / 1000
        return "webp", f"{film.width}×{film.height}", count, total


@contextmanager
def dragging(address: str) -> Iterator[list[Seen]]:
    """Let a hand drag over the favourite at 60 Hz, over a socket of its own."""
    stop, seen = threading.Event(), list[Seen]()

    async def visitor() -> None:
        line = await Line(address).open()
        seen.append(await drag(line, 0, 60.0, lambda: not stop.is_set()))
        await line.close()

    thread = threading.Thread(target=asyncio.run, args=(visitor(),))
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(60)


def hand(seen: list[Seen]) -> tuple[Any, ...]:
    one = seen[0]
    return one.rate(), percentile(one.milliseconds, 0.5), percentile(one.milliseconds, 0.95)


if __name__ == "__main__":
    main()
