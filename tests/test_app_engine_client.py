"""The way from the web process to an engine: opened once, tried again, and without torch in this process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import engine_client as clients
from app.engine_client import EngineClient
from engine.errors import BadValue, EngineLost, OutOfMemory
from engine.inference.requests import Job
from engine.serving.protocol import Backend, State
from tests.echo import CARDS, Absent, Echo

ROOT = Path(__file__).parent.parent


@pytest.fixture
def client() -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


def test_the_stand_in_is_a_backend() -> None:
    echo = Echo()
    assert isinstance(echo, Backend)
    echo.close()


def test_an_engine_is_opened_once_for_all_who_wait(client: EngineClient) -> None:
    held, made = threading.Event(), list[Echo]()

    def slowly() -> Echo:
        held.wait(10)
        made.append(Echo())
        return made[-1]

    client.open(slowly)
    assert not client.ready
    with pytest.raises(EngineLost, match=r"did not start within 0 s\. Reload"):
        client.catalogue(timeout=0.01)
    coming = [client.opening() for _ in range(300)]
    held.set()
    assert all(future.result(10) is client.catalogue() for future in coming)
    assert client.ready
    assert list(client.catalogue().cards) == list(CARDS)
    assert len(made) == 1
    assert client.submit(Job("latents", "grey", seeds=(7,))).result(10).arrays["z"].tolist() == [[7, 7]]
    client.close()
    assert made[0].closed


def test_before_the_engine_is_there_a_job_fails_with_a_sentence(client: EngineClient) -> None:
    with pytest.raises(EngineLost, match="not open yet"):
        client.submit(Job("latents", "grey", seeds=(7,))).result(1)


def test_an_engine_client_that_nobody_opened_says_so(client: EngineClient) -> None:
    with pytest.raises(EngineLost, match="zoetrope run"):
        client.catalogue()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (OutOfMemory("The device is full."), "The device is full."),
        (ImportError("/secret/path"), r"did not open \(ImportError\)\. The terminal"),
    ],
)
def test_an_engine_that_failed_to_open_is_tried_again_but_not_by_everyone(
    client: EngineClient, monkeypatch: pytest.MonkeyPatch, fault: Exception, sentence: str
) -> None:
    tried, states = [0], list[State]()

    def failing_once() -> Echo:
        tried[0] += 1
        if tried[0] == 1:
            raise fault
        return Echo()

    client.watch(states.append)
    client.open(failing_once)
    for _ in range(50):
        with pytest.raises((EngineLost, OutOfMemory), match=sentence):
            client.catalogue()
    assert (tried[0], states) == (1, ["lost"])
    monkeypatch.setattr(clients, "PAUSE", 0.0)
    assert list(client.catalogue().cards) == list(CARDS)
    assert (tried[0], states) == (2, ["lost", "ready"])


def test_a_backend_that_is_lost_is_kept_and_asked_again(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "PAUSE", 0.0)
    made = list[Absent]()

    def absent() -> Absent:
        made.append(Absent())
        return made[-1]

    client.open(absent)
    for _ in range(3):
        with pytest.raises(EngineLost, match="it is not there"):
            client.catalogue()
    assert len(made) == 1


def test_states_of_the_engine_are_passed_on(client: EngineClient) -> None:
    echo, states = Echo(), list[State]()
    client.watch(states.append)
    assert client.state == "starting"
    client.open(lambda: echo)
    client.catalogue()
    echo.become("restarting")
    assert (states, client.state) == (["ready", "restarting"], "restarting")
    client.forget("somebody")
    assert echo.forgotten == ["somebody"]


def test_an_engine_that_is_made_while_the_client_closes_is_closed_too(client: EngineClient) -> None:
    held, entered, echo = threading.Event(), threading.Event(), Echo()

    def slowly() -> Echo:
        entered.set()
        held.wait(10)
        return echo

    client.open(slowly)
    coming = client.opening()
    assert entered.wait(10)
    client.close()
    held.set()
    with pytest.raises(EngineLost, match="stopping"):
        coming.result(10)
    assert echo.closed
    with pytest.raises(EngineLost, match="No engine was opened"):
        client.catalogue()


@pytest.mark.parametrize("kind", ["fast", "", "ftp://there", "//there", "process "])
def test_an_unknown_kind_of_engine_is_refused(kind: str) -> None:
    with pytest.raises(BadValue, match=r"process, thread, or the http://"):
        clients.backend(kind, None)


TORCH_FREE = """
import sys
import app.main, app.script, app.server.connection
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "train", "scipy", "sklearn", "ray"})
assert not heavy and "engine.inference.engine" not in sys.modules, heavy
"""


def test_the_web_process_loads_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", TORCH_FREE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
