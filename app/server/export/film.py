"""A path's pictures as a file, frame by frame: MP4, animated WebP, GIF, or a strip of a few as PNG."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path as File
from types import TracebackType
from typing import Any, Protocol, cast

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from PIL import Image

from engine.errors import BadValue
from engine.image_grid import Bytes, sheet

Shape = tuple[int, int, int]  # channel, height, width

SIZES = (64, 1024)
"""Pixels of the longer side."""
TILES = 12
"""Pictures of a strip."""
LOOKS = {
    "soft": (Interpolation.LANCZOS, Image.Resampling.LANCZOS),
    "pixels": (Interpolation.POINT, Image.Resampling.NEAREST),
}
"""How small pictures are enlarged: soft as the page shows them, or with every pixel that the model made in sight."""


@dataclass(frozen=True)
class Form:
    """A kind of file: how it is called, and how it is written."""

    ending: str
    mime: str
    codec: str = ""  # of PyAV; none for what is no film
    options: dict[str, str] = field(default_factory=dict)  # of the codec
    container: dict[str, str] = field(default_factory=dict)
    quickest: int = 60  # frames a second


FORMS = {
    # The index goes first, so that it plays while it still loads.
    "mp4": Form(
        "mp4", "video/mp4", "libx264", {"preset": "superfast", "crf": "17", "threads": "1"}, {"movflags": "+faststart"}
    ),
    "webp": Form("webp", "image/webp", "libwebp_anim", {"compression_level": "1", "quality": "82"}, {"loop": "0"}),
    "gif": Form("gif", "image/gif", "gif", {}, {"loop": "0"}, 50),  # browsers slow down what asks for more
    "png": Form("png", "image/png"),
    "json": Form("json", "application/json"),
}


class Reel(Protocol):
    """Something that takes the pictures of a film one after the other."""

    def add(self, picture: Bytes) -> None:
        """Take one picture, uint8 (height, width, channel)."""
        ...


def chosen(form: str, frames: int, fps: int) -> range:
    """Name the frames of a path that a file shows: all, or fewer where it cannot show as many."""
    if form == "png":
        return range(0, frames, max(1, -(-frames // TILES)))
    return range(0, frames, -(-fps // FORMS[form].quickest))


def opened(form: str, file: File, shape: Shape, size: int, look: str, fps: int) -> AbstractContextManager[Reel]:
    """Return what writes pictures to a file. Raises BadValue where its codec is missing here."""
    if form == "png":
        return Strip(file, shape, size, look)
    return Movie(FORMS[form], file, shape, size, look, fps)


def enlarged(shape: Shape, size: int) -> tuple[int, int]:
    """Return the size of an enlarged picture: the longer side is `size`, and both are even, as films need it."""
    _, height, width = shape
    scale = size / max(height, width)
    return 2 * max(1, round(width * scale / 2)), 2 * max(1, round(height * scale / 2))


class Movie:
    """A film by PyAV."""

    def __init__(self, form: Form, file: File, shape: Shape, size: int, look: str, fps: int) -> None:
        if form.codec not in av.codecs_available:
            raise BadValue(
                f"PyAV writes no {form.ending} here, since it lacks {form.codec}. Choose another kind of file."
            )
        self.size, self.look, self.count = enlarged(shape, size), look, 0
        self.beat = Fraction(-(-fps // form.quickest), fps)  # seconds a picture
        self.container = av.open(str(file), "w", format=form.ending, options=form.container)
        stream = self.container.add_stream(form.codec, rate=1 / self.beat, options=form.options)
        assert isinstance(stream, av.VideoStream)
        self.stream = stream
        self.stream.width, self.stream.height = self.size
        # yuv420p is what every browser and player decodes; a GIF has 256 colours, which are all the greys there are.
        grey = "gray" if shape[0] == 1 else "pal8"
        self.stream.pix_fmt = grey if form.codec == "gif" else "yuv420p"
        if form.codec == "libx264":
            self.stream.codec_context.color_range = ColorRange.MPEG
            self.stream.codec_context.colorspace = Colorspace.ITU709
            self.stream.codec_context.color_primaries = ColorPrimaries.BT709
            self.stream.codec_context.color_trc = ColorTrc.BT709

    def add(self, picture: Bytes) -> None:
        """Take one picture, uint8 (height, width, channel)."""
        frame = self._shown(picture)
        frame.pts, frame.time_base, self.count = self.count, self.beat, self.count + 1
        self.container.mux(self.stream.encode(frame))

    def _shown(self, picture: Bytes) -> av.VideoFrame:
        (width, height), (interpolation, _) = self.size, LOOKS[self.look]
        frame = _frame(np.broadcast_to(picture, (*picture.shape[:2], 3)))
        if self.stream.pix_fmt == "yuv420p":
            matrix = Colorspace.ITU709 if self.stream.codec_context.name == "libx264" else Colorspace.ITU601
            return frame.reformat(width, height, "yuv420p", dst_colorspace=matrix, interpolation=interpolation)
        large = frame.reformat(width, height, "rgb24", interpolation=interpolation).to_ndarray()
        if self.stream.pix_fmt == "gray":
            return _frame(large[:, :, 0], "gray")
        return _painted(large, picture)

    def __enter__(self) -> Movie:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self.container.mux(self.stream.encode(None))
        finally:
            self.container.close()


def _painted(large: Any, picture: Bytes) -> av.VideoFrame:
    """Paint an enlarged picture with the 256 colours that suit the small one."""
    few = Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE)
    painted = Image.fromarray(large).quantize(palette=few, dither=Image.Dither.NONE)
    colours = np.zeros((256, 4), np.uint8)  # alpha first
    palette = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(palette), 1:] = palette
    colours[:, 0] = 255
    return av.VideoFrame.from_ndarray(cast(Any, (np.asarray(painted), colours)), "pal8")  # its types leave pairs out


def _frame(pixels: Any, form: str = "rgb24") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), form)


class Strip:
    """A few pictures side by side, as papers print a path."""

    def __init__(self, file: File, shape: Shape, size: int, look: str) -> None:
        self.file, self.size, self.look = file, enlarged(shape, size), look
        self.pictures = list[Bytes]()

    def add(self, picture: Bytes) -> None:
        """Take one picture, uint8 (height, width, channel)."""
        small = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
        large = np.asarray(small.resize(self.size, LOOKS[self.look][1]))
        self.pictures.append(large.reshape(*large.shape[:2], -1))

    def __enter__(self) -> Strip:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            row = sheet(np.stack(self.pictures), len(self.pictures))
            Image.fromarray(row[:, :, 0] if row.shape[2] == 1 else row).save(self.file, "PNG")
