"""Pictures as they travel to the browser: as they are where they are small, else on one sheet in the cheaper format."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import dataclass
from typing import Any

from PIL import Image

from engine.image_grid import Bytes, sheet

RAW_LIMIT = 64 << 10
"""Below this many bytes a picture travels as it is: encoding would cost more than it saves."""
FORMATS: dict[str, dict[str, Any]] = {
    "jpeg": {"format": "JPEG", "quality": 85},  # 2 to 3 ms a megapixel
    "webp": {"format": "WEBP", "quality": 80, "method": 0},  # 20 to 30 ms, a third smaller; method 1 to 6: slower yet
}
SHARE = 0.2
"""Weight of the newest figure in a running average."""
DOUBT = 32
"""One sheet in so many goes out in the other format, so that a figure taken at a busy moment does not stay."""


@dataclass
class Cost:
    """What a format has cost for the sheets of one model: running averages for each pixel."""

    seconds: float
    size: float  # bytes

    def learn(self, seconds: float, size: float) -> None:
        self.seconds += SHARE * (seconds - self.seconds)
        self.size += SHARE * (size - self.size)

    def total(self, rate: float) -> float:
        """Seconds a pixel from here to a client that takes `rate` bytes a second."""
        return self.seconds + self.size / rate


class Codec:
    """Chooses a format by what it cost before: milliseconds to encode, and bytes over the client's measured rate."""

    def __init__(self) -> None:
        self.costs: dict[str, dict[str, Cost]] = {}
        self.chosen = 0
        self.lock = threading.Lock()

    def encode(self, model: str, pictures: Bytes, columns: int, rate: float | None) -> tuple[str, bytes]:
        """Return the format, raw, jpeg or webp, and the bytes of pictures (n, height, width, channel)."""
        if pictures.nbytes <= RAW_LIMIT:
            return "raw", pictures.tobytes()
        laid = sheet(pictures, columns)
        return self.compress(model, Image.fromarray(laid[:, :, 0] if laid.shape[2] == 1 else laid), rate)

    def compress(self, model: str, laid: Image.Image, rate: float | None) -> tuple[str, bytes]:
        if rate is None:
            return "jpeg", self.measured(model, "jpeg", laid)
        untried = [form for form in FORMATS if form not in self.costs.get(model, {})]
        if untried:  # the first sheet of a model is encoded in every format, to have figures to go by
            tried = {form: self.measured(model, form, laid) for form in FORMATS}
            form = self.cheaper(model, rate)
            return form, tried[form]
        form = self.cheaper(model, rate)
        self.chosen += 1
        if self.chosen % DOUBT == 0:
            form = next(other for other in FORMATS if other != form)
        return form, self.measured(model, form, laid)

    def cheaper(self, model: str, rate: float) -> str:
        with self.lock:
            costs = self.costs[model]
            return min(costs, key=lambda form: costs[form].total(rate))

    def measured(self, model: str, form: str, laid: Image.Image) -> bytes:
        """Encode, and remember what it cost."""
        file = io.BytesIO()
        started = time.perf_counter()
        laid.save(file, **FORMATS[form])
        pixels = laid.width * laid.height
        seconds, size = (time.perf_counter() - started) / pixels, file.tell() / pixels
        with self.lock:
            costs = self.costs.setdefault(model, {})
            costs.setdefault(form, Cost(seconds, size)).learn(seconds, size)
        return file.getvalue()
