"""What `zoetrope doctor` looks at: versions, the machine, every checkpoint, one decode of each, and the port."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from app.door import open_engine, order
from engine.errors import ZoetropeError

if TYPE_CHECKING:
    from engine.runtime import Engine

LIBRARIES = ("streamlit", "starlette", "uvicorn", "torch", "numpy", "pillow", "safetensors")
ENOUGH_MEMORY = 1.0
"""GiB that the pages and the shipped models need together."""


def examine(folders: list[Path] | None, port: int, tell: Callable[[str], None]) -> int:
    """Tell what was found, a line each; 1 where there is a fault, else 0."""
    tell(f"python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    engine = open_engine(folders)
    memory = _memory()
    free = "unknown" if memory is None else f"{memory:.1f} GiB"
    tell(f"device {engine.device}, {os.cpu_count()} cores, free memory {free}")
    faults = list(engine.faults().values())
    if memory is not None and memory < ENOUGH_MEMORY:
        faults.append(f"Only {memory:.1f} GiB of memory are free; close something, {ENOUGH_MEMORY:.0f} GiB are needed.")
    for name in order(engine.names("decodes")):
        _try(engine, name, faults, tell)
    if not engine.names("decodes"):
        faults.append("No checkpoint can be decoded. Train one with zoetrope-train run, or give --checkpoints.")
    tell(_port(port))
    for fault in faults:
        tell(f"fault: {fault}")
    tell("All is well." if not faults else f"{len(faults)} fault{'s' if len(faults) > 1 else ''}.")
    return 1 if faults else 0


def _try(engine: Engine, name: str, faults: list[str], tell: Callable[[str], None]) -> None:
    try:
        z = engine.latents(name, [0])
        engine.decode(name, z)  # the first call loads the weights
        started = time.perf_counter()
        engine.decode(name, z)
        milliseconds = 1e3 * (time.perf_counter() - started)
    except ZoetropeError as error:
        faults.append(str(error))
        return
    digest = engine.card(name).digests.get("weights.safetensors", "")[:12]
    tell(f"{name}: one picture in {milliseconds:.1f} ms, weights {digest}… as on its card")


def _port(port: int) -> str:
    from app.cli import busy

    state = "taken: choose another with --port" if busy("localhost", port) else "free"
    return f"port {port} is {state}"


def _memory() -> float | None:
    """Give the memory that programs may still take, in GiB; None where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 2**20
    return None
