"""Milliseconds from a latent to its picture on the host: zoetrope bench latency [--threads N] [--device D] [--write].

Each shipped model, bare as it was trained and ready as the engine keeps it, in turn within one run, so that a machine
whose speed drifts favours neither. Figures are medians; on a GPU, a ready model is one CUDA graph a pass.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.rig.report import publish
from engine.inference import images
from engine.inference.device_model import DeviceModel
from engine.inference.engine import Engine

BATCHES = (1, 16, 64)
SECONDS = 0.6  # for each cell of the table
Decode = Callable[[], Any]


def timed(decode: Decode) -> float:
    began = time.perf_counter()
    decode()
    return 1e3 * (time.perf_counter() - began)


def compared(one: Decode, other: Decode) -> tuple[float, float]:
    """Return the median milliseconds of each, asked in turn."""
    one(), other()
    until, pairs = time.perf_counter() + SECONDS, list[tuple[float, float]]()
    while time.perf_counter() < until or len(pairs) < 5:
        pairs.append((timed(one), timed(other)))
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second)


def bare(model: Any, device: torch.device, z: Any, y: Any) -> Any:
    """Decode as a script would."""
    with torch.inference_mode():
        labels = None if y is None else torch.from_numpy(y).to(device)
        return images.to_bytes(model.decode(torch.from_numpy(z).to(device), labels))


def row(engine: Engine, name: str) -> str:
    """Return a model's row of the table."""
    card, model = engine.card(name), engine.model(name)
    began = time.perf_counter()
    prepared = DeviceModel(model, card, engine.device)
    proving = 1e3 * (time.perf_counter() - began)
    cells = []
    for batch in BATCHES:
        z = engine.latents(name, range(batch))
        y = np.arange(batch) % len(card.classes) if card.classes else None
        before, after = compared(partial(bare, model, engine.device, z, y), partial(prepared.decode, z, y))
        cells.append(f"{before:.2f} → {after:.2f} ({before / after:.1f} ×)")
        if batch == BATCHES[-1]:
            cells.append(f"{1e3 * batch / after:,.0f}")
    kind, sizes = str(prepared.dtype).removeprefix("torch."), ", ".join(map(str, prepared.main.costs))
    return f"| {name} | {' | '.join(cells)} | {kind} | {sizes} | {proving:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="cores that a pass takes (1)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, … (a GPU if there is one)")
    parser.add_argument("--models", default="", help="names, one comma between two (all that decode)")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    engine = Engine(device=given.device, threads=given.threads)
    names = given.models.split(",") if given.models else engine.names("decodes")
    heads = [f"{batch} picture{'s' if batch > 1 else ''}, ms bare → ready" for batch in BATCHES]
    table = f"| model | {' | '.join(heads)} | pictures/s | precision | rows of a pass | made ready in ms |\n"
    table += "|---" * (len(BATCHES) + 5) + "|\n"
    table += "\n".join(row(engine, name) for name in names)
    publish(f"latency from z to its picture, {engine.device}, threads {given.threads}", table, given.write)


if __name__ == "__main__":
    main()
