"""Where a run computes: device, ranks, precision."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed as dist
from torch import nn

from train.recipe import Precision


@dataclass(frozen=True)
class Distributed:
    """One of `ranks` equal places of a run."""

    device: torch.device
    rank: int = 0
    ranks: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this place writes the logs, sheets and states."""
        return self.rank == 0


def find_distributed() -> Distributed:
    """Take the GPU if there is one, and this process' place among those that torchrun started."""
    cuda = torch.cuda.is_available()
    if not dist.is_torchelastic_launched():
        return Distributed(torch.device("cuda" if cuda else "cpu"))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if cuda else "gloo")
    rank = dist.get_rank()
    device = torch.device("cuda", rank % torch.cuda.device_count()) if cuda else torch.device("cpu")
    return Distributed(device, rank, dist.get_world_size())


def autocast_to(precision: Precision, device: torch.device, nets: nn.Module) -> AbstractContextManager[Any]:
    """Compute in bfloat16 if asked to, or on "auto" where that gains: GPUs, and convolutions on processors with it."""
    wanted = precision == "bf16" or (precision == "auto" and gains(device, nets))
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False) if wanted else nullcontext()


@contextmanager
def flushing() -> Iterator[None]:
    """Take numbers below 1e-38 for zero in this thread: a processor computes with them at a hundredth of its pace."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def gains(device: torch.device, nets: nn.Module) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    capable = torch.cpu.get_capabilities()
    convolves = any(isinstance(module, nn.Conv2d) for module in nets.modules())
    return convolves and bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))
