"""The law of resuming: a run that was killed and goes on ends where an undisturbed one ends."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from train.data import Batch, Dataset
from train.loop import Training, train
from train.recipe import Recipe
from train.runs import Run


def undisturbed_and_killed(
    recipe: Recipe, data: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch, at: int = 6
) -> tuple[Training, Training]:
    """Train a recipe twice, the second time killed before step `at` and resumed."""
    advance = Training.advance
    whole = train(recipe, data, Run.start(folder / "whole", recipe), progress_bar=False)
    run = Run.start(folder / "killed", recipe)

    def killed(self: Training, batch: Batch) -> dict[str, torch.Tensor]:
        if self.step == at:
            raise KeyboardInterrupt
        return advance(self, batch)

    monkeypatch.setattr(Training, "advance", killed)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, data, run, progress_bar=False)
    monkeypatch.undo()
    return whole, train(recipe, data, Run.open(run.folder), progress_bar=False)


def assert_same(whole: Training, resumed: Training) -> None:
    """Hold two trainings to the same bits: players, critics, buffers, and what ships."""
    for ours, theirs in ((whole.objective, resumed.objective), (whole.shipped, resumed.shipped)):
        here, there = ours.state_dict(), theirs.state_dict()
        assert here.keys() == there.keys()
        assert [name for name in here if not torch.equal(here[name], there[name])] == []
