"""Drawings in a crowd, on a clock of the test's own: how long a slice waits, and what the crowd pays for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from engine.inference.requests import Job
from engine.serving.fair_queue import PASSES, FairQueue, QueuedJob

PASS, CHUNK_SECONDS = 0.008, 0.004  # seconds
LIMIT = 4  # rows of a pass
DRAWS = "pixels"  # the model that draws pixel by pixel: nothing of it goes into one pass


class Hall:
    """A queue, its clock, and what comes of it: people who drag ask again as soon as they are answered."""

    def __init__(self, dragging: int, models: int = 1) -> None:
        self.queue, self.time, self.passes = FairQueue(), 0.0, 0
        self.need: dict[str, int] = {}  # person → slices that their drawing still takes
        self.turns: dict[str, list[float]] = {}  # person → when their drawing came into the queue, and each slice's end
        self.done: dict[str, float] = {}  # person → seconds from asking to answer
        for i in range(dragging):
            self._drag(f"hand {i}", f"model {i % models}")

    def _drag(self, who: str, model: str) -> None:
        self.queue.join(Job("decode", model, z=np.zeros((1, 2), np.float32), who=who, slot="view"), self.time)

    def draw(self, who: str, slices: int) -> None:
        self.need[who], self.turns[who] = slices, [self.time]
        self.queue.join(Job("complete", DRAWS, seeds=(1,), who=who, slot="view"), self.time)

    def turn(self) -> None:
        batch = self.queue.next_batch(lambda model: True, lambda model: 0 if model == DRAWS else LIMIT)
        assert batch
        if batch[0].job.model == DRAWS:
            self.time += CHUNK_SECONDS
            self._sliced(batch[0])
            return
        self.time += PASS
        self.passes += 1
        for queued in batch:
            self._drag(queued.job.who, queued.job.model)

    def _sliced(self, queued: QueuedJob) -> None:
        who = queued.job.who
        queued.ran += CHUNK_SECONDS
        self.need[who] -= 1
        self.turns[who].append(self.time)
        if self.need[who]:
            assert self.queue.rejoin(queued)
        else:
            self.done[who] = self.time - self.turns[who][0]

    def until(self, holds: Callable[[], bool], seconds: float = 600.0) -> None:
        while not holds():
            self.turn()
            assert self.time < seconds

    def waits(self, who: str) -> list[float]:
        """How long each slice of a drawing waited for its turn."""
        return [after - before - CHUNK_SECONDS for before, after in itertools.pairwise(self.turns[who])]


@pytest.mark.parametrize("models", [1, 40])
def test_a_slice_waits_for_a_few_passes_however_large_the_crowd(models: int) -> None:
    hall = Hall(dragging=300, models=models)
    hall.draw("anna", slices=100)
    hall.until(lambda: "anna" in hall.done)
    assert max(hall.waits("anna")) == pytest.approx(PASSES * PASS)
    assert hall.done["anna"] == pytest.approx(100 * (PASSES * PASS + CHUNK_SECONDS))


def test_the_crowd_keeps_its_part_of_the_time() -> None:
    """Each person has a turn in a round, whether they drag or draw; the turns of drawings come on top of that."""
    hall = Hall(dragging=300)
    for i in range(50):
        hall.draw(f"sampler {i}", slices=10**6)
    hall.until(lambda: hall.time > 10)
    assert hall.passes * PASS / hall.time > 0.6


@pytest.mark.parametrize("dragging", [0, 300])
def test_a_drawing_of_one_pixel_is_done_at_once_among_many_of_whole_pictures(dragging: int) -> None:
    hall = Hall(dragging)
    for i in range(60):
        hall.draw(f"sampler {i}", slices=200)
    hall.until(lambda: hall.time > 5)
    hall.draw("anna", slices=3)
    hall.until(lambda: "anna" in hall.done)
    between = CHUNK_SECONDS + (PASSES * PASS if dragging else 0)
    assert hall.done["anna"] <= 2 * 3 * between + between


def test_drawings_of_whole_pictures_go_on_beside_a_stream_of_short_ones() -> None:
    hall = Hall(dragging=0)
    for i in range(5):
        hall.draw(f"sampler {i}", slices=100)
    for number in itertools.count():
        if all(f"sampler {i}" in hall.done for i in range(5)):
            break
        hall.draw(f"brief {number}", slices=1)
        hall.until(lambda number=number: f"brief {number}" in hall.done)  # type: ignore[misc]
    assert all(hall.done[f"sampler {i}"] <= 2.2 * 5 * 100 * CHUNK_SECONDS for i in range(5))


def test_where_nobody_draws_the_turns_are_as_they_were() -> None:
    queue = FairQueue()
    for i in range(10):
        queue.join(Job("decode", f"model {i}", z=np.zeros((1, 2), np.float32), who=f"hand {i}"), 0.0)
    served = [queue.next_batch(lambda model: True, lambda model: LIMIT)[0].job.who for _ in range(10)]
    assert served == [f"hand {i}" for i in range(10)]
