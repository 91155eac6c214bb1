"""The live channel over a real socket, with an engine of a few lines behind it."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app.blind import Rounds
from app.engine_client import EngineClient
from app.server import protocol, store
from app.server.connection import MAX_SLOTS, MAX_SUBSCRIPTIONS, Connection, Person
from app.server.pictures import Codec
from app.server.token_bucket import BURST
from app.server.websocket import MOST, Live
from engine.errors import UnknownName
from tests.echo import Absent, Echo
from tests.listening import listening

TOKEN = "a-token_of-32-characters-000000"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield
        store.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture(scope="module")
def address(engine: Echo) -> Iterator[str]:
    with served(lambda: engine) as where:
        yield where


@contextmanager
def served(backend: Callable[[], Any]) -> Iterator[str]:
    client = EngineClient()
    client.open(backend)
    routes = [WebSocketRoute("/live", Live(client, {"ticks": ticks.follow}).serve)]
    with listening(routes) as where:
        yield where


class Ticks:
    """A topic: a key is told the numbers of its queue up to None, and then no more."""

    def __init__(self) -> None:
        self.queues = defaultdict[str, asyncio.Queue[int | None]](asyncio.Queue)
        self.open: list[str] = []  # keys that are followed
        self.loop: asyncio.AbstractEventLoop | None = None

    def tell(self, key: str, *numbers: int | None) -> None:
        for number in numbers:
            assert self.loop
            self.loop.call_soon_threadsafe(self.queues[key].put_nowait, number)

    async def follow(self, key: str) -> AsyncGenerator[dict[str, Any], None]:
        self.loop = asyncio.get_running_loop()
        if key == "lost":
            raise UnknownName("tick", key, [])
        self.open.append(key)
        try:
            yield {"tick": 0}
            while (number := await self.queues[key].get()) is not None:
                yield {"tick": number}
        finally:
            self.open.remove(key)

    def ended(self, key: str) -> bool:
        """Wait until nobody follows a key."""
        until = time.monotonic() + 5
        while key in self.open and time.monotonic() < until:
            time.sleep(0.005)
        return key not in self.open


ticks = Ticks()


@pytest.fixture
def socket(address: str) -> Iterator[ClientConnection]:
    with connect(f"ws://{address}/live", max_size=None) as opened:
        assert answer(opened)[0] == {"engine": "ready"}
        yield opened


def operation(model: str, rows: int = 1, **more: Any) -> dict[str, Any]:
    given = {"verb": "decode", "model": model, "rows": rows, **more}
    return {name: value for name, value in given.items() if value is not None}


def show(*operations: dict[str, Any], payload: bytes = b"", **more: Any) -> bytes:
    header = {"id": 1, "slot": "live", "op": "show", "operations": list(operations), **more}
    return protocol.message({name: value for name, value in header.items() if value is not None}, payload)


def request(model: str, z: Any, number: int = 1, slot: str = "live", **more: Any) -> bytes:
    rows = np.atleast_2d(np.asarray(z, "<f4"))
    return show(operation(model, len(rows), **more), payload=rows.tobytes(), id=number, slot=slot)


def subscribe(topic: Any, key: Any, number: int = 1, slot: str = "news") -> bytes:
    return protocol.message({"id": number, "slot": slot, "op": "subscribe", "topic": topic, "key": key})


def answer(socket: ClientConnection) -> tuple[dict[str, Any], bytes]:
    data = socket.recv(timeout=5)
    assert isinstance(data, bytes)
    return opened(data)


def opened(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[4 + length :]


# Pictures


def test_a_latent_comes_back_as_raw_pixels_with_its_number_and_timings(socket: ClientConnection) -> None:
    socket.send(request("grey", [7, 0], number=42))
    header, payload = answer(socket)
    assert (header["id"], header["slot"]) == (42, "live")
    assert (header["ms"]["queue"], header["ms"]["model"]) == (1.0, 3.0)
    assert header["ms"]["encode"] >= 0
    assert header["results"] == [
        {"model": "grey", "verb": "decode", "shape": [1, 4, 3, 1], "format": "raw", "columns": 1, "bytes": 12,
         "ms": {"queue": 1.0, "model": 3.0}}
    ]  # fmt: skip
    assert payload == bytes([7]) * 12


def test_operations_are_answered_together_each_with_its_own_bytes_or_its_own_sentence(socket: ClientConnection) -> None:
    z = [np.full((1, 2), 5), np.full((2, 3), 9), np.full((1, 2), 14), np.full((3, 7), 1)]
    socket.send(
        show(
            operation("grey"),
            {"verb": "latents", "model": "grey", "seeds": [3, 4], "truncation": 0.5},
            operation("colour", 2, y=1),
            operation("grey"),
            operation("nobody", 3),
            {"verb": "posterior", "model": "broken"},
            payload=b"".join(rows.astype("<f4").tobytes() for rows in z),
        )
    )
    header, payload = answer(socket)
    grey, draw, colour, refused, absent, broken = header["results"]
    assert header["ms"]["model"] == 4.0
    assert payload[: grey["bytes"]] == bytes([5]) * 12
    np.testing.assert_array_equal(np.frombuffer(payload[12:28], "<f4"), [1.5, 1.5, 2, 2])
    assert (draw["shape"], draw["format"], draw["bytes"]) == ([2, 2], "float32", 16)
    assert payload[28:] == bytes([9]) * (2 * 64 * 64 * 3)
    assert colour["columns"] == 2
    assert refused == {"model": "grey", "verb": "decode", "error": "14 is not to our taste."}
    assert "no checkpoint called 'nobody'" in absent["error"]
    assert broken["error"] == "broken: it was cut short."


def test_a_large_sheet_comes_compressed_in_the_columns_asked_for(socket: ClientConnection) -> None:
    z = np.zeros((10, 3), np.float32)
    z[:, 0] = np.arange(10) * 20
    socket.send(request("colour", z, columns=5, y=[0, 1] * 5))
    header, payload = answer(socket)
    (about,) = header["results"]
    assert (about["format"], about["columns"], about["shape"]) == ("jpeg", 5, [10, 64, 64, 3])
    assert about["bytes"] == len(payload)
    sheet = np.asarray(Image.open(io.BytesIO(payload)))
    assert sheet.shape == (128, 320, 3)
    assert abs(int(sheet[96, 300, 0]) - 180) < 3


def test_posterior_means_come_with_their_labels(socket: ClientConnection) -> None:
    socket.send(show({"verb": "posterior", "model": "grey"}))
    header, payload = answer(socket)
    assert header["results"][0]["labels"] is True
    np.testing.assert_array_equal(np.frombuffer(payload[40:], "<i2"), np.arange(5))


# Probes

SHAPE = (4, 3, 1)  # of a picture of "grey", whose latent is 2 long


def grey(*greys: int) -> bytes:
    return b"".join(bytes([each]) * 12 for each in greys)


def test_a_reconstruction_is_pictures_then_latents_with_its_figures_in_the_header(socket: ClientConnection) -> None:
    asked = operation("grey", 2, verb="reconstruct", columns=1)
    socket.send(show(asked, {**asked, "seed": 7}, {**asked, "seed": [3, 4]}, payload=grey(1, 2, 3, 4, 5, 6)))
    header, payload = answer(socket)
    assert header["results"][0] == {
        "model": "grey", "verb": "reconstruct", "shape": [2, 4, 3, 1], "format": "raw", "columns": 1,
        "latent": [2, 2], "drawn": False, "rate": [2.5, 2.5], "distortion": [None, None], "bytes": 24 + 16,
        "rate_error": [2.5, 2.5], "distortion_error": [2.5, 2.5], "elbo_error": [2.5, 2.5],
        "ms": {"queue": 1.0, "model": 4.0},
    }  # fmt: skip
    assert [about["drawn"] for about in header["results"]] == [False, True, True]
    parts = [payload[at : at + 40] for at in (0, 40, 80)]
    assert [part[:24] for part in parts] == [grey(1, 2), grey(3, 4), grey(5, 6)]
    drawn = [np.frombuffer(part[24:], "<f4").tolist() for part in parts]
    assert drawn == [[0.5] * 4, [7.0] * 4, [3.0, 3.0, 4.0, 4.0]]


def test_pictures_are_compared_with_those_behind_all_originals(socket: ClientConnection) -> None:
    socket.send(show(operation("grey", 2, verb="distance"), payload=grey(1, 2, 5, 9)))
    header, payload = answer(socket)
    (about,) = header["results"]
    assert (about["shape"], about["format"], about["bytes"]) == ([2], "float32", 8)
    assert np.frombuffer(payload, "<f4").tolist() == [4.0, 7.0]


def test_a_completion_comes_back_as_it_is_with_the_chances_of_its_stretch(socket: ClientConnection) -> None:
    masks = bytes([0] * 11 + [1] + [1] * 12)
    asked = {"verb": "complete", "first": 4, "last": 7, "seed": [8, 9]}
    socket.send(
        show(operation("grey", 2, **asked), operation("grey", verb="surprise"), payload=grey(1, 2) + masks + grey(3))
    )
    header, payload = answer(socket)
    about, bits = header["results"]
    assert (about["shape"], about["chances"], about["format"]) == ([2, 4, 3, 1], [2, 3, 1, 2], "raw")
    assert payload[:24] == bytes([1] * 11 + [8] + [9] * 12)
    assert np.frombuffer(payload[24:72], "<f4").tolist() == [4, 4, 5, 5, 6, 6] * 2
    assert (bits["shape"], bits["format"]) == ([1, 4, 3], "float32")
    assert (np.frombuffer(payload[72:], "<f4") == 3).all()
    socket.send(show(operation("grey", **{**asked, "seed": 8}, terms=False), payload=grey(1) + bytes(12)))
    header, payload = answer(socket)
    assert "chances" not in header["results"][0]
    assert payload == grey(1)
    large = {"verb": "complete", "first": 0, "last": 4096, "seed": 1, "terms": False, "y": 1}
    socket.send(show(operation("colour", 16, **large), payload=bytes(16 * 4096 * 4)))
    header, payload = answer(socket)
    assert header["results"][0]["format"] == "raw"  # what is drawn on shall not have been compressed
    assert len(payload) == 16 * 4096 * 3
    socket.send(show(operation("grey", verb="receptive", first=5), payload=grey(3)))
    _, payload = answer(socket)
    assert (np.frombuffer(payload, "<f4") == 8).all()


def test_likelihoods_stand_in_the_header_and_those_of_each_class_in_the_payload(socket: ClientConnection) -> None:
    pictures = grey(1, 2)
    asked = [operation("grey", 2, verb=verb) for verb in ("score", "score", "classify")]
    socket.send(show({**asked[0], "y": 1}, *asked[1:], payload=3 * pictures))
    header, payload = answer(socket)
    exact, again, told = header["results"]
    assert exact["log_prob"] == [-12.0, -24.0]  # the sum of a picture's bytes
    assert exact["file_bits"] == [96.0, 96.0]
    assert (exact["shape"], exact["format"]) == ([2, 3], "float32")
    assert again["log_prob"] == exact["log_prob"]
    numbers = np.frombuffer(payload, "<f4").reshape(3, 2, 3)
    assert numbers[0].tolist() == numbers[1].tolist() == [[-12, -13, -14], [-24, -25, -26]]
    assert (told["shape"], numbers[2].tolist()) == ([2, 3], [[1, 0, 0], [2, 0, 0]])


def test_the_likelihood_of_a_model_without_classes_has_no_payload(socket: ClientConnection) -> None:
    socket.send(show(operation("slow", verb="score"), payload=bytes(4)))
    header, payload = answer(socket)
    (about,) = header["results"]
    assert (about["shape"], about["bytes"], payload) == ([0], 0, b"")
    assert (about["elbo"], about["file_bits"]) == ([None], [32.0])  # JSON knows no infinity


def test_an_inversion_comes_back_with_its_state_and_its_losses(socket: ClientConnection) -> None:
    state = np.arange(14, dtype="<f4").reshape(2, 7)
    probe = grey(1, 2) + state.tobytes()
    z = np.full((1, 2), 5, "<f4").tobytes()
    socket.send(
        show(operation("grey"), operation("grey", 2, verb="invert", steps=3), operation("grey"), payload=z + probe + z)
    )
    header, payload = answer(socket)
    first, about, _ = header["results"]
    assert (about["state"], about["losses"], about["bytes"]) == ([2, 7], [2, 3], 24 + 56 + 24)
    tail = np.frombuffer(payload[first["bytes"] + 24 : -12], "<f4")
    np.testing.assert_array_equal(tail[:14].reshape(2, 7), state + 1)
    np.testing.assert_array_equal(tail[14:].reshape(2, 3), [[0, 1, 2], [3, 4, 5]])


def test_one_unknown_model_spoils_no_other_operation(socket: ClientConnection) -> None:
    known = operation("grey", verb="reconstruct")
    socket.send(show(known, operation("nobody", 2, verb="reconstruct"), known, payload=grey(1) + bytes(50) + grey(2)))
    header, payload = answer(socket)
    assert "no checkpoint called 'nobody'" in header["results"][1]["error"]
    assert (payload[:12], payload[20:32]) == (grey(1), grey(2))


# Who is answered when


def test_the_newest_request_of_a_slot_wins_and_the_stale_are_dropped(socket: ClientConnection, engine: Echo) -> None:
    engine.jobs.clear()
    for number in range(40):
        socket.send(request("slow", [number], number))
    while answer(socket)[0]["id"] != 39:
        pass
    assert len(engine.jobs) < 10
    assert engine.jobs[-1].z == [[39.0]]


def test_slots_do_not_wait_for_each_other_and_each_is_told_apart_for_the_engine(address: str, engine: Echo) -> None:
    engine.gate.clear()
    with connect(f"ws://{address}/live") as one, connect(f"ws://{address}/live?person={TOKEN}") as other:
        for opened in (one, other):
            answer(opened)
        engine.jobs.clear()
        one.send(request("gated", [1], 1, slot="a"))
        one.send(request("grey", [5, 5], 2, slot="b"))
        other.send(request("grey", [5, 5], 3, slot="b"))
        assert answer(one)[0]["id"] == 2
        assert answer(other)[0]["id"] == 3
        engine.gate.set()
        assert answer(one)[0]["id"] == 1
    assert len({job.who for job in engine.jobs}) == 2
    assert len({(job.who, job.slot) for job in engine.jobs}) == 3
    assert all(job.who for job in engine.jobs)


def test_who_has_left_is_forgotten_and_waits_no_longer(address: str, engine: Echo) -> None:
    engine.gate.clear()
    engine.jobs.clear()
    engine.futures.clear()
    with connect(f"ws://{address}/live") as leaving:
        for number in range(3):
            leaving.send(request("gated", [number], slot=f"slot {number}"))
        leaving.send(request("grey", [0, 0], slot="z"))
        while "results" not in answer(leaving)[0]:
            pass
        who = engine.jobs[0].who
    wait_for(lambda: who in engine.forgotten)
    wait_for(lambda: sum(future.cancelled() for future in engine.futures) == 2)
    engine.gate.set()
    engine.pools["gated"].submit(int).result(5)
    assert [job.model for job in engine.jobs] == ["grey", "gated"]  # the one that was under way, and no other


def cancel(number: int, slot: str) -> bytes:
    return protocol.message({"id": number, "slot": slot, "op": "cancel"})


def test_a_cancelled_request_leaves_the_queue_and_is_not_answered(socket: ClientConnection, engine: Echo) -> None:
    engine.gate.clear()
    engine.jobs.clear()
    for number in range(3):
        socket.send(request("gated", [number], number, slot=f"slot {number}"))
    socket.send(cancel(1, "slot 1"))
    socket.send(request("grey", [0, 0], 8, slot="z"))
    assert answer(socket)[0]["id"] == 8
    engine.gate.set()
    assert {answer(socket)[0]["id"] for _ in range(2)} == {0, 2}
    assert [job.z for job in engine.jobs if job.model == "gated"] == [[[0.0]], [[2.0]]]


def test_a_cancel_of_another_request_than_the_newest_of_its_slot_changes_nothing(
    socket: ClientConnection, engine: Echo
) -> None:
    engine.gate.clear()
    socket.send(request("gated", [1], 2, slot="a"))
    for number, slot in ((1, "a"), (2, "b"), (3, "nobody's")):
        socket.send(cancel(number, slot))
    engine.gate.set()
    assert answer(socket)[0]["id"] == 2
    socket.send(cancel(2, "a"))
    socket.send(request("grey", [1, 0], 3, slot="a"))
    assert answer(socket)[0]["id"] == 3


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_everybody_hears_how_the_engine_is(address: str, engine: Echo) -> None:
    with connect(f"ws://{address}/live") as one, connect(f"ws://{address}/live") as other:
        assert [answer(one)[0], answer(other)[0]] == [{"engine": "ready"}] * 2
        engine.become("restarting")
        assert [answer(one)[0], answer(other)[0]] == [{"engine": "restarting"}] * 2
        with connect(f"ws://{address}/live") as late:
            assert answer(late)[0] == {"engine": "restarting"}
        engine.become("ready")
        assert [answer(one)[0], answer(other)[0]] == [{"engine": "ready"}] * 2


def test_troubles_of_a_request_are_told_and_the_socket_lives_on(socket: ClientConnection) -> None:
    socket.send(request("nobody", [1]))
    assert "no checkpoint called 'nobody'" in answer(socket)[0]["results"][0]["error"]
    socket.send(request("grey", [13, 0]))
    assert "RuntimeError" in answer(socket)[0]["results"][0]["error"]
    socket.send(request("grey", [1, 0], 3))
    assert answer(socket)[0]["id"] == 3


def test_an_engine_that_does_not_open_is_a_sentence() -> None:
    with served(Absent) as where, connect(f"ws://{where}/live") as socket:
        while "engine" in (header := answer(socket)[0]):
            socket.send(request("grey", [1, 0]))
        assert header["error"] == "The engine does not start: it is not there."


# Memory


def remember(op: str, number: int = 1, slot: str = "memory", **more: Any) -> bytes:
    return protocol.message({"id": number, "slot": slot, "op": op, "token": TOKEN, **more})


def test_a_view_is_kept_for_whoever_knows_its_token(address: str, socket: ClientConnection) -> None:
    view = {"model": "grey", "z": [1.5, -2], "past": [[0, 0]], "note": "π"}
    socket.send(remember("keep", 5, view={"old": True}))
    socket.send(remember("keep", 6, view=view))
    while (kept := answer(socket)[0])["id"] != 6:
        pass
    assert kept == {"id": 6, "slot": "memory", "kept": True}
    with connect(f"ws://{address}/live") as other:
        answer(other)
        other.send(remember("recall", 7))
        assert answer(other)[0] == {"id": 7, "slot": "memory", "view": view}
        other.send(remember("recall", 8, token=TOKEN + "0"))
        assert answer(other)[0] == {"id": 8, "slot": "memory", "view": None}


def test_what_is_to_be_kept_is_kept_whatever_follows(address: str) -> None:
    view = {"z": [3]}
    with connect(f"ws://{address}/live") as leaving:
        leaving.send(remember("keep", view={"z": [2]}))
        leaving.send(remember("keep", view=view))
        leaving.send(remember("recall", 2))
        while "view" not in (header := answer(leaving)[0]):
            pass
        assert header["view"] == view
        leaving.send(remember("keep", view={"z": [4]}))
    wait_for(lambda: store.recall(TOKEN) == '{"z":[4]}')


# Clients that harm


def deep(levels: int) -> bytes:
    text = (
        b'{"id":1,"slot":"m","op":"keep","token":"%s","view":' % TOKEN.encode()
        + b'{"a":' * levels
        + b"1"
        + b"}" * levels
    )
    return struct.pack("<I", len(text) + 1) + text + b"}"


def other_encoding(name: str) -> bytes:
    header = json.dumps({"id": 1, "slot": "live", "op": "recall", "token": TOKEN}).encode(name)
    return struct.pack("<I", len(header)) + header


BAD = {
    "text": ("hello", "binary"),
    "too short": (b"\x01", "shorter"),
    "length beyond the end": (struct.pack("<I", 4_000_000_000) + b"{}", "shorter"),
    "no JSON": (struct.pack("<I", 2) + b"{]", "not JSON"),
    "no UTF-8": (struct.pack("<I", 2) + b"\xff\xfe", "not JSON in UTF-8"),
    "UTF-16": (other_encoding("utf-16"), "not JSON in UTF-8"),
    "UTF-16 without a mark": (other_encoding("utf-16-le"), "JSON in UTF-8"),
    "UTF-32": (other_encoding("utf-32"), "not JSON in UTF-8"),
    "a mark before UTF-8": (other_encoding("utf-8-sig"), "not JSON in UTF-8"),
    "a number of 5,000 digits": (struct.pack("<I", 5010) + b'{"rate":' + b"9" * 5000 + b" }", "not JSON in UTF-8"),
    "deep JSON": (struct.pack("<I", 200_000) + b"[" * 200_000, "not JSON"),
    "no object": (protocol.message([]), "JSON object"),  # type: ignore[arg-type]
    "nothing": (protocol.message({}), "id, a whole number"),
    "no op": (show(op=None), "op"),
    "an op that is a list": (show(op=["show"]), "op"),
    "unknown op": (show(op="decode"), "show, cancel, keep, recall"),
    "no id": (show(operation("grey"), id=None), "id, a whole number"),
    "an id that is true": (show(operation("grey"), id=True), "id, a whole number"),
    "a slot that is no text": (show(operation("grey"), slot=3), "slot"),
    "a long slot": (show(operation("grey"), slot="s" * 100), "slot"),
    "no operations": (show(), "1 to 16 operations"),
    "operations that are none": (show("grey"), "verb"),  # type: ignore[arg-type]
    "too many operations": (show(*[operation("grey")] * 17), "1 to 16 operations"),
    "unknown verb": (show(operation("grey", verb="encode")), "A verb is one of: decode, reconstruct"),
    "no model": (show({"verb": "decode", "rows": 1}), "model"),
    "no rows": (show(operation("grey", rows=None)), "rows"),
    "too many rows": (show(operation("grey", rows=10**9)), "rows"),
    "too many rows together": (show(*[operation("grey", rows=600)] * 2), "at most 1024 rows"),
    "rows that are text": (show(operation("grey", rows="1")), "rows"),
    "rows that are true": (show(operation("grey", rows=True)), "rows"),
    "too long": (request("grey", [0, 0, 0]), "1 rows of 8 bytes; the payload differs by 4 bytes"),
    "too short rows": (request("grey", [0]), "differs by -4 bytes"),
    "a short payload beside an unknown model": (
        show(operation("nobody"), operation("grey"), payload=bytes(4)),
        "by -4 bytes",
    ),
    "a class of 401 digits": (request("colour", [0, 0, 0], y=10**400), "y is a whole number from 0 to 1"),
    "a truncation of 401 digits": (
        show({"verb": "latents", "model": "grey", "seeds": [1], "truncation": 10**400}),
        "trunc",
    ),
    "two unknown models": (show(operation("a"), operation("b"), payload=bytes(8)), "Several models"),
    "not a number": (request("grey", [float("nan"), 0]), "finite"),
    "infinite": (request("grey", [0, float("inf")]), "finite"),
    "a class beyond": (
        request("colour", [0, 0, 0], y=2),
        "y is a whole number from 0 to 1, or one for each row; 2 was",
    ),
    "a class that is text": (request("colour", [0, 0, 0], y="0"), "; '0' was given"),
    "classes of another count": (request("colour", [0, 0, 0], y=[0, 1]), "or one for each row; [0, 1] was"),
    "a picture too short": (show(operation("grey", verb="reconstruct"), payload=bytes(11)), "1 rows of 12 bytes"),
    "a seed that is text": (show(operation("grey", verb="reconstruct", seed="1"), payload=bytes(12)), "seed is"),
    "terms that are text": (
        show(operation("grey", verb="reconstruct", terms="no"), payload=bytes(12)),
        "terms is true or false; 'no' was given",
    ),
    "a seed below 0": (show(operation("grey", verb="reconstruct", seed=-1), payload=bytes(12)), "; -1 was given"),
    "seeds of another count": (show(operation("grey", verb="reconstruct", seed=[1, 2]), payload=bytes(12)), "each row"),
    "half a picture to score": (show(operation("grey", verb="score"), payload=bytes(6)), "1 rows of 12 bytes"),
    "no picture to classify": (show(operation("grey", verb="classify")), "1 rows of 12 bytes"),
    "half a pair": (show(operation("grey", verb="distance"), payload=bytes(12)), "1 rows of 24 bytes"),
    "no state": (show(operation("grey", verb="invert", steps=1), payload=bytes(12)), "1 rows of 40 bytes"),
    "no steps": (show(operation("grey", verb="invert"), payload=bytes(40)), "from 1 to 25; nothing was given"),
    "too many steps": (show(operation("grey", verb="invert", steps=26), payload=bytes(40)), "from 1 to 25; 26 was"),
    "too many searches": (
        show(operation("grey", 17, verb="invert", steps=1), payload=bytes(680)),
        "rows is a whole number from 1 to 16; 17",
    ),
    "no pixel": (show(operation("grey", verb="receptive"), payload=bytes(12)), "first is a whole number"),
    "a pixel below 0": (show(operation("grey", verb="receptive", first=-1), payload=bytes(12)), "first is a"),
    "no seed to complete": (
        show(operation("grey", verb="complete", first=0, last=1), payload=bytes(24)),
        "seed is a whole number from 0 to 4294967295, or one for each row; nothing was given",
    ),
    "too many fillings": (
        show(operation("grey", 17, verb="complete", first=0, last=1, seed=1), payload=bytes(408)),
        "rows is a whole number from 1 to 16",
    ),
    "no mask": (
        show(operation("grey", verb="complete", first=0, last=1, seed=1), payload=bytes(12)),
        "1 rows of 24 bytes",
    ),
    "a state of NaN": (show(operation("grey", verb="invert", steps=1), payload=b"\xff" * 40), "finite"),
    "columns": (request("grey", [0, 0], columns=0), "columns"),
    "rate": (show(operation("grey"), payload=bytes(8), rate=-1), "rate"),
    "an endless rate": (show(operation("grey"), payload=bytes(8), rate=float("inf")), "rate"),
    "seeds": (show({"verb": "latents", "model": "grey", "seeds": [-1]}), "seed"),
    "no seeds": (show({"verb": "latents", "model": "grey", "seeds": []}), "seeds"),
    "truncation": (show({"verb": "latents", "model": "grey", "seeds": [1], "truncation": 9}), "truncation"),
    "a topic that is no text": (subscribe(3, "one"), "names a topic"),
    "no key": (subscribe("ticks", None), "names a topic"),
    "a long key": (subscribe("ticks", "k" * 65), "at most 64 letters"),
    "a topic that there is not": (subscribe("weather", "one"), "A topic is one of: ticks."),
    "a key that there is not": (subscribe("ticks", "lost"), "no tick called 'lost'"),
    "a short token": (remember("recall", token="x"), "22 to 64"),
    "a token of other letters": (remember("recall", token="é" * 30), "22 to 64"),
    "a view that is no object": (remember("keep", view=[1]), "object"),
    "no view": (remember("keep"), "object"),
    "a view of NaN": (remember("keep", view={"z": float("nan")}), "finite"),
    "a view without end": (remember("keep", view={"past": "x" * protocol.MAX_VIEW}), "at most 65536 bytes"),
    "a view without ground": (deep(100_000), "not JSON"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_message_is_answered_with_a_sentence_and_its_socket_stays(socket: ClientConnection, what: str) -> None:
    data, reason = BAD[what]
    socket.send(data)
    header, payload = answer(socket)
    assert reason in header["error"]
    assert header.keys() == {"id", "slot", "error"}
    assert payload == b""
    socket.send(request("grey", [1, 0], 9))
    assert answer(socket)[0]["id"] == 9


def test_whose_message_is_bad_is_told_as_far_as_that_can_be_read(socket: ClientConnection) -> None:
    for data, whose in ((show(operation("grey")), (1, "live")), (show(slot=3), (1, None)), (b"\x01", (None, None))):
        socket.send(data)
        header, _ = answer(socket)
        assert (header["id"], header["slot"]) == whose


def test_a_rate_of_401_digits_is_a_rate(socket: ClientConnection) -> None:
    socket.send(request("grey", [7, 0], rate=None))
    socket.send(show(operation("grey"), payload=bytes(8), rate=10**400, id=8))
    while (header := answer(socket)[0])["id"] != 8:
        pass
    assert "error" not in header["results"][0]


def test_a_view_that_is_too_large_is_refused_and_the_one_before_stays(socket: ClientConnection) -> None:
    socket.send(remember("keep", 1, view={"z": [1]}))
    answer(socket)
    socket.send(remember("keep", 2, view={"past": "x" * protocol.MAX_VIEW}))
    assert "It was not kept." in answer(socket)[0]["error"]
    socket.send(remember("recall", 3))
    assert answer(socket)[0]["view"] == {"z": [1]}


def test_a_message_that_is_too_big_closes_its_socket_and_no_other(address: str, socket: ClientConnection) -> None:
    assert "at most" in closed_by(address, b"\x00" * (protocol.MAX_MESSAGE + 1))
    socket.send(request("grey", [1, 0], 9))
    assert answer(socket)[0]["id"] == 9


def closed_by(address: str, *messages: bytes | str) -> str:
    with connect(f"ws://{address}/live", max_size=None) as bad, pytest.raises(ConnectionClosed) as closed:
        send_until_closed(bad, *messages)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1007, 1008, 1009)
    return closed.value.rcvd.reason


def send_until_closed(bad: ClientConnection, *messages: bytes | str) -> None:
    for message in messages:
        bad.send(message)
    while True:
        bad.recv(timeout=5)


def test_a_flood_is_cut_off(address: str) -> None:
    assert "messages a second" in closed_by(address, *(request("grey", [1, 0], number) for number in range(5000)))


def test_more_slots_than_a_page_has_are_cut_off(address: str, engine: Echo) -> None:
    engine.gate.clear()
    asked = [request("gated", [1], slot=f"slot {number}") for number in range(MAX_SLOTS + 1)]
    assert "slots" in closed_by(address, *asked)
    engine.gate.set()


def test_more_pictures_than_a_page_shows_are_refused_in_a_sentence(socket: ClientConnection, engine: Echo) -> None:
    engine.gate.clear()
    for number in range(5):
        socket.send(request("gated", np.zeros((1000, 1)), number, slot=f"slot {number}"))
    header, _ = answer(socket)
    assert header["id"] == 4
    assert "waits for more than 4096 pictures" in header["error"]
    engine.gate.set()
    assert {answer(socket)[0]["id"] for _ in range(4)} == {0, 1, 2, 3}
    socket.send(request("grey", [1, 0], 6))
    assert answer(socket)[0]["id"] == 6


class Unread:
    """A socket whose other end does not read until it is let."""

    def __init__(self) -> None:
        self.read, self.sent = asyncio.Event(), list[bytes]()

    async def send_bytes(self, data: bytes) -> None:
        await self.read.wait()
        self.sent.append(data)


def test_what_waits_for_a_client_that_does_not_read_does_not_grow_and_is_the_newest(engine: Echo) -> None:
    asyncio.run(unread(engine))


async def unread(engine: Echo) -> None:
    client, socket = EngineClient(), Unread()
    client.open(lambda: engine)
    with ThreadPoolExecutor(1) as pool:
        connection = Connection(socket, client, Codec(), Rounds(), pool, pool, Person("anna"))  # type: ignore[arg-type]
        writing = asyncio.create_task(connection.write())
        for number in range(200):
            connection.take(protocol.parse(request("grey", [number, 0], number, slot=f"slot {number % 4}")))
            while connection.pending[f"slot {number % 4}"].answer is None:
                await asyncio.sleep(0)
        assert len(connection.pending) == 4
        socket.read.set()
        while connection.pending:
            await asyncio.sleep(0)
        writing.cancel()
    headers = [opened(data)[0] for data in socket.sent]
    assert {header["id"] for header in headers if "id" in header} == {196, 197, 198, 199}
    assert len(headers) <= 5


# People


def test_sockets_of_one_person_take_turns_as_one_and_none_takes_the_slot_of_another(address: str, engine: Echo) -> None:
    engine.jobs.clear()
    who = f"ws://{address}/live?person={TOKEN}"
    with connect(who) as one, connect(who) as other, connect(f"ws://{address}/live?person=x") as nobody:
        for number, opened in enumerate((one, other, nobody)):
            answer(opened)
            opened.send(request("grey", [5, 5], number))
            assert answer(opened)[0]["id"] == number
    assert [job.who for job in engine.jobs] == [TOKEN, TOKEN, "127.0.0.1"]
    assert len({job.slot for job in engine.jobs}) == 3


def test_a_person_is_forgotten_when_the_last_socket_has_gone(address: str, engine: Echo) -> None:
    engine.forgotten.clear()
    who = TOKEN + "last"
    with connect(f"ws://{address}/live?person={who}") as one:
        answer(one)
        with connect(f"ws://{address}/live?person={who}") as other:
            answer(other)
        one.send(request("grey", [1, 0]))
        answer(one)
        assert who not in engine.forgotten
    wait_for(lambda: who in engine.forgotten)


def test_a_person_has_so_many_sockets_and_others_have_theirs(address: str) -> None:
    with ExitStack() as open_sockets:

        def opened(who: str) -> ClientConnection:
            return open_sockets.enter_context(connect(f"ws://{address}/live?person={who}"))

        many = [opened(TOKEN + "many") for _ in range(MOST)]
        for each in many:
            answer(each)
        with pytest.raises(ConnectionClosed) as closed:
            opened(TOKEN + "many").recv(timeout=5)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, "Too many sockets" in closed.value.rcvd.reason) == (1008, True)
        assert answer(opened(TOKEN + "else"))[0] == {"engine": "ready"}
        many[0].close()
        wait_for(lambda: "engine" in answer_or_none(opened(TOKEN + "many")))


def answer_or_none(socket: ClientConnection) -> dict[str, Any]:
    try:
        return answer(socket)[0]
    except ConnectionClosed:
        return {}


def test_a_flood_over_several_sockets_of_one_person_is_one_flood(address: str) -> None:
    who = f"ws://{address}/live?person={TOKEN}flood"
    half = [request("grey", [1, 0], number) for number in range(int(BURST / 2))]
    with connect(who) as one, connect(who) as other:
        for opened in (one, other, one):
            for message in half:
                opened.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            send_until_closed(one, *half)
    assert closed.value.rcvd is not None
    assert "messages a second" in closed.value.rcvd.reason


# Subscriptions


def test_every_event_is_told_on_the_slot_until_there_is_no_more(socket: ClientConnection) -> None:
    socket.send(subscribe("ticks", "whole", 7))
    assert answer(socket) == ({"id": 7, "slot": "news", "event": {"tick": 0}}, b"")
    for number in (1, 2):
        ticks.tell("whole", number)
        assert answer(socket)[0]["event"] == {"tick": number}
    socket.send(request("grey", [1, 0], 8))  # other slots are answered meanwhile
    assert answer(socket)[0]["id"] == 8
    ticks.tell("whole", 3, None)
    assert answer(socket)[0]["event"] == {"tick": 3}
    assert ticks.ended("whole")


def test_a_subscription_ends_when_it_is_cancelled_replaced_or_its_socket_closes(address: str) -> None:
    with connect(f"ws://{address}/live") as opened:
        answer(opened)
        opened.send(subscribe("ticks", "first", 1))
        assert answer(opened)[0]["id"] == 1
        opened.send(subscribe("ticks", "second", 2))
        assert answer(opened)[0]["id"] == 2
        assert ticks.ended("first")
        opened.send(protocol.message({"id": 1, "slot": "news", "op": "cancel"}))  # of the one before: too late
        ticks.tell("second", 5)
        assert answer(opened)[0]["event"] == {"tick": 5}
        opened.send(protocol.message({"id": 2, "slot": "news", "op": "cancel"}))
        assert ticks.ended("second")
        opened.send(subscribe("ticks", "third", 3))
        assert answer(opened)[0]["id"] == 3
        assert ticks.open == ["third"]
    assert ticks.ended("third")


def test_one_person_follows_so_many_things_over_all_sockets(address: str) -> None:
    who = f"ws://{address}/live?person={TOKEN}follows"
    with connect(who) as one, connect(who) as other:
        for opened in (one, other):
            answer(opened)
        for number in range(MAX_SUBSCRIPTIONS):
            one.send(subscribe("ticks", "many", number, f"s{number}"))
            assert answer(one)[0]["event"] == {"tick": 0}
        other.send(subscribe("ticks", "many", 1))
        assert "16 things already" in answer(other)[0]["error"]
        one.send(protocol.message({"id": 3, "slot": "s3", "op": "cancel"}))
        one.send(request("grey", [1, 0]))
        answer(one)  # the server has read both
        other.send(subscribe("ticks", "many", 2))
        assert answer(other)[0]["event"] == {"tick": 0}
    assert ticks.ended("many")


def test_a_client_that_does_not_read_is_owed_the_last_event_alone(engine: Echo) -> None:
    asyncio.run(unheard(engine))


async def unheard(engine: Echo) -> None:
    async def quick(key: str) -> AsyncGenerator[dict[str, Any], None]:
        for number in range(1000):
            yield {"tick": number}
            await asyncio.sleep(0)

    client, socket = EngineClient(), Unread()
    client.open(lambda: engine)
    with ThreadPoolExecutor(1) as pool:
        topics: Any = {"quick": quick}
        connection = Connection(socket, client, Codec(), Rounds(), pool, pool, Person("anna"), topics)  # type: ignore[arg-type]
        writing = asyncio.create_task(connection.write())
        connection.take(protocol.Subscribe(1, "news", "quick", ""))
        task = connection.pending["news"].task
        assert task
        await task
        assert len(connection.pending) == 1
        socket.read.set()
        while connection.pending:
            await asyncio.sleep(0)
        writing.cancel()
    ticks = [header["event"]["tick"] for header in (opened(data)[0] for data in socket.sent) if "event" in header]
    assert ticks[-1:] == [999]
    assert len(ticks) <= 2  # it, and one that was on its way
