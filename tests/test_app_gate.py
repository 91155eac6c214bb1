"""Who may ask: by the host, the origin, the proxy between; and how long and how often."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from app import network
from app.server import gate, origins
from app.server.gate import Gate, patient
from app.server.origins import Site, read_host, site
from engine.errors import BadValue

Headers = Iterable[tuple[str, str]]


class Passed:
    """An application that notes what reaches it."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
        await send({"type": kind, "status": 200, "headers": []})
        if scope["type"] == "http":
            await send({"type": "http.response.body", "body": b""})


class Asked:
    """What a request through a gate came to."""

    def __init__(self, where: Site, headers: Headers, **about: Any) -> None:
        self.app, self.sent = Passed(), list[Any]()
        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
            "server": ("127.0.0.1", 8501), "client": ("127.0.0.1", 5000),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers], **about,
        }  # fmt: skip
        asyncio.run(Gate(self.app, where)(scope, self.receive, self.send))

    async def receive(self) -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def passed(self) -> bool:
        return bool(self.app.scopes)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent[1:]).decode()


def welcome(where: Site, host: str, *origin: str, **about: Any) -> bool:
    return Asked(where, [("host", host), *(("origin", each) for each in origin)], **about).passed


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "names", lambda: ["Pult7", "pult7.local", "pult7.uni.example"])


# Hosts


@pytest.mark.parametrize(
    "host",
    ["localhost:8501", "localhost", "LOCALHOST:9000", "localhost.", "127.0.0.1:8501", "127.0.1.1", "[::1]:8501",
     "[::1]", "[0:0:0:0:0:0:0:1]:8501", "[::ffff:127.0.0.1]:8501"],
)  # fmt: skip
def test_a_server_on_localhost_is_known_by_the_names_of_this_machine_for_itself(host: str) -> None:
    assert welcome(site("localhost"), host)
    assert welcome(site("localhost"), host, f"http://{host}")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example:8501", "127.evil.example",
     "192.0.2.7:8501", "[2001:db8::7]:8501", "localhost@evil.example", "evil.example#localhost", "localhost:port",
     "localhost:99999", "::1", "[::1", "[", "", " ", "localhost/", "http://localhost", "pult7:8501", "a\xe9",
     "2130706433", "localhost, evil.example"],
)  # fmt: skip
def test_any_other_host_is_refused_whatever_the_origin(host: str) -> None:
    for kind in ("http", "websocket"):
        assert not welcome(site("localhost"), host, type=kind)
        assert not welcome(site("localhost"), host, f"http://{host}", type=kind)


def test_a_request_without_host_or_with_two_is_refused() -> None:
    assert not Asked(site("localhost"), []).passed
    assert not Asked(site("localhost"), [("host", "localhost"), ("host", "localhost")]).passed


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
def test_in_the_open_phones_use_the_addresses_and_names_of_the_machine(bound: str) -> None:
    where = site(bound)
    for host, here in (("192.168.1.5:8501", "192.168.1.5"), ("192.168.1.5:8501", "::ffff:192.168.1.5"),
                       ("[fd00::7]:8501", "fd00::7"), ("pult7:8501", "10.0.0.1"), ("PULT7.local:8501", "10.0.0.1"),
                       ("pult7.uni.example:8501", "10.0.0.1"), ("localhost:8501", "127.0.0.1")):  # fmt: skip
        about = {"server": (here, 8501), "client": ("192.168.1.77", 4000)}
        assert welcome(where, host, f"http://{host}", **about)
    assert not welcome(where, "192.168.1.6:8501", server=("192.168.1.5", 8501))
    assert not welcome(where, "pult7.evil.example", server=("192.168.1.5", 8501))


def test_an_address_with_a_port_is_read_as_both() -> None:
    assert read_host("[FD00:0::7]:8501") == origins.Host("fd00::7", 8501)
    assert read_host("[::ffff:10.0.0.1]") == origins.Host("10.0.0.1", None)


# Origins


@pytest.mark.parametrize(
    "origin",
    ["null", "", "file://", "file:///tmp/x.html", "http://[", "http://", "https://localhost:x", "http://evil.example",
     "http://localhost:3000", "http://localhost", "https://localhost", "chrome-extension://abcdef", "localhost:8501",
     "http://localhost:8501@evil.example", "http://localhost:8501.evil.example", "http://localhost:8501/x", "\xff"],
)  # fmt: skip
def test_pages_of_others_are_refused_and_what_is_no_page(origin: str) -> None:
    for kind in ("http", "websocket"):
        assert not welcome(site("localhost"), "localhost:8501", origin, type=kind, path="/_stcore/stream")


def test_an_origin_of_ours_is_welcome_whatever_ends_its_encryption() -> None:
    assert welcome(site("localhost"), "localhost:8501", "http://localhost:8501")
    assert welcome(site("localhost"), "localhost:8501", "https://localhost:8501")
    assert welcome(site("localhost"), "localhost", "http://localhost")
    assert welcome(site("localhost"), "localhost:443", "https://localhost")
    assert not welcome(site("localhost"), "localhost:8501", "http://localhost:8501", "http://localhost:8501")


def test_an_origin_that_was_named_is_welcome_at_any_known_host_and_names_a_host() -> None:
    where = site("localhost", ["https://Zoetrope.example/", "http://[fd00::7]:81"])
    assert welcome(where, "127.0.0.1:8501", "https://zoetrope.example")
    assert welcome(where, "zoetrope.example", "https://zoetrope.example")
    assert welcome(where, "localhost:8501", "http://[fd00::7]:81")
    for foreign in ("http://zoetrope.example", "https://zoetrope.example:444", "https://a.zoetrope.example"):
        assert not welcome(where, "127.0.0.1:8501", foreign)
    assert not welcome(where, "evil.example", "https://zoetrope.example")


def test_files_of_the_program_are_for_all_pages_at_a_known_host_and_nothing_else_is() -> None:
    where, about = site("localhost", base="/below"), {"path": "/below/zoetrope/0/access.js"}
    assert welcome(where, "localhost", "http://evil.example", **about)
    assert welcome(where, "localhost", "http://evil.example", path="/below/static/js/index.js", method="HEAD")
    assert not welcome(where, "localhost", "http://evil.example", method="POST", **about)
    assert not welcome(where, "evil.example", "http://evil.example", **about)
    for path in ("/below/", "/below/films/x", "/zoetrope/0/access.js", "/below/_stcore/host-config"):
        assert not welcome(where, "localhost", "http://evil.example", path=path)
    assert not welcome(where, "localhost", "http://evil.example", path="/below/static/x", type="websocket", method="")


def test_streamlit_never_sees_an_origin() -> None:
    """It would ask an outside address for this machine's own, to judge it."""
    asked = Asked(
        site("localhost", ["https://z.example"]),
        [("host", "localhost"), ("origin", "https://z.example"), ("cookie", "a")],
        type="websocket",
    )
    assert asked.app.scopes[0]["headers"] == [(b"host", b"localhost"), (b"cookie", b"a")]


# Proxies


def test_only_a_proxy_that_was_named_is_believed() -> None:
    told = [("host", "backend:8501"), ("x-forwarded-host", "zoetrope.example"), ("origin", "https://zoetrope.example")]
    where = site("0.0.0.0", ["https://zoetrope.example"], proxies=["10.0.0.0/24"])
    assert Asked(where, told, client=("10.0.0.2", 999)).passed
    assert not Asked(where, told, client=("10.0.1.2", 999)).passed
    assert not Asked(site("0.0.0.0", ["https://zoetrope.example"]), told, client=("10.0.0.2", 999)).passed
    rebound = [("host", "evil.example"), ("x-forwarded-host", "localhost")]
    assert not Asked(site("localhost"), rebound).passed
    evil = [("host", "localhost"), ("x-forwarded-host", "localhost, evil.example")]
    assert not Asked(where, evil, client=("10.0.0.2", 999)).passed


def test_whom_a_proxy_speaks_for_is_told_apart_by_address() -> None:
    where = site("0.0.0.0", proxies=["10.0.0.2"])
    told = [("host", "localhost"), ("x-forwarded-for", "203.0.113.9")]
    assert Asked(where, told, client=("10.0.0.2", 1)).app.scopes[0]["client"][0] == "203.0.113.9"
    assert Asked(where, told, client=("10.0.0.3", 1)).app.scopes[0]["client"][0] == "10.0.0.3"


# What is said


def test_a_refusal_is_a_sentence_with_the_option_that_helps_for_a_person_a_script_and_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = [("host", "localhost:8501"), ("origin", "https://zoetrope.example")]
    with caplog.at_level(logging.WARNING):
        script = Asked(site("localhost"), headers, method="POST", path="/access")
    assert script.status == 403
    said = json.loads(script.text)["error"]
    assert "zoetrope run --origin https://zoetrope.example" in said
    assert said in caplog.messages
    page = Asked(site("localhost"), [("host", "tafel.example:8501"), ("accept", "text/html,*/*")])
    assert "zoetrope run --origin http://tafel.example:8501" in page.text
    assert dict(page.sent[0]["headers"])[b"content-type"].startswith(b"text/plain")
    secure = Asked(site("localhost"), [("host", "tafel.example"), ("accept", "text/html")], scheme="https")
    assert "--origin https://tafel.example" in secure.text


def test_a_socket_is_refused_before_it_opens_with_the_sentence() -> None:
    headers = [("host", "localhost"), ("origin", "null")]
    asked = Asked(site("localhost"), headers, type="websocket", extensions={"websocket.http.response": {}})
    assert asked.status == 403
    assert b"nosniff" in dict(asked.sent[0]["headers"]).values()
    assert "'null'" in json.loads(asked.text)["error"]
    (closed,) = Asked(site("localhost"), headers, type="websocket").sent
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


def test_the_log_stays_short_whoever_asks(caplog: pytest.LogCaptureFixture) -> None:
    made = Gate(Passed(), site("localhost"))
    with caplog.at_level(logging.WARNING):
        for number in range(300):
            made.say(f"reason {number % 150}")
    assert len(caplog.messages) == gate.REMEMBERED
    assert "\n" not in origins.shown("a\nb" + "c" * 999)
    assert len(origins.shown("c" * 999)) <= 81


# Ways and paths


def test_a_socket_without_its_upgrade_is_answered_with_words() -> None:
    for path in ("/live", "/_stcore/stream"):
        asked = Asked(site("localhost"), [("host", "localhost")], path=path)
        assert asked.status == 426
        assert "Upgrade" in json.loads(asked.text)["error"]


def test_the_way_to_pages_that_stand_below_a_path_is_shown() -> None:
    where = site("localhost", base="zoetrope/")
    for path in ("/", "/zoetrope"):
        asked = Asked(where, [("host", "localhost")], path=path, query_string=b"model=a")
        assert (asked.status, dict(asked.sent[0]["headers"])[b"location"]) == (307, b"/zoetrope/?model=a")
    assert Asked(where, [("host", "localhost")], path="/zoetrope/").passed
    assert Asked(where, [("host", "localhost")], path="/zoetrope/live").status == 426


# Patience


def test_a_request_that_stops_before_its_end_is_given_up() -> None:
    async def stopping() -> None:
        parts = [{"type": "http.request", "body": b"a", "more_body": True}]

        async def receive() -> Any:
            return parts.pop() if parts else await asyncio.sleep(60)

        timed = patient(receive, 0.05)
        assert (await timed())["body"] == b"a"
        with pytest.raises(HTTPException) as late:
            await timed()
        assert late.value.status_code == 408

    asyncio.run(stopping())


def test_a_request_that_is_whole_may_be_answered_as_long_as_that_takes() -> None:
    async def whole() -> None:
        async def receive() -> Any:
            await asyncio.sleep(0 if first else 0.2)
            return {"type": first.pop() if first else "http.disconnect", "more_body": False}

        first = ["http.request"]
        timed = patient(receive, 0.05)
        await timed()
        assert (await timed())["type"] == "http.disconnect"

    asyncio.run(whole())


def test_one_address_has_so_many_sockets_and_gets_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_SOCKETS", 2)

    async def crowd() -> list[Any]:
        leave, sent = asyncio.Event(), list[Any]()

        async def holding(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})
            await leave.wait()

        async def send(message: Any) -> None:
            sent.append(message["type"])

        made = Gate(holding, site("localhost"))

        def open_one(client: str) -> asyncio.Task[None]:
            scope = {"type": "websocket", "path": "/live", "headers": [(b"host", b"localhost")], "scheme": "ws",
                     "client": (client, 1), "server": ("127.0.0.1", 1)}  # fmt: skip
            return asyncio.create_task(made(scope, None, send))  # type: ignore[arg-type]

        tasks = [open_one(client) for client in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2")]
        await asyncio.sleep(0.05)
        leave.set()
        await asyncio.gather(*tasks)
        await open_one("10.0.0.1")
        assert not made.sockets
        return sent

    assert asyncio.run(crowd()).count("websocket.accept") == 4


@pytest.mark.parametrize(
    ("client", "who"),
    [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8::1:2", "2001:db8::/64"), ("unix", "")],
)
def test_an_address_counts_as_one_person_and_in_ipv6_its_network(client: str, who: str) -> None:
    assert gate.address_of({"client": (client, 1)}) == who
    assert gate.address_of({"client": None}) == ""


# Options


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"origins": ["zoetrope.example"]}, "--origin 'zoetrope.example'"),
        ({"origins": ["https://zoetrope.example/explore"]}, "such as https://zoetrope.example."),
        ({"origins": ["ftp://zoetrope.example"]}, "--origin"),
        ({"base": "../x"}, "--base-path '../x'"),
        ({"base": "/a b"}, "--base-path"),
        ({"base": "/a//b"}, "--base-path"),
        ({"proxies": ["proxy.example"]}, "--proxy 'proxy.example'"),
    ],
)
def test_an_option_that_cannot_be_read_is_a_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(BadValue, match="(?s).*" + sentence.replace(".", r"\.")):
        site("localhost", **given)


def test_names_of_this_machine_are_asked_for_only_where_others_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "names", lambda: pytest.fail("asked"))
    assert site("127.0.0.1").names == {"localhost", "127.0.0.1"}
    monkeypatch.undo()
    assert {name.lower() for name in network.names()} <= site("0.0.0.0").names
