"""The server itself: what it sends with every answer, whom it waits for, and whom it asks: nobody."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from app.components.assets import ICONS
from app.network import free_port
from app.server import http_server
from app.server.headers import HEADERS, INDEX, digests
from app.server.protocol import MAX_MESSAGE
from tests.listening import running
from tests.tiny import write_all

ROOT = Path(__file__).parent.parent

# Patience


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(str(len(await websocket.receive_bytes())))


async def denied(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("no", 403))


@contextmanager
def served() -> Iterator[int]:
    routes = [
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/below/_stcore/stream", echo),
        WebSocketRoute("/denied", denied),
        Route("/", lambda _: PlainTextResponse("here")),
    ]
    with running(http_server.Server(http_server.configured(Starlette(routes=routes), "127.0.0.1", 0))) as port:
        yield port


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    for name in ("HEAD", "PING", "FAREWELL"):
        monkeypatch.setattr(http_server, name, 0.4)
    with served() as port:
        yield port


def ended(line: socket.socket, within: float = 10.0) -> bool:
    """Whether the other end closes a line, whatever it sends before."""
    line.settimeout(within)
    with suppress(ConnectionResetError):
        while line.recv(65536):
            pass
    return True


@pytest.mark.parametrize("said", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-", b"GET / HTTP/1.1\r\n"])
def test_a_line_that_asks_for_nothing_is_closed(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(said)
        assert ended(line)


def test_a_line_that_asks_half_a_second_question_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET / HTTP/1.1\r\n")
        assert ended(line)


def test_a_head_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            line.sendall(b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(20_000)))


def test_a_socket_that_answers_no_ping_is_closed_and_one_that_does_stays(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line, connect(f"ws://127.0.0.1:{port}/echo") as living:
        line.sendall(HANDSHAKE)
        assert b"101" in line.recv(65536)
        assert ended(line)
        time.sleep(1.0)
        living.send(b"four")
        assert living.recv(timeout=5) == "4"


def test_a_socket_with_half_a_message_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(HANDSHAKE)
        assert b"101" in line.recv(65536)
        line.sendall(b"\x82\xff" + MAX_MESSAGE.to_bytes(8, "big") + bytes(4) + bytes(70_000))
        assert ended(line)


HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_a_socket_that_is_refused_hears_why_and_no_fault_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    with served() as port, pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{port}/denied"):
        pass
    assert (refused.value.response.status_code, refused.value.response.body) == (403, b"no")
    assert capfd.readouterr().err == ""


def test_a_socket_takes_what_the_channel_takes_and_holds_no_more() -> None:
    with served() as port:
        with connect(f"ws://127.0.0.1:{port}/echo") as opened:
            opened.send(bytes(MAX_MESSAGE))
            assert opened.recv(timeout=5) == str(MAX_MESSAGE)
        for parts in ([bytes(MAX_MESSAGE + 1)], [bytes(MAX_MESSAGE // 2)] * 3):
            with connect(f"ws://127.0.0.1:{port}/echo") as opened:
                with suppress(ConnectionClosed):
                    opened.send(iter(parts))
                with pytest.raises(ConnectionClosed) as closed:
                    opened.recv(timeout=5)
            assert closed.value.rcvd is None or closed.value.rcvd.code == 1009  # unless the line broke first


@pytest.mark.parametrize(("path", "packed"), [("/echo", False), ("/below/_stcore/stream", True)])
def test_what_streamlit_says_is_compressed_and_the_live_channel_is_not(port: int, path: str, packed: bool) -> None:
    with connect(f"ws://127.0.0.1:{port}{path}", compression="deflate") as opened:
        assert opened.response is not None
        assert ("permessage-deflate" in opened.response.headers.get("Sec-WebSocket-Extensions", "")) == packed
        opened.send(bytes(4000))
        assert opened.recv(timeout=5) == "4000"


def answers(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), 5):
        return True
    return False


@pytest.mark.parametrize(
    ("address", "reached"), [("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1")]
)
def test_an_address_means_all_that_it_stands_for(address: str, reached: str) -> None:
    if address == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    listening = http_server.listening(address, port)
    assert answers("127.0.0.1", port)
    for each in listening:
        each.close()


def test_a_localhost_that_names_what_the_machine_has_not_is_listened_at_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, http_server.TCP, 6, "", (host, 0)) for host in ("192.0.2.1", "127.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    (only,) = http_server.listening("localhost", 0)
    only.close()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found[:1])
    with pytest.raises(OSError, match="assign"):
        http_server.listening("localhost", 0)


# What every answer says


def test_the_policy_names_no_other_host_and_the_scripts_of_the_page() -> None:
    policy = HEADERS["content-security-policy"]
    assert "http" not in policy
    assert "*" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'self'" in policy
    inline = digests(f"{ICONS}{INDEX.read_text('utf-8')}")
    assert len(inline) == 2
    assert all(each in policy for each in inline)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a running Zoetrope, and a file that names every address which it wanted to reach."""
    home = tmp_path_factory.mktemp("home")
    (home / "sitecustomize.py").write_text(WATCHED)
    folder, port, reached = write_all(home / "checkpoints"), free_port(), home / "reached"
    paths = os.pathsep.join([str(home), str(ROOT)])
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": paths, "REACHED": str(reached)}
    command = [sys.executable, "-m", "app.cli", "run", "--headless", "--port", str(port), "--checkpoints", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("localhost", port), 1):
                break
            time.sleep(0.05)
        try:
            yield port, reached
        finally:
            running.terminate()
            running.communicate(timeout=30)


WATCHED = """
import os, sys

ADDRESS = {"connect": 1, "sendto": 1, "getaddrinfo": 0, "gethostbyname": 0, "gethostbyaddr": 0}

def note(event, given):
    if (place := ADDRESS.get(event.removeprefix("socket."))) is not None and event.startswith("socket."):
        where = given[place]
        with open(os.environ["REACHED"], "a") as file:
            print(event, where, file=file)

sys.addaudithook(note)
"""
PAGES = ("/", "/explore", "/nowhere", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/films/x",
         "/media/x", "/component/x", "/live", "/static/x", "/zoetrope/x", "/favicon.png", "/%ED%A0%80", "//evil",
         "/..%2f..%2fetc/passwd", "/oauth2callback", "/auth/login", "/_stcore/agent/openapi.json")  # fmt: skip


def asked(port: int, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("localhost", port, timeout=30)
    line.request(method, path, headers=headers)
    response = line.getresponse()
    response.read()
    line.close()
    return response


def test_every_answer_says_what_may_run_in_it_and_none_is_a_fault(app: tuple[int, Path]) -> None:
    port, _ = app
    answers = [asked(port, path) for path in PAGES]
    answers += [
        asked(port, "/", "PUT"),
        asked(port, "/_stcore/stream", Host="evil.example"),
        asked(port, "/films", "POST"),
    ]
    answers += [asked(port, "/access", "POST", Origin=origin) for origin in ("null", "http://[", "http://evil.example")]
    for answer in answers:
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
        assert answer.headers.get_all("x-content-type-options") == ["nosniff"]
        assert answer.status < 500
    assert [answer.status for answer in answers[-3:]] == [403] * 3
    with socket.create_connection(("localhost", port)) as line:
        line.sendall(b"nonsense\r\n\r\n")
        assert b"nosniff" in line.recv(65536)


def test_no_road_leads_outward_whoever_knocks(app: tuple[int, Path]) -> None:
    port, reached = app
    for path in ("/_stcore/stream", "/live"):
        for origin in ("http://evil.example", "null", "http://[", "https://localhost", "file://"):
            with (
                pytest.raises(InvalidStatus, match="403"),
                connect(f"ws://localhost:{port}{path}", origin=Origin(origin)),
            ):
                pass
        with (
            pytest.raises(InvalidStatus, match="403"),
            connect(f"ws://localhost:{port}{path}", additional_headers={"Host": "evil.example"}),
        ):
            pass
    own = Origin(f"http://localhost:{port}")
    with connect(f"ws://localhost:{port}/_stcore/stream", origin=own, subprotocols=[Subprotocol("streamlit")]):
        pass
    with connect(f"ws://localhost:{port}/live", origin=own) as live:
        assert "engine" in str(live.recv(timeout=30))
    asked(port, "/_stcore/upload_file/a/b", "OPTIONS", Origin=f"http://localhost:{port}")
    lines = reached.read_text().splitlines() if reached.exists() else []
    outward = [
        line for line in lines if not any(word in line for word in ("localhost", "127.0.0.1", "::1", " /", "None"))
    ]
    assert outward == []


def test_a_refusal_is_json_for_a_script(app: tuple[int, Path]) -> None:
    port, _ = app
    line = http.client.HTTPConnection("localhost", port, timeout=30)
    line.request("POST", "/access", headers={"Origin": "https://zoetrope.example"})
    assert "--origin https://zoetrope.example" in json.loads(line.getresponse().read())["error"]
    line.close()
