"""Models that draw pixel by pixel: a distribution over all pictures, in raster order, however it is drawn from."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.analysis.densities import by_class
from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.pixel_rnn import PixelRNN, PixelRNNConfig
from engine.models.vae import VAE, VAEConfig
from engine.nn import noise
from engine.nn.autoregressive.conv_lstm import RecurrentStack
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, sample
from engine.nn.autoregressive.pixel_net import PixelNet
from engine.nn.autoregressive.raster import complete_naively
from engine.nn.autoregressive.stacks import GatedStack, PlainStack, StackSizes
from engine.registry import build
from tests.toys import toy_data
from train.data import Batch
from train.evaluation import evaluate
from train.export import export
from train.loop import train
from train.metrics.context import EvalContext
from train.objectives.likelihood import Likelihood, LikelihoodConfig
from train.recipe import Recipe
from train.recipes import RECIPES
from train.runs import Run

SAMPLED = ("sharpness", "nearest training picture")
PixelConfig = PixelCNNConfig | PixelRNNConfig
KINDS: tuple[PixelConfig, ...] = (
    PixelCNNConfig(depth=2),
    PixelCNNConfig(depth=2, gated=False),
    PixelRNNConfig(depth=2),
    PixelRNNConfig(depth=2, cell="row"),
    PixelCNNConfig(depth=3, position_bias_layers=1),
    PixelCNNConfig(depth=2, gated=False, position_bias_layers=1),
)


def of_each_kind(**fields: Any) -> tuple[PixelConfig, ...]:
    return tuple(dataclasses.replace(kind, **fields) for kind in KINDS)


BINARY = tuple(config for classes in (0, 3) for config in of_each_kind(shape=(1, 3, 3), width=8, classes=classes))
COLOUR = tuple(
    config
    for output in DISTRIBUTIONS
    for config in of_each_kind(shape=(3, 3, 2), width=18, output=output, mixtures=3, classes=2)
)
GREY = tuple(
    config
    for output in ("softmax", "logistic")
    for config in of_each_kind(shape=(1, 4, 3), width=8, output=output, mixtures=3)
)


def kind_of(config: PixelConfig) -> str:
    if isinstance(config, PixelRNNConfig):
        return config.cell
    return ("gated" if config.gated else "plain") + (" position biases" if config.position_bias_layers else "")


def title(config: PixelConfig) -> str:
    return f"{kind_of(config)} {config.output} {'x'.join(map(str, config.shape))} {config.classes} classes"


each_config = pytest.mark.parametrize("config", BINARY + COLOUR + GREY, ids=title)
each_binary = pytest.mark.parametrize("config", BINARY, ids=title)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=kind_of)


def made(config: PixelConfig) -> PixelCNN | PixelRNN:
    """A model whose random weights are large enough for every pixel to tell."""
    torch.manual_seed(1)
    model: Any = build(config).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        weight *= 2
        if name == "places":  # which begin at zero
            weight.normal_()
    return model


def some(config: PixelConfig, count: int = 4) -> Tensor:
    levels = DISTRIBUTIONS[config.output].levels
    random = torch.Generator().manual_seed(2)
    return torch.randint(0, levels, (count, *config.shape), generator=random) / (levels - 1)


def some_noise(config: PixelConfig, count: int = 4) -> Tensor:
    return noise.uniform(range(count), config.shape)


def some_hidden(config: PixelConfig, count: int = 4) -> Tensor:
    return noise.uniform(range(50, 50 + count), (1, *config.shape[1:])) < 0.7


def some_y(config: PixelConfig, count: int = 4) -> Tensor:
    """Classes in turn, and the last one unknown."""
    return torch.where(torch.arange(count) == count - 1, -1, torch.arange(count) % max(1, config.classes))


def every(shape: tuple[int, int, int]) -> Tensor:
    """All binary pictures of a shape."""
    values = math.prod(shape)
    return ((torch.arange(2**values)[:, None] >> torch.arange(values)) & 1).float().view(-1, *shape)


# A distribution


@each_binary
def test_all_pictures_have_a_total_probability_of_one(config: PixelConfig) -> None:
    model, x = made(config), every(config.shape)
    for label in range(-1, config.classes):
        probabilities = model.log_prob(x, torch.full((len(x),), label)).double().exp()
        assert probabilities.std() > 1e-4  # they are not all alike
        assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)


@each_config
def test_the_chances_of_a_value_sum_to_one_and_are_those_that_the_picture_is_scored_by(config: PixelConfig) -> None:
    model, x, y = made(config), some(config), some_y(config)
    probs, levels = model.conditionals(x, y), DISTRIBUTIONS[config.output].levels
    assert probs.shape == (*x.shape, levels)
    torch.testing.assert_close(probs.sum(-1), torch.ones_like(x))
    level = (x * (levels - 1)).round().long()[..., None]
    torch.testing.assert_close(probs.gather(-1, level)[..., 0].log(), model.log_probs(x, y), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(model.log_probs(x, y).flatten(1).sum(1), model.log_prob(x, y))


def test_a_mixture_puts_the_ends_of_the_scale_into_its_end_levels() -> None:
    output = DISTRIBUTIONS["logistic"](1, 1)
    h = torch.tensor([0.0, 5.0, -2.0])  # one component far above white
    probs = output.probs(h, torch.zeros(1), 0)
    assert probs[255] > 0.999
    assert float(output.log_probs(h, torch.ones(1))) == pytest.approx(math.log(probs[255]), abs=1e-6)


def test_a_mixture_keeps_its_slopes_finite_however_wild_its_maps_are() -> None:
    output = DISTRIBUTIONS["logistic"](3, 2)
    for size in (1e2, 1e4):
        h = (size * torch.randn(64, output.maps, generator=torch.Generator().manual_seed(3))).requires_grad_()
        scores = output.log_probs(h, torch.linspace(0, 1, 64)[:, None].expand(64, 3))
        (slope,) = torch.autograd.grad(scores.sum(), h)
        assert scores.isfinite().all()
        assert slope.isfinite().all()


# Raster order


def slopes(model: Any, x: Tensor, channel: int, row: int, column: int) -> Tensor:
    """How much what is said of a value depends on every value of a picture, (height, width, channel)."""
    x = x.clone().requires_grad_()
    probs = model.conditionals(x)[:, channel, row, column]
    told = (probs * torch.linspace(-1, 1, probs.shape[-1]) ** 3).sum()
    (slope,) = torch.autograd.grad(told, x)
    return slope.abs().sum(0).movedim(0, -1)


@each_config
def test_a_value_depends_on_those_before_it_and_on_no_other(config: PixelConfig) -> None:
    model, x = made(config), some(config)
    channels, height, width = config.shape
    places = [(c, row, column) for row in range(height) for column in range(width) for c in range(channels)]
    for before, (channel, row, column) in enumerate(places[1:], start=1):
        slope = slopes(model, x, channel, row, column).flatten()
        assert (slope[before:] == 0).all()
        assert (slope[:before] > 0).all()


def seen(config: PixelConfig, row: int, column: int) -> set[tuple[int, int]]:
    """The pixels that tell about another, as (rows up, columns to the right)."""
    slope = slopes(made(config), some(config), 0, row, column)[..., 0]
    return {(row - r, c - column) for r, c in slope.nonzero().tolist()}


def test_two_stacks_see_all_that_is_before_and_one_is_blind_on_the_right_above() -> None:
    config, row, column = PixelCNNConfig((1, 7, 11), width=8, depth=7), 6, 4
    before = {(row - r, c - column) for r in range(7) for c in range(11) if (r, c) < (row, column)}
    assert seen(config, row, column) == before
    # The first layer looks three columns to the right, at the least one row up; others one column for each row.
    blind = {(up, right) for up, right in before if right > up + 2}
    assert blind
    assert seen(dataclasses.replace(config, gated=False), row, column) == before - blind


def test_a_row_lstm_sees_a_triangle_above_and_a_diagonal_one_all_but_the_right_end_of_the_row_above() -> None:
    diagonal, row, column = PixelRNNConfig((1, 7, 13), width=8, depth=1), 6, 4
    before = {(row - r, c - column) for r in range(7) for c in range(13) if (r, c) < (row, column)}
    assert seen(diagonal, row, column) == before - {(1, 8)}
    # As far as the first layer looks, and from there one column more for each row.
    triangle = {(up, right) for up, right in before if right <= up + 2}
    assert triangle < before - {(1, 8)}
    assert seen(dataclasses.replace(diagonal, cell="row"), row, column) == triangle


# What is learnt


@each_kind
def test_a_model_of_two_pixels_learns_how_often_each_picture_comes_and_draws_it_as_often(kind: PixelConfig) -> None:
    counts = torch.tensor([5, 1, 2, 8])
    pictures = every((1, 1, 2))
    torch.manual_seed(1)
    model: Any = build(dataclasses.replace(kind, shape=(1, 1, 2), width=8, depth=1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        loss = -(model.log_prob(pictures) * counts / counts.sum()).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    frequencies = counts / counts.sum()
    learnt = model.eval().requires_grad_(False).log_prob(pictures).exp()
    torch.testing.assert_close(learnt, frequencies, rtol=0, atol=0.01)
    samples = model.sample(range(2000))
    shares = torch.stack([(samples == picture).all(3).all(2).all(1).float().mean() for picture in pictures])
    torch.testing.assert_close(shares, frequencies, rtol=0, atol=0.04)  # four deviations of a share of a half


def test_the_loss_is_the_likelihood_and_hides_labels_at_times() -> None:
    config = PixelCNNConfig((1, 3, 3), width=8, depth=2, classes=3)
    model, batch = made(config), Batch(some(config), torch.tensor([0, 1, 2, 0]))
    told = Likelihood(model, LikelihoodConfig(label_dropout=0.0))("model", batch, 0.5)
    untold = Likelihood(model, LikelihoodConfig(label_dropout=1.0))("model", batch, 0.5)
    assert set(told) == {"nll"}
    assert torch.equal(told["nll"], -model.log_prob(batch.x, batch.y).mean())
    assert torch.equal(untold["nll"], -model.log_prob(batch.x).mean())
    assert told["nll"] != untold["nll"]
    with pytest.raises(BadValue, match="vae does not know its likelihood"):
        Likelihood(VAE(VAEConfig((1, 3, 3), latent=2, width=4, depth=1)), LikelihoodConfig())


@each_config
def test_in_bfloat16_the_likelihood_stays_in_float32(config: PixelConfig) -> None:
    model, x = made(config), some(config)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model.log_probs(x)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough.mean(), model.log_probs(x).mean(), rtol=0.05, atol=0.05)


# Drawing


@each_config
def test_with_what_it_remembers_it_draws_as_with_whole_passes(config: PixelConfig) -> None:
    model, x, u, hidden, y = (made(config), *(part(config) for part in (some, some_noise, some_hidden, some_y)))
    pixels = hidden[0].numel()
    for first, last in ((0, pixels), (2, pixels - 1)):
        ours, theirs = (
            model.complete(x, hidden, u, first, last, y),
            complete_naively(model, x, hidden, u, first, last, y),
        )
        assert torch.equal(ours, theirs)
        assert not torch.equal(ours, x)


@each_config
def test_only_what_is_hidden_within_the_stretch_is_drawn(config: PixelConfig) -> None:
    model, x, u, hidden = made(config), some(config), some_noise(config), some_hidden(config)
    given = x.clone()
    place = torch.arange(hidden[0].numel()).view(hidden.shape[2:])
    stretch = hidden & (place >= 2) & (place < 5)
    changed = model.complete(x, hidden, u, 2, 5) != x
    assert torch.equal(x, given)
    assert changed.any()
    assert not (changed & ~stretch).any()
    assert torch.equal(model.complete(x, torch.zeros_like(hidden), u, 0, 6), x)
    assert torch.equal(model.complete(x, hidden, u, 3, 3), x)


@each_config
def test_stretch_by_stretch_it_draws_what_it_draws_at_once(config: PixelConfig) -> None:
    model, x, u, hidden, y = (made(config), *(part(config) for part in (some, some_noise, some_hidden, some_y)))
    pixels = hidden[0].numel()
    whole = model.complete(x, hidden, u, 0, pixels, y)
    for length in (1, 2, 5):
        part = x
        for first in range(0, pixels, length):
            part = model.complete(part, hidden, u, first, min(first + length, pixels), y)
        assert torch.equal(part, whole)


@each_config
def test_a_sample_is_a_picture_drawn_whole_by_the_noise_of_its_seed(config: PixelConfig) -> None:
    model, u = made(config), noise.uniform([7, 8], config.shape)
    hidden, pixels = torch.ones_like(u[:, :1], dtype=torch.bool), u[0, 0].numel()
    assert torch.equal(model.sample([7, 8]), model.complete(torch.zeros_like(u), hidden, u, 0, pixels))
    # What lies below the pixels to draw is nothing to them.
    assert torch.equal(model.sample([7, 8]), model.complete(torch.ones_like(u), hidden, u, 0, pixels))


def test_a_value_is_the_inverse_of_its_cumulative_distribution() -> None:
    probs = torch.tensor([0.25, 0.25, 0.0, 0.5])
    u = torch.tensor([0.0, 0.24, 0.25, 0.49, 0.5, 0.999])
    assert (3 * sample(probs.expand(6, 4), u)).round().tolist() == [0, 0, 1, 1, 3, 3]


# Classes and other conditions


@each_config
def test_a_class_of_minus_one_is_none(config: PixelConfig) -> None:
    model, x, y = made(config), some(config), some_y(config)
    scores, unknown = model.log_prob(x, y), model.log_prob(x)
    torch.testing.assert_close(scores[-1], unknown[-1])
    assert bool((scores[:-1] != unknown[:-1]).all()) == (config.classes > 0)


STACKS = {
    "gated": lambda: GatedStack(StackSizes(1, 6, 2, 3)),
    "plain": lambda: PlainStack(StackSizes(1, 6, 2, 3)),
    "diagonal": lambda: RecurrentStack("diagonal", 1, 6, 2, 1),
    "row": lambda: RecurrentStack("row", 1, 6, 2, 1),
}


@pytest.mark.parametrize("kind", STACKS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_network_that_is_told_something_else_of_each_pixel_draws_as_with_whole_passes(kind: str, layers: int) -> None:
    torch.manual_seed(1)
    net = PixelNet(STACKS[kind](), DISTRIBUTIONS["bernoulli"](1, 1), colours=1).requires_grad_(False)
    here, everywhere = torch.randn(2, layers, 4, 5, net.stack.gates), torch.randn(2, 2, 1, 1, net.stack.gates)
    conditioning = (3 * here, everywhere)
    x, u = torch.zeros(2, 1, 4, 5), noise.uniform([1, 2], (1, 4, 5))
    hidden = torch.ones_like(x, dtype=torch.bool)

    class Told:
        """The network with what is added to its layers."""

        def log_probs(self, x: Tensor, y: None = None) -> Tensor:
            return net.log_probs(x, conditioning)

        def conditionals(self, x: Tensor, y: None = None) -> Tensor:
            return net.conditionals(x, conditioning)

        def complete(self, *_: Any) -> Tensor:
            raise AssertionError("whole passes were asked for")

    ours = net.complete(x, hidden, u, 0, 20, conditioning)
    assert torch.equal(ours, complete_naively(Told(), x, hidden, u, 0, 20))
    assert torch.equal(
        ours, net.complete(net.complete(x, hidden, u, 0, 12, conditioning), hidden, u, 12, 20, conditioning)
    )
    elsewhere = (3 * here, everywhere)
    elsewhere[0][:, :, 2, 3] += 5
    changed = (net.conditionals(x, elsewhere) != net.conditionals(x, conditioning)).any(-1).any(1).any(0)
    assert changed[2, 3]
    assert not changed[:2].any()


# Checkpoints and figures


def run_of(tmp_path: Path, pixels: Any, config: PixelConfig) -> tuple[Run, Any]:
    recipe = Recipe("toy", config, LikelihoodConfig(), pixels=pixels, steps=3, batch=8, save_every=3, sheets=0)
    run, data = Run.start(tmp_path / "run", recipe), toy_data(config.shape)
    train(recipe, data, run, progress_bar=False)
    return run, data


@pytest.mark.parametrize(
    ("pixels", "config", "figures"),
    [
        ("binarized", PixelCNNConfig(classes=10), {"NLL", "Bayes test error"}),
        ("plain", PixelCNNConfig(output="softmax", gated=False), {"NLL", "bits per dimension"}),
        (
            "plain",
            PixelCNNConfig(output="logistic", dropout=0.2, position_bias_layers=1),
            {"NLL", "bits per dimension"},
        ),
        ("binarized", PixelRNNConfig(), {"NLL"}),
    ],
    ids=["binary", "softmax", "logistic", "recurrent"],
)
def test_a_run_becomes_a_checkpoint_whose_likelihood_is_measured(
    pixels: Any, config: PixelConfig, figures: set[str], tmp_path: Path
) -> None:
    run, data = run_of(tmp_path, pixels, dataclasses.replace(config, shape=(1, 8, 6), width=8, depth=2))
    export(run, data, "toy-pixels", tmp_path / "checkpoints")
    engine = Engine([tmp_path / "checkpoints"], "cpu")
    assert engine.faults() == {}
    card = evaluate(engine, "toy-pixels", data, pictures=24, samples=3)
    assert (card.verbs, card.latent, card.axes, card.levels) == (("samples", "scores", "completes"), 0, (), {})
    by_name = {metric.name: metric for metric in card.metrics}
    assert figures <= set(by_name)
    if error := by_name.get("Bayes test error"):
        assert error.interval is not None
        low, high = error.interval
        assert 0 <= low < error.value < high <= 100
    # Binary samples are held against binary pictures.
    context = EvalContext(engine.model("toy-pixels"), run.recipe(), data, pictures=24, samples=3)
    assert (len(context.beside(data.test).pictures.unique()) == 2) == (pixels == "binarized")
    assert all("binarized" in by_name[name].protocol for name in SAMPLED) == (pixels == "binarized")
    model, y = engine.model("toy-pixels"), data.test.y if config.classes else None
    if pixels == "plain":
        nats = -float(model.log_prob(data.test.batch(torch.arange(24)).x, y).mean())
        assert by_name["NLL"].value == pytest.approx(nats, rel=1e-5)
        assert by_name["bits per dimension"].value == pytest.approx(nats / math.log(2) / 48, rel=1e-5)
    else:
        assert 0.5 * 48 * math.log(2) < by_name["NLL"].value < 2 * 48 * math.log(2)  # next to nothing was learnt
    assert engine.sample("toy-pixels", [1, 2]).shape == (2, 8, 6, 1)


def test_by_the_rule_of_bayes_it_tells_apart_what_it_has_learnt_to_draw() -> None:
    x = torch.cat([torch.zeros(8, 1, 3, 3), torch.ones(8, 1, 3, 3)])
    x = torch.where(noise.uniform(range(16), (1, 3, 3)) < 0.2, 1 - x, x)
    y = torch.arange(16) // 8
    torch.manual_seed(1)
    model = PixelCNN(PixelCNNConfig((1, 3, 3), width=8, depth=1, classes=2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = Likelihood(model, LikelihoodConfig(0.1))("model", Batch(x, y), 0.5)["nll"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scores = by_class(model.eval(), 2, x)
    assert torch.equal(scores[:, 1], model.log_prob(x, torch.ones(16, dtype=torch.long)))
    assert torch.equal(scores.argmax(1), y)


def test_likelihoods_of_bytes_are_not_taught_on_binary_pixels_nor_the_other_way_round() -> None:
    for name, recipe in RECIPES.items():
        if isinstance(recipe.model, PixelConfig):
            assert (recipe.pixels == "binarized") == (recipe.model.output == "bernoulli"), name


# Mistakes


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kernel": 4}, "kernel is 4"),
        ({"kernel": 1}, "kernel is 1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"mixtures": 0}, "mixtures is 0"),
        ({"depth": 2, "position_bias_layers": 3}, "position_bias_layers is 3 of 2 layers"),
        ({"shape": (3, 4, 4), "width": 2}, "width is 2; 3 colours"),
    ],
    ids=str,
)
def test_sizes_that_no_mask_fits_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BadValue, match=said):
        PixelCNNConfig(**fields)
