"""An hour of mixed visitors, and what it leaves behind: zoetrope bench soak [--minutes 60] [--write].

People drag, ask for sheets, open pages, come back to their views and leave, with and without a word; each is followed
by another. Once a minute the memory of the web process and of the engine is read, once a second the connections that
they hold; anything that is not loopback is listed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.rig.processes import Connection, allow_many_files, connections, open_files, threads_of
from bench.rig.report import note, options, publish, table
from bench.rig.server import Server
from bench.rig.visitors import HABITS, Tally, habit

WARM = 10.0
"""Minutes after which memory should grow no more."""
ROWS = 15
"""The table shows about so many minutes."""
HEAD = ("minute", "web MiB", "engine MiB", "files open", "threads", "cores busy: web", "engine", "done", "errors")


@dataclass(frozen=True)
class Minute:
    """What was read at the end of a minute."""

    at: float  # minutes from the start
    web: float  # MiB
    engine: float
    files: int  # open in the web process
    threads: int
    web_seconds: float  # of processor, since the start
    engine_seconds: float
    done: int
    errors: int


def main() -> None:
    given = _options()
    allow_many_files()
    random.seed(given.seed)
    with Server(("--engine", given.engine)) as server:
        minutes, tally, outward = asyncio.run(soak(server, given.minutes))
        words = server.log.read_text(errors="replace")
    publish("soak", report(minutes, tally, outward, words.count("Traceback")), given.write)


def _options() -> argparse.Namespace:
    parser = options("Keep a server busy for long and watch its memory and its connections.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


async def soak(server: Server, minutes: float) -> tuple[list[Minute], Tally, set[Connection]]:
    """Let visitors come for some minutes; what each minute showed, what they did, and connections to elsewhere."""
    tally, outward = Tally(), set[Connection]()
    people = [asyncio.create_task(habit(kind, server.address, tally)) for kind, n in HABITS.items() for _ in range(n)]
    began = time.monotonic()
    seen = [await asyncio.to_thread(_minute, server, 0.0, tally)]
    while (at := (time.monotonic() - began) / 60) < minutes:
        await asyncio.sleep(1.0)
        held = await asyncio.to_thread(connections, server.processes())
        outward |= {connection for connection in held if connection.outward}
        if at - seen[-1].at >= min(1.0, minutes / 10):
            seen.append(await asyncio.to_thread(_minute, server, at, tally))
            now = seen[-1]
            note(f"minute {at:.1f}: web {now.web:.0f} MiB, engine {now.engine:.0f} MiB, {now.errors} errors")
        if not server.lives():
            raise RuntimeError("The web process ended.")
    for person in people:
        person.cancel()
    await asyncio.gather(*people, return_exceptions=True)
    return seen, tally, outward


def _minute(server: Server, at: float, tally: Tally) -> Minute:
    return Minute(
        at,
        *server.memory(),
        open_files(server.web),
        threads_of(server.web),
        *server.processor_seconds(),
        tally.done.total(),
        tally.errors.total(),
    )


def report(minutes: Sequence[Minute], tally: Tally, outward: set[Connection], tracebacks: int) -> str:
    pairs = list(itertools.pairwise(minutes))
    rows = [_cells(earlier, later) for earlier, later in pairs[:: max(1, -(-len(pairs) // ROWS))]]
    faults = {what: number for what, number in tally.errors.items() if number}
    return "\n\n".join(
        (
            table(HEAD, rows),
            _growth(minutes),
            f"Done: {', '.join(f'{number:,} {what}' for what, number in tally.done.most_common())}. "
            f"Errors: {faults or 'none'}. Tracebacks in the server's log: {tracebacks}. "
            f"Connections that are not loopback: {', '.join(sorted(map(str, outward))) or 'none'}.",
        )
    )


def _cells(earlier: Minute, later: Minute) -> tuple[object, ...]:
    spent = 60 * (later.at - earlier.at)
    web = (later.web_seconds - earlier.web_seconds) / spent
    engine = (later.engine_seconds - earlier.engine_seconds) / spent
    return (
        round(later.at, 1),
        later.web,
        later.engine,
        later.files,
        later.threads,
        web,
        engine,
        later.done,
        later.errors,
    )


def _growth(minutes: Sequence[Minute]) -> str:
    """Say how memory grew once it was warm: from there to the end, and by the slope of a straight line through it."""
    warm = [minute for minute in minutes if minute.at >= WARM]
    if len(warm) < 3:
        return f"Growth is read after minute {WARM:.0f}; this run was shorter."
    at = np.array([minute.at for minute in warm])
    parts = []
    for name, memory in (("web", [m.web for m in warm]), ("engine", [m.engine for m in warm])):
        slope = np.polyfit(at, memory, 1)[0] if np.isfinite(memory).all() else float("nan")
        parts.append(f"{name} {memory[-1] - memory[0]:+.1f} MiB ({60 * slope:+.1f} MiB an hour)")
    return f"Growth from minute {warm[0].at:.0f} to {warm[-1].at:.0f}: {', '.join(parts)}."


if __name__ == "__main__":
    main()
