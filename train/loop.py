"""The one loop: turns, backward, average.

Everything random in a run is a function of (seed, step, rank), so a run that was killed needs no more than its
weights and its step to go on to the same end, bit for bit on one device.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from engine.checkpoints.sizes import renamed
from engine.errors import BadValue, TrainingStopped
from engine.registry import Model, build
from train.collapse import Watch, relative_spread
from train.data import Batch, Dataset, Split, binarize, dequantize, mutate
from train.devices import Distributed, autocast_to, find_distributed, flushing
from train.ema import decay_at, recalibrate_batchnorm
from train.objectives import Objective, build_objective
from train.objectives.base import Terms
from train.recipe import AdamConfig, Recipe
from train.runs import Run
from train.sheets import draw_sheet
from train.warm_start import warm_start

LOG_EVERY = 50
Tensors = tuple[Tensor, ...] | list[Tensor]


class Training:
    """A run under way: the objective, an optimizer a player, and the average of the model that ships."""

    def __init__(self, recipe: Recipe, distributed: Distributed) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.distributed, self.step = recipe, distributed, 0
        model = build(recipe.model).to(distributed.device).to(memory_format=torch.channels_last)
        objective: Objective = build_objective(recipe.objective, model).to(distributed.device)
        self.objective = objective.to(memory_format=torch.channels_last)
        self.model = model
        self.ema = AveragedModel(model, multi_avg_fn=self.update_ema) if recipe.ema else None
        self.optimizers = {name: optimizer(player, recipe.optimizer) for name, player in self.objective.players.items()}
        self.objective_fn: Callable[[str, Batch, float], Terms] = wrap_ddp(self.objective, distributed)
        if recipe.compiled:
            check_compiles(self.objective)
            self.objective_fn = torch.compile(self.objective_fn)
        self.autocast = autocast_to(recipe.precision, distributed.device, self.objective)

    @property
    def shipped(self) -> Model:
        """The model as it would ship now: its average, settled, or itself where none is kept."""
        return recalibrate_batchnorm(cast(Model, self.ema.module)) if self.ema else self.model

    def advance(self, batch: Batch) -> dict[str, Tensor]:
        """Let every player take its turns on the step's batches, which come as one; returns their terms, detached."""
        terms: dict[str, Tensor] = {}
        progress, parts = self.step / self.recipe.steps, batch.parts(self.objective.batches)
        for i, player in enumerate(self.objective.turns):
            terms |= self.turn(player, parts[i % len(parts)], progress)
        self.step += 1
        if self.ema:
            self.ema.update_parameters(self.model)
        return terms

    def update_ema(self, ema_weights: Tensors, weights: Tensors, count: Tensor | int) -> None:
        get_ema_multi_avg_fn(decay_at(self.recipe.ema, self.step))(ema_weights, weights, count)

    def turn(self, player: str, batch: Batch, progress: float) -> dict[str, Tensor]:
        optimizer, parameters = self.optimizers[player], list(self.objective.players[player].parameters())
        with self.autocast, compiling():
            terms = self.objective_fn(player, batch, progress)
            loss = torch.stack(list(terms.values())).sum()
        optimizer.zero_grad(set_to_none=True)
        # The others' gradients are spared, but for ranks, which wait for each other's.
        loss.backward(inputs=parameters if self.distributed.ranks == 1 else None)
        if self.recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(parameters, self.recipe.optimizer.clip)
        for group in optimizer.param_groups:
            group["lr"] = self.objective.time_scale(player) * learning_rate(self.recipe.optimizer, progress)
        optimizer.step()
        return {name: term.detach() for name, term in terms.items()}

    # What a resumed run needs

    def state(self) -> dict[str, object]:
        return {
            "step": self.step,
            "objective": self.objective.state_dict(),
            "average": self.ema.state_dict() if self.ema else {},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state. Raises BadValue for one of another recipe."""
        try:
            self.step = int(state["step"])
            self.objective.load_state_dict(renamed(state["objective"]))
            if self.ema:
                self.ema.load_state_dict(renamed(state["average"]))
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise BadValue(
                f"The saved state is not one of the run's recipe ({reason}). Put both files back as they were."
            ) from error


def train(recipe: Recipe, data: Dataset, run: Run, progress_bar: bool = True) -> Training:
    """Train from where the run stands to the end of its recipe.

    Raises what `warm_start` raises, and TrainingStopped, with what to try, when a term is no longer finite or the
    samples have collapsed; the last saved state stays.
    """
    distributed = find_distributed()
    training = Training(recipe, distributed)
    if (state := run.load_state(distributed.device)) is not None:
        training.restore(state)
        run.forget_after(training.step)
    elif recipe.init_from:
        weights, origin = warm_start(recipe, training.model)
        training.model.load_state_dict(weights, strict=False)
        if distributed.is_main:
            run.save_origin(origin)  # the checkpoint may be replaced, by this very run as well
    shown = tqdm(total=recipe.steps, initial=training.step, unit="step", disable=None if progress_bar else True)
    with flushing(), shown as bar:
        for terms in follow(training, data, run):
            bar.update(training.step - bar.n)
            bar.set_postfix({name: f"{value:.4g}" for name, value in terms.items()})
    if dist.is_initialized():
        dist.destroy_process_group()
    return training


def follow(training: Training, data: Dataset, run: Run) -> Iterator[dict[str, float]]:
    """Advance to the end, giving the mean terms from time to time, with logs, sheets and saved states on the way."""
    recipe, objective, first = training.recipe, training.objective, training.step
    watch = Watch(objective.least_diversity)
    sums: dict[str, Tensor] = {}
    since, steps_since = time.perf_counter(), 0
    while training.step < recipe.steps:
        batch = prepared(recipe, data.train, training.step, training.distributed, objective.batches)
        for name, term in training.advance(batch).items():
            sums[name] = sums.get(name, 0) + term
        steps_since += 1
        step, done = training.step, training.step == recipe.steps
        if step % LOG_EVERY == 0 or done:
            terms = {name: float(total) / steps_since for name, total in sums.items()}
            check_finite(terms, step)
            if objective.least_diversity:
                terms["diversity"] = relative_spread(training.model, batch)
            if training.distributed.is_main:
                rate = steps_since * recipe.batch * objective.batches / (time.perf_counter() - since)
                run.log({"step": step, **terms, "pictures_per_second": round(rate, 1)})
            yield terms
            if objective.least_diversity:
                watch.see(terms["diversity"], step)
            sums, since, steps_since = {}, time.perf_counter(), 0
        if training.distributed.is_main and (step % recipe.save_every == 0 or done):
            run.save_state(training.state())
        if (
            training.distributed.is_main
            and recipe.sheets
            and (step % max(recipe.steps // recipe.sheets, 1) == 0 or done)
        ):
            run.save_sheet(step, draw_sheet(training.shipped, data.test))
    if first == recipe.steps and training.distributed.is_main:
        run.save_state(training.state())


# Batches


def prepared(recipe: Recipe, split: Split, step: int, distributed: Distributed, batches: int = 1) -> Batch:
    """Return this rank's part of a step's batches on its device, in one, with the pixels that the recipe asks for."""
    seed_noise(hash_seeds(recipe.seed, step, distributed.rank), distributed)
    batch = split.batch(
        rows_at(step, recipe.batch * batches, len(split), recipe.seed)[distributed.rank :: distributed.ranks]
    )
    x = batch.x.to(distributed.device, memory_format=torch.channels_last, non_blocking=True)
    if recipe.flip:
        x = torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5, x.flip(3), x)
    if recipe.noise_fraction:
        x = mutate(x, recipe.noise_fraction)
    if recipe.pixels == "binarized":
        x = binarize(x)
    elif recipe.pixels == "dequantized":
        x = dequantize(x)
    y, attrs = (None if known is None else known.to(distributed.device) for known in (batch.y, batch.attrs))
    return Batch(x, y, attrs)


def seed_noise(seed: int, distributed: Distributed) -> None:
    """Seed the device's own generator; torch.manual_seed would visit those of every backend, a tenth of a ms a step."""
    if distributed.device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def rows_at(step: int, batch: int, count: int, seed: int) -> Tensor:
    """Cut a step's rows (batch,) out of an endless row of shuffled epochs."""
    start, stop, rows = step * batch, (step + 1) * batch, torch.empty(0, dtype=torch.long)
    while start < stop:
        epoch, offset = divmod(start, count)
        rows = torch.cat([rows, shuffled(epoch, count, seed)[offset : offset + stop - start]])
        start = step * batch + len(rows)
    return rows


_orders: dict[tuple[int, int, int], Tensor] = {}


def shuffled(epoch: int, count: int, seed: int) -> Tensor:
    key = (epoch, count, seed)
    if key not in _orders:
        _orders.clear()
        _orders[key] = torch.randperm(count, generator=torch.Generator().manual_seed(hash_seeds(seed, epoch, 2**20)))
    return _orders[key]


def hash_seeds(seed: int, step: int, stream: int) -> int:
    """Hash three counters into one seed; neighbours must not share a stream of noise."""
    value = (seed * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9 + stream * 0x94D049BB133111EB) % 2**64
    value = (value ^ (value >> 31)) * 0xD6E8FEB86659FD93 % 2**64
    return (value ^ (value >> 32)) % 2**63


# Pieces


def optimizer(player: nn.Module, config: AdamConfig) -> torch.optim.Optimizer:
    """Make a player's optimizer, fused where its device has that."""
    return torch.optim.AdamW(
        player.parameters(), lr=config.lr, betas=config.betas, weight_decay=config.weight_decay, fused=True
    )


def learning_rate(config: AdamConfig, progress: float) -> float:
    """Rise over the warm-up, then fall along half a cosine, or stay."""
    risen = min(1.0, (progress + 1e-3) / config.warm_up) if config.warm_up else 1.0
    fallen = 0.5 * (1 + math.cos(math.pi * progress)) if config.decay == "cosine" else 1.0
    return config.lr * risen * fallen


def wrap_ddp(objective: Objective, distributed: Distributed) -> nn.Module:
    """Average the gradients over the ranks of torchrun, where there are several."""
    if distributed.ranks == 1 or not dist.is_initialized():
        return objective
    return DistributedDataParallel(objective, find_unused_parameters=len(objective.players) > 1)


def check_compiles(objective: Objective) -> None:
    if len(objective.players) > 1:
        raise BadValue(
            "compiled is true, and the recipe is a game: its penalties take second derivatives, which torch.compile "
            "does not give. Leave --compiled out."
        )


@contextmanager
def compiling() -> Iterator[None]:
    from torch._dynamo.exc import BackendCompilerFailed  # here, not above: it takes seconds that no other command needs

    try:
        yield
    except BackendCompilerFailed as error:
        reason = str(error).strip().splitlines()[0]
        raise TrainingStopped(
            f"torch.compile does not work on this machine ({reason}). It needs a C++ compiler, such as g++, and "
            "Python's headers. Go on without --compiled."
        ) from error


def check_finite(terms: dict[str, float], step: int) -> None:
    if broken := [name for name, value in terms.items() if not math.isfinite(value)]:
        raise TrainingStopped(
            f"At step {step} the {', '.join(broken)} is no longer a finite number. Try a third of the "
            "--optimizer.lr, --optimizer.clip 1, or --precision float32; the last state is kept."
        )
