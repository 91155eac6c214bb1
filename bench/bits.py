"""Whether a row feels its company: zoetrope bench bits [--trials 1000] [--threads N] [--device D] [--write].

Each trial of a model joins some jobs of random verbs, rows and companions in one `run_batch`, and compares one row of
one of them, bit for bit, with the same row asked alone: bytes of pictures, floats of latents. The floats behind the
pictures are compared too. Beside it stands how often the bare model would have failed.
"""

import argparse
import sys
from typing import Any

import numpy as np
import torch
from numpy.random import Generator

from bench.rig.report import publish
from engine.batching import OPERATIONS, run_batch
from engine.passes import Pass
from engine.ready import Ready
from engine.runtime import Engine
from engine.serving.jobs import Answer, Job

POOL = 256  # pictures and latents to draw from
VERBS = ("decode", "sample", "encode", "reconstruct")


def drawn(ready: Ready, random: Generator, pictures: Any) -> Job:
    """Draw a job that the model can do."""
    card = ready.card
    verbs = [verb for verb in VERBS if set(OPERATIONS[verb].needs) <= set(card.verbs)]
    verb, count = str(random.choice(verbs)), int(random.choice((1, 1, 2, 3, 5, 9, 17, 40, 64)))
    y = random.integers(0, len(card.classes), count) if card.classes and random.random() < 0.7 else None
    if verb == "decode":
        z = random.normal(size=(count, card.latent), scale=random.choice((0.5, 1, 3))).astype(np.float32)
        return Job(verb, card.name, z=z, y=y)
    if verb == "sample":
        return Job(verb, card.name, seeds=tuple(map(int, random.integers(0, 2**62, count))), y=y)
    return Job(verb, card.name, pictures=pictures[random.integers(0, POOL, count)], y=y)


def arrays(outcome: Any) -> Any:
    """Give the one array of an answer, or raise the error in its place."""
    if not isinstance(outcome, Answer):
        raise outcome
    (array,) = outcome.arrays.values()
    return array


def trial(ready: Ready, random: Generator, pictures: Any) -> bool:
    """Whether one row of one of some jobs is what it is alone."""
    jobs = [drawn(ready, random, pictures) for _ in range(random.integers(1, 6))]
    which = int(random.integers(len(jobs)))
    row = int(random.integers(jobs[which].rows))
    (alone,) = run_batch(ready, [jobs[which].part(row, row + 1)])
    return bool((arrays(run_batch(ready, jobs)[which])[row] == arrays(alone)[0]).all())


def floats(ready: Ready) -> Pass:
    """Decode to the floats that the bytes are made of."""

    def forward(z: torch.Tensor, y: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        x = ready.forwards.quick.decode(z.to(ready.forwards.dtype), y).float()
        return x, x

    return Pass(ready.card.name, forward, ready.main.probe, ready.device)


def float_trial(decode: Pass, ready: Ready, random: Generator) -> bool:
    count = int(random.integers(1, 100))
    z = random.normal(size=(count, ready.card.latent), scale=random.choice((0.5, 1, 3))).astype(np.float32)
    y = [random.integers(-1, len(ready.card.classes), count)] if ready.card.classes else []
    row = int(random.integers(count))
    alone = decode(*(part[row : row + 1] for part in (z, *y)))
    return bool((decode(z, *y)[row] == alone[0]).all())


def bare_trial(model: Any, ready: Ready, random: Generator) -> bool:
    count = int(random.integers(1, 100))
    z = torch.from_numpy(random.normal(size=(count, ready.card.latent)).astype(np.float32)).to(ready.device)
    row = int(random.integers(count))
    with torch.inference_mode():
        return torch.equal(model.decode(z)[row], model.decode(z[row : row + 1])[0])


def row(engine: Engine, name: str, trials: int) -> tuple[str, int]:
    """Give a model's row of the table, and how many of its trials failed."""
    ready, model, random = engine.ready(name), engine.model(name), np.random.default_rng(0)
    channels, height, width = ready.card.shape
    pictures = random.integers(0, 256, (POOL, height, width, channels), np.uint8)
    failed = sum(not trial(ready, random, pictures) for _ in range(trials))
    decode = floats(ready)
    failed_floats = sum(not float_trial(decode, ready, random) for _ in range(trials))
    failed_bare = sum(not bare_trial(model, ready, random) for _ in range(trials // 10))
    kind, sizes = str(ready.forwards.dtype).removeprefix("torch."), ", ".join(map(str, ready.main.costs))
    text = f"| {name} | {failed} | {failed_floats} | {100 * failed_bare / (trials // 10):.0f} % | {kind} | {sizes} |"
    return text, failed + failed_floats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="of each model (1000)")
    parser.add_argument("--threads", type=int, default=1, help="cores that a pass takes (1)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, … (a GPU if there is one)")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    engine = Engine(device=given.device, threads=given.threads)
    rows = [row(engine, name, max(10, given.trials)) for name in engine.names()]
    heads = (
        "model",
        "jobs that differ",
        "floats that differ",
        "bare floats that differ",
        "precision",
        "rows of a pass",
    )
    table = f"| {' | '.join(heads)} |\n" + "|---" * len(heads) + "|\n" + "\n".join(text for text, _ in rows)
    title = f"bits of rows in company, {given.trials} trials a model, {engine.device}, threads {given.threads}"
    publish(title, table, given.write)
    sys.exit(any(failed for _, failed in rows))


if __name__ == "__main__":
    main()
