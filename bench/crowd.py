"""A lecture hall of phones on one server: zoetrope bench crowd [--phones 300] [--rate 5] [--seconds 20] [--write].

Four things are measured, one after the other, on a server started as people start it, with the engine in a process of
its own, and with the phones in this process, which is a third:

    join      every phone opens the page at the same moment: HTML, files, Streamlit's first run, live channel, picture
    drag      every phone drags over the plane of frey-vae-2d at `rate` pictures a second
    return    all connections are cut at once, later the web process is killed; every phone finds its view again
    restart   the engine is killed (kill -9) while `hands` of them drag

A picture is right when it is, to one grey level, that of an engine alone in a process alone, asked for that
latent only.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.rig.chromium import chromium, files_of
from bench.rig.drags import MODEL, Seen, drag, milliseconds, percentile, place, wrong
from bench.rig.live import Line
from bench.rig.phones import Phone, all_of, close, come_back, join
from bench.rig.processes import allow_many_files, open_files, processor_seconds
from bench.rig.report import note, options, publish, table
from bench.rig.server import Server
from bench.rig.visit import PAGE, QUERY

PATIENCE = 180.0
HAND_RATE = 20.0
"""Pictures a second that a hand asks for while the engine is killed: closer to a finger than a phone in a crowd."""


@dataclass
class Report:
    """What was measured so far, as paragraphs."""

    paragraphs: list[str] = field(default_factory=list)

    def add(self, title: str, text: str, *tables: str) -> None:
        self.paragraphs += [f"**{title}.** {text}", *tables]
        note(f"{title}: {text}")

    def __str__(self) -> str:
        return "\n\n".join(self.paragraphs)


def main() -> None:
    given = _options()
    allow_many_files()
    report = Report()
    with Server(("--engine", given.engine)) as server:
        files = _files(server) if given.files else []
        seen = asyncio.run(crowd(server, given, files, report))
    for what, drags in seen.items():
        different, compared = wrong(drags)
        note(f"{what}: {different} of {compared} pictures differ from an engine alone")
        report.paragraphs.append(f"Pictures of {what} that differ from an engine alone: {different} of {compared}.")
    publish("crowd", str(report), given.write)


def _options() -> argparse.Namespace:
    parser = options("Measure a lecture hall of phones on one server.")
    parser.add_argument("--phones", type=int, default=300)
    parser.add_argument("--rate", type=float, default=5.0, help="pictures a second that each phone asks for (5)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each drag (20)")
    parser.add_argument("--hands", type=int, default=50, help="phones that drag while the engine is killed (50)")
    parser.add_argument("--no-files", dest="files", action="store_false", help="phones have the page's files already")
    return parser.parse_args()


def _files(server: Server) -> list[str]:
    """List the files that a browser asks for, which also makes the server draw its first picture."""
    with chromium() as browser:
        return files_of(browser, server.address, f"{PAGE}?{QUERY}")


async def crowd(
    server: Server, given: argparse.Namespace, files: Sequence[str], report: Report
) -> dict[str, list[Seen]]:
    """Let the phones come, drag, lose their connections and come back; what each hand saw, by paragraph."""
    phones = await joins(server, given.phones, files, report)
    seen = {"the drag": await drags(server, phones, given, report)}
    await returns(server, phones, report)
    if server.engine != server.web:
        seen["the restart"] = await restart(server, phones[: given.hands], given.seconds, report)
    await asyncio.gather(*(close(phone) for phone in phones))
    return seen


# Join


async def joins(server: Server, count: int, files: Sequence[str], report: Report) -> list[Phone]:
    """Let all phones open the page at the same moment; those that arrived."""
    await (await Line(server.address).open()).decode(MODEL, place(0, 0))  # the server has started and is warm
    began, used = time.perf_counter(), server.processor_seconds()
    came = await all_of(join(server.address, number, files) for number in range(count))
    whole, spent = time.perf_counter() - began, server.processor_seconds()[0] - used[0]
    phones = [phone for phone in came if isinstance(phone, Phone)]
    faults = Counter(f"{type(fault).__name__}: {fault}"[:90] for fault in came if not isinstance(fault, Phone))
    report.add(
        "Join",
        f"{len(phones)} of {count} phones had their first picture {whole:.1f} s after all of them opened the page "
        f"({len(files)} files each, {_megabytes(phones):.2f} MB; the web process used {spent:.1f} s of processor "
        f"and holds {open_files(server.web)} files open). Faults: {dict(faults) or 'none'}.",
        table(("seconds since it opened the page", "median", "p95", "slowest"), [_stage(*s) for s in _stages(phones)]),
    )
    return phones


def _megabytes(phones: Sequence[Phone]) -> float:
    return statistics.median([phone.joined.bytes for phone in phones if phone.joined] or [0]) / 1e6


def _stages(phones: Sequence[Phone]) -> list[tuple[str, list[float]]]:
    visits = [phone.joined for phone in phones if phone.joined is not None]
    return [
        ("HTML", [visit.html for visit in visits]),
        ("files", [visit.files for visit in visits]),
        ("Streamlit's first run has ended", [visit.page for visit in visits]),
        ("live channel open", [phone.connected for phone in phones]),
        ("first picture", [phone.shown for phone in phones]),
    ]


def _stage(what: str, seconds: Sequence[float]) -> tuple[object, ...]:
    return what, percentile(seconds, 0.5), percentile(seconds, 0.95), percentile(seconds, 1.0)


# Drag


async def drags(server: Server, phones: Sequence[Phone], given: argparse.Namespace, report: Report) -> list[Seen]:
    """Let all phones drag at once."""
    before = *server.processor_seconds(), processor_seconds(os.getpid())
    began = time.perf_counter()
    seen = await asyncio.gather(*(drag(p.line, p.number, given.rate, given.seconds) for p in phones))
    spent = time.perf_counter() - began
    after = *server.processor_seconds(), processor_seconds(os.getpid())
    web, engine, here = ((b - a) / spent for a, b in zip(before, after, strict=True))
    report.add("Drag", f"{len(phones)} phones at {given.rate:g} a second for {given.seconds:g} s.", _drags(seen, spent))
    megabytes = server.memory()
    report.paragraphs.append(
        f"Cores busy: web {web:.2f}, engine {engine:.2f}, the phones themselves {here:.2f} of {os.cpu_count()}. "
        f"Resident MiB afterwards: web {megabytes[0]:.0f}, engine {megabytes[1]:.0f}."
    )
    return seen


def _drags(seen: Sequence[Seen], spent: float) -> str:
    spans, rates = milliseconds(seen), [one.rate() for one in seen]
    drawings = [drawing for one in seen for drawing in one.drawings]
    errors = Counter(error for one in seen for error in one.errors)
    rows: list[tuple[object, object]] = [
        ("pictures a second, all together", len(drawings) / spent),
        ("ms from asking to picture, median", percentile(spans, 0.5)),
        ("p95", percentile(spans, 0.95)),
        ("p99", percentile(spans, 0.99)),
        ("of these in the queue of the engine, median", percentile([d.queue for d in drawings], 0.5)),
        ("in the forward pass, median", percentile([d.model for d in drawings], 0.5)),
        ("longest time that a phone saw nothing new, s", max(one.longest_gap() for one in seen)),
        ("slowest phone's rate / the median's", min(rates) / statistics.median(rates)),
        ("last position drawn, phones", f"{sum(one.arrived() for one in seen)} of {len(seen)}"),
        ("sentences in the place of a picture", dict(errors) or 0),
        ("sockets lost", sum(one.cuts for one in seen)),
    ]
    return table(("", "measured"), rows)


# Return


async def returns(server: Server, phones: Sequence[Phone], report: Report) -> None:
    """Cut all connections at once, then kill the web process; count the views that came back."""
    await all_of(phone.line.keep(phone.view) for phone in phones)
    rows = [("all sockets cut at once", *await _back(server, phones))]
    left = server.kill()
    began = time.perf_counter()
    waiting = asyncio.gather(*(come_back(phone, 0.0) for phone in phones), return_exceptions=True)
    took = await asyncio.to_thread(server.start)
    rows.append(("web process killed and started again", *_counted(await waiting, began)))
    report.add(
        "Return",
        f"The web process answered again {took:.1f} s after its start; "
        f"processes of the old one that outlived it by 10 s: {len(left)}.",
        table(("", "views found again", "phones that draw", "seconds until the last of them draws"), rows),
    )


async def _back(server: Server, phones: Sequence[Phone]) -> tuple[str, str, float]:
    for phone in phones:
        phone.cut()
    began = time.perf_counter()
    return _counted(await all_of(come_back(phone, random.uniform(0.0, 0.3)) for phone in phones), began)


def _counted(came: Sequence[Any], began: float) -> tuple[str, str, float]:
    back = [result for result in came if isinstance(result, tuple)]
    for fault in Counter(repr(result) for result in came if not isinstance(result, tuple)).items():
        note(f"not back: {fault}")
    latest = max((when for _, when in back), default=float("nan"))
    return f"{sum(found for found, _ in back)} of {len(came)}", f"{len(back)} of {len(came)}", latest - began


# Restart


async def restart(server: Server, phones: Sequence[Phone], seconds: float, report: Report) -> list[Seen]:
    """Kill the engine while some hands drag."""
    going = [asyncio.create_task(drag(p.line, p.number, HAND_RATE, seconds)) for p in phones]
    await asyncio.sleep(seconds / 3)
    killed, engine = time.perf_counter(), server.engine
    os.kill(engine, signal.SIGKILL)
    seen = await asyncio.gather(*going)
    spans = [_recovered(one, killed) for one in seen]
    informed = sum(_informed(phone.line, killed) for phone in phones)
    report.add(
        "Restart",
        f"The engine (process {engine}) was killed while {len(phones)} hands dragged at {HAND_RATE:g} a second; "
        f"all drew again after {max(spans):.2f} s (median {percentile(spans, 0.5):.2f} s). "
        f"{informed} of {len(phones)} sockets were told that it restarts and then that it is ready.",
        _drags(seen, seconds),
    )
    return seen


def _recovered(seen: Seen, killed: float) -> float:
    """Seconds from the kill to the end of the longest time after it in which nothing new was drawn."""
    times = [killed, *(drawing.came for drawing in seen.drawings if drawing.came > killed)]
    gaps = [(later - earlier, later) for earlier, later in itertools.pairwise(times)]
    return max(gaps)[1] - killed if gaps else float("inf")


def _informed(line: Line, killed: float) -> bool:
    states = [state for when, state in line.states if when > killed]
    return "restarting" in states and states[-1] == "ready"


if __name__ == "__main__":
    main()
