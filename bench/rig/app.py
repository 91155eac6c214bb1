"""The app with what measurements add: a page that burns Python, and an engine that fails where it is asked to.

python -m bench.rig.app run --headless --port P [--engine process|thread] [--checkpoints DIR] [--broken]
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from app.engine_client import DEFAULT_MODEL, backend, threads
from app.main import serve
from bench.rig.processes import allow_many_files
from engine.serving.protocol import Backend

SCRIPT = Path(__file__).with_name("script.py")


def main() -> None:
    given = _options()
    allow_many_files()
    folders = None if given.checkpoints is None else [given.checkpoints]
    make = partial(broken, folders) if given.broken else partial(backend, given.engine, folders)
    serve(given.port, "localhost", make, headless=True, script=SCRIPT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve the app for a measurement.")
    parser.add_argument("command", choices=["run"])
    parser.add_argument("--headless", action="store_true")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--engine", default="process")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--broken", action="store_true", help="run bench.rig.broken's engine in a process of its own")
    return parser.parse_args()


def broken(folders: list[Path] | None) -> Backend:
    from engine.serving.process import ProcessBackend

    return ProcessBackend(folders, threads=threads(), warm=(DEFAULT_MODEL,), factory="bench.rig.broken:engine")


if __name__ == "__main__":
    main()
