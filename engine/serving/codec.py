"""Jobs and answers as bytes: the one form in which they travel between processes and machines.

    packet := length (little-endian u32) + header (UTF-8 JSON, `length` bytes, padded to a multiple of 8) + arrays

The header's `arrays` lists name, type and shape of each array in the order in which their bytes follow, little-endian,
row by row, each padded to a multiple of 8. Nothing is unpickled.
"""

import dataclasses
import json
import math
import struct
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import errors, schema
from engine.errors import BadValue, ZoetropeError
from engine.inference.fields import TYPES
from engine.inference.requests import Answer, Job

KINDS = typing.get_type_hints(Job)
NAMES = (
    "verb", "model", "steps", "neighbours", "terms", "seeds", "truncation", "first", "last", "who", "slot", "patience",
)  # fmt: skip
PLAIN = {name: KINDS[name] for name in NAMES}
ARRAYS = ("z", "pictures", "others", "state", "hidden", "y")
SMALL = struct.Struct("<I")


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Write a header and some arrays. Raises BadValue for a type of array that does not travel."""
    listed, parts = [], []
    for name, array in (arrays or {}).items():
        kind = array.dtype.name
        if kind not in TYPES:
            raise BadValue(f"An array of {kind} was to be sent; these travel: {', '.join(TYPES)}.")
        listed.append([name, kind, list(array.shape)])
        parts.append(_padded(np.ascontiguousarray(array, TYPES[kind]).tobytes()))
    text = _padded(json.dumps({**header, "arrays": listed}).encode(), 4, b" ")
    return b"".join([SMALL.pack(len(text)), text, *parts])


def _padded(content: bytes, head: int = 0, filler: bytes = b"\0") -> bytes:
    return content + filler * (-(len(content) + head) % 8)


def unpack(packet: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a packet: header and arrays, which may not be written to. Raises BadValue unless it is well formed."""
    try:
        (length,) = SMALL.unpack_from(packet)
        header = json.loads(packet[4 : 4 + length])
        at, arrays = 4 + length, {}
        for name, kind, shape in header.pop("arrays"):
            array = np.frombuffer(packet, TYPES[kind], math.prod(shape), at).reshape(shape)
            arrays[str(name)] = array
            at += array.nbytes + -array.nbytes % 8
    except (ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError, OverflowError) as error:
        raise BadValue(f"A message that is no packet was given ({type(error).__name__}: {error}).") from None
    if at != len(packet):
        raise BadValue(f"A packet of {len(packet)} bytes was given; its header speaks of {at}.")
    return header, arrays


# Jobs and answers


def pack_job(job: Job, **more: Any) -> bytes:
    """Write a job; `more` joins the header."""
    arrays = {name: array for name in ARRAYS if (array := getattr(job, name)) is not None}
    return pack({**{name: getattr(job, name) for name in PLAIN}, **more}, arrays)


def job_from(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Job:
    """Read a job back. Raises BadValue where a field is missing."""
    if missing := [name for name in PLAIN if name not in header]:
        raise BadValue(f"A message that is no job was given: it lacks {', '.join(missing)}.")
    fields: dict[str, Any] = {name: schema.read(header[name], kind, name) for name, kind in PLAIN.items()}
    fields |= {name: arrays.get(name) for name in ARRAYS}
    return Job(**fields)


def pack_answer(answer: Answer | ZoetropeError, **more: Any) -> bytes:
    """Write an answer or the error in its place; `more` joins the header."""
    if isinstance(answer, ZoetropeError):
        return pack({"error": type(answer).__name__, "sentence": str(answer), **more})
    return pack({"ms": dict(answer.ms), **more}, answer.arrays)


def answer_from(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Answer | ZoetropeError:
    """Read an answer, or the error in its place, back."""
    if "error" in header:
        return errors.named(str(header["error"]), str(header["sentence"]))
    return Answer(dict(arrays), dict(header["ms"]))


__all__ = ["answer_from", "job_from", "pack", "pack_answer", "pack_job", "unpack"]
assert {field.name for field in dataclasses.fields(Job)} == {*PLAIN, *ARRAYS}
