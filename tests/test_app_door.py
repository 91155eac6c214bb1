"""The way from the web process to an engine: opened once, tried again, and without torch in this process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import engine_client as doors
from app.engine_client import Door
from engine.errors import BadValue, EngineLost, OutOfMemory
from engine.inference.requests import Job
from engine.serving.protocol import Backend, State
from tests.echo import CARDS, Absent, Echo

ROOT = Path(__file__).parent.parent


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


def test_the_stand_in_is_a_backend() -> None:
    echo = Echo()
    assert isinstance(echo, Backend)
    echo.close()


def test_an_engine_is_opened_once_for_all_who_wait(door: Door) -> None:
    held, made = threading.Event(), list[Echo]()

    def slowly() -> Echo:
        held.wait(10)
        made.append(Echo())
        return made[-1]

    door.open(slowly)
    assert not door.ready
    with pytest.raises(EngineLost, match=r"did not start within 0 s\. Reload"):
        door.catalogue(timeout=0.01)
    coming = [door.opening() for _ in range(300)]
    held.set()
    assert all(future.result(10) is door.catalogue() for future in coming)
    assert door.ready
    assert list(door.catalogue().cards) == list(CARDS)
    assert len(made) == 1
    assert door.submit(Job("latents", "grey", seeds=(7,))).result(10).arrays["z"].tolist() == [[7, 7]]
    door.close()
    assert made[0].closed


def test_before_the_engine_is_there_a_job_fails_with_a_sentence(door: Door) -> None:
    with pytest.raises(EngineLost, match="not open yet"):
        door.submit(Job("latents", "grey", seeds=(7,))).result(1)


def test_a_door_that_nobody_opened_says_so(door: Door) -> None:
    with pytest.raises(EngineLost, match="zoetrope run"):
        door.catalogue()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (OutOfMemory("The device is full."), "The device is full."),
        (ImportError("/secret/path"), r"did not open \(ImportError\)\. The terminal"),
    ],
)
def test_an_engine_that_failed_to_open_is_tried_again_but_not_by_everyone(
    door: Door, monkeypatch: pytest.MonkeyPatch, fault: Exception, sentence: str
) -> None:
    tried, states = [0], list[State]()

    def failing_once() -> Echo:
        tried[0] += 1
        if tried[0] == 1:
            raise fault
        return Echo()

    door.watch(states.append)
    door.open(failing_once)
    for _ in range(50):
        with pytest.raises((EngineLost, OutOfMemory), match=sentence):
            door.catalogue()
    assert (tried[0], states) == (1, ["lost"])
    monkeypatch.setattr(doors, "PAUSE", 0.0)
    assert list(door.catalogue().cards) == list(CARDS)
    assert (tried[0], states) == (2, ["lost", "ready"])


def test_a_backend_that_is_lost_is_kept_and_asked_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "PAUSE", 0.0)
    made = list[Absent]()

    def absent() -> Absent:
        made.append(Absent())
        return made[-1]

    door.open(absent)
    for _ in range(3):
        with pytest.raises(EngineLost, match="it is not there"):
            door.catalogue()
    assert len(made) == 1


def test_states_of_the_engine_are_passed_on(door: Door) -> None:
    echo, states = Echo(), list[State]()
    door.watch(states.append)
    assert door.state == "starting"
    door.open(lambda: echo)
    door.catalogue()
    echo.become("restarting")
    assert (states, door.state) == (["ready", "restarting"], "restarting")
    door.forget("somebody")
    assert echo.forgotten == ["somebody"]


def test_an_engine_that_is_made_while_the_door_closes_is_closed_too(door: Door) -> None:
    held, entered, echo = threading.Event(), threading.Event(), Echo()

    def slowly() -> Echo:
        entered.set()
        held.wait(10)
        return echo

    door.open(slowly)
    coming = door.opening()
    assert entered.wait(10)
    door.close()
    held.set()
    with pytest.raises(EngineLost, match="stopping"):
        coming.result(10)
    assert echo.closed
    with pytest.raises(EngineLost, match="No engine was opened"):
        door.catalogue()


@pytest.mark.parametrize("kind", ["fast", "", "ftp://there", "//there", "process "])
def test_an_unknown_kind_of_engine_is_refused(kind: str) -> None:
    with pytest.raises(BadValue, match=r"process, thread, or the http://"):
        doors.backend(kind, None)


TORCH_FREE = """
import sys
import app.main, app.script, app.server.connection
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "train", "scipy", "sklearn", "ray"})
assert not heavy and "engine.inference.engine" not in sys.modules, heavy
"""


def test_the_web_process_loads_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", TORCH_FREE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
