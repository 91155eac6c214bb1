"""The command `zoetrope`: run, list, doctor, bench."""

from __future__ import annotations

import argparse
import os
import runpy
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

BENCH = Path(__file__).parent.parent / "bench"
BAD_INPUT = 2


class BadInput(Exception):
    """A sentence for the person at the keyboard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, 2 for bad input."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "bench":
        parser.error(f"{rest[0]!r} is not understood; see zoetrope {options.command or ''} --help.")
    options.rest = rest
    try:
        return int(COMMANDS[options.command](options))
    except BadInput as fault:
        sys.stderr.write(f"zoetrope: {fault}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoetrope", description="Explore the latent spaces of generative models.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="serve the pages and open a browser on them")
    run.add_argument("--port", type=int, default=8501, help="port to listen on (8501)")
    run.add_argument("--address", default="localhost", help="address to listen on (localhost: this machine alone)")
    run.add_argument("--headless", action="store_true", help="open no browser")
    doctor = commands.add_parser("doctor", help="check that everything works here")
    doctor.add_argument("--port", type=int, default=8501, help="port to look at (8501)")
    listing = commands.add_parser("list", help="list the checkpoints and what each can do")
    for command in (run, doctor, listing):
        command.add_argument(
            "--checkpoints", type=Path, metavar="DIR", help="a folder of checkpoints to use instead of the shipped ones"
        )
    bench = commands.add_parser("bench", help="run a measurement of bench/ by its name")
    bench.add_argument("name", help="drag, …; further options go to the measurement")
    return parser


def _run(options: argparse.Namespace) -> int:
    folders = _folders(options)
    _check_port(options.address, options.port)
    _tell(f"Zoetrope: http://{_host(options.address)}:{options.port}")
    _leave_cores()
    from app.main import serve  # here, not above: it loads the web server, which the other commands do not need

    serve(options.port, options.address, folders, options.headless or not _display())
    return 0


def _leave_cores() -> None:
    """Keep most cores free for the pages and for the browser that may run on this very machine.

    A small decoder gains nothing from a second thread, and waits for it whenever another program holds that core:
    measured on two busy cores, 0.6 ms a picture became 14. The setting counts only before torch is loaded.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 4)))


def _list(options: argparse.Namespace) -> int:
    from app.door import open_engine, order

    engine = open_engine(_folders(options))
    cards = [engine.card(name) for name in order(engine.names())]
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        channels, height, wide = card.shape
        size = f"{height}×{wide}×{channels}"
        _tell(f"{card.name:{width}}  {card.latent:4d} latents  {size:>9}  {', '.join(card.verbs)}")
    for sentence in engine.faults().values():
        _tell(f"refused: {sentence}")
    if not cards:
        _tell("No checkpoint is here. Train one with zoetrope-train run, or give a folder with --checkpoints.")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from app.doctor import examine

    return examine(_folders(options), options.port, _tell)


def _bench(options: argparse.Namespace) -> int:
    known = sorted(path.stem for path in BENCH.glob("*.py") if not path.stem.startswith("_"))
    if not known:
        raise BadInput("The measurements come with the source: run this in a checkout of Zoetrope.")
    if options.name not in known:
        raise BadInput(f"There is no measurement called {options.name!r}. There is: {', '.join(known)}.")
    sys.argv = [f"{options.name}.py", *options.rest]
    runpy.run_path(str(BENCH / f"{options.name}.py"), run_name="__main__")
    return 0


COMMANDS = {"run": _run, "list": _list, "doctor": _doctor, "bench": _bench}


def _folders(options: argparse.Namespace) -> list[Path] | None:
    """Give the folder that was asked for; None stands for the shipped and the user's own."""
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
            raise BadInput(f"Port {port} is taken. Choose another, for example: zoetrope run --port {free_port()}.")
    except OSError as error:
        raise BadInput(f"Cannot listen on {address}:{port} ({error.strerror}). Try --address localhost.") from None


def busy(address: str, port: int) -> bool:
    """Whether another program listens there. OSError where the address is not of this machine."""
    import errno

    for family, kind, protocol, _, where in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(where)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
                if family == socket.AF_INET6:  # a machine without IPv6 still has localhost
                    continue
                raise
    return False


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def _display() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _host(address: str) -> str:
    return "localhost" if address in ("0.0.0.0", "::") else address


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
