"""The engine at an address, before a server of a few lines that can be made to fail."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from app.cli import main
from app.serve import read_replicas, url
from engine.checkpoints.catalogue import Catalogue
from engine.errors import (
    BadLatent,
    BadValue,
    Busy,
    EngineLost,
    EngineTrouble,
    Expired,
    Superseded,
    ZoetropeError,
)
from engine.inference.requests import Answer, Job
from engine.serving import codec
from engine.serving.cluster import ClusterBackend
from engine.serving.cluster.codec import pack_all, unpack_all
from engine.serving.cluster.connection import HttpConnection, Unreachable
from engine.serving.pending_jobs import CAPACITY, PendingJob, PendingJobs
from tests.echo import CARDS

PATIENCE = 20.0  # seconds until a future that is never settled fails the test
DEADLY = -1.0  # a latent that ends the connection it comes over


class Server(ThreadingHTTPServer):
    """An engine whose pictures are the latents it was given; `status` is what it says to jobs, `gate` lets them by."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        super().__init__(("localhost", port), Handler)
        self.gate, self.asked = threading.Event(), threading.Semaphore(0)
        self.gate.set()
        self.requests: list[list[Job]] = []
        self.status, self.body = 200, b""
        self.catalogue = Catalogue(CARDS, {})
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.append(self.connection)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.say(200, self.server.catalogue.to_json() if self.path == "/catalogue" else b"")

    def do_POST(self) -> None:
        parts = unpack_all(self.rfile.read(int(self.headers["Content-Length"])))
        jobs = [codec.job_from(*codec.unpack(part)) for part in parts]
        self.server.requests.append(jobs)
        self.server.asked.release()
        self.server.gate.wait(PATIENCE)
        if any(job.z is not None and (job.z == DEADLY).any() for job in jobs):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif self.server.status != 200 or self.server.body:
            self.say(self.server.status, self.server.body)
        else:
            self.say(200, pack_all([codec.pack_answer(echo(job)) for job in jobs]))

    def say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def echo(job: Job) -> Answer | ZoetropeError:
    if job.verb != "decode":
        return BadLatent("A sentence.")
    assert job.z is not None
    return Answer({"z": job.z}, {"model": 1.0, "queue": 2.0})


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.gate.set()
    server.stop()


@contextmanager
def asking(url: str, connections: int = 4, patience: float = PATIENCE) -> Iterator[ClusterBackend]:
    backend = ClusterBackend(url, connections, patience)
    yield backend
    backend.close()


def job(value: float, model: str = "grey", rows: int = 1, **more: Any) -> Job:
    return Job("decode", model, z=np.full((rows, 2), value, np.float32), **more)


def until(backend: ClusterBackend, *states: str) -> None:
    reached = threading.Event()
    backend.watch(lambda state: reached.set() if state in states else None)
    assert reached.wait(PATIENCE), f"never {states}"


# Answers


def test_each_gets_its_own_answer_over_few_connections(server: Server) -> None:
    with asking(server.url) as backend:
        futures = [backend.submit(job(i, rows=1 + i % 3)) for i in range(100)]
        for i, future in enumerate(futures):
            assert future.result(PATIENCE).arrays["z"].tolist() == [[i, i]] * (1 + i % 3)
    assert len({connection.fileno() for connection in server.connections}) <= 1 + 4


def test_an_error_comes_back_as_what_it_was(server: Server) -> None:
    with asking(server.url) as backend, pytest.raises(BadLatent, match=r"^A sentence\.$"):
        backend.submit(Job("encode", "grey")).result(PATIENCE)


def test_what_cannot_travel_is_refused_alone(server: Server) -> None:
    with asking(server.url) as backend:
        wrong = job(0)
        object.__setattr__(wrong, "z", np.zeros((1, 2), np.complex64))
        refused = backend.submit(wrong)
        assert backend.submit(job(1)).result(PATIENCE)
        with pytest.raises(BadValue, match="complex64"):
            refused.result(PATIENCE)


def test_the_road_counts_as_waiting(server: Server) -> None:
    with asking(server.url) as backend:
        server.gate.clear()
        future = backend.submit(job(1))
        assert server.asked.acquire(timeout=PATIENCE)
        threading.Timer(0.05, server.gate.set).start()
        ms = future.result(PATIENCE).ms
    assert ms["model"] == 1.0
    assert ms["queue"] > 40


def test_jobs_that_wait_for_a_connection_travel_together(server: Server) -> None:
    with asking(server.url, connections=1) as backend:
        server.gate.clear()
        first = backend.submit(job(0))
        assert server.asked.acquire(timeout=PATIENCE)
        futures = [first, *(backend.submit(job(i)) for i in range(1, 41)), backend.submit(job(41, "colour"))]
        server.gate.set()
        assert [future.result(PATIENCE).arrays["z"][0, 0] for future in futures] == list(range(42))
    assert [len(jobs) for jobs in server.requests] == [1, 40, 1]


def test_the_newest_of_a_slot_waits_while_one_is_away(server: Server) -> None:
    with asking(server.url) as backend:
        server.gate.clear()
        futures = [backend.submit(job(0, who="anna", slot="view"))]
        assert server.asked.acquire(timeout=PATIENCE)
        futures += [backend.submit(job(i, who="anna", slot="view")) for i in range(1, 10)]
        other = backend.submit(job(7, who="anna", slot="strip"))
        assert server.asked.acquire(timeout=PATIENCE)
        server.gate.set()
        assert futures[9].result(PATIENCE).arrays["z"][0, 0] == 9
        assert other.result(PATIENCE)
        assert futures[0].result(PATIENCE)
        assert all(isinstance(future.exception(PATIENCE), Superseded) for future in futures[1:9])
    assert [one.z[0, 0] for jobs in server.requests for one in jobs if one.slot == "view" and one.z is not None] == [
        0,
        9,
    ]


# A server that fails


def test_before_the_server_is_there_jobs_wait_for_it() -> None:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    with asking(f"http://localhost:{port}") as backend:
        heard: list[str] = []
        backend.watch(heard.append)
        future = backend.submit(job(3))
        server = Server(port)
        assert future.result(PATIENCE).arrays["z"][0, 0] == 3
        assert heard == ["starting", "ready"]
        server.stop()


def test_a_server_that_comes_back_answers_what_waits_and_tells_what_it_has_now(server: Server) -> None:
    with asking(server.url) as backend:
        assert list(backend.catalogue(PATIENCE).cards) == list(CARDS)
        server.stop()
        futures = [backend.submit(job(i, who=f"phone {i}", slot="view")) for i in range(20)]
        until(backend, "restarting")
        second = Server(server.server_port)
        second.catalogue = Catalogue({"grey": CARDS["grey"]}, {"broken": "A sentence."})
        assert [future.result(PATIENCE).arrays["z"][0, 0] for future in futures] == list(range(20))
        assert list(backend.catalogue(PATIENCE).cards) == ["grey"]
        assert backend.catalogue(PATIENCE).faults == {"broken": "A sentence."}
        second.stop()


def test_a_job_that_ends_its_server_twice_fails_alone(server: Server) -> None:
    with asking(server.url, connections=1) as backend:
        server.gate.clear()
        first = backend.submit(job(0))
        assert server.asked.acquire(timeout=PATIENCE)
        futures = [backend.submit(job(DEADLY if i == 5 else float(i + 100))) for i in range(12)]
        server.gate.set()
        assert first.result(PATIENCE)
        with pytest.raises(EngineLost, match="made the engine stop twice"):
            futures.pop(5).result(PATIENCE)
        assert all(future.result(PATIENCE) for future in futures)
    assert sum(any((each.z == DEADLY).any() for each in jobs) for jobs in server.requests) == 2


def test_a_server_that_stays_away_is_lost_until_it_is_back(server: Server) -> None:
    server.stop()
    with asking(server.url, patience=0.3) as backend:
        future = backend.submit(job(1))
        with pytest.raises(EngineLost, match=f"{server.url} does not answer"):
            future.result(PATIENCE)
        with pytest.raises(EngineLost):
            backend.catalogue(PATIENCE)
        with pytest.raises(EngineLost):
            backend.submit(job(2)).result(PATIENCE)
        second = Server(server.server_port)
        until(backend, "ready")
        assert backend.submit(job(3)).result(PATIENCE)
        second.stop()


@pytest.mark.parametrize(
    ("status", "body", "kind", "sentence"),
    [
        (503, b"", Busy, "Too many requests wait at http://"),
        (400, b"A sentence of the server.", EngineTrouble, "A sentence of the server."),
        (413, b"Too large.", EngineTrouble, "Too large."),
        (500, b"Internal", EngineLost, "stop twice"),
        (200, b"<html>", EngineLost, "stop twice"),
        (200, pack_all([]), EngineLost, "stop twice"),
    ],
)
def test_what_is_no_answer_becomes_a_sentence(
    server: Server, status: int, body: bytes, kind: type[ZoetropeError], sentence: str
) -> None:
    server.status, server.body = status, body
    with asking(server.url) as backend:
        with pytest.raises(kind, match=sentence):
            backend.submit(job(1)).result(PATIENCE)
        server.status, server.body = 200, b""
        assert backend.submit(job(1)).result(PATIENCE)


def test_a_refused_checkpoint_changes_the_catalogue(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with asking(server.url) as backend:
        assert list(backend.catalogue(PATIENCE).cards) == list(CARDS)
        server.catalogue = Catalogue({}, {"grey": "It is damaged."})
        server.body = pack_all([codec.pack({"error": "CheckpointRefused", "sentence": "It is damaged."})])
        with pytest.raises(ZoetropeError, match="It is damaged"):
            backend.submit(job(1)).result(PATIENCE)
        assert backend.catalogue(PATIENCE).faults == {"grey": "It is damaged."}


# Those who leave


def test_who_is_forgotten_is_no_longer_asked_for(server: Server) -> None:
    with asking(server.url, connections=2) as backend:
        until(backend, "ready")
        server.gate.clear()
        theirs = [backend.submit(job(1, who="anna"))]
        assert server.asked.acquire(timeout=PATIENCE)
        theirs += [backend.submit(job(1, who="anna"))]
        assert server.asked.acquire(timeout=PATIENCE)
        theirs += [backend.submit(job(1, who="anna")) for _ in range(3)]
        other = backend.submit(job(2, who="bert"))
        backend.forget("anna")
        assert wait(theirs, PATIENCE).not_done == set()
        assert all(future.cancelled() for future in theirs)
        assert server.asked.acquire(timeout=PATIENCE), "a connection that nobody waits on was kept busy"
        server.gate.set()
        assert other.result(PATIENCE)
        assert len(server.requests) == 3
        assert backend.monitor.state == "ready"


def test_closing_ends_all_threads_and_answers_everybody(server: Server) -> None:
    before = threading.active_count()
    with asking(server.url, connections=2) as backend:
        server.gate.clear()
        futures = [backend.submit(job(i)) for i in range(10)]
        assert server.asked.acquire(timeout=PATIENCE)
        backend.close()
        assert all(isinstance(future.exception(PATIENCE), EngineLost) for future in futures)
        assert not any(thread.is_alive() for thread in (*backend.threads, backend.monitor.thread))
        with pytest.raises(EngineLost, match="closed"):
            backend.submit(job(1)).result(PATIENCE)
    assert threading.active_count() >= before


def test_talking_to_a_cluster_takes_no_torch() -> None:
    script = "import sys, engine.serving.cluster; sys.exit('torch' in sys.modules or 'ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# Addresses


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8600", "ftp://localhost", "http://", "http://a:b", "http://a:0", "http://a:99999", "http://a?b"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadValue, match="no address of an engine"):
        ClusterBackend(url)


def test_an_address_may_have_a_path(server: Server) -> None:
    connection = HttpConnection(f"{server.url}/catalogue/", PATIENCE)
    assert connection.ask("GET", "")[0] == 200
    assert b"grey" in connection.ask("GET", "")[1]
    connection.close()


def test_a_connection_that_was_closed_while_it_rested_is_opened_again(server: Server) -> None:
    connection = HttpConnection(server.url, PATIENCE)
    assert connection.ask("GET", "/health")[0] == 200
    server.connections[-1].shutdown(socket.SHUT_RDWR)
    assert connection.ask("GET", "/health")[0] == 200
    connection.close()
    server.stop()
    with pytest.raises(Unreachable):
        connection.ask("GET", "/health")


# Pending jobs, as requests take them


def entry(number: int, value: float = 0, rows: int = 1, **more: Any) -> PendingJob:
    return PendingJob(number, job(value, rows=rows, **more), b"")


def loaded(pending: PendingJobs, rows: int = 64) -> list[int]:
    return [each.number for each in pending.send_together(rows)[0]]


def test_a_request_holds_the_oldest_and_what_fits_beside_it() -> None:
    pending = PendingJobs()
    for number, rows in enumerate([40, 30, 20, 5, 100, 1]):
        pending.add(entry(number, rows=rows))
    assert [loaded(pending) for _ in range(4)] == [[0, 2, 5], [1, 3], [4], []]


def test_one_that_its_server_failed_on_goes_first_and_alone() -> None:
    pending = PendingJobs()
    for number in range(5):
        pending.add(entry(number))
    assert pending.retry(pending.send_together(2)[0]) == []
    assert [loaded(pending) for _ in range(3)] == [[0], [1], [2, 3, 4]]


def test_one_that_comes_back_makes_way_for_a_newer_one() -> None:
    pending = PendingJobs()
    pending.add(entry(0, who="anna", slot="view"))
    (first,) = pending.send_together(64)[0]
    pending.add(entry(1, who="anna", slot="view"))
    ((_, error),) = pending.retry([first], crashed=False)
    assert isinstance(error, Superseded)
    assert loaded(pending) == [1]


def test_when_too_many_wait_one_is_refused_but_for_what_replaces_another() -> None:
    pending = PendingJobs()
    for number in range(CAPACITY):
        assert pending.add(entry(number, who="anna", slot=str(number))) == []
    ((_, refusal),) = pending.add(entry(CAPACITY))
    assert isinstance(refusal, Busy)
    ((_, older),) = pending.add(entry(CAPACITY + 1, who="anna", slot="0"))
    assert isinstance(older, Superseded)


def test_the_late_are_not_sent() -> None:
    pending = PendingJobs()
    pending.add(entry(0, patience=0.0))
    pending.add(entry(1))
    going, ((late, error),) = pending.send_together(64)
    assert (late.number, type(error)) == (0, Expired)
    assert [each.number for each in going] == [1]


# Bundles


@pytest.mark.parametrize("count", [0, 1, 12])
def test_packets_come_back_as_it_went(count: int) -> None:
    packets = [codec.pack_job(job(i, rows=i)) for i in range(count)]
    assert unpack_all(pack_all(packets)) == packets


@pytest.mark.parametrize(
    "body", [b"", b"{}", codec.pack({}, {"1": np.zeros(1, np.uint8)}), codec.pack({}, {"0": np.zeros(1, np.float32)})]
)
def test_what_is_not_several_packets_is_refused(body: bytes) -> None:
    with pytest.raises(BadValue):
        unpack_all(body)


# The command


@pytest.mark.parametrize(("text", "read"), [("1:4", (1, 4)), ("3", (3, 3)), ("2:2", (2, 2))])
def test_how_many_engines(text: str, read: tuple[int, int]) -> None:
    assert read_replicas(text) == read


@pytest.mark.parametrize("text", ["", "0", "0:2", "4:1", "1:", "1:2:3", "-1:2", "many", "1:99999"])
def test_numbers_of_engines_that_make_no_sense_end_the_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadValue):
        read_replicas(text)
    assert main(["serve", f"--replicas={text}"]) == 2
    assert "such as 1:4" in capsys.readouterr().err


def test_the_address_that_is_told_can_be_opened() -> None:
    assert [url(host, 8600) for host in ("localhost", "0.0.0.0", "10.0.0.7")] == [
        "http://localhost:8600",
        "http://localhost:8600",
        "http://10.0.0.7:8600",
    ]
