"""Forward passes over any number of rows, in batches of the sizes that take the least time.

A picture does not depend on batch composition but for rounding: decoded alone or with others it is equal to one grey
level. Where one bit would decide all that follows, as in drawing pixel by pixel, only sizes that agree bit for bit are
used.
"""

import logging
import threading
import time
from collections.abc import Sequence
from functools import cache, cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from engine.errors import OutOfMemory
from engine.inference.buffers import Array, Eager, Forward, Graph, Rows, Runs, is_memory

SIZES = {"cpu": (1, 2, 4, 8, 16, 32, 64), "cuda": (1, 2, 4, 8, 16, 32, 64, 128)}
CLOCKS = {"cpu": time.thread_time, "cuda": time.perf_counter}  # other programs at work do not count
WORTHWHILE = 0.9  # a larger batch is used if it takes this much of the time a row, or less
PATIENCE = 0.015  # seconds, after which a batch size is timed no more

log = logging.getLogger(__name__)


class BatchRunner:
    """One verb of a model for any number of rows.

    `forward` maps rows on the device to what the host wants of them; `probe` holds 16 rows or more such as people ask
    for, by which the batch `sizes` are timed. With `bitwise` only sizes that agree bit for bit are used; a
    single row at a time where none do. `costs` holds the milliseconds of each size that is used.
    """

    def __init__(
        self,
        name: str,
        forward: Forward,
        probe: Rows,
        device: torch.device,
        graphs: bool = True,
        sizes: Sequence[int] = (),
        bitwise: bool = False,
    ) -> None:
        self.name, self.forward, self.probe, self.device = name, forward, probe, device
        self.pool: Any = torch.cuda.graph_pool_handle() if graphs and device.type == "cuda" else None
        self.lock = threading.Lock()
        self.runs: dict[int, Runs] = {}
        self.costs: dict[int, float] = {}
        learn_threads()
        with self.lock, torch.inference_mode():
            tried = sizes or SIZES[device.type]
            self._measure(self._agreeing(tried) if bitwise else tried)
            if not self.costs:
                raise OutOfMemory(f"{name} does not fit into the memory that is left. Take a smaller model.")
            self.nothing: Array = self.runs[min(self.costs)].run(self._probes(min(self.costs), 0))[:0]

    @property
    def limit(self) -> int:
        """The most rows of one pass: more at once would take no less time a row."""
        return max(self.costs)

    def first_of(self, count: int) -> int:
        """Return how many rows to do first of so many."""
        return self.plan[min(count, self.limit)]

    @property
    def bytes(self) -> int:
        return sum(runs.bytes for runs in self.runs.values())

    def __call__(self, *rows: Array) -> Array:
        """Answer any number of rows. Raises OutOfMemory where not even the smallest batch fits the device."""
        learn_threads()
        parts, at, count = [self.nothing], 0, len(rows[0])
        with self.lock, torch.inference_mode():
            while at < count:
                size = self.first_of(count - at)
                outcome = self._tried(size, [part[at : at + size] for part in rows])
                if outcome is None:
                    self.shrink(size)
                    continue
                parts.append(outcome)
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
        """Use smaller batches from now on. Raises OutOfMemory where there are none."""
        if size == min(self.costs):
            raise OutOfMemory(
                f"{self.name} does not fit into the memory that is left, not even with {size} "
                f"picture{'s' if size > 1 else ''} at once. Close something else, or take a smaller model."
            )
        self._keep([smaller for smaller in self.costs if smaller < size])

    # Which sizes

    def _measure(self, sizes: Sequence[int]) -> None:
        """Time batch sizes, smallest first, and keep them up to the one past which a row takes no less time."""
        for size in sizes:
            a_row = [cost / count for count, cost in self.costs.items()]
            if any(later > WORTHWHILE * earlier for earlier, later in pairwise(a_row[-2:])):
                break
            cost = self._milliseconds(size)
            if cost is None:
                break
            self.costs[size] = cost
        best = min((cost / size for size, cost in self.costs.items()), default=0.0)
        limit = min((size for size, cost in self.costs.items() if WORTHWHILE * cost / size <= best), default=0)
        self._keep([size for size in self.costs if size <= limit])

    def _keep(self, sizes: Sequence[int]) -> None:
        self.costs = {size: self.costs[size] for size in sizes}
        self.runs = {size: self.runs[size] for size in sizes if size in self.runs}
        self.__dict__.pop("plan", None)

    def _milliseconds(self, size: int) -> float | None:
        """Time a batch; None where memory does not suffice for it."""
        clock, spent = CLOCKS[self.device.type], list[float]()
        if self._outcome(size, 0) is None:  # the first time is no measure of the second
            return None
        while not spent or (len(spent) < 3 and sum(spent) < PATIENCE):
            began = clock()
            if self._outcome(size, 0) is None:
                return None
            spent.append(clock() - began)
        return 1e3 * min(spent)

    def _agreeing(self, sizes: Sequence[int]) -> Sequence[int]:
        """Name the sizes that give the probes the same bits wherever in the batch they stand; else a single row."""
        probed = cache(partial(self._probed, max(sizes)))

        def agree(size: int, other: int) -> bool:
            ours, theirs = probed(size, 1), probed(other, 0)
            return ours is not None and theirs is not None and np.array_equal(ours, theirs)

        usual = next((size for size in reversed(sizes) if agree(size, size)), None)
        return (1,) if usual is None else [size for size in sizes if agree(size, usual)]

    def _probed(self, count: int, size: int, turn: int) -> Array | None:
        """Put `count` probes, moved on by `turn` places, through batches of a size; None where memory lacks."""
        parts = [self._outcome(size, at - turn) for at in range(0, count, size)]
        given = [part for part in parts if part is not None]
        return np.concatenate(given)[turn : turn + count - 1] if len(given) == len(parts) else None

    def _outcome(self, size: int, first: int) -> Array | None:
        return self._tried(size, self._probes(size, first))

    def _probes(self, size: int, first: int) -> Rows:
        return [np.roll(part, -first, axis=0)[:size] for part in self.probe]

    # Memory

    def _tried(self, size: int, rows: Rows) -> Array | None:
        """Run one batch; None where memory does not suffice for it."""
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


def learn_threads() -> None:
    """Make torch tell the running thread how many cores it may take: a new one takes all until it has asked."""
    torch.get_num_threads()
