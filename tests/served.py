"""A cluster of this machine, started as a person would start it, or with an engine made for a test."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.network import free_port

NO_RAY = "Ray is not installed; the extra `cluster` brings it"
RAY = [pytest.mark.ray, pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=NO_RAY)]
MARK = "ZOETROPE_SERVED"  # in the environment of every process of a cluster
END = 30.0  # seconds

WITH_FACTORY = """
import sys
from argparse import Namespace
from pathlib import Path
from app.serve import serve
place = dict(checkpoints=Path(sys.argv[1]), address="localhost", port=int(sys.argv[2]))
sys.exit(serve(Namespace(**place, replicas="1", gpus_per_replica=0.0, device="cpu"), sys.argv[3]))
"""


@contextmanager
def serving(folder: Path, factory: str = "") -> Iterator[str]:
    """Serve a folder of checkpoints: its address. At the end no process is left."""
    port, mark = free_port(), uuid.uuid4().hex
    command = ["-c", WITH_FACTORY, str(folder), str(port), factory]
    if not factory:
        command = ["-m", "app.cli", "serve", "--checkpoints", str(folder), "--port", str(port)]
    with started(command, mark) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert said.startswith("Zoetrope's engine:"), said + process.stdout.read()
        yield f"http://localhost:{port}"
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=END)
        assert process.returncode == 0, rest
        assert factory or rest == ""  # an engine that was made to die makes Ray say so
        assert marked(mark) == []


@contextmanager
def started(command: Sequence[str], mark: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python; what it leaves behind when a test fails is killed."""
    environment = {**os.environ, MARK: mark}
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        for number in marked(mark):
            os.kill(number, signal.SIGKILL)
        process.communicate()


def marked(mark: str) -> list[int]:
    """The processes that have the mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = place.read_bytes()
        except OSError:  # it has just ended, or is somebody else's
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(place.parent.name))
    return found
