"""The proof that some numbers of rows give the same bits, and the time that each takes."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.inference.buffers import Array, Rows

WORTH = 0.9  # a larger number of rows is used if it takes this much of the time a row, or less
PATIENCE_MS = 15.0  # after which a number of rows is timed no more


class Proof:
    """Which numbers of rows give the same bits, and how long they take.

    Every probe goes through every number of rows, at another place than in the comparison. The bits to have are those
    of the usual number; only where it does not agree with itself are others asked. No clock decides that.
    """

    def __init__(
        self,
        tried: Callable[[int, Rows], tuple[Tensor, Array] | None],
        probe: Rows,
        sizes: Sequence[int],
        usual: int,
        clock: Callable[[], float],
    ) -> None:
        self.tried, self.probe, self.sizes, self.usual, self.clock = tried, probe, sizes, usual, clock
        self.outcomes: dict[tuple[int, int], Tensor | None] = {}
        self.ms: dict[int, float] = {}

    def costs(self) -> dict[int, float]:
        """Milliseconds of each number of rows whose bits agree; none where no number fits the memory."""
        standard = self._standard()
        if standard is None:
            return {}
        costs: dict[int, float] = {}
        for size in self.sizes:
            if size <= self.usual or self._pays(costs, size):
                if self._floats(size, 1) is None:
                    break
                if self._agree(size, 1, standard, 0):
                    costs[size] = self.ms[size]
        return costs

    def _standard(self) -> int | None:
        """Give the number of rows that sets the bits: the usual one, else a larger, else a smaller one."""
        larger = [size for size in self.sizes if size >= self.usual]
        smaller = [size for size in reversed(self.sizes) if size < self.usual]
        return next((size for size in [*larger, *smaller] if self._agree(size, 0, size, 1)), None)

    def _pays(self, costs: dict[int, float], size: int) -> bool:
        """Whether the two largest so far give hope that a still larger one takes less time a row."""
        tail = [cost / count for count, cost in sorted(costs.items())][-2:]
        return len(tail) < 2 or tail[1] <= WORTH * tail[0]

    def _agree(self, size: int, turn: int, other: int, other_turn: int) -> bool:
        ours, theirs = self._floats(size, turn), self._floats(other, other_turn)
        if ours is None or theirs is None:
            return False
        count = min(len(ours), len(theirs))
        return torch.equal(ours[:count], theirs[:count])

    def _floats(self, size: int, turn: int) -> Tensor | None:
        """Put the probes, moved on by `turn` places, through passes of `size` rows; None where memory lacks."""
        if (size, turn) not in self.outcomes:
            self.outcomes[size, turn] = self._passed(size, turn)
        return self.outcomes[size, turn]

    def _passed(self, size: int, turn: int) -> Tensor | None:
        count = max(size, self.usual)
        rows = [np.roll(part[:count], turn, axis=0) for part in self.probe]
        chunks = [[part[at : at + size] for part in rows] for at in range(0, count, size)]
        if self.tried(size, chunks[0]) is None:  # the first time is no measure of the second
            return None
        parts: list[Tensor] = []
        began = self.clock()
        while len(parts) < len(chunks) or (len(parts) < 3 and 1e3 * (self.clock() - began) < PATIENCE_MS):
            started = self.clock()
            outcome = self.tried(size, chunks[len(parts) % len(chunks)])
            if outcome is None:
                return None
            ms = 1e3 * (self.clock() - started)
            self.ms[size] = min(ms, self.ms.get(size, ms))
            parts.append(outcome[0].clone())  # a graph writes its next outcome over this one
        return torch.cat(parts[: len(chunks)]).roll(-turn, 0)
