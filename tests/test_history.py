"""A card keeps every run that led to its weights, oldest first, and what it does not know it does not claim."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from app.views.facts import trained
from engine.checkpoints import files, listing
from engine.checkpoints.card import Card, TrainingRun, from_json, to_json
from engine.checkpoints.files import CARD, WEIGHTS, digest
from engine.errors import CheckpointRefused
from tests import echo
from tests.toys import toy_data
from train.cli import main
from train.devices import Distributed
from train.loop import Training, prepared
from train.recipes import RECIPES
from train.runs import ORIGIN, STATE

SMALL = ("--model.width", "8", "--batch", "4", "--sheets", "0", "--save-every", "2")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def trained_to(home: Path, name: str, steps: int, *words: str, run: str = "") -> Card:
    """Train a small model in a run of its own and export it."""
    folder = str(home / (run or name))
    main(["run", "digits-vae", *SMALL, "--steps", str(steps), *words, "--run", folder])
    return exported(folder, name)


def exported(folder: str, name: str) -> Card:
    main(["export", folder, name])
    return files.read_card(listing.user_folder() / name)


def counts(card: Card) -> list[tuple[int | None, int | None]]:
    return [(run.steps, run.pictures) for run in card.history]


def forget_history(name: str) -> None:
    """Make a card one of before histories were kept."""
    path = listing.user_folder() / name / CARD
    fields = json.loads(path.read_text())
    del fields["history"]
    path.write_text(json.dumps(fields))


# What a run adds


def test_a_run_from_scratch_has_a_history_of_one(home: Path) -> None:
    card = trained_to(home, "digits-vae-first", 3)
    assert card.history == (TrainingRun(card.recipe, 3, 12, ""),)
    assert not (home / "digits-vae-first" / ORIGIN).exists()


def test_a_chain_of_runs_exports_all_of_them_though_the_weights_between_are_overwritten(home: Path) -> None:
    first = trained_to(home, "digits-vae-mine", 2)
    weights = listing.user_folder() / "digits-vae-mine" / WEIGHTS
    began_from = digest(weights.read_bytes())
    second = trained_to(home, "digits-vae-mine", 3, "--begin", "digits-vae-mine", "--batch", "8", run="second")
    went_on_from = digest(weights.read_bytes())
    third = trained_to(home, "digits-vae-third", 1, "--begin", "digits-vae-mine")
    assert len({began_from, went_on_from}) == 2
    assert counts(third) == [(2, 8), (3, 24), (1, 4)]
    assert [run.recipe for run in third.history] == [first.recipe, second.recipe, third.recipe]
    assert [run.initial_digest for run in third.history] == ["", began_from, went_on_from]
    assert exported(str(home / "second"), "digits-vae-again").history == second.history


def test_a_model_of_another_family_has_the_runs_of_that_which_it_began_with(home: Path) -> None:
    first = trained_to(home, "digits-vae-first", 2)
    likes = ("--model.net", "dense", "--model.shape", "1", "8", "8", "--model.latent", "2", "--model.depth", "2")
    words = ("--data", "digits", *likes, *SMALL, "--steps", "3", "--begin", "digits-vae-first")
    main(["run", "mnist-iaf-vae", *words, "--run", str(home / "second")])
    second = exported(str(home / "second"), "digits-iaf-vae")
    assert counts(second) == [(2, 8), (3, 12)]
    assert second.history[0] == first.history[0]
    assert second.history[1].recipe["model"]["family"] == "iaf_vae"


def test_a_stopped_run_counts_the_steps_that_it_reached_and_a_resumed_one_counts_each_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained_to(home, "digits-vae-first", 2)
    run, advance = str(home / "second"), Training.advance

    def stopped(self: Training, batch: Any) -> dict[str, torch.Tensor]:
        if self.step == 3:
            raise KeyboardInterrupt
        return advance(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(Training, "advance", stopped)
        with pytest.raises(SystemExit):
            main(["run", "digits-vae", *SMALL, "--steps", "4", "--begin", "digits-vae-first", "--run", run])
    halfway = exported(run, "digits-vae-second")
    trained_to(home, "digits-vae-first", 5, run="other")  # what the run began from is replaced
    main(["resume", run])
    whole = exported(run, "digits-vae-second")
    assert (counts(halfway), counts(whole)) == ([(2, 8), (2, 8)], [(2, 8), (4, 16)])
    assert halfway.history[1].recipe["steps"] == 4
    assert halfway.history[1].initial_digest == whole.history[1].initial_digest == first.digests[WEIGHTS]


def test_a_run_that_has_saved_nothing_does_not_export_the_seeds_weights_for_those_it_began_from(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_to(home, "digits-vae-first", 2)
    run = home / "second"
    main(["run", "digits-vae", *SMALL, "--steps", "2", "--begin", "digits-vae-first", "--run", str(run)])
    (run / STATE).unlink()  # as before its first save
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run), "digits-vae-second"])
    assert ended.value.code == 2
    assert "began from digits-vae-first and has saved no state yet" in capsys.readouterr().err


def test_every_batch_of_a_step_counts(tmp_path: Path) -> None:
    words = ("--objective.critic-steps", "3", "--batch", "8", "--sheets", "0", "--steps", "2")
    main(["run", "ring-gan", *words, "--run", str(tmp_path / "run")])
    main(["export", str(tmp_path / "run"), "ring-gan-mine", "--to", str(tmp_path)])
    assert counts(files.read_card(tmp_path / "ring-gan-mine")) == [(2, 48)]


def test_ranks_share_the_pictures_that_are_counted() -> None:
    recipe, data = dataclasses.replace(RECIPES["digits-vae"], batch=9), toy_data((1, 8, 8))
    places = [Distributed(torch.device("cpu"), rank, ranks=2) for rank in (0, 1)]
    assert sum(len(prepared(recipe, data.train, 0, place).x) for place in places) == 9


# What is not known


def test_a_checkpoint_without_a_history_has_a_leg_of_unknown_length(home: Path) -> None:
    first = trained_to(home, "digits-vae-first", 2)
    forget_history("digits-vae-first")
    second = trained_to(home, "digits-vae-second", 3, "--begin", "digits-vae-first")
    assert second.history[0] == TrainingRun(first.recipe, None, None, "")
    forget_history("digits-vae-second")
    third = trained_to(home, "digits-vae-third", 1, "--begin", "digits-vae-second")
    assert third.history[0] == TrainingRun(second.recipe, None, None, None)
    assert third.history[1].initial_digest == second.digests[WEIGHTS]


def test_a_run_begun_before_origins_were_kept_claims_none(home: Path) -> None:
    trained_to(home, "digits-vae-first", 2)
    card = trained_to(home, "digits-vae-second", 3, "--begin", "digits-vae-first")
    (home / "digits-vae-second" / ORIGIN).unlink()
    assert exported(str(home / "digits-vae-second"), "digits-vae-second").history == (
        TrainingRun(card.recipe, 3, 12, None),
    )


@pytest.mark.parametrize("content", ["", "[]", '{"digest": 3}', '{"history": [{"steps": 1}]}', "\udc80"])
def test_a_damaged_origin_is_named(home: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    trained_to(home, "digits-vae-first", 2)
    trained_to(home, "digits-vae-second", 3, "--begin", "digits-vae-first")
    (home / "digits-vae-second" / ORIGIN).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SystemExit) as ended:
        main(["export", str(home / "digits-vae-second"), "digits-vae-second"])
    assert ended.value.code == 2
    assert f"{ORIGIN} is damaged" in capsys.readouterr().err


def test_a_card_without_a_history_is_read_and_one_of_impossible_counts_refused() -> None:
    card = dataclasses.replace(echo.card("toy-vae", 1, (1, 2, 2)), history=(TrainingRun({}, 2, 8, ""),))
    fields = json.loads(to_json(card))
    assert from_json(json.dumps(fields), "toy") == card
    assert from_json(json.dumps({name: fields[name] for name in fields if name != "history"}), "toy").history == ()
    fields["history"][0]["steps"] = -1
    with pytest.raises(CheckpointRefused, match="steps is -1; it has to be at least 0"):
        from_json(json.dumps(fields), "toy")


# What ships

SHIPPED = [files.read_card(place) for place in listing.places([listing.SHIPPED])]


@pytest.mark.parametrize("card", [card for card in SHIPPED if card.recipe.get("init_from")], ids=lambda card: card.name)
def test_a_shipped_card_that_began_from_another_says_from_which(card: Card) -> None:
    *earlier, last = card.history
    words = {"title", "description"}
    assert {**last.recipe, **dict.fromkeys(words)} == {**card.recipe, **dict.fromkeys(words)}
    assert earlier[0].initial_digest == ""
    unknown = [run.steps is None for run in earlier]
    for before_is_unknown, run in zip(unknown, card.history[1:], strict=True):
        assert run.steps is None or before_is_unknown or run.initial_digest is not None
    for run in card.history:
        if run.steps is not None:
            batches = run.recipe["objective"].get("critic_steps", 1)
            assert run.pictures == run.steps * run.recipe["batch"] * batches
        else:
            assert run.note.startswith("not on record")


# What a person reads


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ((), ""),
        ((TrainingRun({}, None, None, ""),), ""),
        ((TrainingRun({}, 1, 1, ""),), "Trained 1 step on 1 picture."),
        ((TrainingRun({}, 999, 999_999, ""),), "Trained 999 steps on 999,999 pictures."),
        (
            (TrainingRun({}, 22_000, 1_408_000, ""), TrainingRun({}, 44_000, 2_816_000, "ab")),
            "Trained 66,000 steps on 4.2 million pictures in 2 runs.",
        ),
        ((TrainingRun({}, 10, 4_000_000, ""),), "Trained 10 steps on 4 million pictures."),
        (
            (TrainingRun({}, None, None, ""), TrainingRun({}, 1_000, 64_000, "ab")),
            "Trained at least 1,000 steps on 64,000 pictures; earlier runs are not on record.",
        ),
        (
            (TrainingRun({}, 1_000, 64_000, None),),
            "Trained at least 1,000 steps on 64,000 pictures; earlier runs are not on record.",
        ),
    ],
)
def test_the_facts_say_how_long_as_far_as_it_is_known(history: tuple[TrainingRun, ...], words: str) -> None:
    assert trained(dataclasses.replace(echo.card("toy-vae", 1, (1, 2, 2)), history=history)) == words
