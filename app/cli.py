"""The command `zoetrope`: run, list, doctor, serve, bench."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from app.network import allow_many_sockets, busy, exposure, free_port, loopback, url
from app.server.origins import site
from engine.console import write_plainly
from engine.errors import ZoetropeError
from engine.version import version

BENCH = Path(__file__).parent.parent / "bench"
BAD_INPUT = 2
HOME = "thread" if sys.platform == "win32" else "process"  # of the engine, unless another is asked for


class BadInput(Exception):
    """A sentence for the person at the keyboard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, 2 for bad input."""
    write_plainly()
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "bench":
        parser.error(f"{rest[0]!r} is not understood; see zoetrope {options.command or ''} --help.")
    options.rest = rest
    try:
        return int(COMMANDS[options.command](options))
    except (BadInput, ZoetropeError) as fault:
        sys.stderr.write(f"zoetrope: {fault}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoetrope", description="Explore the latent spaces of generative models.")
    parser.add_argument("--version", action="version", version=f"zoetrope {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="serve the pages and open a browser on them")
    run.add_argument("--port", type=int, default=8501, help="port to listen on (8501)")
    run.add_argument("--address", default="localhost", help="address to listen on (localhost: this machine alone)")
    run.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="where pages may be opened besides, as through a proxy: https://zoetrope.example (repeatable)",
    )
    run.add_argument("--base-path", default="", metavar="PATH", help="path under which the pages stand: /zoetrope")
    run.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy whose X-Forwarded-Host and X-Forwarded-For are believed (repeatable)",
    )
    run.add_argument("--headless", action="store_true", help="open no browser")
    run.add_argument(
        "--engine",
        default=HOME,
        metavar="WHERE",
        help="where models run: process (one of its own, restarted when it stops), thread (of the web server), "
        f"or http://HOST:PORT of a zoetrope serve ({HOME})",
    )
    doctor = commands.add_parser("doctor", help="check that everything works here")
    doctor.add_argument("--port", type=int, default=8501, help="port to look at (8501)")
    doctor.add_argument("--address", default="localhost", help="address to look at (localhost: this machine alone)")
    listing = commands.add_parser("list", help="list the checkpoints and what each can do")
    cluster = commands.add_parser("serve", help="serve the models to other machines, on a Ray cluster")
    cluster.add_argument("--port", type=int, default=8600, help="port to listen on (8600)")
    cluster.add_argument("--address", default="localhost", help="address to listen on (localhost: this machine alone)")
    cluster.add_argument("--replicas", default="1:1", metavar="MIN:MAX", help="engines to keep, as many as busy (1:1)")
    cluster.add_argument("--gpus-per-replica", type=float, default=0.0, metavar="X", help="GPUs, or parts of one (0)")
    cluster.add_argument("--device", default="auto", help="auto, cpu or cuda (auto)")
    for command in (run, doctor, listing, cluster):
        command.add_argument(
            "--checkpoints", type=Path, metavar="DIR", help="a folder of checkpoints to use instead of the shipped ones"
        )
    bench = commands.add_parser("bench", help="run a measurement of bench/ by its name", add_help=False)
    bench.add_argument("name", nargs="?", help="drag, …; further options, --help too, go to the measurement")
    return parser


def _run(options: argparse.Namespace) -> int:
    from app.engine_client import backend, check

    folders = _folders(options)
    check(options.engine)
    if folders and urlsplit(options.engine).scheme in ("http", "https"):
        raise BadInput("An engine elsewhere has checkpoints of its own. Leave --checkpoints to its zoetrope serve.")
    place = site(options.address, options.origin, options.base_path, options.proxy)
    _check_port(options.address, options.port)
    _tell(f"Zoetrope: {url(options.address, options.port, place.base)}")
    if not loopback(options.address):
        _tell(exposure(options.address, options.port))
    from app.browser_check import display
    from app.main import serve  # here, not above: it loads the web server, which the other commands do not need

    allow_many_sockets()
    quiet = options.headless or not display()
    made = partial(backend, options.engine, folders)
    return 0 if serve(options.port, options.address, made, quiet, site=place) else 1


def _serve(options: argparse.Namespace) -> int:
    from app.serve import check, serve  # here, not above: the other commands do not need it

    options.checkpoints = next(iter(_folders(options) or []), None)
    check(options)
    _check_port(options.address, options.port)
    return serve(options)


def _list(options: argparse.Namespace) -> int:
    folders = _folders(options)
    from app.engine_client import order
    from engine.inference.engine import Engine  # here, not above: it loads torch, which takes seconds

    catalogue = Engine(folders).catalogue
    cards = [catalogue.card(name) for name in order(catalogue.names())]
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        channels, height, wide = card.shape
        size = f"{height}×{wide}×{channels}"
        _tell(f"{card.name:{width}}  {card.latent:4d} latents  {size:>9}  {', '.join(card.verbs)}")
    for sentence in catalogue.faults.values():
        _tell(f"refused: {sentence}")
    if not cards:
        _tell("No checkpoint is here. Train and export one with zoetrope-train, or give a folder with --checkpoints.")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from app.doctor import examine

    return examine(_folders(options), options.port, options.address, _tell)


def _bench(options: argparse.Namespace) -> int:
    known = sorted(path.stem for path in BENCH.glob("*.py") if not path.stem.startswith("_"))
    if not known:
        raise BadInput("The measurements come with the source: run this in a checkout of Zoetrope.")
    if options.name is None:
        raise BadInput(f"Name a measurement: {', '.join(known)}.")
    if options.name not in known:
        raise BadInput(f"There is no measurement called {options.name!r}. There is: {', '.join(known)}.")
    sys.argv = [f"{options.name}.py", *options.rest]
    runpy.run_path(str(BENCH / f"{options.name}.py"), run_name="__main__")
    return 0


COMMANDS = {"run": _run, "list": _list, "doctor": _doctor, "serve": _serve, "bench": _bench}


def _folders(options: argparse.Namespace) -> list[Path] | None:
    """Return the folder that was asked for; None stands for the shipped and the user's own."""
    given: Path | None = options.checkpoints
    if given is None:
        return None
    if not given.is_dir():
        raise BadInput(f"There is no folder {given}. Give --checkpoints a folder that holds NAME/card.json.")
    return [given.resolve()]


def _check_port(address: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise BadInput(f"{port} is no port; give --port a number from 1 to 65535.")
    try:
        if busy(address, port):
            raise BadInput(f"Port {port} is taken. Choose another, for example: --port {free_port()}.")
    except OSError as error:
        raise BadInput(f"Cannot listen on {address}:{port} ({error.strerror}). Try --address localhost.") from None


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
