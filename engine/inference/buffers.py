"""One number of rows at a time: memory for what goes in and out of a forward pass, and on a GPU the pass as one graph.

The graphs follow the PyTorch notes on CUDA graphs (docs.pytorch.org, "CUDA semantics"): static buffers, three rounds of
warm-up on a side stream, capture on the same stream. Pinned memory is taken before, never during a capture.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]
Rows = Sequence[Array]  # what a pass takes, all of the same length
Forward = Callable[..., Tensor]  # rows on the device → what goes to the host

MEMORY_WORDS = ("not enough memory", "DefaultCPUAllocator", "CUDA out of memory", "CUDA error: out of memory")
WARMING = 3  # rounds: cuDNN, cuBLAS and the allocator make up their minds


class Eager:
    """Passes as torch runs them, kernel by kernel."""

    bytes = 0

    def __init__(self, forward: Forward, probe: Rows, size: int, device: torch.device) -> None:
        self.forward, self.device, self.room = forward, device, room(probe, size)

    def run(self, rows: Rows) -> Array:
        """Return what the host wants of a pass; rows that lack are filled up, and cut off."""
        host = [torch.empty(shape, dtype=kind) for shape, kind in self.room]
        fill(host, rows)
        return self.forward(*(part.to(self.device) for part in host))[: len(rows[0])].cpu().numpy()


class Graph:
    """Passes on a GPU as one CUDA graph: a single launch, whatever the number of kernels.

    Graphs of one pool share their scratch memory, so they may follow one another in any order, but not overlap.
    """

    def __init__(self, forward: Forward, probe: Rows, size: int, device: torch.device, pool: Any) -> None:
        before = torch.cuda.memory_reserved(device)
        self.host = [torch.zeros(shape, dtype=kind, pin_memory=True) for shape, kind in room(probe, size)]
        self.rows = [part.to(device) for part in self.host]
        self.graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(WARMING):
                forward(*self.rows)
        # thread_local: other models go on being asked while this one is captured
        with torch.cuda.graph(self.graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
            self.out = forward(*self.rows)
        torch.cuda.current_stream(device).wait_stream(stream)
        self.back = torch.empty(self.out.shape, dtype=self.out.dtype, pin_memory=True)
        self.arrived = torch.cuda.Event()
        self.taken = max(0, torch.cuda.memory_reserved(device) - before)

    @property
    def bytes(self) -> int:
        return max(self.taken, sum(part.nbytes for part in [*self.rows, self.out]))

    def run(self, rows: Rows) -> Array:
        """Do what `Eager.run` does."""
        fill(self.host, rows)
        for part, given in zip(self.rows, self.host, strict=True):
            part.copy_(given, non_blocking=True)
        self.graph.replay()
        self.back.copy_(self.out, non_blocking=True)
        self.arrived.record()
        self.arrived.synchronize()
        return self.back[: len(rows[0])].numpy().copy()


Runs = Eager | Graph


def room(probe: Rows, size: int) -> list[tuple[tuple[int, ...], torch.dtype]]:
    """Return the shape and type of `size` rows of each part."""
    return [((size, *part.shape[1:]), torch.from_numpy(part[:0].copy()).dtype) for part in probe]


def fill(host: Sequence[Tensor], rows: Rows) -> None:
    """Copy rows into torch's memory, and their last one into what is left: a product rounds by alignment too."""
    for part, given in zip(host, rows, strict=True):
        array = part.numpy()
        array[: len(given)] = given
        if len(given) < len(array):
            array[len(given) :] = given[-1]


def is_memory(error: BaseException) -> bool:
    """Whether an error says that the device's or the host's memory is exhausted."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in MEMORY_WORDS)
