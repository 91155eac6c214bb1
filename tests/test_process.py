"""The engine in a process of its own: what dies comes back, and nobody's request is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import BadLatent, BadValue, Busy, CheckpointRefused, EngineLost, Expired, Superseded
from engine.inference.engine import Engine
from engine.inference.requests import Answer, Job
from engine.serving import pending_jobs
from engine.serving.pending_jobs import PendingJob, PendingJobs
from engine.serving.process import ProcessBackend, supervisor
from engine.serving.process.child import HEARTBEAT
from engine.serving.process.stream import CHUNK, Stream
from tests.fragile import DEADLY
from tests.shelf import VAE, keep, made

PATIENCE = 180.0  # seconds; nothing here takes ten, but on a machine that is busy with something else
ROOT = Path(__file__).parent.parent


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


# Streams


@pytest.fixture
def streams() -> Iterator[tuple[Stream, Stream]]:
    near, far = map(Stream, socket.socketpair())
    yield near, far
    for stream in (near, far):
        stream.end()
        assert list(stream.packets()) == []  # its reader closes the socket


def test_packets_come_as_they_went(streams: tuple[Stream, Stream]) -> None:
    random = np.random.default_rng(1)
    sizes = [0, 1, 7, 600, CHUNK - 9, CHUNK - 8, CHUNK - 7, CHUNK, 3_000_000, 5, 5, 0, 200_000]
    packets = [random.bytes(size) for size in sizes]
    near, far = streams
    there, back = far.packets(), near.packets()
    for packet in packets:
        near.send(packet)
    for packet in packets:
        assert next(there) == packet
        far.send(packet[::-1])
    assert list(islice(back, len(packets))) == [packet[::-1] for packet in packets]


def test_a_send_does_not_wait_for_a_reader(streams: tuple[Stream, Stream]) -> None:
    near, far = streams
    packets = [bytes([number]) * 1_000_000 for number in range(20)]
    for packet in packets:
        near.send(packet)
    assert list(islice(far.packets(), 20)) == packets


def test_packets_of_many_threads_stay_whole_and_in_order(streams: tuple[Stream, Stream]) -> None:
    near, far = streams
    packets = [[bytes([16 * thread + number]) * 40_000 for number in range(10)] for thread in range(4)]
    threads = [threading.Thread(target=lambda mine=mine: [*map(near.send, mine)]) for mine in packets]
    for thread in threads:
        thread.start()
    come = list(islice(far.packets(), 40))
    for thread, mine in zip(threads, packets, strict=True):
        thread.join()
        assert [packet for packet in come if packet in mine] == mine


def test_an_end_ends_both_sides(streams: tuple[Stream, Stream]) -> None:
    near, far = streams
    reader = threading.Thread(target=lambda: list(near.packets()))
    reader.start()
    far.end()
    reader.join(PATIENCE)
    assert not reader.is_alive()
    near.send(b"to nobody")
    far.send(b"to nobody")


# Pending jobs


def entry(number: int, slot: str = "", who: str = "anna", patience: float | None = None) -> PendingJob:
    return PendingJob(number, Job("decode", "toy-vae", latent(0.0), who=who, slot=slot, patience=patience), b"")


def sent(pending: PendingJobs) -> list[int]:
    going, refusals = pending.send()
    assert refusals == []
    return [each.number for each in going]


def of(refusals: Any) -> list[tuple[int, type]]:
    return [(each.number, type(error)) for each, error in refusals]


def test_jobs_are_sent_once_and_answered_once() -> None:
    pending = PendingJobs()
    assert [pending.add(entry(number)) for number in range(3)] == [[], [], []]
    assert sent(pending) == [0, 1, 2]
    assert sent(pending) == []
    assert pending.take(1) is not None
    assert pending.take(1) is None
    assert of(pending.clear(EngineLost("it is gone"))) == [(0, EngineLost), (2, EngineLost)]


def test_jobs_that_an_engine_died_with_go_one_at_a_time_and_others_past_them() -> None:
    pending = PendingJobs()
    for number in range(3):
        pending.add(entry(number))
    sent(pending)
    assert pending.retry(list(pending.sent.values())) == []
    pending.add(entry(3))
    assert sent(pending) == [0, 3]
    assert sent(pending) == []
    pending.take(3)
    assert sent(pending) == []
    pending.take(0)
    assert sent(pending) == [1]


def test_of_many_that_an_engine_died_with_the_one_that_was_there_twice_is_refused() -> None:
    pending = PendingJobs()
    for number in range(4):
        pending.add(entry(number))
    sent(pending)
    pending.retry(list(pending.sent.values()))
    for innocent in (0, 1):
        assert sent(pending) == [innocent]
        pending.take(innocent)
    assert sent(pending) == [2]
    assert of(pending.retry(list(pending.sent.values()))) == [(2, EngineLost)]
    assert sent(pending) == [3]


def test_the_newest_of_a_slot_replaces_those_that_were_not_sent() -> None:
    pending = PendingJobs()
    pending.add(entry(0, "plane"))
    assert of(pending.add(entry(1, "plane"))) == [(0, Superseded)]
    assert pending.add(entry(2, "slider")) == pending.add(entry(3, "plane", who="ben")) == []
    assert sent(pending) == [1, 2, 3]
    assert pending.add(entry(4, "plane")) == []
    assert of(pending.retry(list(pending.sent.values()))) == [(1, Superseded)]
    assert sent(pending) == [2, 4]


def test_nobody_in_particular_replaces_nobody() -> None:
    pending = PendingJobs()
    assert pending.add(entry(0, "plane", who="")) == pending.add(entry(1, "plane", who="")) == []
    assert pending.of("") == []
    assert sent(pending) == [0, 1]


def test_the_impatient_are_told_and_the_forgotten_are_not_sent() -> None:
    pending = PendingJobs()
    pending.add(entry(0, patience=0.0))
    pending.add(entry(1, patience=1e6))
    pending.add(entry(2, who="ben"))
    time.sleep(0.001)
    assert [each.number for each in pending.of("ben")] == [2]
    pending.take(2)
    going, refusals = pending.send()
    assert [each.number for each in going] == [1]
    assert of(refusals) == [(0, Expired)]


def test_when_too_many_wait_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_jobs, "CAPACITY", 2)
    pending = PendingJobs()
    pending.add(entry(0))
    sent(pending)
    pending.add(entry(1, "plane"))
    assert of(pending.add(entry(2))) == [(2, Busy)]
    assert of(pending.add(entry(3, "plane"))) == [(1, Superseded)]
    assert sent(pending) == [3]


# The process


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("process") / "checkpoints"
    folder.mkdir()
    keep(folder, "toy-vae", made(VAE))
    return folder


@pytest.fixture(scope="module")
def right(place: Path) -> Callable[[Any], Any]:
    engine = Engine([place], "cpu")
    return lambda z: engine.decode("toy-vae", z)


@pytest.fixture(scope="module")
def shared(place: Path) -> Iterator[ProcessBackend]:
    backend = ProcessBackend([place], "cpu", threads=1, factory="tests.fragile:engine")
    yield backend
    backend.close()


@pytest.fixture
def backend(shared: ProcessBackend) -> ProcessBackend:
    """Return the one backend of this file, alive."""
    shared.catalogue(PATIENCE)
    until(lambda: shared.states.present == "ready")
    return shared


class Hold:
    """A file while which nothing is decoded."""

    def __init__(self, folder: Path) -> None:
        self.file, self.sign = folder.parent / "hold", folder.parent / "held"

    def __enter__(self) -> Hold:
        self.file.touch()
        return self

    def __exit__(self, *_: Any) -> None:
        self.file.unlink()

    def one(self, backend: ProcessBackend) -> Future[Answer]:
        """Ask for something, and give it once the engine is about to decode it."""
        self.sign.unlink(missing_ok=True)
        future = ask(backend)
        until(self.sign.exists)
        return future


def ask(backend: ProcessBackend, first: float = 0.0, **more: Any) -> Future[Answer]:
    return backend.submit(Job("decode", "toy-vae", latent(first), **more))


def latent(first: float) -> Any:
    return np.array([[first, 0.5]], np.float32)


def pictures(future: Future[Answer]) -> Any:
    return future.result(PATIENCE).arrays["pictures"]


def kill(backend: ProcessBackend) -> int:
    before = backend.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: backend.pid != before)
    return before


def ended(process: int) -> bool:
    """Whether a process is gone; one that only waits to be buried by somebody else's parent is."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_answers_as_the_engine_alone_does(backend: ProcessBackend, place: Path, right: Any) -> None:
    assert backend.catalogue() == Engine([place], "cpu").catalogue
    answer = ask(backend, 1.0).result(PATIENCE)
    assert (answer.arrays["pictures"] == right(latent(1.0))).all()
    assert {"queue", "model"} <= set(answer.ms)
    many = np.random.default_rng(1).normal(size=(3_000, 2)).astype(np.float32)  # too much for the socket's buffer
    assert (pictures(backend.submit(Job("decode", "toy-vae", many))) == right(many)).all()
    with pytest.raises(BadLatent, match="takes"):
        backend.submit(Job("decode", "toy-vae", np.zeros((1, 3), np.float32))).result(PATIENCE)


def test_what_cannot_travel_is_refused_at_home(backend: ProcessBackend) -> None:
    job = Job("decode", "toy-vae", latent(0.0))
    object.__setattr__(job, "z", np.zeros((1, 2), np.complex64))  # past the check of types, which only tests have
    with pytest.raises(BadValue, match="complex"):
        backend.submit(job).result(0)


def test_a_killed_engine_comes_back_and_answers_all_who_wait(backend: ProcessBackend, place: Path, right: Any) -> None:
    states: list[str] = []
    backend.watch(states.append)
    with Hold(place) as hold:
        futures = [ask(backend, number / 10) for number in range(50)]
        hold.one(backend)
        kill(backend)
        assert not any(future.done() for future in futures)
    for number, future in enumerate(futures):
        assert (pictures(future) == right(latent(number / 10))).all()
    assert states == ["ready", "restarting", "ready"]
    backend.states.listeners.remove(states.append)


def test_a_request_that_kills_the_engine_fails_alone(backend: ProcessBackend, place: Path, right: Any) -> None:
    before = backend.pid
    with Hold(place):
        futures = [ask(backend, DEADLY if number == 7 else number / 10) for number in range(12)]
    with pytest.raises(EngineLost, match="twice"):
        futures.pop(7).result(PATIENCE)
    for number, future in zip((*range(7), *range(8, 12)), futures, strict=True):
        assert (pictures(future) == right(latent(number / 10))).all()
    assert backend.pid != before


def test_a_stopped_engine_is_replaced_and_all_who_wait_are_answered(
    backend: ProcessBackend, place: Path, right: Any
) -> None:
    states: list[str] = []
    backend.watch(states.append)
    before = backend.pid
    assert before is not None
    began = time.monotonic()
    os.kill(before, signal.SIGSTOP)
    future = ask(backend, 0.3)
    until(lambda: "restarting" in states)
    heard = time.monotonic() - began
    assert (pictures(future) == right(latent(0.3))).all()
    backend.states.listeners.remove(states.append)
    assert states == ["ready", "restarting", "ready"]
    assert supervisor.SILENCE - HEARTBEAT < heard < supervisor.SILENCE + 2 + busy()
    until(lambda: ended(before))


def busy() -> float:
    """Seconds by which a machine that has other things to do may be late."""
    return 5.0 * os.getloadavg()[0]


def test_an_engine_at_work_for_long_is_not_taken_for_a_stopped_one(
    backend: ProcessBackend, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backend.pid
    with Hold(place) as hold:
        future = hold.one(backend)
        time.sleep(supervisor.SILENCE + 1)
    assert pictures(future).shape == (1, 8, 6, 1)
    assert backend.pid == before


def test_of_a_slot_the_newest_is_answered_though_the_engine_died(backend: ProcessBackend, place: Path) -> None:
    with Hold(place):
        futures = [ask(backend, who="anna", slot="plane")]
        kill(backend)
        futures += [ask(backend, number / 10, who="anna", slot="plane") for number in range(20)]
    assert pictures(futures[-1]).shape == (1, 8, 6, 1)
    for future in futures[:-1]:
        assert future.exception(PATIENCE) is None or isinstance(future.exception(), Superseded)
    assert any(isinstance(future.exception(), Superseded) for future in futures)


def test_what_is_cancelled_or_forgotten_is_never_computed(backend: ProcessBackend, place: Path) -> None:
    before = backend.pid
    with Hold(place) as hold:
        hold.one(backend)
        cancelled, forgotten = ask(backend, DEADLY), ask(backend, DEADLY, who="anna")
        assert cancelled.cancel()
        backend.forget("anna")
        with pytest.raises(CancelledError):
            forgotten.result(PATIENCE)
        # What is asked for now reaches the engine after the cancellation did.
        last = ask(backend)
    pictures(last)
    assert backend.pid == before


def test_a_model_that_cannot_be_loaded_joins_the_faults(backend: ProcessBackend, place: Path) -> None:
    keep(place, "toy-late", made(VAE))
    kill(backend)
    until(lambda: "toy-late" in backend.catalogue().names())
    with pytest.raises(CheckpointRefused, match="toy-late"):
        backend.submit(Job("decode", "toy-late", latent(0.0))).result(PATIENCE)
    until(lambda: "toy-late" in backend.catalogue().faults)
    assert backend.catalogue().names() == ["toy-vae"]


def test_an_engine_that_never_starts_is_lost_until_somebody_asks_again(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    keep(folder, "toy-vae", made(VAE))
    broken = tmp_path / "broken"
    broken.touch()
    backend = ProcessBackend([folder], "cpu", factory="tests.fragile:engine")
    try:
        waiting = ask(backend)
        with pytest.raises(EngineLost, match="no such device"):
            backend.catalogue(PATIENCE)
        with pytest.raises(EngineLost, match="3 times"):
            waiting.result(PATIENCE)
        broken.unlink()
        assert pictures(ask(backend)).shape == (1, 8, 6, 1)
        assert backend.catalogue(PATIENCE).names() == ["toy-vae"]
    finally:
        backend.close()


def test_nothing_is_left_after_a_close(place: Path) -> None:
    backend = ProcessBackend([place], "cpu", factory="tests.fragile:engine")
    backend.catalogue(PATIENCE)
    process = backend.pid
    states: list[str] = []
    backend.watch(states.append)
    with Hold(place):
        waiting = ask(backend)
        backend.close()
    with pytest.raises(EngineLost, match="closed"):
        waiting.result(0)
    with pytest.raises(EngineLost, match="closed"):
        ask(backend).result(0)
    assert not Path(f"/proc/{process}").exists()
    assert states[-1] == "lost"
    assert not backend.thread.is_alive()
    backend.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_engine_holds_no_socket_but_its_own(place: Path, backend: ProcessBackend) -> None:
    with socket.create_server(("localhost", 0)) as server:
        assert server.getsockname()[1] > 0
        kill(backend)
        until(lambda: backend.states.present == "ready")
        handles = [os.readlink(handle) for handle in Path(f"/proc/{backend.pid}/fd").iterdir()]
    assert len([handle for handle in handles if handle.startswith("socket:")]) == 1


PARENT = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to it
from engine.serving.process import ProcessBackend
backend = ProcessBackend([Path(sys.argv[1])], "cpu")
backend.catalogue()
print(backend.pid, "torch" in sys.modules, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_worker_ends_with_its_parent(place: Path, number: int) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    process, torch_loaded = parent.stdout.readline().decode().split()
    os.kill(parent.pid, number)
    parent.wait(PATIENCE)
    until(lambda: ended(int(process)))
    complaints = parent.communicate(timeout=PATIENCE)[1].decode()
    assert torch_loaded == "False"
    # Python's own, of the parent.
    assert complaints.count("Traceback") == (number == signal.SIGINT)


def test_ctrl_c_in_the_terminal_is_not_for_the_engine(backend: ProcessBackend) -> None:
    assert backend.pid is not None
    assert os.getsid(backend.pid) != os.getsid(0)
    assert os.getpgid(backend.pid) != os.getpgid(0)
