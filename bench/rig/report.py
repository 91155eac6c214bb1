"""Tables in Markdown, and where they go."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

Row = Sequence[object]


def table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell(value) for value in line)} |" for line in lines)


def cell(value: object) -> str:
    """Write numbers with three digits that count, and nothing where there is none."""
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def publish(title: str, text: str, write: bool) -> None:
    """Print a measurement, and append it to bench/RESULTS.md where that was asked."""
    from bench.rig.machine import machine, record  # here, not above: it loads torch

    command = f"zoetrope bench {title.split()[0]} {' '.join(sys.argv[1:])}".strip()
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    sys.stdout.write(f"\n## {title}\n\n`{command}` on {machine()}, {load}\n\n{text}\n")
    if write:
        record(title, command.replace(" --write", ""), f"{load}\n\n{text}")


def options(description: str) -> argparse.ArgumentParser:
    """Return a parser with what every load measurement takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--engine", default="process", help="process, thread, or the address of a cluster (process)")
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    return parser


def note(line: str) -> None:
    """Tell the person at the terminal what goes on."""
    sys.stderr.write(line + "\n")
