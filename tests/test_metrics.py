"""The measures of samples and latents, on sets whose figures are known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.checkpoints import directions, files
from engine.checkpoints.card import Metric
from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.ali import ALI, ALIConfig
from engine.models.classifier import Classifier, ClassifierConfig
from engine.models.dcgan import DCGANConfig
from train import evaluation
from train.comparison import table
from train.evaluation import evaluate
from train.metrics.context import EvalContext, NamedClassifier
from train.metrics.features import (
    density_and_coverage,
    feature_distances,
    frechet_distance,
    kernel_distance,
    precision,
)
from train.metrics.gradients import BLOCKS, blockwise, gradient_distance, histograms
from train.metrics.neighbours import (
    class_kept,
    copies,
    distances,
    latent_neighbours,
    nearest_picture,
    neighbours,
    pixel_neighbours,
)
from train.metrics.sharpness import edges, sharpness
from train.metrics.stacked import evenness, stacked_modes
from train.recipe import Recipe, as_dict
from train.recipes import RECIPES

from .shelf import keep, made
from .toys import toy_data

SHAPE = (1, 8, 8)
PAIRS = ALIConfig(SHAPE, latent=3, width=4, depth=0)


def normal(count: int, seed: int, size: int = 4) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def context(judged: bool = True) -> EvalContext:
    model, classifier = made(PAIRS), made(ClassifierConfig(SHAPE, width=4))
    assert isinstance(model, ALI)
    assert isinstance(classifier, Classifier)
    recipe = Recipe(data="toy", model=PAIRS, objective=RECIPES["mnist-ali"].objective)
    return EvalContext(
        model, recipe, toy_data(SHAPE, 40), 30, 2, NamedClassifier("toy-classifier", classifier) if judged else None
    )


# Distances


def test_the_distance_of_two_gaussians_is_the_closed_form() -> None:
    """Whitened first, so that both sets have exactly the mean and the covariance that they are meant to have."""
    x = normal(500, 0)
    x = (x - x.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(x.T.cov())).T
    deviations, shift = torch.tensor([1.0, 2.0, 0.5, 3.0]).double(), torch.tensor([1.0, 0.0, -2.0, 0.0]).double()
    wanted = float(shift.square().sum() + (deviations - 1).square().sum())
    assert frechet_distance(x, x * deviations + shift) == pytest.approx(wanted, rel=1e-6)
    turned = torch.linalg.qr(normal(4, 1)).Q
    assert frechet_distance(x @ turned, (x * deviations + shift) @ turned) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_lives_with_features_that_are_always_nought() -> None:
    x = torch.cat([normal(50, 0), torch.zeros(50, 3)], 1)
    assert frechet_distance(x, x + 1) == pytest.approx(7, rel=1e-6)


def test_the_kernel_distance_is_that_of_the_definition_and_unbiased() -> None:
    x, y = normal(30, 0), normal(20, 1) + 0.5

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / 4 + 1) ** 3

    own = [(kernel(s, s).sum() - kernel(s, s).trace()) / (len(s) * (len(s) - 1)) for s in (x, y)]
    assert kernel_distance(x, y) == pytest.approx(float(sum(own) - 2 * kernel(x, y).mean()))
    draws = torch.tensor([kernel_distance(normal(50, 2 * i), normal(50, 2 * i + 1)) for i in range(200)])
    assert abs(float(draws.mean())) < 3 * float(draws.std()) / math.sqrt(200)
    assert (draws < 0).any()


# Oriented gradients


def stripes(angle: float, side: int = 32) -> Tensor:
    y, x = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    return (0.5 + 0.4 * torch.sin(0.9 * (x * math.cos(angle) + y * math.sin(angle))))[None, None]


@pytest.mark.parametrize("turn", range(8))
def test_stripes_lie_in_the_orientation_of_their_gradient(turn: int) -> None:
    cells = histograms(stripes(turn * math.pi / 8)).reshape(8, 64)
    assert int(cells.sum(1).argmax()) == turn
    assert float(cells.norm()) == pytest.approx(1, abs=0.1)


def test_features_of_gradients_know_place_and_not_contrast_sign_or_brightness() -> None:
    x = stripes(0.3)
    same = [0.5 * x, 1 - x, x - 0.2]
    assert all(torch.allclose(histograms(x), histograms(other), atol=0.02) for other in same)
    left = torch.where(torch.arange(32) < 16, x, torch.full_like(x, 0.5))
    cells = histograms(left).reshape(8, 8, 8)
    assert float(cells[:, :, :3].sum()) > 100 * float(cells[:, :, 5:].sum())
    colour = x.expand(1, 3, 32, 32)
    assert torch.allclose(histograms(colour), histograms(x))
    assert histograms(torch.rand(2, 1, 28, 20)).shape == (2, 512)


def test_the_distance_over_blocks_is_unbiased_and_its_error_is_that_of_the_mean() -> None:
    found = [blockwise(normal(400, 2 * i), normal(400, 2 * i + 1)) for i in range(40)]
    values = torch.tensor([value for value, _ in found])
    errors = torch.tensor([error for _, error in found])
    assert abs(float(values.mean())) < 3 * float(values.std()) / math.sqrt(40)
    assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.35)
    near, far = (blockwise(normal(400, 0), normal(400, 1) + shift)[0] for shift in (0.3, 0.6))
    assert 0 < near < far
    scaled = blockwise(7 * normal(400, 0) + 3, 7 * normal(400, 1) + 7 * 0.3 + 3)[0]
    assert scaled == pytest.approx(near)  # neither unit nor origin of the features matters


def test_the_order_of_the_data_is_no_distance() -> None:
    film = torch.linspace(-2, 2, 400, dtype=torch.float64)[:, None] + 0.1 * normal(400, 0)
    value, error = blockwise(film, film[torch.randperm(400, generator=torch.Generator().manual_seed(1))])
    assert abs(value) < 4 * error
    assert abs(value) < 0.5  # by blocks of neighbouring frames it is over 8


def test_gradients_need_no_judge_and_name_their_space_and_their_blocks() -> None:
    alone = context(judged=False)
    (found,) = gradient_distance(alone)
    assert found.name == "kernel distance, gradients"
    assert all(word in found.protocol for word in ("30 samples", "oriented gradients", f"{BLOCKS} blocks"))
    assert found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]
    assert found == gradient_distance(alone)[0]


# Neighbourhoods


def test_a_set_beside_itself_is_precise_and_covered() -> None:
    x = normal(300, 0)
    assert precision(x, x) == 1
    density, coverage = density_and_coverage(x, x)
    assert coverage == 1
    assert density == pytest.approx(6 / 5)  # each ball holds its five neighbours and its centre


def test_sets_apart_share_nothing() -> None:
    x, y = normal(300, 0), normal(300, 1) + 100
    assert precision(x, y) == precision(y, x) == 0
    assert density_and_coverage(x, y) == (0, 0)


def test_a_collapsed_set_is_precise_and_recalls_little() -> None:
    real, collapsed = normal(300, 0), 0.01 * normal(300, 1)
    assert precision(real, collapsed) == 1
    assert precision(collapsed, real) < 0.05
    assert density_and_coverage(real, collapsed)[1] < 0.5


def test_two_draws_of_one_density_look_alike() -> None:
    density, coverage = density_and_coverage(normal(2_000, 0), normal(2_000, 1))
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(1 - 0.5**5, abs=0.03)  # Naeem et al., section 3.3


def test_tables_cut_in_parts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(100, 0), normal(70, 1)
    whole = kernel_distance(x, y), precision(x, y), density_and_coverage(x, y)
    monkeypatch.setattr("train.metrics.features.ROWS", 7)
    cut = kernel_distance(x, y), precision(x, y), density_and_coverage(x, y)
    assert cut[1:] == whole[1:]
    assert cut[0] == pytest.approx(whole[0])


# Latents, copies, edges, modes


def test_the_nearest_is_found() -> None:
    known = torch.tensor([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    rows, far = neighbours(torch.tensor([[9.0, 0.0], [0.0, 1.0], [3.0, 4.0]]), known)
    assert rows.tolist() == [2, 0, 1]
    assert far.tolist() == pytest.approx([1, 1, 0], abs=1e-3)


def test_the_nearest_picture_is_found_in_whatever_part_of_the_split() -> None:
    train = toy_data(SHAPE, 40).train
    x = train.batch(torch.tensor([33, 2, 17])).x.flatten(1)
    assert nearest_picture(x + 0.01, train).tolist() == [33, 2, 17]


def test_a_copy_of_a_training_picture_has_no_distance() -> None:
    train = toy_data(SHAPE, 40).train
    x = train.batch(torch.tensor([5, 30])).x.flatten(1)
    assert distances(x, train).tolist() == pytest.approx([0, 0], abs=1e-3)
    assert distances(x + 0.1, train).tolist() == pytest.approx([0.8, 0.8], rel=1e-3)


def test_a_plane_has_no_edges_and_blurring_takes_them_away() -> None:
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    slope = torch.linspace(0, 1, 16).expand(1, 1, 16, 16)
    assert float(edges(slope)) == pytest.approx(0, abs=1e-9)
    assert (edges(torch.nn.functional.avg_pool2d(x, 3, 1)) < 0.2 * edges(x)).all()
    assert edges(0.5 * x).tolist() == pytest.approx((0.25 * edges(x)).tolist(), rel=1e-4)


def test_even_modes_have_no_divergence_and_one_mode_has_the_most() -> None:
    assert evenness(torch.arange(1000).repeat(3)) == (1000, pytest.approx(0, abs=1e-12))
    assert evenness(torch.full((500,), 7)) == (1, pytest.approx(math.log(1000)))
    assert evenness(torch.arange(500)) == (500, pytest.approx(math.log(2)))


# All together


def test_a_measure_applies_or_is_silent() -> None:
    judged, alone = context(), context(judged=False)
    assert {m.name for m in feature_distances(judged)} == {
        "Fréchet distance", "kernel distance", "precision", "recall", "density", "coverage",
    }  # fmt: skip
    assert feature_distances(alone) == class_kept(alone) == stacked_modes(judged) == []
    measures = (sharpness, copies, latent_neighbours, pixel_neighbours, class_kept)
    every = [m for measure in measures for m in measure(judged)]
    names = ["sharpness", "nearest training picture", "1-NN accuracy", "1-NN accuracy, pixels", "class kept"]
    assert [m.name for m in every] == names
    assert all(math.isfinite(m.value) and m.protocol for m in every)


def test_the_samples_of_a_subject_are_those_of_its_seeds() -> None:
    one = context()
    assert torch.equal(one.samples_of(7)[4:5], one.samples_of(5)[4:5])
    assert feature_distances(one) == feature_distances(one)


def test_the_protocol_names_the_judge_and_the_counts(tmp_path: Path) -> None:
    data, config = toy_data(SHAPE, 40), DCGANConfig(SHAPE, latent=3, width=4)
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-dcgan"].objective)
    keep(tmp_path, "toy-dcgan", made(config), recipe=as_dict(recipe))
    keep(tmp_path, "toy-classifier", made(ClassifierConfig(SHAPE, width=4)))
    card = evaluate(Engine([tmp_path], "cpu"), "toy-dcgan", data, 20, 1)
    frechet = next(metric for metric in card.metrics if metric.name == "Fréchet distance")
    for word in ("20 samples", "20 test pictures", "toy-classifier", "seeds from 0"):
        assert word in frechet.protocol


def test_one_measure_alone_leaves_the_other_figures_of_the_card(tmp_path: Path) -> None:
    data, config = toy_data(SHAPE, 40), DCGANConfig(SHAPE, latent=3, width=4)
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-dcgan"].objective)
    known = Metric("ELBO", -90.0, "nats", "p"), Metric("sharpness", -1.0, "", "an old one")
    keep(tmp_path, "toy-dcgan", made(config), recipe=as_dict(recipe), metrics=known)
    engine = Engine([tmp_path], "cpu")
    first, second = evaluate(engine, "toy-dcgan", data, 20, 1, only=["sharpness"]).metrics
    assert first == known[0]
    assert second.name == "sharpness"
    assert second.value >= 0
    with pytest.raises(BadValue, match=r"'beauty'.*sharpness"):
        evaluate(engine, "toy-dcgan", data, 20, 1, only=["beauty"])


def test_directions_that_are_found_while_it_measures_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, config = toy_data(SHAPE, 40), DCGANConfig(SHAPE, latent=3, width=4)
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-dcgan"].objective)
    keep(tmp_path, "toy-dcgan", made(config), recipe=as_dict(recipe))

    def meanwhile(context: EvalContext) -> list[Metric]:
        directions.save(tmp_path / "toy-dcgan", directions.none(3))
        return [Metric("something", 1.0, "", "p")]

    monkeypatch.setattr(evaluation, "METRICS", (meanwhile,))
    card = evaluate(Engine([tmp_path], "cpu"), "toy-dcgan", data, 20, 1)
    assert files.DIRECTIONS in card.digests
    assert files.read_card(tmp_path / "toy-dcgan") == card


def test_figures_stand_side_by_side_with_letters_where_protocols_differ(tmp_path: Path) -> None:
    same, other = Metric("test MSE", 0.5, "", "10 pictures"), Metric("test MSE", 0.25, "", "20 pictures")
    model = made(PAIRS)
    first = keep(tmp_path, "toy-one", model, metrics=(same, Metric("sharpness", 0.9, "", "p")))
    second, third = (keep(tmp_path, f"toy-{m.value}".replace(".", ""), model, metrics=(m,)) for m in (same, other))
    alike, apart = table([first, second]), table([first, third])
    assert [cell.strip() for cell in alike[2].split("|")] == ["", "sharpness", "0.900", "–", "1 is best", ""]
    assert [cell.strip() for cell in alike[3].split("|")][1:4] == ["test MSE", "0.500", "0.500"]
    assert len(alike) == 4
    assert [cell.strip() for cell in apart[3].split("|")][1:5] == [
        "test MSE",
        "0.500 a",
        "0.250 b",
        "↓ lower is better",
    ]
    assert "same letter" in apart[-1]
    with pytest.raises(BadValue, match="evaluate"):
        table([keep(tmp_path, "toy-bare", model)])


def test_an_elbo_stands_beside_a_likelihood_with_the_same_sign(tmp_path: Path) -> None:
    likely = ("one", Metric("NLL", 81.0, "nats", "p")), ("other", Metric("test ELBO", -88.0, "nats", "p"))
    recipe = {"pixels": "binarized"}
    cards = [keep(tmp_path, f"toy-{name}", made(PAIRS), metrics=(m,), recipe=recipe) for name, m in likely]
    lines = table(cards)
    assert [cell.strip() for cell in lines[2].split("|")][1:4] == ["NLL (nats)", "81.00 exact a", "88.00 bound b"]
