"""The live channel over a real socket, with an engine of a few lines behind it."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app import live, wire
from app.door import Door
from engine.errors import UnknownName

CARDS = {
    "grey": SimpleNamespace(name="grey", latent=2, shape=(1, 4, 3), classes=()),
    "colour": SimpleNamespace(name="colour", latent=3, shape=(3, 64, 64), classes=("a", "b")),
    "slow": SimpleNamespace(name="slow", latent=1, shape=(1, 2, 2), classes=()),
}


class Engine:
    """Pictures whose grey is the first latent; `slow` takes its time."""

    def __init__(self) -> None:
        self.decoded: list[tuple[str, float]] = []

    def names(self, verb: str | None = None) -> list[str]:
        return []

    def card(self, name: str) -> Any:
        if name not in CARDS:
            raise UnknownName("checkpoint", name, CARDS)
        return CARDS[name]

    def decode(self, name: str, z: Any, y: Any = None) -> Any:
        if name == "slow":
            time.sleep(0.05)
        if (z[:, 0] == 13).any():
            raise RuntimeError("a fault of ours")
        self.decoded.append((name, float(z[0, 0])))
        channels, height, width = CARDS[name].shape
        return np.broadcast_to(z[:, :1, None, None].astype(np.uint8), (len(z), height, width, channels)).copy()

    def latents(self, name: str, seeds: list[int], truncation: float = 1.0) -> Any:
        self.card(name)
        return np.array([[seed * truncation] * CARDS[name].latent for seed in seeds], np.float32)

    def posterior(self, name: str) -> Any:
        return np.ones((5, 2), np.float32), np.arange(5, dtype=np.int16)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    door = Door()
    door.start(lambda: engine)  # type: ignore[arg-type, return-value]
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[WebSocketRoute("/live", live.Live(door).serve)]),
            port=0,
            log_level="error",
            ws="websockets-sansio",
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
    door.pool.shutdown()


@pytest.fixture
def socket(address: str) -> Iterator[ClientConnection]:
    with connect(f"ws://{address}/live", max_size=None) as opened:
        yield opened


def request(model: str, z: Any, **more: Any) -> bytes:
    rows = np.atleast_2d(np.asarray(z, "<f4"))
    header = {"id": 1, "slot": "live", "op": "decode", "model": model, "rows": len(rows), **more}
    return wire.message({name: value for name, value in header.items() if value is not None}, rows.tobytes())


def answer(socket: ClientConnection) -> tuple[dict[str, Any], bytes]:
    data = socket.recv(timeout=5)
    assert isinstance(data, bytes)
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def test_a_latent_comes_back_as_raw_pixels_with_its_number_and_timings(socket: ClientConnection) -> None:
    socket.send(request("grey", [7, 0], id=42))
    header, payload = answer(socket)
    assert header["id"] == 42
    assert (header["slot"], header["model"], header["format"], header["shape"]) == ("live", "grey", "raw", [1, 4, 3, 1])
    assert set(header["ms"]) == {"queue", "model", "encode"}
    assert payload == bytes([7]) * 12


def test_a_large_sheet_comes_as_jpeg_in_the_columns_asked_for(socket: ClientConnection) -> None:
    import io

    from PIL import Image

    z = np.zeros((10, 3), np.float32)
    z[:, 0] = np.arange(10) * 20
    socket.send(request("colour", z, columns=5, y=[0, 1] * 5))
    header, payload = answer(socket)
    assert (header["format"], header["columns"], header["shape"]) == ("jpeg", 5, [10, 64, 64, 3])
    sheet = np.asarray(Image.open(io.BytesIO(payload)))
    assert sheet.shape == (128, 320, 3)
    assert abs(int(sheet[96, 300, 0]) - 180) < 3


def test_draws_and_posterior_means(socket: ClientConnection) -> None:
    socket.send(wire.message({"id": 1, "slot": "d", "op": "draw", "model": "grey", "seeds": [3, 4], "truncation": 0.5}))
    header, payload = answer(socket)
    assert header["shape"] == [2, 2]
    np.testing.assert_array_equal(np.frombuffer(payload, "<f4"), [1.5, 1.5, 2, 2])
    socket.send(wire.message({"id": 2, "slot": "p", "op": "posterior", "model": "grey"}))
    header, payload = answer(socket)
    assert header["labels"] is True
    np.testing.assert_array_equal(np.frombuffer(payload[40:], "<i2"), np.arange(5))


def test_the_newest_request_of_a_slot_wins_and_the_stale_are_dropped(socket: ClientConnection, engine: Engine) -> None:
    engine.decoded.clear()
    for number in range(40):
        socket.send(request("slow", [number], id=number))
    while answer(socket)[0]["id"] != 39:
        pass
    assert len(engine.decoded) < 10
    assert engine.decoded[-1] == ("slow", 39.0)


def test_a_gesture_overtakes_a_sheet(socket: ClientConnection) -> None:
    socket.send(request("colour", np.zeros((600, 3)), id=1, slot="plane"))
    socket.send(request("grey", [5, 5], id=2))
    assert answer(socket)[0]["id"] == 2
    assert answer(socket)[0]["id"] == 1


def test_troubles_of_a_request_are_told_and_the_socket_lives_on(socket: ClientConnection) -> None:
    socket.send(request("nobody", [1]))
    assert "no checkpoint called 'nobody'" in answer(socket)[0]["error"]
    socket.send(request("grey", [13, 0]))
    assert "RuntimeError" in answer(socket)[0]["error"]
    socket.send(request("grey", [1, 0], id=3))
    assert answer(socket)[0]["id"] == 3


BAD = {
    "text": ("hello", "binary"),
    "too short": (b"\x01", "shorter"),
    "length beyond the end": (struct.pack("<I", 4_000_000_000) + b"{}", "shorter"),
    "no JSON": (struct.pack("<I", 2) + b"{]", "not JSON"),
    "no UTF-8": (struct.pack("<I", 2) + b"\xff\xfe", "not JSON"),
    "deep JSON": (struct.pack("<I", 200_000) + b"[" * 200_000, "not JSON"),
    "no object": (wire.message([]), "op"),  # type: ignore[arg-type]
    "no op": (wire.message({}), "op"),
    "an op that is a list": (request("grey", [0, 0], op=["decode"]), "op"),
    "unknown op": (request("grey", [0, 0], op="encode"), "decode, draw, posterior"),
    "no id": (request("grey", [0, 0], id=None), "id, a int"),
    "a slot that is no text": (request("grey", [0, 0], slot=3), "slot"),
    "a long slot": (request("grey", [0, 0], slot="s" * 100), "too long"),
    "no rows": (request("grey", [0, 0], rows=None), "rows"),
    "too many rows": (request("grey", [0, 0], rows=10**9), "rows"),
    "rows that are true": (request("grey", [0, 0], rows="1"), "rows"),
    "wrong length": (request("grey", [0, 0, 0]), "1 rows of 2 latents are 8 bytes"),
    "not a number": (request("grey", [float("nan"), 0]), "finite"),
    "infinite": (request("grey", [0, float("inf")]), "finite"),
    "a class beyond": (request("colour", [0, 0, 0], y=2), "class"),
    "classes of another count": (request("colour", [0, 0, 0], y=[0, 1]), "class"),
    "columns": (request("grey", [0, 0], columns=0), "columns"),
    "too big": (b"\x00" * (wire.MAX_MESSAGE + 1), "at most"),
    "seeds": (wire.message({"id": 1, "slot": "d", "op": "draw", "model": "grey", "seeds": [-1]}), "seed"),
    "no seeds": (wire.message({"id": 1, "slot": "d", "op": "draw", "model": "grey", "seeds": []}), "seeds"),
    "truncation": (
        wire.message({"id": 1, "slot": "d", "op": "draw", "model": "grey", "seeds": [1], "truncation": 9}),
        "truncation",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_message_closes_its_socket_with_a_reason_and_no_other(
    address: str, socket: ClientConnection, what: str
) -> None:
    data, reason = BAD[what]
    with connect(f"ws://{address}/live") as bad:
        bad.send(data)
        with pytest.raises(ConnectionClosed) as closed:
            bad.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1007, 1008, 1009)
    assert reason in closed.value.rcvd.reason
    socket.send(request("grey", [1, 0], id=9))
    assert answer(socket)[0]["id"] == 9


def test_a_flood_is_cut_off(address: str) -> None:
    with connect(f"ws://{address}/live", max_size=None) as flood, pytest.raises(ConnectionClosed) as closed:
        send_until_closed(flood)
    assert closed.value.rcvd is not None
    assert "messages a second" in closed.value.rcvd.reason


def send_until_closed(flood: ClientConnection) -> None:
    for number in range(5000):
        flood.send(request("grey", [1, 0], id=number))
    while True:
        flood.recv(timeout=5)


@pytest.mark.parametrize(("origin", "allowed"), [("http://{}", True), ("http://evil.example", False), ("null", False)])
def test_only_our_own_pages_may_connect(address: str, origin: str, allowed: bool) -> None:
    with refusal(not allowed), connect(f"ws://{address}/live", origin=origin.format(address)) as opened:  # type: ignore[arg-type]
        opened.send(request("grey", [1, 0]))
        assert answer(opened)[0]["id"] == 1


@contextmanager
def refusal(expected: bool) -> Iterator[None]:
    if expected:
        with pytest.raises(InvalidStatus, match="403"):
            yield
    else:
        yield
