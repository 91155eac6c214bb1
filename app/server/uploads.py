"""Pictures from strangers: the bytes of an upload become a clean picture, or one clear sentence.

Foreign bytes are decoded by a process that lives for one file (decoder.py), not by the web process: decoders are
large programs in C that a damaged file may crash, stop or fill with memory, and all the pages would go with them. The
process costs some 0.1 s, and the system itself holds it to MEGABYTES and SECONDS. Memory comes back when it ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import picture_files
from engine.errors import BadPicture

UPLOAD = 20 << 20
"""Bytes of a file at most, as in the setting server.maxUploadSize."""
MEGAPIXELS = {
    **dict.fromkeys(("JPEG", "PNG", "GIF", "BMP", "PPM"), 50),
    **dict.fromkeys(("TIFF", "HEIF"), 24),
    **dict.fromkeys(("WEBP", "AVIF"), 16),
    "JPEG2000": 10,
}
"""How large a picture may be: what decodes within MEGABYTES, a file of UPLOAD bytes included."""
MEGABYTES = 384
"""Memory of the decoding process, its program included."""
SECONDS = 8
"""Processor time of the decoding process."""
PATIENCE = 20.0
"""Seconds on the clock, for a machine that is busy, and to wait for those who came before."""
AT_ONCE = 2
"""Files decoded at the same time; a whole class that uploads at once takes turns."""
ACCEPTED = f"{picture_files.listed()} are accepted"
DECODER = Path(__file__).with_name("decoder.py")

_turn = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Picture:
    """A clean picture, and what was done to get it."""

    pixels: NDArray[np.uint8]  # height, width, 3; the longest side at most 1,024
    notes: tuple[str, ...] = ()


def take_in(data: bytes, name: str) -> Picture:
    """Decode the file of a stranger.

    Raises:
        BadPicture: with a sentence that says what was given, what is accepted and what to do. It holds the file's
            name, so a page shows it as text and never as Markdown or HTML.
    """
    shown = _shown(name)
    if not data:
        raise BadPicture(f"{shown} is empty: it has no bytes. Choose the file again, or another one.")
    if len(data) > UPLOAD:
        raise BadPicture(
            f"{shown} has {len(data) / 2**20:.0f} MB; up to {UPLOAD >> 20} MB are accepted. "
            "Save it smaller and bring it again."
        )
    form = kind(data)
    if form not in picture_files.FORMATS:
        raise BadPicture(f"{shown} {FOREIGN.get(form, NOTHING)}")
    answer, pixels = _ask(data, form)
    if "error" in answer:
        raise BadPicture(f"{shown} {answer['error']}")
    shape = int(answer["height"]), int(answer["width"]), 3
    return Picture(np.frombuffer(pixels, np.uint8).reshape(shape), tuple(map(str, answer["notes"])))


def _shown(name: str) -> str:
    """Return a file's name as a sentence can begin with it: short, and letters only."""
    kept = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())
    if not kept:
        return "The file"
    return f"“{kept if len(kept) <= 48 else kept[:30] + '…' + kept[-17:]}”"


# The process


def _ask(data: bytes, form: str) -> tuple[dict[str, Any], bytes]:
    """Let a new process decode; its answer, {error} where it found none."""
    limits = map(str, (MEGAPIXELS[form], MEGABYTES, SECONDS))
    command = [sys.executable, "-I", "-W", "ignore", str(DECODER), form, *limits]
    if not _turn.acquire(timeout=PATIENCE):
        return {"error": "waits behind many others that came before it. Bring it again in a moment."}, b""
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return {"error": TOO_LONG}, b""
    except OSError as error:
        return {"error": f"could not be opened, as no process could be started ({error}). Try again."}, b""
    finally:
        _turn.release()
    return _read(done, form)


def _read(done: subprocess.CompletedProcess[bytes], form: str) -> tuple[dict[str, Any], bytes]:
    """Read an answer, and trust it no further than it fits."""
    line, _, pixels = done.stdout.partition(b"\n")
    try:
        answer = json.loads(line)
        if "error" in answer or len(pixels) == 3 * int(answer["width"]) * int(answer["height"]) > 0:
            return answer, pixels
    except (ValueError, TypeError, KeyError):
        pass  # it died before it could answer
    slow = done.returncode in CPU_SIGNALS
    return {
        "error": TOO_LONG
        if slow
        else f"is a {picture_files.TITLES.get(form, form)} that the decoder cannot open. Save it again as PNG."
    }, b""


TOO_LONG = f"takes longer than {SECONDS} s to open. Save it again as PNG or JPEG and bring that."
CPU_SIGNALS = (-24, -9)
"""SIGXCPU, and SIGKILL at the hard limit."""


# Kinds of files


def kind(data: bytes) -> str:
    """Tell what a file is by how it begins, whatever its name says."""
    return picture_files.kind(data[: picture_files.HEAD]) or _text(data)


def _text(data: bytes) -> str:
    try:
        words = data[:4096].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 4096) - 4:  # a letter cut in two at the end is none of its faults
            return "unknown"
        words = data[: error.start].decode("utf-8-sig", "ignore")
    if not all(letter.isprintable() or letter.isspace() for letter in words):
        return "unknown"
    lower = words.lower()
    if "<svg" in lower:
        return "SVG"
    return "web page" if "<html" in lower or "<!doctype html" in lower else "text"


AS_PICTURE = f"{ACCEPTED}. Save or export it as one of these"
NOTHING = f"holds no picture that is known here; {ACCEPTED}. Choose a picture."
FOREIGN = {
    "HEIF": f"is a HEIC picture; {ACCEPTED}. Export it as JPEG; on an iPhone, choose Settings, Camera, Formats, Most "
    "Compatible.",
    "SVG": f"is an SVG drawing, which has lines and no pixels; {AS_PICTURE}, such as PNG.",
    "PDF": f"is a PDF document; {ACCEPTED}. Take a screenshot of the picture in it.",
    "Photoshop": f"is a Photoshop file; {AS_PICTURE}.",
    "archive": f"is an archive or an office document; {ACCEPTED}. Take the picture out of it.",
    "icon": f"is an icon; {AS_PICTURE}.",
    "JPEG XL": f"is a JPEG XL picture; {AS_PICTURE}.",
    "film": f"is a film; {ACCEPTED}. Take a still picture of it.",
    "web page": f"is a web page and not a picture; {ACCEPTED}. Save the picture itself.",
    "text": f"holds text and no picture, whatever its name says; {ACCEPTED}. Choose a picture.",
}
