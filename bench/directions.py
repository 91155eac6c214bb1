"""What an attribute's direction does to pictures: zoetrope bench directions [--model celeba-vae] [--write].

Random pictures are moved by two deviations along the direction, and as far along a random direction. A classifier of
the same data then says how much of the attribute they show, and how far they have moved in its features otherwise.
"""

import argparse
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.rig.report import publish, table
from engine import directions
from engine.errors import BadValue, ZoetropeError
from engine.nn.prior import draw
from engine.runtime import Engine
from train.evaluation import judge_of
from train.measures.subject import Judge

HEAD = ("model", "direction", "judge", "score rose", "mean score", "other features moved", "by a random direction")
STEP = 2.0  # deviations
WANTED = 0.9  # share of pictures whose score has to rise
ALSO_SAID_BY = {"Smiling": ("Mouth_Slightly_Open", "High_Cheekbones", "Narrow_Eyes")}
"""Answers that an attribute changes by its nature, and that are therefore no part of who somebody is."""


@dataclass(frozen=True)
class Result:
    """What moving by a direction did to each picture, and what a random direction did."""

    raised: NDArray[np.bool_]  # whether the attribute's score rose
    scores: tuple[float, float]  # its mean before and after, 0 … 1
    moved: NDArray[np.float64]  # how far other features moved
    by_chance: NDArray[np.float64]  # the same along the random direction

    @property
    def met(self) -> bool:
        return bool(self.raised.mean() >= WANTED and self.moved.mean() < self.by_chance.mean())


def witness(engine: Engine, name: str) -> Judge:
    """Give the classifier of a model's data. Raises BadValue where there is none."""
    judge = judge_of(engine, name)
    if judge is None:
        data = engine.card(name).data
        raise BadValue(f"There is no checkpoint that classifies {data}, so nothing can say what a direction does.")
    return judge


@torch.no_grad()
def moved(engine: Engine, name: str, attribute: str, count: int) -> Result:
    """Move `count` random pictures along an attribute's direction, and along random ones of equal length."""
    judge, model, card = witness(engine, name), engine.model(name), engine.card(name)
    found = directions.load(engine.place(name), card)
    vector, deviation = found.vector(attribute), found.note(attribute).deviation
    z = draw(model, range(count))
    random = np.random.default_rng(0).normal(size=(count, card.latent))
    random *= STEP * deviation / np.linalg.norm(random, axis=1, keepdims=True)
    y = torch.arange(count) % len(card.classes) if card.classes else None
    steps = torch.from_numpy(STEP * deviation * vector), torch.from_numpy(random).float()
    before, after, elsewhere = (decoded(model, z + step.to(z), y) for step in (torch.zeros(card.latent), *steps))
    answer = engine.card(judge.name).labels.index(attribute)
    logits = [judge.model.logits(x)[:, answer] for x in (before, after)]
    score = [judge.model.probabilities(x)[:, answer].mean() for x in (before, after)]
    keep = other_features(judge, engine.card(judge.name).labels, attribute)
    distances = [(keep(x) - keep(before)).norm(dim=1).double().cpu().numpy() for x in (after, elsewhere)]
    raised = (logits[1] > logits[0]).cpu().numpy()
    return Result(raised, (float(score[0]), float(score[1])), *distances)


def decoded(model: Any, z: Tensor, y: Tensor | None) -> Tensor:
    """Decode as people see it: in bytes."""
    x: Tensor = model.decode(z, y)
    return (255 * x).round() / 255


def other_features(judge: Judge, labels: tuple[str, ...], attribute: str) -> Any:
    """Give a view of the classifier's features from which the attribute, and what belongs to it, is projected out."""
    names = (attribute, *ALSO_SAID_BY.get(attribute, ()))
    rows = [judge.model.head.weight[labels.index(name)] for name in names if name in labels]
    spoken, _ = torch.linalg.qr(torch.stack(rows).float().T)

    def view(x: Tensor) -> Tensor:
        features = judge.model.features(x)
        return features - features @ spoken @ spoken.T

    return view


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="celeba-vae", help="a checkpoint with directions (celeba-vae)")
    parser.add_argument("--attribute", default="Smiling", help="the name of the direction (Smiling)")
    parser.add_argument("--pictures", type=int, default=200, help="random pictures (200)")
    parser.add_argument("--write", action="store_true", help="append the table to bench/RESULTS.md")
    given = parser.parse_args()
    engine = Engine(device="auto")
    try:
        result = moved(engine, given.model, given.attribute, max(1, given.pictures))
        judge = witness(engine, given.model).name
    except ZoetropeError as error:
        sys.stderr.write(f"zoetrope bench directions: {error}\n")
        sys.exit(2)
    raised = f"{100 * result.raised.mean():.1f} % of {len(result.raised)}"
    scores = "{:.3f} → {:.3f}".format(*result.scores)
    what = f"{given.attribute} +{STEP:g} σ"
    row = given.model, what, judge, raised, scores, float(result.moved.mean()), float(result.by_chance.mean())
    publish(f"directions: what {given.attribute} does", table(HEAD, [row]), given.write)
    sys.exit(0 if result.met else 1)


if __name__ == "__main__":
    main()
