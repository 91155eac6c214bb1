"""Harm, and what somebody notices who drags beside it: zoetrope bench faults [--messages 10000] [--write].

Each row does one kind of harm to a running server while a bystander drags over frey-vae-2d at 30 pictures a second from
a process of their own, for ten seconds at least. The engine is one that fails where a latent asks for it
(bench/rig/broken.py); all else is the app as it is. The bystander's pictures are compared, to one grey level, with
those of an engine alone.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.rig.bystander import dragging
from bench.rig.drags import Seen, percentile, wrong
from bench.rig.harms import (
    LARGE,
    LARGE_LATENTS,
    LATENTS,
    VICTIM,
    deaf,
    deleted,
    exhausted,
    killing,
    malformed,
    quiet,
    raising,
)
from bench.rig.live import Line
from bench.rig.processes import allow_many_files
from bench.rig.report import note, options, publish, table
from bench.rig.server import ROOT, Server

HEAD = (
    "harm", "what came of it", "bystander's pictures/s", "median ms", "p95 ms", "longest gap, s", "wrong pictures",
    "web MiB", "engine MiB",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One kind of harm, what came of it, and what the bystander and the memory showed."""

    harm: str
    outcome: str
    seen: Seen
    before: tuple[float, float]
    after: tuple[float, float]

    def cells(self, models: Path) -> tuple[object, ...]:
        spans = self.seen.milliseconds
        different, compared = wrong([self.seen], folders=[models])
        troubles = "".join(f"; {number} × {what!r}" for what, number in Counter(self.seen.errors).items())
        return (
            self.harm,
            self.outcome + troubles + (f"; bystander's socket lost {self.seen.cuts} times" if self.seen.cuts else ""),
            self.seen.rate(),
            percentile(spans, 0.5),
            percentile(spans, 0.95),
            self.seen.longest_gap(),
            f"{different} of {compared}",
            f"{self.before[0]:.0f} → {self.after[0]:.0f}",
            f"{self.before[1]:.0f} → {self.after[1]:.0f}",
        )


def main() -> None:
    given = _options()
    allow_many_files()
    rows = list[Row]()
    with tempfile.TemporaryDirectory() as folder:
        shelf = Path(shutil.copytree(given.checkpoints, Path(folder) / "checkpoints"))
        with Server(("--broken", "--checkpoints", str(shelf)), "bench.rig.app") as server:
            asyncio.run(_warm(server))
            for harm, what in harms(server, shelf, given).items():
                rows.append(_done(server, harm, what, given.seconds))
            words = server.log.read_text(errors="replace")
    publish("faults", _report(rows, words, given.checkpoints), given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure what faults do to somebody who drags beside them.")
    parser.add_argument("--messages", type=int, default=10_000, help="malformed messages to send (10000)")
    parser.add_argument("--seconds", type=float, default=10.0, help="least length of each drag (10)")
    parser.add_argument("--checkpoints", type=Path, default=ROOT / "checkpoints", help="models to copy and harm")
    return parser.parse_args()


async def _warm(server: Server) -> None:
    line = await Line(server.address).open()
    for model, latents in (("frey-vae-2d", 2), (VICTIM, LATENTS), (LARGE, LARGE_LATENTS)):
        await line.decode(model, np.zeros((1, latents), np.float32))
    await line.close()


def _done(server: Server, harm: str, what: Callable[[], Awaitable[str]], seconds: float) -> Row:
    """Do one kind of harm beside a bystander. Raises RuntimeError where the server does not survive it."""
    before = server.memory()
    with dragging(server.address) as bystander:
        outcome = asyncio.run(_bounded(what(), seconds))
    if not server.lives():
        raise RuntimeError(f"The web process ended at: {harm}")
    note(f"{harm}: {outcome}")
    return Row(harm, outcome, bystander.seen, before, server.memory())


async def _bounded(thing: Awaitable[str], seconds: float) -> str:
    """Give harm a bounded time, and the bystander at least some seconds."""
    async with asyncio.timeout(300):
        return (await asyncio.gather(thing, asyncio.sleep(seconds)))[0]


def _report(rows: list[Row], words: str, models: Path) -> str:
    return (
        f"{table(HEAD, [row.cells(models) for row in rows])}\n\nMemory is resident, before and after. "
        f"Tracebacks in the server's log: {words.count('Traceback')}."
    )


def harms(server: Server, shelf: Path, given: argparse.Namespace) -> dict[str, Callable[[], Awaitable[str]]]:
    """Name each kind of harm, in the order in which they are done; the last takes the checkpoints away."""
    where = server.address
    return {
        "none": quiet,
        "a model that raises": lambda: raising(where, given.seconds),
        f"{given.messages:,} malformed messages": lambda: malformed(where, given.messages),
        "a client that stops reading": lambda: deaf(server, given.seconds),
        "memory runs out at every batch size": lambda: exhausted(where),
        "a request that kills the engine each time": lambda: killing(where),
        "a checkpoint's files deleted under way": lambda: deleted(server, shelf),
        "none, afterwards": quiet,
    }


if __name__ == "__main__":
    main()
