"""The loop: every recipe, turns, resume, ranks, what it writes, how it stops."""

import dataclasses
import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.errors import BadValue, TrainingStopped, UnknownName
from engine.inference.engine import Engine
from engine.models.pixel_vae import PixelVAEConfig
from engine.registry import build
from tests.interrupted import assert_same, undisturbed_and_killed
from train import sheets, step_budget
from train.cli import main
from train.data import Batch, Dataset, open_data
from train.data.plane import MODES, PLANES
from train.devices import Distributed
from train.ema import decay_at
from train.evaluation import evaluate
from train.export import export, halved, shown
from train.loop import Training, hash_seeds, learning_rate, prepared, rows_at, train
from train.objectives import Objective
from train.objectives.elbo import ElboConfig
from train.recipe import AdamConfig, Recipe, as_dict, from_dict
from train.recipes import RECIPES, find_recipe
from train.runs import Run
from train.step_budget import TIMED, steps_within

from .toys import toy_data

CPU = Distributed(torch.device("cpu"))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data("digits", None, (1, 8, 8))


def short(recipe: Recipe, **changes: object) -> Recipe:
    return dataclasses.replace(recipe, **{"batch": 8, "steps": 2, "save_every": 1, "sheets": 1, **changes})


def some_data(recipe: Recipe) -> Dataset:
    """What our own code draws as it is, anything else by pictures of the same shape."""
    return open_data(recipe.data) if recipe.data in PLANES else toy_data(recipe.model.shape)


# Every recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_two_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "CLIMBS", 1)
    monkeypatch.setattr(sheets, "SIDE", 1)
    recipe = short(RECIPES[name])
    run = Run.start(tmp_path / name, recipe)
    training = train(recipe, some_data(recipe), run, progress_bar=False)
    assert training.step == 2
    assert all(math.isfinite(value) for line in run.lines() for value in line.values())
    assert [sheet.name for sheet in (tmp_path / name / "sheets").iterdir()] == ["0000002.webp"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_json(name: str) -> None:
    assert from_dict(as_dict(RECIPES[name])) == RECIPES[name]


# In a process of its own: the checks of shapes that hang in every test's functions do not go with tracing them.
# Traced as by default, but run as it is and not given to the C++ compiler, which not every machine has.
TRACED = """import functools, sys, torch
torch.compile = functools.partial(torch.compile, backend="aot_eager")
from train.cli import main
sys.exit(main(sys.argv[1:]))"""


PIXELS = ["mnist-pixelcnn", "--data", "digits", "--model.width", "4", "--model.depth", "2", "--model.located", "1"]


@pytest.mark.parametrize("recipe", [["digits-vae"], PIXELS], ids=lambda recipe: recipe[0])
def test_a_compiled_run_learns_what_a_plain_one_does(recipe: list[str], tmp_path: Path) -> None:
    given = ["run", *recipe, "--steps", "3", "--batch", "8", "--sheets", "0"]
    main([*given, "--run", str(tmp_path / "plain")])
    compiled = [*given, "--compiled", "--run", str(tmp_path / "compiled")]
    subprocess.run([sys.executable, "-c", TRACED, *compiled], check=True, timeout=120)
    plain, traced = (Run.open(tmp_path / folder).load_state(CPU.device) for folder in ("plain", "compiled"))
    assert plain is not None
    assert traced is not None
    for name, weights in plain["objective"].items():  # type: ignore[attr-defined]
        assert (weights - traced["objective"][name]).abs().max() < 1e-5  # type: ignore[index]


def test_a_machine_that_cannot_compile_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train.cli", "run", "digits-vae", "--compiled", "--run", str(tmp_path / "run")]
    without = {**os.environ, "CXX": "absent", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(command, env=without, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert re.search(r"No working C\+\+ compiler.*Go on without --compiled", done.stderr)


def test_a_game_cannot_be_compiled() -> None:
    with pytest.raises(BadValue, match=r"compiled is true, and the recipe is a game: .* Leave --compiled out"):
        Training(short(RECIPES["ring-gan"], compiled=True), CPU)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_an_invalid_noise_fraction_is_refused(share: float) -> None:
    with pytest.raises(BadValue, match=r"noise_fraction is .*; a share lies from 0 to 1"):
        dataclasses.replace(RECIPES["digits-vae"], noise_fraction=share)


def test_a_background_model_sees_mutated_values(digits: Dataset) -> None:
    recipe = dataclasses.replace(RECIPES["fashion-pixelcnn"], batch=200)
    known = prepared(recipe, digits.train, 3, CPU).x
    seen = prepared(dataclasses.replace(recipe, noise_fraction=0.5), digits.train, 3, CPU).x
    assert float((known != seen).double().mean()) == pytest.approx(0.5, abs=0.02)


SHIPPED = ["digits-vae", "frey-vae-2d", "mnist-cvae", "mnist-ae", "celeba-vae", "mnist-ali", "mnist-cgan", "ring-gan"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_run_becomes_a_checkpoint_that_is_measured(name: str, tmp_path: Path) -> None:
    recipe = short(RECIPES[name])
    if name == "celeba-vae":  # in full it takes a minute to measure, and nothing here depends on how wide it is
        recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, width=8))
    data = some_data(recipe)
    run = Run.start(tmp_path / "run", recipe)
    trained = train(recipe, data, run, progress_bar=False)
    export(run, data, "toy-model", tmp_path / "checkpoints")
    engine = Engine([tmp_path / "checkpoints"])
    assert engine.faults() == {}
    z = torch.randn(4, recipe.model.latent)
    with torch.inference_mode():
        difference = (engine.model("toy-model").decode(z) - trained.shipped.eval().decode(z)).abs().max()
    assert difference <= 1.01 / 255
    card = evaluate(engine, "toy-model", data, pictures=8, samples=3)
    encodes = "encodes" in card.verbs
    assert ("test MSE" in {metric.name for metric in card.metrics}) == encodes
    assert ("modes" in {metric.name for metric in card.metrics}) == (recipe.data in MODES)
    assert all(metric.protocol and math.isfinite(metric.value) for metric in card.metrics)
    assert Engine([tmp_path / "checkpoints"]).card("toy-model").metrics == card.metrics
    means, labels = engine.posterior("toy-model")
    assert means.shape == (2 * len(data.test) if encodes else 0, recipe.model.latent)
    assert (labels is not None) == encodes == bool(card.labels)
    assert len(card.axes) == recipe.model.latent
    assert all(axis.quantiles[0] < axis.quantiles[-1] for axis in card.axes)


@torch.no_grad()
def test_weights_are_halved_that_bear_it(digits: Dataset) -> None:
    torch.manual_seed(0)
    model: Any = build(RECIPES["digits-vae"].model).eval()
    means, test = torch.randn(64, model.config.latent).numpy(), digits.test
    assert dtypes(halved(model, means, test)) == {torch.float16}
    steep = [weight for name, weight in model.decoder.named_parameters() if name.endswith("weight")][-1]
    steep *= 1_000  # half precision has too few digits for numbers so large
    light = halved(model, means, test)
    assert dtypes(light) == {torch.float16, torch.float32}
    assert dtypes(light.encoder) == {torch.float16}  # which no sample passes
    assert float((shown(light.float(), means, test) - shown(model, means, test)).abs().max()) <= 1 / 255


def dtypes(model: nn.Module) -> set[torch.dtype]:
    return {weight.dtype for weight in model.parameters()}


def test_training_lowers_the_loss(digits: Dataset, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPES["digits-vae"], steps=150, sheets=0)
    run = Run.start(tmp_path / "run", recipe)
    train(recipe, digits, run, progress_bar=False)
    first, *_, last = run.lines()
    assert last["distortion"] + last["rate"] < 0.8 * (first["distortion"] + first["rate"])


# Resume


def test_a_stopped_run_ends_the_same(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = short(RECIPES["digits-vae"], steps=9, save_every=4, batch=700)  # batches that cross epochs
    assert_same(*undisturbed_and_killed(recipe, digits, tmp_path, monkeypatch))


def test_a_run_of_before_the_weights_were_renamed_goes_on() -> None:
    recipe = short(
        RECIPES["digits-vae"],
        model=PixelVAEConfig((1, 8, 8), latent=4, maps=4, pixel_width=4),
        objective=ElboConfig(),
        pixels="binarized",
    )
    saved, training = Training(recipe, CPU).state(), Training(dataclasses.replace(recipe, seed=1), CPU)
    for part in ("objective", "average"):
        weights: Any = saved[part]
        saved[part] = {name.replace("cond_conv", "teller"): value for name, value in weights.items()}
        assert any("teller" in name for name in saved[part])
    training.restore(saved)
    found = training.model.state_dict()["cond_conv.weight"]
    assert torch.equal(found, Training(recipe, CPU).model.state_dict()["cond_conv.weight"])


def test_the_log_of_a_resumed_run_repeats_no_step(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", RECIPES["digits-vae"])
    for step in (1, 2, 3):
        run.log({"step": step})
    with open(run.folder / "log.jsonl", "a") as file:
        file.write('{"step": 4, "los')  # cut short by a kill
    run.forget_after(2)
    assert [line["step"] for line in run.lines()] == [1, 2]


# Turns


class Duel(Objective):
    """Two players who pull at each other's number."""

    turns = ("left", "right", "right")

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(1, 1), nn.Linear(1, 1)

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"left": self.left, "right": self.right}

    def forward(self, player: str, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        gap = self.left(torch.ones(1, 1)) - self.right(torch.ones(1, 1))
        return {player: gap.square().sum() * (1 if player == "left" else -1)}


def test_a_turn_changes_its_player_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.loop.build_objective", lambda *_: Duel())
    training = Training(short(RECIPES["digits-vae"], ema=0.0), CPU)
    for player, other in (("left", "right"), ("right", "left")):
        before = {name: p.clone() for name, p in training.objective.named_parameters()}
        training.turn(player, Batch(torch.zeros(1, 1, 1, 1)), 0.5)
        changed = {n.split(".")[0] for n, p in training.objective.named_parameters() if not torch.equal(p, before[n])}
        assert changed == {player}, other


# Batches and rates


def test_every_epoch_shows_every_picture_once() -> None:
    rows = torch.cat([rows_at(step, 7, 21, seed=3) for step in range(6)])
    assert sorted(rows[:21].tolist()) == list(range(21)) == sorted(rows[21:].tolist())
    assert rows[:21].tolist() != rows[21:].tolist()


def test_seeds_of_neighbours_differ() -> None:
    seeds = {hash_seeds(seed, step, rank) for seed in range(10) for step in range(100) for rank in range(4)}
    assert len(seeds) == 4_000
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_learning_rate_rises_and_falls() -> None:
    config = AdamConfig(lr=1.0, warm_up=0.1)
    rates = [learning_rate(config, step / 100) for step in range(101)]
    assert rates[0] < 0.02 < 0.9 < max(rates)
    assert rates[-1] == pytest.approx(0)
    assert learning_rate(AdamConfig(lr=1.0, warm_up=0.0, decay="constant"), 0.9) == 1


# Mistakes


def test_a_diverging_run_says_what_to_try(tmp_path: Path, digits: Dataset) -> None:
    recipe = short(RECIPES["digits-vae"], steps=100, optimizer=AdamConfig(lr=float("inf"), warm_up=0.0))
    with pytest.raises(TrainingStopped, match=r"--optimizer\.lr"):
        train(recipe, digits, Run.start(tmp_path / "run", recipe), progress_bar=False)


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    Run.start(tmp_path / "run", RECIPES["digits-vae"])
    with pytest.raises(BadValue, match="holds a run already"):
        Run.start(tmp_path / "run", RECIPES["digits-vae"])


def test_unknown_names_list_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="digits-vae"):
        find_recipe("nonsense")
    Run.start(tmp_path / "mine", RECIPES["digits-vae"])
    with pytest.raises(UnknownName, match="mine"):
        Run.open(tmp_path / "yours")


@pytest.mark.parametrize("change", [{"steps": 0}, {"batch": -1}, {"ema": 1.0}])
def test_impossible_fields_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(BadValue, match=next(iter(change))):
        dataclasses.replace(RECIPES["digits-vae"], **change)  # type: ignore[arg-type]


def test_the_average_of_a_short_run_has_nothing_of_its_beginning() -> None:
    share = 1.0
    for step in range(1, 1_400):
        share *= decay_at(0.999, step)
    assert share < 1e-9
    assert decay_at(0.999, 100_000) == 0.999


# A time instead of steps


def test_a_time_is_worth_the_steps_that_fit_into_it() -> None:
    recipe = dataclasses.replace(RECIPES["digits-vae"], steps=1_000)
    data = toy_data(recipe.model.shape)
    ticks = itertools.count(0.0, float(TIMED))  # a second a step, as its clock has it
    assert steps_within(recipe, data, 5.0, lambda: next(ticks)) == int(0.9 * 300)
    assert steps_within(recipe, data, 60.0, lambda: next(ticks)) == 1_000
    assert steps_within(recipe, data, math.inf, lambda: next(ticks)) == 1_000
    assert steps_within(recipe, data, 1e-3, lambda: next(ticks)) == 1


@pytest.mark.parametrize("minutes", [0.0, -1.0, math.nan])
def test_no_time_is_refused(minutes: float) -> None:
    recipe = RECIPES["digits-vae"]
    with pytest.raises(BadValue, match="--minutes is"):
        steps_within(recipe, toy_data(recipe.model.shape), minutes)


def test_ranks_are_given_steps_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPES["digits-vae"]
    monkeypatch.setattr(step_budget, "find_distributed", lambda: Distributed(torch.device("cpu"), ranks=2))
    with pytest.raises(BadValue, match="torchrun"):
        steps_within(recipe, toy_data(recipe.model.shape), 1.0)
