"""Messages that no page sends: seeded random changes of those that pages do send."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.rig.live import encode_message

TOKEN = "bench-mutations-0123456789"
Z = np.array([[0.5, -0.5]], "<f4").tobytes()
WELL_FORMED: list[tuple[dict[str, Any], bytes]] = [
    ({"op": "show", "operations": [{"verb": "decode", "model": "frey-vae-2d", "rows": 1}]}, Z),
    (
        {"op": "show", "operations": [{"verb": "decode", "model": "mnist-cvae", "rows": 2, "y": [1, 2], "columns": 2}]},
        b"\0" * 64,
    ),
    (
        {"op": "show", "operations": [{"verb": "latents", "model": "mnist-vae", "seeds": [1, 2], "truncation": 0.7}]},
        b"",
    ),
    ({"op": "show", "operations": [{"verb": "posterior", "model": "frey-vae-2d"}], "rate": 1e6}, b""),
    ({"op": "keep", "token": TOKEN, "view": {"model": "frey-vae-2d", "z": [0.5, -0.5], "past": [[1, 2]]}}, b""),
    ({"op": "recall", "token": TOKEN}, b""),
]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 3, 2**31, 2**63, 2**70, -0.0, 0.5, 1e308, float("nan"), float("inf"),
    "", "show", "a" * 70, "a" * 5000, "\ud800", "\0", "../../etc/passwd", "frey-vae-2d",
    [], [[]], [None] * 17, [1] * 1025, [1.5], {}, {"a": {}}, {"verb": "decode"},
    [{"verb": "decode", "model": "celeba-vae", "rows": 1024}] * 16,
]  # fmt: skip
Message = bytes | str


def mutation(seed: int) -> Message:
    """Make the malformed message of this seed: now and then it is still well formed, or only its effect is odd."""
    chance = random.Random(seed)
    header, payload = chance.choice(WELL_FORMED)
    header = {"id": chance.randrange(100), "slot": "main", **json.loads(json.dumps(header))}
    return chance.choice(KINDS)(header, payload, chance)


def _odd_field(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    """Put something odd into one or two fields, however deep."""
    for _ in range(chance.randint(1, 2)):
        place = chance.choice(_places(header))
        holder, key = place
        holder[key] = copy.deepcopy(chance.choice(ODD))
    return encode_message(header, payload)


def _places(thing: Any) -> list[tuple[Any, Any]]:
    keys = list(thing) if isinstance(thing, dict) else range(len(thing)) if isinstance(thing, list) else ()
    return [place for key in keys for place in [(thing, key), *_places(thing[key])]]


def _no_field(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    holder, key = chance.choice([place for place in _places(header) if isinstance(place[0], dict)])
    del holder[key]
    return encode_message(header, payload)


def _payload(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    """Send a payload of another length, or one of bytes that are no finite numbers."""
    length = chance.choice([0, 1, 3, 4, 8, 12, len(payload), 4096, 1 << 18])
    return encode_message(header, chance.choice([b"\xff", b"\0", b"\x7f"]) * length)


def _flipped(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    message = bytearray(encode_message(header, payload))
    for _ in range(chance.randint(1, 8)):
        message[chance.randrange(len(message))] = chance.randrange(256)
    return bytes(message)


def _cut(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    message = encode_message(header, payload)
    return message[: chance.randrange(len(message))]


def _noise(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    return chance.randbytes(chance.choice([0, 1, 4, 5, 64, 1000]))


def _long_header(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    """Announce a header of another length than it has."""
    length = chance.choice([0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1])
    return length.to_bytes(4, "little") + encode_message(header, payload)[4:]


def _deep(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    """Nest brackets deeper than any parser goes."""
    depth = chance.choice([900, 5000, 100_000])
    text = json.dumps(header).replace('"main"', "[" * depth + "]" * depth).encode()
    return len(text).to_bytes(4, "little") + text + payload


def _text(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    return json.dumps(header)


def _large(header: dict[str, Any], payload: bytes, chance: random.Random) -> Message:
    """Send more than a message may hold, by a little or by a lot."""
    return encode_message(header, b"\0" * chance.choice([(1 << 20) - 100, (1 << 20) + 1, 3 << 20]))


KINDS: list[Callable[[dict[str, Any], bytes, random.Random], Message]] = [
    *(_odd_field, _odd_field, _odd_field, _odd_field, _no_field, _no_field, _payload, _flipped, _flipped, _cut, _cut),
    *(_noise, _long_header, _deep, _text),
]
RARE = 100
"""One message in so many is a large one."""


def mutations(count: int) -> list[Message]:
    header, payload = {"id": 1, "slot": "main", **WELL_FORMED[0][0]}, WELL_FORMED[0][1]
    return [
        _large(header, payload, random.Random(seed)) if seed % RARE == RARE - 1 else mutation(seed)
        for seed in range(count)
    ]
