"""Uploads of every kind, and damaged ones: zoetrope bench uploads [--mutations 10000] [--write].

The twelve of the issue go through app/server/uploads.py one after the other, each in a fresh process, so that the
memory of one hides nothing of another's. Memory is what that process grew by at its peak, and the whole of the
decoding process beside it, which Linux never gives as less than what its parent held. Then the damaged pictures of
bench/rig/uploads.py: every twentieth by a fresh process, as an upload is, and the others by a fork of this one with the
same program, limits and answer, which saves each the start of Python.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from app.server import decoder
from app.server.uploads import take_in
from bench.rig.report import note, publish, table
from bench.rig.uploads import TWELVE, mutation
from engine.errors import BadPicture

TRACEBACK = "A TRACEBACK"
FRESH = 20
"""One in so many takes the whole road."""
ROOT = Path(__file__).parent.parent
BROKEN = "decoder cannot open"  # what a person reads where the decoding process ended without an answer


def peak() -> float:
    """Give the most megabytes that this process has held."""
    held = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert held, "this is measured on Linux"
    return int(held[1]) / 1024


def peak_of_decoders() -> float:
    """Give the most megabytes that one of the decoding processes has held; 0 where there was none."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def bring(data: bytes, name: str) -> str:
    """Give what a person sees: a picture and its notes, or the sentence."""
    try:
        picture = take_in(data, name)
    except BadPicture as refusal:
        return str(refusal)
    except Exception as fault:  # what must never be: it is counted, and the others are tried all the same
        return f"{TRACEBACK}: {fault!r}"
    height, width, _ = picture.pixels.shape
    return f"picture {width} × {height}{'; ' if picture.notes else ''}{', '.join(picture.notes)}"


def alone(path: Path, name: str) -> None:
    """Bring one file and print what came of it, the seconds and the megabytes."""
    data = path.read_bytes()
    before, began = peak(), time.perf_counter()
    seen = bring(data, name)
    seconds = time.perf_counter() - began
    print(json.dumps([seen, seconds, peak() - before + peak_of_decoders()]))


def twelve() -> list[list[object]]:
    """Bring the twelve; a row for each."""
    rows = list[list[object]]()
    for what, (name, make) in TWELVE.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(make())
            file.flush()
            command = [sys.executable, "-m", "bench.uploads", "--alone", file.name, "--name", name]
            told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        seen, seconds, megabytes = json.loads(told)
        rows.append([what, seen, f"{seconds:.2f}", f"{megabytes:.0f}"])
    return rows


def forked(command: list[str], input: bytes, **_: object) -> subprocess.CompletedProcess[bytes]:
    """Do as subprocess.run does with the decoder, in a fork of this process, which has loaded it."""
    sys.stdout.flush()
    near, far = os.pipe()
    with tempfile.TemporaryFile() as file:
        file.write(input)
        file.seek(0)
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(file.fileno(), 0)
                os.dup2(far, 1)
                decoder.main(command[5], *map(int, command[6:]))
                sys.stdout.flush()
            finally:
                os._exit(0)
    os.close(far)
    with open(near, "rb") as pipe:
        told = pipe.read()
    return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), told)


def one(seed: int) -> tuple[float, int, str]:
    """Bring the damaged picture of a seed: seconds, the seed, and what a person sees."""
    data, began = mutation(seed), time.perf_counter()
    with nullcontext() if seed % FRESH == 0 else patch.object(subprocess, "run", forked):
        seen = bring(data, "damaged.png")
    return time.perf_counter() - began, seed, seen


def damaged(count: int) -> list[list[object]]:
    """Bring so many damaged pictures; what came of them, and the worst figures."""
    mutation(0)
    before = peak()
    tried = [one(seed) for seed in range(count)]
    kinds = Counter(outcome(seen) for _, _, seen in tried)
    died = [seed for _, seed, seen in tried if BROKEN in seen]
    rows: list[list[object]] = [["damaged pictures", count]]
    rows += [[f"… that became {kind}", number] for kind, number in kinds.most_common()]
    rows += [
        ["tracebacks", sum(TRACEBACK in seen for _, _, seen in tried)],
        ["decoding processes that died", f"{len(died)} (seeds {died[:9]})" if died else 0],
        *(
            row
            for fresh in (True, False)
            for row in slowest([each for each in tried if (each[1] % FRESH == 0) == fresh])
        ),
        ["MB more in this process", f"{peak() - before:.0f}"],
        ["MB of a decoding process at most", f"{peak_of_decoders():.0f}"],
    ]
    return rows


def slowest(tried: list[tuple[float, int, str]]) -> list[list[object]]:
    if not tried:
        return []
    seconds, how = sorted(each[0] for each in tried), "fresh process" if tried[0][1] % FRESH == 0 else "fork"
    worst, seed, seen = max(tried)
    middle, most = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    return [
        [f"seconds by a {how} ({len(tried)}), median / 99 % / worst", f"{middle:.3f} / {most:.3f} / {worst:.3f}"],
        [f"the slowest by a {how}", f"seed {seed}: {seen}"],
    ]


def outcome(seen: str) -> str:
    """Sort what a person saw: a picture, or the sentence without its numbers and names."""
    if seen.startswith("picture"):
        return "a picture"
    words = seen.split("”", 1)[-1].split(";")[0].split(".")[0]
    return "the sentence: …" + re.sub(r"[\d,]*\d", "#", words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="append the tables to bench/RESULTS.md")
    parser.add_argument("--mutations", type=int, default=10_000, help="damaged pictures to bring (10,000)")
    parser.add_argument("--alone", type=Path, help="one file, and nothing else; for this program itself")
    parser.add_argument("--name", default="", help="its name")
    chosen = parser.parse_args()
    if chosen.alone:
        alone(chosen.alone, chosen.name)
        return
    note(f"{chosen.mutations} damaged pictures")
    harmed = damaged(chosen.mutations)
    note("the twelve")
    first = table(["upload", "what a person sees", "seconds", "MB more"], twelve())
    publish("uploads", first + "\n\n" + table(["", ""], harmed), chosen.write)


if __name__ == "__main__":
    main()
