"""The command `zoetrope serve`: the engine as a Ray Serve deployment, for `zoetrope run --engine URL`."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import BadValue, MissingData

APPLICATION = "zoetrope"
QUIET = {"log_level": "WARNING", "enable_access_log": False}
MOST_GPUS = 1024  # of one engine
MEMORY = 128 * 2**20  # bytes for objects under way between processes: pictures, never models
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the machine
    "RAY_raylet_start_wait_time_s": "120",  # Ray's own 30 seconds are too few on a machine that is busy
}
LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray's name for: one machine, its processes on the loopback
    "RAY_AUTH_MODE": "token",  # who reaches Ray's own ports can run code, unless they are asked for its token
}


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot be served, before a port is looked at. Raises BadValue, or MissingData without Ray."""
    read_replicas(options.replicas)
    if not 0 <= options.gpus_per_replica < MOST_GPUS:  # "nan" is a float, too
        raise BadValue(
            f"--gpus-per-replica {options.gpus_per_replica} was given; give 0, 1, 2 … or a part such as 0.5."
        )
    if importlib.util.find_spec("ray") is None:
        raise MissingData("Ray is not installed. Install it with: pip install 'zoetrope-latent[cluster]'.")


def serve(options: argparse.Namespace, factory: str = "engine.inference.engine:Engine") -> int:
    """Serve until stopped: on the cluster that RAY_ADDRESS names, else on a cluster of this machine alone."""
    replicas = read_replicas(options.replicas)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    folders = None if options.checkpoints is None else [options.checkpoints.resolve()]
    start(options.address, options.port)
    try:
        deploy(folders, options.device, replicas, options.gpus_per_replica, factory)
        _tell(f"Zoetrope's engine: {url(options.address, options.port)}")
        stopped.wait()
    finally:
        stop()
    return 0


def start(address: str, port: int) -> None:
    """Start Ray, or join the cluster that RAY_ADDRESS names, and let it listen on a port."""
    cluster = os.environ.get("RAY_ADDRESS")
    for name, value in {**SETTINGS, **({} if cluster else LOCAL)}.items():
        os.environ.setdefault(name, value)
    import ray
    from ray import serve as ray_serve

    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    alone: dict[str, Any] = {"include_dashboard": False, "object_store_memory": MEMORY}
    ray.init(cluster or "local", log_to_driver=False, logging_level=logging.WARNING, **({} if cluster else alone))
    ray_serve.start(
        proxy_location="EveryNode" if cluster else "HeadOnly",
        http_options={"host": "127.0.0.1" if address == "localhost" else address, "port": port},
        logging_config=QUIET,
    )


def deploy(folders: Sequence[Path] | None, device: str, replicas: tuple[int, int], gpus: float, factory: str) -> None:
    """Let engines over some folders of checkpoints answer, and wait for the first of them."""
    from ray import serve as ray_serve

    from app.engine_client import DEFAULT_MODEL
    from engine.serving.cluster.deployment import application

    described = application(folders, device, [DEFAULT_MODEL], replicas, gpus, factory)
    ray_serve.run(described, name=APPLICATION, logging_config=QUIET)


def stop() -> None:
    """Take the engines down, and the cluster where it is of this machine alone."""
    import ray
    from ray import serve as ray_serve

    if os.environ.get("RAY_ADDRESS"):
        ray_serve.delete(APPLICATION)
    ray.shutdown()


def read_replicas(text: str) -> tuple[int, int]:
    """Read MIN:MAX, or a number for both. Raises BadValue."""
    given = re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", text)
    least, most = (int(given[1]), int(given[2] or given[1])) if given else (0, 0)
    if not 1 <= least <= most:
        raise BadValue(f"--replicas {text!r} was given; give the least and the most engines to keep, such as 1:4.")
    return least, most


def url(address: str, port: int) -> str:
    """Where `zoetrope run --engine` finds what listens there."""
    return f"http://{'localhost' if address in ('0.0.0.0', '::') else address}:{port}"


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
