"""The engine on a real Ray cluster of this machine; what it owes every caller stands in test_backends."""

from __future__ import annotations

import http.client
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import BadValue, EngineLost, ZoetropeError
from engine.inference.requests import Answer, Job
from engine.serving import codec
from engine.serving.cluster import ClusterBackend
from engine.serving.cluster.codec import pack_all, unpack_all
from tests.fragile import DEADLY
from tests.served import RAY, serving
from tests.shelf import VAE, keep, made

pytestmark = RAY
PATIENCE = 60.0  # seconds until a future that is never settled fails the test
LARGEST = 64 * 2**20  # bytes, see engine.serving.cluster.deployment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fragile") / "shelf"
    keep(folder, "toy-vae", made(VAE))
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder, "tests.fragile:engine") as address:
        yield address


@pytest.fixture
def hold(folder: Path) -> Iterator[Path]:
    """A file; while it is there, the engine decodes nothing, and a file `held` tells that it would."""
    file = folder.parent / "hold"
    file.touch()
    yield file
    file.unlink(missing_ok=True)
    file.with_name("held").unlink(missing_ok=True)


def job(value: float = 0.5, **more: Any) -> Job:
    return Job("decode", "toy-vae", z=np.full((1, 2), value, np.float32), **more)


def asked(address: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{address}{path}", body, PATIENCE) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def outcomes(address: str, *jobs: Job | bytes) -> list[Answer | ZoetropeError]:
    packets = [codec.pack_job(each) if isinstance(each, Job) else each for each in jobs]
    status, body = asked(address, "/jobs", pack_all(packets))
    assert status == 200, body
    return [codec.answer_from(*codec.unpack(part)) for part in unpack_all(body)]


def names(given: list[Answer | ZoetropeError]) -> list[str]:
    return [type(outcome).__name__ for outcome in given]


# Batches


def waits_for(address: str, jobs: int) -> None:
    """Return once that many jobs are at the replica."""
    until = time.monotonic() + PATIENCE
    while asked(address, "/health") != (200, b'{"state":"ready","jobs":%d}' % jobs):
        assert time.monotonic() < until


def is_at_work(hold: Path) -> None:
    """Return once a pass has begun; before it, the first job to come has the model loaded."""
    until = time.monotonic() + PATIENCE
    while not hold.with_name("held").exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_jobs_that_come_during_a_pass_share_the_next(address: str, hold: Path) -> None:
    backend = ClusterBackend(address, connections=41)
    backend.catalogue(PATIENCE)
    futures = [backend.submit(job())]
    is_at_work(hold)
    for i in range(40):
        futures.append(backend.submit(job(i, who=f"phone {i}", slot="view")))
        waits_for(address, 2 + i)
    hold.unlink()
    passes = {future.result(PATIENCE).ms["model"] for future in futures}  # jobs of one pass have the same milliseconds
    backend.close()
    assert len(passes) <= 4  # of 16 rows or more


def test_the_newest_of_a_slot_is_answered(address: str, hold: Path) -> None:
    mine = [job(i, who="anna", slot="view") for i in range(3)]
    others = [job(1, who="anna", slot="strip"), job(2, who="bert", slot="view"), job(3), job(4)]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(outcomes, address, job())
        is_at_work(hold)
        second = pool.submit(outcomes, address, *mine, *others)
        waits_for(address, 6)  # two have been superseded
        hold.unlink()
        assert names(first.result(PATIENCE)) == ["Answer"]
        assert names(second.result(PATIENCE)) == ["Superseded", "Superseded", *["Answer"] * 5]


def test_who_is_out_of_patience_gets_no_pass(address: str, hold: Path) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(outcomes, address, job())
        waits_for(address, 1)
        second = pool.submit(outcomes, address, job(patience=0.0), job(patience=PATIENCE))
        waits_for(address, 3)
        hold.unlink()
        assert names(first.result(PATIENCE)) == ["Answer"]
        assert names(second.result(PATIENCE)) == ["Expired", "Answer"]


def test_who_hangs_up_is_no_longer_worked_for(address: str, hold: Path) -> None:
    backend = ClusterBackend(address)
    backend.catalogue(PATIENCE)
    future = backend.submit(Job("decode", "toy-vae", z=np.zeros((100_000, 2), np.float32), who="anna"))
    waits_for(address, 1)
    hold.unlink()
    backend.forget("anna")
    waits_for(address, 0)
    assert future.cancelled()
    backend.close()


# What is no job


def test_a_request_that_is_none_gets_a_sentence(address: str) -> None:
    for body in (b"", b"zzz", pack_all([])[:-1], codec.pack({}, {"1": np.zeros(4, np.uint8)})):
        status, said = asked(address, "/jobs", body)
        assert status == 400
        assert said.decode().startswith("A ")
    assert asked(address, "/jobs")[0] == 404
    assert asked(address, "/nothing") == (
        404,
        b"There is no GET /nothing. There is: GET /health, GET /catalogue, POST /jobs.",
    )


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.invalid"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_a_page_of_a_browser_is_refused(address: str, headers: dict[str, str]) -> None:
    for path, body in (("/catalogue", None), ("/jobs", pack_all([codec.pack_job(job())]))):
        with pytest.raises(urllib.error.HTTPError, match="403") as refusal:
            urllib.request.urlopen(urllib.request.Request(f"{address}{path}", body, headers), timeout=PATIENCE)
        refusal.value.close()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(address: str) -> None:
    host = address.removeprefix("http://")
    for told in (str(LARGEST + 1), "9" * 30):
        connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        connection.putrequest("POST", "/jobs")
        connection.putheader("Content-Length", told)
        connection.endheaders(b"x")
        assert connection.getresponse().status == 400
        connection.close()
    assert names(outcomes(address, job())) == ["Answer"]


def test_answers_of_one_request_are_bounded(address: str) -> None:
    rows = LARGEST // (8 * 6) + 1  # of pictures of 8 × 6 grey pixels
    given = outcomes(address, Job("decode", "toy-vae", z=np.zeros((rows, 2), np.float32)), job())
    assert names(given) == ["BadValue", "Answer"]
    assert "may hold 64 MB of pictures" in str(given[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own, as it loads
def test_all_answers_of_a_request_share_its_room() -> None:
    from engine.serving.cluster.deployment import Room  # here, not above: it loads Ray

    room = Room()
    room.take(LARGEST // 2)
    with pytest.raises(BadValue, match="64 MB"):
        room.take(LARGEST // 2 + 1)
    room.take(LARGEST // 2)


def test_what_is_no_job_is_refused_alone(address: str) -> None:
    given = outcomes(address, b"zzz", codec.pack({}), job(), codec.pack({"verb": 3}))
    assert names(given) == ["BadValue", "BadValue", "Answer", "BadValue"]


def test_damaged_requests_harm_nobody(address: str) -> None:
    rng = random.Random(1)
    whole = pack_all([codec.pack_job(job(i)) for i in range(2)])
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        assert asked(address, "/jobs", bytes(body[: rng.choice([len(body), rng.randrange(len(body))])]))[0] in (
            200,
            400,
        )
    assert names(outcomes(address, job())) == ["Answer"]


# Failure


def test_a_job_that_kills_its_replica_twice_fails_alone_and_the_rest_is_answered(address: str) -> None:
    backend = ClusterBackend(address, connections=1)
    states: list[str] = []
    backend.catalogue(PATIENCE)
    backend.watch(states.append)
    deadly, others = backend.submit(job(DEADLY)), [backend.submit(job(i)) for i in range(20)]
    with pytest.raises(EngineLost, match="made the engine stop twice"):
        deadly.result(PATIENCE)
    assert all(future.result(PATIENCE) for future in others)
    assert states[-1] == "ready"
    backend.close()
