"""The queue of waiting jobs: few passes, everybody their own, turns, the newest of a slot, long jobs in parts."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from queue import Queue
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import (
    Busy,
    CheckpointRefused,
    EngineLost,
    Expired,
    ModelFault,
    Superseded,
    UnknownName,
    ZoetropeError,
)
from engine.inference.requests import Answer, Job, Outcome
from engine.serving.chunking import in_parts
from engine.serving.fair_queue import FairQueue, QueuedJob
from engine.serving.loader import AT_ONCE, MOST_STUCK, Loader
from engine.serving.scheduler import Batcher

PATIENCE = 20  # seconds until a future that is never settled fails the test
LIMIT = 4


class Recorder:
    """Answers with twice the latents, notes each pass, and can be held up."""

    def __init__(self) -> None:
        self.passes: list[tuple[str, list[float]]] = []  # model, the first number of each job
        self.meanwhile: dict[int, Callable[[], object]] = {}  # what happens during the n-th pass
        self.held = threading.Event()
        self.go_on = threading.Event()
        self.time = 0.0

    def run(self, model: str, jobs: list[Job]) -> Sequence[Outcome]:
        if model == "holding":
            self.held.set()
            assert self.go_on.wait(PATIENCE)
            return [Answer({})]
        self.passes.append((model, [float(job.z[0, 0]) for job in jobs if job.z is not None]))
        self.meanwhile.get(len(self.passes), lambda: None)()
        if model == "raising":
            raise RuntimeError("weights of sand")
        if model == "forgetful":
            return []
        if model == "refusing":
            raise UnknownName("checkpoint", "refusing", ["frey"])
        return [self.answer(job) for job in jobs]

    def answer(self, job: Job) -> Outcome:
        assert job.z is not None
        if np.isnan(job.z).any():
            return ModelFault("A latent of sand.")
        return Answer({"z": job.z * 2}, {"model": 1.0})

    def clock(self) -> float:
        return self.time

    @property
    def served(self) -> list[list[float]]:
        return [numbers for _, numbers in self.passes]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def batcher(recorder: Recorder) -> Iterator[Batcher]:
    batcher = Batcher(recorder.run, lambda model: LIMIT, capacity=50, clock=recorder.clock)
    yield batcher
    batcher.close()


@contextmanager
def held(batcher: Batcher, recorder: Recorder) -> Iterator[None]:
    """Let jobs gather while the worker is busy with one that came before."""
    recorder.held.clear()
    recorder.go_on.clear()
    first = batcher.submit(job(0, "holding", who="stranger"))
    assert recorder.held.wait(PATIENCE)
    try:
        yield
    finally:
        recorder.go_on.set()
        first.result(PATIENCE)


def job(number: float, model: str = "frey", rows: int = 1, **fields: Any) -> Job:
    """A job known by its first number; the others count on from it in steps of 1/1024."""
    z = number + np.arange(rows, dtype=np.float32)[:, None] / 1024
    return Job("decode", model, z=z.astype(np.float32), **fields)


def right(future: Future[Answer], asked: Job) -> bool:
    assert asked.z is not None
    return bool((future.result(PATIENCE).arrays["z"] == asked.z * 2).all())


def test_it_is_known_how_long_a_pass_takes(batcher: Batcher, recorder: Recorder) -> None:
    assert batcher.busy == 0
    with held(batcher, recorder):
        recorder.time += 7
        assert batcher.busy == 7
    batcher.close()
    assert batcher.busy == 0


# One pass for many


def test_forty_waiting_jobs_make_few_passes_and_each_gets_its_own(batcher: Batcher, recorder: Recorder) -> None:
    jobs = [job(i, who=f"phone {i % 7}") for i in range(40)]
    with held(batcher, recorder):
        futures = [batcher.submit(each) for each in jobs]
    assert all(map(right, futures, jobs))
    assert len(recorder.passes) == 40 / LIMIT


def test_a_pass_takes_one_job_of_each_person_before_second_ones(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(i, who="anna")) for i in range(4)]
        futures += [batcher.submit(job(10 + i, who=who)) for i, who in enumerate(("ben", "cleo", "", ""))]
    wait(futures, PATIENCE)
    assert recorder.served == [[0, 10, 11, 12], [13, 1, 2, 3]]


def test_a_pass_holds_no_more_rows_than_the_limit_and_one_model(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(i, rows=rows)) for i, rows in enumerate((2, 3, 1, 2, 4))]
        futures += [batcher.submit(job(9, "mnist"))]
    wait(futures, PATIENCE)
    assert recorder.passes == [("frey", [0, 2]), ("frey", [1]), ("frey", [3]), ("frey", [4]), ("mnist", [9])]


# Turns


def test_people_take_turns(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(i, f"model {i}", who="anna")) for i in range(3)]
        futures += [batcher.submit(job(10, "model 10", who="ben"))]
    wait(futures, PATIENCE)
    assert recorder.served == [[0], [10], [1], [2]]


def test_the_smallest_job_of_a_person_goes_first(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(rows, f"model {rows}", rows, who="anna")) for rows in (4, 9, 1)]
    wait(futures, PATIENCE)
    assert [numbers[0] for numbers in recorder.served[:2]] == [1, 4]


def test_those_who_joined_a_pass_have_had_their_turn(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(1, who="anna")), batcher.submit(job(2, who="ben"))]
        futures += [batcher.submit(job(3, "mnist", who="ben")), batcher.submit(job(4, "celeba", who="cleo"))]
    wait(futures, PATIENCE)
    assert recorder.served == [[1, 2], [4], [3]]


# The newest of a slot


def test_the_newest_of_a_slot_takes_the_place_of_the_waiting(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        stale = [batcher.submit(job(i, who="anna", slot="view")) for i in range(5)]
        others = [batcher.submit(job(6, who="ben", slot="view")), batcher.submit(job(7, who="anna", slot="map"))]
        newest = batcher.submit(job(8, who="anna", slot="view"))
        for future in stale:
            with pytest.raises(Superseded, match="newer request for 'view'"):
                future.result(PATIENCE)
    assert right(newest, job(8))
    assert all(map(right, others, (job(6), job(7))))
    assert recorder.served == [[8, 6, 7]]


def test_nobody_in_particular_and_no_slot_in_particular_replace_nothing(batcher: Batcher, recorder: Recorder) -> None:
    jobs = [job(0, slot="view"), job(1, slot="view"), job(2, who="anna"), job(3, who="anna")]
    with held(batcher, recorder):
        futures = [batcher.submit(each) for each in jobs]
    assert all(map(right, futures, jobs))


def test_a_job_under_way_finishes_and_its_successor_follows(batcher: Batcher, recorder: Recorder) -> None:
    def go_on() -> None:
        successors.append(batcher.submit(job(2, who="anna", slot="view")))

    successors: list[Future[Answer]] = []
    recorder.meanwhile[1] = go_on
    assert right(batcher.submit(job(1, who="anna", slot="view")), job(1))
    assert right(successors[0], job(2))


def test_the_newest_is_always_answered_and_last(batcher: Batcher) -> None:
    def drag(who: str) -> None:
        for step in range(200):
            asked = job(step, f"model {step % 3}", 1 + step % 6, who=who, slot="view")
            future = batcher.submit(asked)
            future.add_done_callback(partial(note, who, step))
            futures.append(future)

    def note(who: str, step: int, future: Future[Answer]) -> None:
        if future.exception() is None:
            answered[who].append(step)

    answered: dict[str, list[int]] = {f"phone {i}": [] for i in range(6)}
    futures: list[Future[Answer]] = []
    with ThreadPoolExecutor(len(answered)) as people:
        list(people.map(drag, answered))
    assert wait(futures, PATIENCE).not_done == set()
    batcher.close()  # after the callbacks of the last
    for steps in answered.values():
        assert steps == sorted(steps)
        assert steps[-1] == 199


# Long jobs


def test_a_long_job_goes_on_in_slices_and_comes_back_whole(batcher: Batcher, recorder: Recorder) -> None:
    asked = job(1, rows=10)
    future = batcher.submit(asked)
    assert right(future, asked)
    assert future.result().ms["model"] == 3.0
    assert recorder.served == [[1], [1 + 4 / 1024], [1 + 8 / 1024]]


def test_each_step_of_a_long_job_is_one_pass(recorder: Recorder) -> None:
    steps = in_parts(recorder.run, job(1, rows=10), LIMIT)
    assert [len(recorder.passes) for _ in steps] == [1, 2]
    assert len(recorder.passes) == 3


@pytest.mark.parametrize("who", ["anna", "ben"])
def test_no_drag_waits_longer_than_a_slice(batcher: Batcher, recorder: Recorder, who: str) -> None:
    drags: list[Future[Answer]] = []
    for number in (1, 3, 5):  # a slice is under way
        recorder.meanwhile[number] = lambda: drags.append(batcher.submit(job(50, who=who, slot="view")))
    assert right(batcher.submit(job(1, rows=16, who="anna", slot="sheet")), job(1, rows=16))
    assert [numbers[0] == 50 for numbers in recorder.served] == [False, True, False, True, False, True, False]
    assert all(right(drag, job(50)) for drag in drags)


def test_long_jobs_of_two_people_take_turns(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(i, rows=12, who=who)) for i, who in enumerate(("anna", "ben"))]
    assert all(map(right, futures, (job(0, rows=12), job(1, rows=12))))
    assert [int(numbers[0]) for numbers in recorder.served] == [0, 1, 0, 1, 0, 1]


def test_a_newer_job_of_the_slot_ends_a_long_one_between_slices(batcher: Batcher, recorder: Recorder) -> None:
    newer: list[Future[Answer]] = []
    recorder.meanwhile[2] = lambda: newer.append(batcher.submit(job(50, who="anna", slot="sheet")))
    with pytest.raises(Superseded):
        batcher.submit(job(1, rows=40, who="anna", slot="sheet")).result(PATIENCE)
    assert right(newer[0], job(50))
    assert len(recorder.passes) == 3


def test_an_error_in_a_slice_ends_the_job(batcher: Batcher, recorder: Recorder) -> None:
    asked = job(1, rows=40)
    assert asked.z is not None
    asked.z[6] = np.nan
    with pytest.raises(ModelFault, match="latent of sand"):
        batcher.submit(asked).result(PATIENCE)
    with pytest.raises(ModelFault, match="weights of sand"):
        batcher.submit(job(1, "raising", rows=40)).result(PATIENCE)
    assert len(recorder.passes) == 3


@pytest.mark.parametrize("redrawn", [False, True])
def test_a_job_that_drags_keep_passing_over_does_not_starve(redrawn: bool) -> None:
    queue, served = FairQueue(), []
    sheet = job(1, "celeba", rows=30, who="anna", slot="sheet")
    queue.join(sheet, 0.0)
    for _ in range(6):
        queue.join(job(2, who="anna", slot="view"), 0.0)  # a drag is there at each turn
        served += [queued.job.model for queued in queue.next_batch(lambda model: True, lambda model: LIMIT)]
        if redrawn:
            queue.join(sheet, 0.0)
    assert served == ["frey"] * 5 + ["celeba"]


# Those who do not get an answer


def test_a_request_outlives_its_patience_only_in_vain(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        hasty, patient = batcher.submit(job(1, patience=0.5)), batcher.submit(job(2, patience=2.0))
        recorder.time = 1.0
    with pytest.raises(Expired, match=r"within 0\.5 seconds"):
        hasty.result(PATIENCE)
    assert right(patient, job(2))
    assert recorder.served == [[2]]


def test_patience_ends_a_long_job_too(batcher: Batcher, recorder: Recorder) -> None:
    recorder.meanwhile[2] = lambda: setattr(recorder, "time", 1.0)
    with pytest.raises(Expired):
        batcher.submit(job(1, rows=40, patience=0.5)).result(PATIENCE)
    assert len(recorder.passes) == 2


def test_too_many_hear_so_at_once_but_a_drag_goes_on(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        batcher.submit(job(0, who="anna", slot="view"))
        futures = [batcher.submit(job(i)) for i in range(1, 50)]
        with pytest.raises(Busy, match="50 requests wait already"):
            batcher.submit(job(50)).result(PATIENCE)
        newest = batcher.submit(job(51, who="anna", slot="view"))
        futures[7].cancel()
        assert not wait([batcher.submit(job(52))], timeout=0).done
    assert right(newest, job(51))
    assert right(batcher.submit(job(53)), job(53))


def test_the_cancelled_are_skipped_and_harm_nobody(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        futures = [batcher.submit(job(i, who="anna")) for i in range(6)]
        assert all(future.cancel() for future in futures[::2])
        assert wait(futures[::2], PATIENCE).not_done == set()
    assert all(map(right, futures[1::2], map(job, (1, 3, 5))))
    assert recorder.served == [[1, 3, 5]]


def test_a_cancelled_long_job_makes_room_between_slices(batcher: Batcher, recorder: Recorder) -> None:
    futures: list[Future[Answer]] = []
    recorder.meanwhile[2] = lambda: futures[0].cancel()
    with held(batcher, recorder):
        futures.append(batcher.submit(job(1, rows=40)))
    assert wait(futures, PATIENCE).not_done == set()
    assert right(batcher.submit(job(2)), job(2))
    assert len(recorder.passes) == 3


def test_who_is_forgotten_waits_for_nothing(batcher: Batcher, recorder: Recorder) -> None:
    recorder.meanwhile[1] = lambda: batcher.forget("")
    recorder.meanwhile[2] = lambda: batcher.forget("ben")
    with held(batcher, recorder):
        gone = [batcher.submit(job(i, who="anna")) for i in range(3)]
        anonymous = batcher.submit(job(10))
        batcher.forget("anna")
        batcher.forget("stranger of whom nobody has heard")
    assert wait(gone, PATIENCE).not_done == set()
    assert all(future.cancelled() for future in gone)
    assert right(anonymous, job(10))
    long = batcher.submit(job(20, rows=40, who="ben"))
    with pytest.raises(CancelledError):
        long.result(PATIENCE)
    assert right(batcher.submit(job(30)), job(30))


def test_a_failing_pass_reaches_its_jobs_only_and_the_worker_lives_on(batcher: Batcher, recorder: Recorder) -> None:
    with held(batcher, recorder):
        raising = [batcher.submit(job(i, "raising", who=f"phone {i}")) for i in range(3)]
        forgetful, refusing = batcher.submit(job(4, "forgetful")), batcher.submit(job(5, "refusing"))
        poisoned, good = batcher.submit(job(np.nan)), batcher.submit(job(6))
    for future in raising:
        with pytest.raises(ModelFault, match=r"raising failed \(RuntimeError: weights of sand\)"):
            future.result(PATIENCE)
    with pytest.raises(ModelFault, match="0 answers to 1 jobs"):
        forgetful.result(PATIENCE)
    with pytest.raises(UnknownName, match="There is: frey"):
        refusing.result(PATIENCE)
    with pytest.raises(ModelFault, match="A latent of sand"):
        poisoned.result(PATIENCE)
    assert right(good, job(6))


def test_a_caller_whose_callback_fails_harms_nobody(batcher: Batcher, caplog: pytest.LogCaptureFixture) -> None:
    def stumble(future: Future[Answer]) -> None:
        raise RuntimeError("stumbled")

    future = batcher.submit(job(1))
    future.add_done_callback(stumble)
    assert right(batcher.submit(job(2)), job(2))
    assert "stumbled" in caplog.text


# Models still to be loaded


class Shelf:
    """Models that are ready after `prepare`; those called slow wait for a word."""

    def __init__(self) -> None:
        self.ready: set[str] = set()
        self.asked: list[str] = []
        self.opening = threading.Event()
        self.go_on = threading.Event()

    def prepare(self, model: str) -> None:
        self.asked.append(model)
        if model.startswith("slow"):
            self.opening.set()
            assert self.go_on.wait(PATIENCE)
        if model.startswith("broken"):
            raise CheckpointRefused("broken: its weights are cut short.")
        if model.startswith("odd"):
            raise OSError("no such device")
        if not model.startswith("fleeting"):
            self.ready.add(model)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def opener(recorder: Recorder, shelf: Shelf) -> Iterator[Batcher]:
    batcher = Batcher(recorder.run, lambda model: LIMIT, shelf.ready.__contains__, shelf.prepare)
    yield batcher
    shelf.go_on.set()
    batcher.close()


def test_a_model_that_is_opened_stalls_no_other(opener: Batcher, recorder: Recorder, shelf: Shelf) -> None:
    shelf.ready.add("frey")
    slow = [opener.submit(job(i, "slow", who="anna")) for i in range(3)]
    assert shelf.opening.wait(PATIENCE)
    for i in range(5):
        assert right(opener.submit(job(i, who="anna")), job(i))
    assert not any(future.done() for future in slow)
    shelf.go_on.set()
    assert all(map(right, slow, map(job, range(3))))
    assert shelf.asked == ["slow"]
    assert recorder.passes[-1] == ("slow", [0, 1, 2])


@pytest.mark.parametrize(("model", "kind", "sentence"), [
    ("broken", CheckpointRefused, "^broken: its weights are cut short"),
    ("odd", ModelFault, r"^odd cannot be opened \(OSError: no such device\)"),
])  # fmt: skip
def test_a_model_that_cannot_be_opened_reaches_exactly_its_jobs(
    opener: Batcher, shelf: Shelf, model: str, kind: type[Exception], sentence: str
) -> None:
    slow, sick = opener.submit(job(1, "slow")), [opener.submit(job(i, model, who=f"phone {i}")) for i in range(2)]
    shelf.go_on.set()
    for future in sick:
        with pytest.raises(kind, match=sentence):
            future.result(PATIENCE)
    assert right(slow, job(1))
    with pytest.raises(kind, match=sentence):
        opener.submit(job(2, model)).result(PATIENCE)


def test_warm_models_come_in_order_and_after_those_that_are_wanted(opener: Batcher, shelf: Shelf) -> None:
    shelf.ready.add("frey")
    opener.warm(["slow", "odd", "b", "a"])
    assert shelf.opening.wait(PATIENCE)
    wanted = opener.submit(job(1, "wanted"))
    assert right(wanted, job(1))
    assert shelf.asked == ["slow", "wanted"]
    shelf.go_on.set()
    assert right(opener.submit(job(2, "a")), job(2))
    warmed = [model for model in shelf.asked if model in ("slow", "odd", "b")]
    assert warmed == ["slow", "odd", "b"][: len(warmed)]


def test_a_model_that_leaves_the_device_at_once_still_answers(opener: Batcher, shelf: Shelf) -> None:
    for i in range(3):
        assert right(opener.submit(job(i, "fleeting")), job(i))
    assert shelf.asked == ["fleeting"] * 3


# Opening


class Opening:
    """Models that open when they are told to, and what was heard of each."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.may_end: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self.heard: Queue[tuple[str, ZoetropeError | None]] = Queue()

    def prepare(self, model: str) -> None:
        self.began.append(model)
        if model.startswith("slow"):
            assert self.may_end[model].wait(PATIENCE)

    def loader(self, limit: float) -> Loader:
        return Loader(self.prepare, lambda model, trouble: self.heard.put((model, trouble)), limit)


def test_a_model_that_is_slow_to_open_holds_up_no_other() -> None:
    opening = Opening()
    loader = opening.loader(float(PATIENCE))
    loader.want("slow")
    for model in ("a", "b", "c"):
        loader.want(model)
        assert opening.heard.get(timeout=PATIENCE) == (model, None)
    opening.may_end["slow"].set()
    assert opening.heard.get(timeout=PATIENCE) == ("slow", None)
    loader.close()


def test_models_that_never_open_are_given_up_and_the_others_open() -> None:
    opening = Opening()
    loader = opening.loader(0.05)
    hung = [f"slow {i}" for i in range(2 * AT_ONCE)]
    for model in (*hung, "quick"):
        loader.want(model)
    heard = dict(opening.heard.get(timeout=PATIENCE) for _ in (*hung, "quick"))
    assert heard["quick"] is None
    for model in hung:
        assert isinstance(heard[model], ModelFault)
        assert str(heard[model]).startswith(f"{model} was not open within 0.05 seconds.")
    loader.want(hung[0])  # again, while it is still at it: an answer at once, and no second thread
    assert isinstance(opening.heard.get(timeout=PATIENCE)[1], ModelFault)
    assert opening.began.count(hung[0]) == 1
    for model in hung:
        opening.may_end[model].set()
    loader.close()


def test_what_opens_after_its_time_can_be_asked_for_again() -> None:
    opening = Opening()
    loader = opening.loader(0.05)
    loader.want("slow")
    assert isinstance(opening.heard.get(timeout=PATIENCE)[1], ModelFault)
    opening.may_end["slow"].set()
    with loader.changed:
        assert loader.changed.wait_for(lambda: not loader.stuck, PATIENCE)
    loader.want("slow")
    assert opening.heard.get(timeout=PATIENCE) == ("slow", None)
    loader.close()


def test_when_too_many_never_open_no_further_one_is_tried() -> None:
    opening = Opening()
    loader = opening.loader(0.01)
    for i in range(MOST_STUCK + 1):
        loader.want(f"slow {i}")
    heard = dict(opening.heard.get(timeout=PATIENCE) for _ in range(MOST_STUCK + 1))
    assert sorted(type(trouble).__name__ for trouble in heard.values()) == ["Busy", *["ModelFault"] * MOST_STUCK]
    for event in opening.may_end.values():
        event.set()
    loader.close()


# The end


def test_all_who_wait_hear_that_it_is_closed(opener: Batcher, recorder: Recorder, shelf: Shelf) -> None:
    def close() -> None:  # while a slice of the long job is under way
        closing.append(people.submit(opener.close))
        with pytest.raises(EngineLost):
            waiting.result(PATIENCE)

    closing: list[Future[None]] = []
    recorder.meanwhile[1] = close
    shelf.ready.add("frey")
    with ThreadPoolExecutor(1) as people:
        waiting, long = opener.submit(job(2, "slow")), opener.submit(job(1, rows=40))
        with pytest.raises(EngineLost, match="closed"):
            long.result(PATIENCE)
        shelf.go_on.set()
        closing[0].result(PATIENCE)
    with pytest.raises(EngineLost, match="closed"):
        opener.submit(job(3)).result(PATIENCE)
    assert len(recorder.passes) == 1
    assert not opener.thread.is_alive()
    assert not opener.loader.thread.is_alive()


@pytest.mark.parametrize("rows", [1, 10])
def test_the_answer_says_how_long_it_waited(batcher: Batcher, recorder: Recorder, rows: int) -> None:
    for number in (1, 2, 3):
        recorder.meanwhile[number] = lambda: setattr(recorder, "time", recorder.time + 0.25)
    with held(batcher, recorder):
        future = batcher.submit(job(1, rows=rows))
        recorder.time += 0.5
    assert future.result(PATIENCE).ms["queue"] == 500.0


# The line by itself

requests = st.tuples(
    st.sampled_from(["anna", "ben", "cleo", ""]), st.sampled_from(["", "view", "map"]), st.sampled_from("abc"),
    st.integers(0, 9), st.booleans(),
)  # fmt: skip


@given(st.lists(requests, max_size=40))
def test_each_job_leaves_the_queue_once_and_with_others_that_fit(drawn: list[tuple[str, str, str, int, bool]]) -> None:
    queue, inside, turned_away = FairQueue(), set[QueuedJob](), list[QueuedJob]()
    for number, (who, slot, model, rows, serve) in enumerate(drawn):
        queued, older = queue.join(job(number, model, rows, who=who, slot=slot), 0.0)
        inside.add(queued)
        if older:
            inside.remove(older)
            turned_away.append(older)
        if serve:
            inside -= check(queue, queue.next_batch(lambda model: True, lambda model: LIMIT))
        assert set(queue) == inside
        assert queue.length == len(inside)
    assert all(older.job.who and older.job.slot for older in turned_away)
    people = len(queue.people)
    first_turns = [queue.next_batch(lambda model: True, lambda model: LIMIT) for _ in range(people)]
    waiting = {queued.position.person for queued in inside}
    assert waiting == {queued.position.person for batch in first_turns for queued in batch}
    while batch := queue.next_batch(lambda model: True, lambda model: LIMIT):
        check(queue, batch)
    assert queue.length == 0


def check(queue: FairQueue, batch: list[QueuedJob]) -> set[QueuedJob]:
    rows = [queued.job.rows for queued in batch]
    assert sum(rows) <= LIMIT or len(rows) == 1
    assert len({queued.job.model for queued in batch}) == 1
    assert not any(queue.leave(queued.position) for queued in batch)
    return set(batch)
