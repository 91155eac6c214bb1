"""Forward passes in which a row never feels its company: only numbers of rows that are proven alike are used.

How a product or a function is rounded depends on the shape that it works on, so that one picture decoded alone may
differ in its last bits from the same picture among others. Some numbers of rows do agree, bit for bit. Each verb of a
model finds them once, by a proof on probes, and fills up to the next of them.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.errors import OutOfMemory
from engine.inference.batch_invariance import WORTH, Proof
from engine.inference.buffers import Array, Eager, Forward, Graph, Rows, Runs, is_memory

SIZES = {"cpu": (1, 2, 4, 8, 16, 32, 64), "cuda": (1, 2, 4, 8, 16, 32, 64, 128)}
USUAL = {"cpu": 16, "cuda": 32}  # the number of rows whose bits the others have to have
CLOCKS = {"cpu": time.thread_time, "cuda": time.perf_counter}  # other programs at work shall not count

log = logging.getLogger(__name__)


class Pass:
    """One verb of a model for any number of rows.

    `forward` maps rows on the device to floats (by which bits are compared) and to what the host wants of them; `probe`
    is 16 rows or more such as people ask for. `alone` has every row go by itself, for numbers that
    are summed over a picture: these agree on probes by chance. `sizes` are the numbers of rows that are tried, where
    they are not the usual ones. `costs` holds the milliseconds of each number of rows
    that is used.
    """

    def __init__(
        self,
        name: str,
        forward: Forward,
        probe: Rows,
        device: torch.device,
        graphs: bool = True,
        alone: bool = False,
        sizes: Sequence[int] = (),
    ) -> None:
        self.name, self.forward, self.probe, self.device = name, forward, probe, device
        self.pool: Any = torch.cuda.graph_pool_handle() if graphs and device.type == "cuda" else None
        self.lock = threading.Lock()
        self.runs: dict[int, Runs] = {}
        self.costs: dict[int, float] = {}
        learn_threads()
        with self.lock, torch.inference_mode():
            tried, usual = ((1,), 1) if alone else (sizes or SIZES[device.type], USUAL[device.type])
            clock = CLOCKS[device.type]
            # Where no number agrees even with itself, rows go alone.
            self._choose(Proof(self._tried, probe, tried, usual, clock).costs() or self._alone(clock))
            self.nothing: Array = self.runs[min(self.costs)].run(self._probes(min(self.costs)))[1][:0]

    @property
    def limit(self) -> int:
        """The most rows of one pass: more at once would take no less time a row."""
        return max(self.costs)

    def first_of(self, count: int) -> int:
        """Give how many rows to do first of so many."""
        return self.plan[min(count, self.limit)]

    @property
    def bytes(self) -> int:
        return sum(runs.bytes for runs in self.runs.values())

    def __call__(self, *rows: Array) -> Array:
        """Answer any number of rows. Raises OutOfMemory where not even the smallest number fits the device."""
        learn_threads()
        parts, at, count = [self.nothing], 0, len(rows[0])
        with self.lock, torch.inference_mode():
            while at < count:
                size = self.first_of(count - at)
                outcome = self._tried(size, [part[at : at + size] for part in rows])
                if outcome is None:
                    self.shrink(size)
                    continue
                parts.append(outcome[1])
                at += size
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]

    @cached_property
    def plan(self) -> list[int]:
        """For each number of rows up to the limit, how many to do first so that all take the least time."""
        first, least = [0], [0.0]
        for count in range(1, self.limit + 1):
            time_by = {size: cost + least[max(0, count - size)] for size, cost in self.costs.items()}
            first.append(min(time_by, key=lambda size: time_by[size]))
            least.append(time_by[first[-1]])
        return first

    def shrink(self, size: int) -> None:
        """Use fewer rows from now on. Raises OutOfMemory where there are no fewer."""
        if size == min(self.costs):
            raise OutOfMemory(
                f"{self.name} does not fit into the memory that is left, not even with {size} "
                f"picture{'s' if size > 1 else ''} at once. Close something else, or take a smaller model."
            )
        self.costs = {smaller: cost for smaller, cost in self.costs.items() if smaller < size}
        self.runs = {smaller: runs for smaller, runs in self.runs.items() if smaller < size}
        self.__dict__.pop("plan", None)

    # Memory

    def _tried(self, size: int, rows: Rows) -> tuple[Tensor, Array] | None:
        """Run one pass; None where memory does not suffice for it."""
        try:
            if size not in self.runs:
                self.runs[size] = self._made(size)
            return self.runs[size].run(rows)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not is_memory(error):
                raise
        # Only here, past the block: the error's traceback holds every tensor of the pass that failed.
        self.runs.pop(size, None)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _made(self, size: int) -> Runs:
        if self.pool is not None:
            try:
                return Graph(self.forward, self.probe, size, self.device, self.pool)
            except RuntimeError as error:
                if is_memory(error):
                    raise
                log.info("%s goes kernel by kernel: it waits for the host within a pass", self.name, exc_info=True)
            self.pool = None
        return Eager(self.forward, self.probe, size, self.device)

    def _alone(self, clock: Callable[[], float]) -> dict[int, float]:
        return Proof(self._tried, self.probe, (1,), 1, clock).costs()

    def _choose(self, costs: dict[int, float]) -> None:
        """Keep the numbers of rows that are alike, up to the one past which a row takes no less time."""
        if not costs:
            raise OutOfMemory(f"{self.name} does not fit into the memory that is left. Take a smaller model.")
        best = min(cost / size for size, cost in costs.items())
        limit = min(size for size, cost in costs.items() if WORTH * cost / size <= best)
        self.costs = {size: cost for size, cost in costs.items() if size <= limit}
        self.runs = {size: runs for size, runs in self.runs.items() if size <= limit}

    def _probes(self, count: int) -> Rows:
        return [part[:count] for part in self.probe]


def learn_threads() -> None:
    """Make torch tell the running thread how many cores it may take: a new one takes all until it has asked."""
    torch.get_num_threads()
