"""What `zoetrope doctor` looks at: libraries, machine, engine and checkpoints, store, pages, and who can see them."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from app import browser_check, network
from app.engine_client import backend, order
from app.server import store
from engine.checkpoints.catalogue import Catalogue
from engine.errors import ZoetropeError
from engine.inference.requests import Answer, Job
from engine.serving.protocol import Backend

LIBRARIES = ("streamlit", "starlette", "uvicorn", "torch", "numpy", "pillow", "safetensors")
ENOUGH_MEMORY = 1.0
"""GiB that the pages and the shipped models need together."""
PATIENCE = 120.0
TRIES = 9
GIB = 2**30


class Report:
    """Lines of what was found, and the faults among it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell, self.faults = tell, list[str]()

    def fault(self, sentence: str) -> None:
        self.faults.append(sentence)

    def close(self) -> int:
        """Tell the faults; 1 where there is one, else 0."""
        for fault in self.faults:
            self.tell(f"fault: {fault}")
        count = len(self.faults)
        self.tell("All is well." if not count else f"{count} fault{'s' if count > 1 else ''}.")
        return 1 if count else 0


def examine(folders: list[Path] | None, port: int, address: str, tell: Callable[[str], None]) -> int:
    """Tell what was found, a line each; 1 where there is a fault, else 0."""
    report = Report(tell)
    tell(f"python {platform.python_version()}, " + ", ".join(f"{name} {_version(name)}" for name in LIBRARIES))
    _machine(report)
    first = _engine(folders, report)
    _store(report)
    try:
        tell(browser_check.pages(folders, first))
    except browser_check.Unreachable as fault:
        report.fault(str(fault))
    tell(_port(address, port))
    tell(browser_check.browser(address, port))
    tell(network.exposure(address, port))
    tell(network.crowd())
    return report.close()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


# The machine


def _machine(report: Report) -> None:
    total, free, cards = _memory("MemTotal"), _memory("MemAvailable"), _cards()
    memory = "memory unknown" if total is None or free is None else f"memory {total:.1f} GiB, {free:.1f} GiB free"
    report.tell(f"machine: {os.cpu_count()} cores, {memory}, {'; '.join(cards) or 'no GPU'}")
    if free is not None and free < ENOUGH_MEMORY:
        report.fault(f"Only {free:.1f} GiB of memory are free; close something, {ENOUGH_MEMORY:.0f} GiB are needed.")
    # Here, not above: it loads torch, which the web process does without.
    from engine.inference.engine import pick_device

    device = pick_device()
    report.tell(f"device: models run on {'the processor' if device == 'cpu' else device}")
    if cards and device == "cpu":
        report.fault("There is a GPU and this build of torch cannot use it. Install one for its CUDA: pytorch.org.")


def _cards() -> list[str]:
    """Name the GPUs of NVIDIA, each with its memory, all and free."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    rows = [line.split(", ") for line in done.stdout.splitlines()] if done.returncode == 0 else []
    return [f"{name} {float(all_) / 1024:.0f} GiB, {float(free) / 1024:.0f} GiB free" for name, all_, free in rows]


def _memory(row: str) -> float | None:
    """Return a row of the system's table of memory in GiB; None where the system has none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{row}:"):
                return int(line.split()[1]) * 1024 / GIB
    return None


# The engine, as `zoetrope run` starts it


def _engine(folders: list[Path] | None, report: Report) -> str | None:
    """Start an engine and try its models; the name of one that can be decoded."""
    started = time.perf_counter()
    engine = backend("process", folders)
    try:
        catalogue = engine.catalogue(PATIENCE)
        report.tell(f"engine: a process of its own, ready after {time.perf_counter() - started:.1f} s")
        return _models(engine, catalogue, report)
    except ZoetropeError as error:
        report.fault(str(error))
        return None
    finally:
        engine.close()


def _models(engine: Backend, catalogue: Catalogue, report: Report) -> str | None:
    for sentence in catalogue.faults.values():
        report.fault(sentence)
    names, able = order(catalogue.names("decodes")), list[str]()
    for name in names:
        try:
            report.tell(f"{name}: {_decoded(engine, name)}, weights {_digest(catalogue, name)}… as on its card")
            able.append(name)
        except ZoetropeError as error:
            report.fault(str(error))
    if not names:
        report.fault("No checkpoint can be decoded. Train and export one with zoetrope-train, or give --checkpoints.")
    return next(iter(able), None)


def _decoded(engine: Backend, name: str) -> str:
    """Decode one picture a few times and say what it takes."""
    z = _asked(engine, Job("latents", name, seeds=(0,))).arrays["z"]
    _asked(engine, Job("decode", name, z=z))  # the first call may load the weights
    inside, whole = list[float](), list[float]()
    for _ in range(TRIES):
        started = time.perf_counter()
        inside.append(_asked(engine, Job("decode", name, z=z)).ms["model"])
        whole.append(1e3 * (time.perf_counter() - started))
    return f"one picture in {median(inside):.1f} ms, {median(whole):.1f} with the way there and back"


def _asked(engine: Backend, job: Job) -> Answer:
    return engine.submit(job).result(PATIENCE)


def _digest(catalogue: Catalogue, name: str) -> str:
    return catalogue.card(name).digests.get("weights.safetensors", "")[:12]


# The store and the port


def _port(address: str, port: int) -> str:
    try:
        return f"port {port} is {'taken: choose another with --port' if network.busy(address, port) else 'free'}"
    except OSError as error:
        return f"port {port}: {address} is not of this machine ({error.strerror}); try --address localhost"


def _store(report: Report) -> None:
    if sentence := store.check():
        report.fault(sentence)
    else:
        report.tell(f"store: {store.place()} can be written")
    store.close()
