"""Films over HTTP: ordered, followed, fetched and stopped, by pages of this server alone."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from app.engine_client import EngineClient
from app.server.export.follow import follow
from app.server.export.path_file import Key, Path, to_json
from app.server.export.queue import MOST_EACH, ExportQueue, Order
from app.server.export.routes import Films
from engine.errors import UnknownName
from tests.echo import Absent, Echo
from tests.listening import listening

PATH = Path("grey", tuple(Key((float(value), 0.0)) for value in (0, 90)), seconds=1.0)


class Client:
    """A page, or a program, that talks to the routes."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, method: str, place: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(method, place, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        plain = response.headers.get("content-type", "").startswith("application/json")
        return response.status, json.loads(content) if plain else content, response.headers

    def order(self, **fields: Any) -> tuple[int, Any, Any]:
        whole = {"path": asdict(PATH), "form": "mp4", "size": 64, "look": "soft", **fields}
        return self.ask("POST", "/films", json.dumps(whole))

    def ready(self, film: str) -> Any:
        while (told := self.ask("GET", f"/films/{film}")[1])["state"] in ("waiting", "making"):
            time.sleep(0.01)
        return told


@pytest.fixture(scope="module")
def engine() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(engine: Echo) -> Iterator[Client]:
    yield from served(lambda: engine)


def served(backend: Any) -> Iterator[Client]:
    client = EngineClient()
    client.open(backend)
    exports = ExportQueue(client)
    with listening(Films(exports).routes()) as address:
        yield Client(address)
    exports.close()


def test_a_film_is_ordered_followed_and_fetched_under_its_name(client: Client) -> None:
    status, told, _ = client.order()
    assert (status, told["frames"], told["name"]) == (202, 30, "zoetrope-grey-spherical-1s.mp4")
    told = client.ready(told["film"])
    assert (told["state"], told["done"], told["error"]) == ("ready", 30, "")
    status, film, headers = client.ask("GET", f"/films/{told['film']}/file")
    assert (status, film[4:8]) == (200, b"ftyp")
    assert headers["content-type"] == "video/mp4"
    assert headers["content-disposition"] == 'attachment; filename="zoetrope-grey-spherical-1s.mp4"'


async def rest(events: AsyncIterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event async for event in events]


def test_a_film_is_told_to_its_end_to_those_who_follow_it(engine: Echo) -> None:
    client = EngineClient()
    client.open(lambda: engine)
    exports = ExportQueue(client)

    async def told() -> list[dict[str, Any]]:
        film = exports.order(Order(PATH, size=64))
        waiting = await rest(follow(exports, film.token))
        again = await rest(follow(exports, film.token))
        assert again == waiting[-1:]  # of one that is made, the state alone
        return waiting

    events = asyncio.run(told())
    assert exports.watchers == []
    assert events[-1]["state"] == "ready"
    counts = [event["done"] for event in events]
    assert counts == sorted(counts)
    assert counts[-1] == 30
    assert all(event != other for event, other in itertools.pairwise(events))
    exports.close()
    with pytest.raises(UnknownName, match="no film called"):
        asyncio.run(rest(follow(exports, events[0]["film"])))


def test_those_who_follow_a_film_hear_that_it_is_cancelled_and_what_comes_before_it(engine: Echo) -> None:
    client = EngineClient()
    client.open(lambda: engine)
    exports = ExportQueue(client)
    gated = Path("gated", (Key((0.0,)), Key((1.0,))))
    engine.gate.clear()

    async def told() -> None:
        before, film = exports.order(Order(gated, size=64)), exports.order(Order(gated, size=64))
        events = follow(exports, film.token)
        assert (await anext(events))["ahead"] == 1
        exports.cancel(before)
        engine.gate.set()
        assert (await anext(events))["ahead"] == 0
        exports.cancel(film)
        with pytest.raises(UnknownName, match="no film called"):
            await rest(events)

    asyncio.run(told())
    assert exports.watchers == []
    exports.close()


def test_a_film_of_which_nothing_is_new_is_told_again(engine: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.server.export.follow.REPEATED", 0.01)
    client = EngineClient()
    client.open(lambda: engine)
    exports = ExportQueue(client)
    engine.gate.clear()

    async def told() -> None:
        film = exports.order(Order(Path("gated", (Key((0.0,)), Key((1.0,)))), size=64))
        film.state = "making"
        film.seen = 0.0
        events = follow(exports, film.token)
        first = await anext(events)
        assert film.seen > 0.0  # so that it is not taken for forsaken
        assert [await anext(events), await anext(events)] == [first, first]
        exports.cancel(film)
        await events.aclose()

    asyncio.run(told())
    engine.gate.set()
    exports.close()


def test_a_path_file_comes_back_as_it_went(client: Client) -> None:
    film = client.ready(client.order(form="json")[1]["film"])
    content = client.ask("GET", f"/films/{film['film']}/file")[1]
    assert json.dumps(content) == json.dumps(json.loads(to_json(PATH)))
    status, read, _ = client.ask("POST", "/paths", json.dumps(content))
    assert (status, read) == (200, {"path": content, "notices": []})


def test_a_film_that_is_cancelled_is_gone(client: Client, engine: Echo) -> None:
    gated = asdict(Path("gated", (Key((0.0,)), Key((1.0,)))))
    film = client.order(path=gated)[1]["film"]
    assert client.ask("GET", f"/films/{film}/file")[0] == 400
    assert client.ask("DELETE", f"/films/{film}")[0] == 204
    assert client.ask("GET", f"/films/{film}")[0] == 404
    engine.gate.set()
    assert client.ready(client.order()[1]["film"])["state"] == "ready"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"form": "avi"}, "'avi' was asked for"),
        ({"size": 9000}, "64 to 1024 pixels"),
        ({"size": "big"}, "Reload the page"),
        ({"look": None}, "Reload the page"),
        ({"path": {}}, "no path file"),
        ({"path": {**asdict(PATH), "way": "crooked"}}, "way is 'crooked'"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(client: Client, fields: Any, sentence: str) -> None:
    status, told, _ = client.order(**fields)
    assert status == 400
    assert sentence in told["error"]


def test_what_is_no_order_is_a_sentence(client: Client) -> None:
    for body in (b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 9999):
        status, told, _ = client.ask("POST", "/films", body)
        assert (status, "Reload the page." in told["error"]) == (400, True)
    assert "at most 2 MB" in client.ask("POST", "/paths", b" " * (3 << 20))[1]["error"]


def test_one_person_cannot_fill_the_line_of_all(client: Client, engine: Echo) -> None:
    engine.gate.clear()
    gated = asdict(Path("gated", (Key((0.0,)), Key((1.0,)))))
    whole = json.dumps({"path": gated, "form": "mp4", "size": 64, "look": "soft"})
    answers = [client.ask("POST", f"/films?person={'a' * 22}", whole) for _ in range(MOST_EACH + 1)]
    assert [status for status, _, _ in answers] == [202] * MOST_EACH + [503]
    assert "of your films wait already" in answers[-1][1]["error"]
    others = [client.ask("POST", place, whole) for place in (f"/films?person={'b' * 22}", "/films")]
    assert [status for status, _, _ in others] == [202, 202]
    for _, told, _ in (*answers[:-1], *others):
        client.ask("DELETE", f"/films/{told['film']}")
    engine.gate.set()


NAMED = {"z": [0, 0], "origin": {"kind": "picture", "name": "\udfff"}}


@pytest.mark.parametrize("part", [{"model": "\ud800"}, {"weights": "\ud800"}, {"way": "\ud800"}, {"keys": [NAMED] * 2}])
def test_half_a_letter_in_a_path_is_a_sentence(client: Client, part: dict[str, Any]) -> None:
    fields = asdict(PATH) | part
    for status, told, _ in (client.ask("POST", "/paths", json.dumps(fields)), client.order(path=fields)):
        assert (status, "half of a letter" in told["error"]) == (400, True)
    assert client.order(look="\ud800")[0] == client.order(form="\ud800")[0] == 400


def test_without_an_engine_the_sentence_says_so() -> None:
    for client in served(Absent):
        status, told, _ = client.order()
        assert (status, told["error"]) == (503, "The engine does not start: it is not there.")
