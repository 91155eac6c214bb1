"""What every family owes, over the registry: whatever is registered without an example here fails the first test."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.checkpoints import files
from engine.errors import BadValue, UnknownName
from engine.inference.images import to_bytes
from engine.models.ae import AutoencoderConfig
from engine.models.ali import ALIConfig
from engine.models.classifier import ClassifierConfig
from engine.models.dcgan import DCGANConfig
from engine.models.gan import GANConfig
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.iaf_vae import IAFVAEConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.pixel_rnn import PixelRNNConfig
from engine.models.pixel_vae import PixelVAEConfig
from engine.models.progressive_gan import ProgressiveGANConfig
from engine.models.r3gan import R3GANConfig
from engine.models.vae import VAEConfig
from engine.nn.likelihoods import LIKELIHOODS
from engine.protocols import Bounds, Classifies, Completes, Decodes, Encodes, Infers, Samples, Scores, verbs_of
from engine.registry import FAMILIES, Config, Model, build, config_from, family_of
from tests.shelf import keep

SMALL: dict[str, Any] = {"latent": 3, "width": 8, "depth": 1}
VERBS = {
    "ae": ("decodes", "encodes"),
    "vae": ("samples", "decodes", "encodes", "bounds"),
    "iaf_vae": ("samples", "decodes", "encodes", "bounds"),
    "pixel_vae": ("samples", "decodes", "encodes", "bounds", "completes"),
    "gan": ("samples", "decodes"),
    "dcgan": ("samples", "decodes"),
    "r3gan": ("samples", "decodes"),
    "ali": ("samples", "decodes", "encodes"),
    "classifier": ("classifies",),
    "hierarchical_ali": ("samples", "decodes", "encodes"),
    "progressive_gan": ("samples", "decodes"),
    "pixel_cnn": ("samples", "scores", "completes"),
    "pixel_rnn": ("samples", "scores", "completes"),
}
EXACT = {"pixel_cnn", "pixel_rnn"}  # families that know their likelihood; a bound never passes for one

CONFIGS: tuple[Config, ...] = (
    AutoencoderConfig((1, 8, 8), **SMALL),
    AutoencoderConfig((3, 28, 20), net="conv", **SMALL),
    AutoencoderConfig((1, 12, 8), net="conv", upsampling="transposed", classes=3, **SMALL),
    *(VAEConfig((1, 8, 8), likelihood=name, **SMALL) for name in LIKELIHOODS),
    *(VAEConfig((3, 12, 8), net="conv", likelihood=name, classes=3, **SMALL) for name in LIKELIHOODS),
    VAEConfig((1, 7, 5), classes=2, **SMALL),
    VAEConfig((1, 28, 20), net="conv", upsampling="transposed", latent=1, width=4, depth=2),
    VAEConfig((3, 16, 12), net="residual", likelihood="gaussian-shared", flow_layers=3, flow_width=6, **SMALL),
    VAEConfig((1, 8, 8), deviation="axis", likelihood="gaussian", **SMALL),
    IAFVAEConfig((1, 7, 5), net="dense", steps=0, **SMALL),
    IAFVAEConfig((1, 12, 8), steps=2, flow_width=9, context=4, **SMALL),
    IAFVAEConfig((3, 12, 8), steps=3, flow_width=9, context=4, likelihood="logistic", classes=3, **SMALL),
    PixelVAEConfig((1, 7, 5), net="dense", maps=4, pixel_width=4, **SMALL),
    PixelVAEConfig((3, 8, 6), z2_dim=1, hidden=4, maps=4, pixel_width=6, output="logistic", classes=3, **SMALL),
    PixelVAEConfig((3, 6, 6), gated=False, maps=4, pixel_width=6, pixel_depth=1, output="softmax", **SMALL),
    GANConfig((1, 7, 5), **SMALL),
    GANConfig((3, 8, 8), latent=3, width=8, depth=2, classes=3),
    GANConfig((1, 16, 12), extent=2.0, **SMALL),
    DCGANConfig((3, 16, 12), latent=3, width=4),
    DCGANConfig((1, 8, 8), latent=3, width=4, classes=3, mapping=2),
    DCGANConfig((1, 28, 20), latent=3, width=4, upsampling="transposed", classes=3),
    R3GANConfig((3, 16, 12), mapping=2, **SMALL),
    R3GANConfig((1, 8, 8), mapping=0, classes=3, **SMALL),
    ALIConfig((1, 8, 8), **SMALL),
    ALIConfig((3, 16, 12), net="residual", mapping=1, **SMALL),
    ALIConfig((3, 12, 8), stochastic=False, classes=3, mapping=1, **SMALL),
    ClassifierConfig((1, 12, 8), width=4, answers=3),
    ClassifierConfig((3, 16, 16), width=4, answers=5, attributes=True),
    HierarchicalALIConfig((1, 8, 8), z2_dim=1, hidden=8, **SMALL),
    HierarchicalALIConfig((1, 8, 8), net="residual", z2_dim=1, hidden=8, mapping=1, **SMALL),
    HierarchicalALIConfig((3, 12, 8), z2_dim=2, hidden=8, classes=3, **SMALL),
    ProgressiveGANConfig((1, 16, 12), latent=3, width=4),
    ProgressiveGANConfig((3, 28, 20), latent=3, width=4, classes=3),
    PixelCNNConfig((1, 5, 4), width=4, depth=2),
    PixelCNNConfig((3, 4, 3), width=6, depth=1, gated=False, output="softmax", classes=3),
    PixelCNNConfig((3, 3, 4), width=6, depth=2, output="logistic", mixtures=2, classes=3),
    PixelRNNConfig((1, 5, 4), width=4, depth=2),
    PixelRNNConfig((3, 4, 3), cell="row", width=6, depth=2, output="softmax", classes=3),
)


def title(config: Config) -> str:
    words = [
        str(getattr(config, field, ""))
        for field in ("net", "upsampling", "likelihood", "extent", "stochastic", "output", "cell")
    ]
    return " ".join([family_of(config), "x".join(map(str, config.shape)), *words, f"{config.classes} classes"])


def made(config: Config) -> Model:
    torch.manual_seed(1)
    return build(config).eval().requires_grad_(False)


def some_y(config: Config, count: int) -> Tensor:
    return torch.arange(count) % max(config.classes, 1)


each_config = pytest.mark.parametrize("config", CONFIGS, ids=title)
each_sampler = pytest.mark.parametrize("config", [c for c in CONFIGS if "samples" in VERBS[family_of(c)]], ids=title)
each_decoder = pytest.mark.parametrize("config", [c for c in CONFIGS if "decodes" in VERBS[family_of(c)]], ids=title)
each_prior = pytest.mark.parametrize(
    "config", [c for c in CONFIGS if {"samples", "decodes"} <= set(VERBS[family_of(c)])], ids=title
)
each_encoder = pytest.mark.parametrize("config", [c for c in CONFIGS if "encodes" in VERBS[family_of(c)]], ids=title)


def test_every_family_is_tried() -> None:
    assert {family_of(config) for config in CONFIGS} == set(FAMILIES) == set(VERBS)


@each_config
def test_the_verbs_are_those_expected(config: Config) -> None:
    model = made(config)
    assert verbs_of(model) == VERBS[family_of(config)]
    assert isinstance(model, Scores) == (family_of(config) in EXACT)


@each_sampler
def test_a_seed_belongs_to_its_picture(config: Config) -> None:
    model = made(config)
    assert isinstance(model, Samples)
    together, alone = model.sample([1, 2, 3]), model.sample([2])
    torch.testing.assert_close(together[1:2], alone, rtol=0, atol=1e-5)
    assert (to_bytes(together)[1:2] == to_bytes(alone)).all()
    assert not torch.allclose(together[0], together[1], rtol=0, atol=1e-5)


@each_prior
def test_truncation_to_nothing_is_the_mean_of_the_prior(config: Config) -> None:
    model = made(config)
    assert isinstance(model, Samples)
    assert isinstance(model, Decodes)
    if isinstance(model, Completes):  # its samples are of whole levels, what it decodes is not
        assert torch.equal(*model.sample([1, 2], truncation=0.0))
        return
    origin = model.decode(torch.zeros(2, config.latent))
    torch.testing.assert_close(model.sample([1, 2], truncation=0.0), origin, rtol=0, atol=1e-6)


@each_decoder
def test_decoding_gives_pictures_in_the_unit_interval(config: Config) -> None:
    model = made(config)
    assert isinstance(model, Decodes)
    x = model.decode(30 * torch.randn(4, config.latent, generator=torch.Generator().manual_seed(1)))
    assert x.shape == (4, *config.shape)
    assert x.dtype == torch.float32
    assert 0 <= x.min() < x.max() <= 1


@each_encoder
def test_encoding_gives_one_latent_a_picture(config: Config) -> None:
    model = made(config)
    assert isinstance(model, Encodes)
    x = torch.rand(4, *config.shape, generator=torch.Generator().manual_seed(1))
    z = model.encode(x)
    assert z.shape == (4, config.latent)
    assert z.std(0).min() > 0  # the picture matters
    torch.testing.assert_close(model.encode(x[2:3]), z[2:3], rtol=0, atol=1e-5)


@each_encoder
def test_a_posterior_is_drawn_from_by_noise_and_its_mean_is_what_encoding_gives(config: Config) -> None:
    model = made(config)
    assert isinstance(model, Encodes)
    x = torch.rand(4, *config.shape, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(4, config.latent, generator=torch.Generator().manual_seed(2))
    if isinstance(model, Infers):
        assert torch.equal(model.posterior_sample(x, 0 * noise), model.encode(x))
        stochastic = getattr(config, "stochastic", True)
        assert torch.equal(model.posterior_sample(x, noise), model.encode(x)) != stochastic
    if isinstance(model, Bounds):
        evidence = model.evidence(x, None, noise)
        assert torch.equal(model.evidence(x, None, 0 * noise).z, model.encode(x))
        assert not torch.equal(evidence.z, model.encode(x))
        torch.testing.assert_close(evidence.kl.sum(1), evidence.rate)
        flows = getattr(config, "steps", 0) or getattr(config, "flow_layers", 0)
        if not flows:  # in closed form: no matter what was drawn
            assert (evidence.rate > 0).all()
            assert torch.equal(evidence.rate, model.evidence(x).rate)


@each_decoder
def test_the_label_is_optional_and_unknown_is_minus_one(config: Config) -> None:
    model, y = made(config), some_y(config, 4)
    z, x = torch.zeros(4, config.latent), torch.zeros(4, *config.shape)
    verbs = [(model.decode, z), *([(model.encode, x)] if isinstance(model, Encodes) else [])]
    for verb, given in verbs:
        torch.testing.assert_close(verb(given), verb(given, -torch.ones_like(y)), rtol=0, atol=1e-6)
        matters = not torch.allclose(verb(given, y)[0], verb(given, y)[1], rtol=0, atol=1e-6)
        assert matters == (config.classes > 0)
    if isinstance(model, Samples):
        assert model.sample([1, 2, 3, 4], y).shape == model.sample([1, 2, 3, 4]).shape
    if isinstance(model, Bounds):
        assert model.elbo(x, y).shape == model.elbo(x).shape == (4,)
        assert model.importance_bound(x, 2, y).shape == model.importance_bound(x, 2).shape == (4,)


@each_config
def test_every_weight_learns(config: Config) -> None:
    model = build(config)
    x = torch.rand(4, *config.shape, generator=torch.Generator().manual_seed(1))
    y = some_y(config, 4) if config.classes else None
    if isinstance(model, Bounds):
        goal = model.elbo(x, y)
    elif isinstance(model, Scores):
        goal = model.log_prob(x, y)
    elif isinstance(model, Classifies):
        goal = model.logits(x)
    elif hasattr(model, "infer"):
        goal = model.decode(model.infer(x, y), y)
    else:
        z = model.encode(x, y) if isinstance(model, Encodes) else torch.randn(4, config.latent)
        goal = model.decode(z, y)
    goal.sum().backward()
    # The first half of a residual block waits for its second half, which starts at zero.
    waits = [name for name, p in model.named_parameters() if p.grad is None]
    assert waits == []
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


@each_config
def test_a_config_survives_json(config: Config) -> None:
    fields = json.loads(json.dumps(dataclasses.asdict(config)))
    assert config_from(family_of(config), fields) == config


@each_config
def test_one_seed_gives_the_same_picture_after_a_save(config: Config, tmp_path: Any) -> None:
    model = made(config)
    keep(tmp_path, "law-test", model)
    again = files.load_model(tmp_path / "law-test")
    z = torch.randn(3, config.latent, generator=torch.Generator().manual_seed(1))
    if isinstance(model, Classifies) and isinstance(again, Classifies):
        x = torch.rand(3, *config.shape, generator=torch.Generator().manual_seed(1))
        assert torch.equal(again.logits(x), model.logits(x))
    if isinstance(model, Decodes) and isinstance(again, Decodes):
        assert torch.equal(again.decode(z), model.decode(z))
    if isinstance(model, Samples) and isinstance(again, Samples):
        assert torch.equal(again.sample([7]), model.sample([7]))


@pytest.mark.parametrize("shape", [(1, 27, 27), (1, 28, 27), (1, 4, 4), (1, 1, 1)], ids=str)
def test_sizes_that_no_convolution_halves_are_refused_or_work(shape: tuple[int, int, int]) -> None:
    for likelihood in ("bernoulli", "gaussian"):
        try:
            model = made(VAEConfig(shape, net="conv", likelihood=likelihood, **SMALL))
        except BadValue:
            continue
        assert model.decode(torch.zeros(1, 3)).shape == (1, *shape)
        assert model.encode(torch.zeros(1, *shape)).shape == (1, 3)


@pytest.mark.parametrize(
    "changes",
    [{"shape": (2, 8, 8)}, {"shape": (1, 0, 8)}, {"latent": 0}, {"width": 0}, {"depth": -1}, {"classes": -1}],
    ids=str,
)
@pytest.mark.parametrize("family", FAMILIES)
def test_sizes_that_no_network_can_have_are_refused(family: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadValue, match=r"shape|latent|width|depth|classes"):
        config_from(family, changes)


def test_a_dense_network_has_a_hidden_layer_and_a_convolutional_one_need_not_have_more() -> None:
    for kind in (AutoencoderConfig, VAEConfig, ALIConfig):
        assert kind(net="conv", depth=0).depth == 0
        with pytest.raises(BadValue, match="depth is 0"):
            kind(net="dense", depth=0)
    with pytest.raises(BadValue, match="depth is 0"):
        GANConfig(depth=0)


def test_a_family_or_field_that_is_not_there_is_answered_with_what_is() -> None:
    with pytest.raises(UnknownName, match=r"no family called 'loom'. There is: ae, ali, "):
        config_from("loom", {})
    with pytest.raises(BadValue, match=r"vae has no field beta\. It has: .*latent"):
        config_from("vae", {"beta": 1})
