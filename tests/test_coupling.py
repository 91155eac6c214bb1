"""The flow of a VAE's prior: exact both ways, and fitted without a word to the encoder."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.models.ali import ALI, ALIConfig
from engine.models.vae import VAE, VAEConfig
from engine.nn.coupling import CouplingFlow, shuffled
from train.data import Batch
from train.objectives.elbo import Elbo, ElboConfig

CONFIG = VAEConfig(shape=(1, 6, 6), latent=5, width=8, depth=1, flow_layers=3, flow_width=6)


def bent(net: nn.Module) -> nn.Module:
    """Draw weights that make a flow do something; it begins as the identity."""
    torch.manual_seed(0)
    for weight in net.parameters():
        nn.init.normal_(weight, std=0.5)
    return net


def pictures(count: int = 16) -> Tensor:
    return torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("axes", [2, 5, 8])
def test_noise_comes_back_as_the_code_that_it_was(axes: int) -> None:
    flow = bent(CouplingFlow(axes, width=6, layers=4))
    code = torch.randn(9, axes)
    noise, _ = flow(code)
    assert not torch.allclose(noise, code, atol=0.1)
    torch.testing.assert_close(flow.inverse(noise), code, rtol=1e-4, atol=1e-5)  # type: ignore[operator]


@pytest.mark.parametrize("axes", [2, 5, 8])
def test_the_slopes_sum_up_to_the_determinant(axes: int) -> None:
    flow = bent(CouplingFlow(axes, width=6, layers=4))
    code = torch.randn(axes)
    jacobian = torch.autograd.functional.jacobian(lambda at: flow(at[None])[0][0], code)
    torch.testing.assert_close(torch.linalg.slogdet(jacobian).logabsdet, flow(code[None])[1].sum())


def test_every_axis_meets_every_other() -> None:
    flow = bent(CouplingFlow(8, width=6, layers=6))
    jacobian = torch.autograd.functional.jacobian(lambda at: flow(at[None])[0][0], torch.randn(8))
    assert (jacobian != 0).all()


def test_a_flow_stays_in_float32_in_a_model_of_half_precision() -> None:
    model = VAE(CONFIG)
    bent(model.flow)
    z = torch.randn(4, 5)
    exact, half = model.flow.inverse(z), model.to(torch.bfloat16)
    assert {weight.dtype for weight in half.flow.parameters()} == {torch.float32}
    torch.testing.assert_close(half.flow.inverse(z), exact)
    assert half.flow.inverse(z.bfloat16()).dtype == torch.bfloat16  # which the decoder takes


def test_a_shuffle_keeps_every_axis() -> None:
    assert shuffled(torch.arange(6.0)[None]).tolist() == [[3, 0, 4, 1, 5, 2]]
    assert shuffled(torch.arange(5.0)[None]).tolist() == [[4, 2, 0, 3, 1]]


def test_a_flow_that_does_nothing_changes_no_bound() -> None:
    torch.manual_seed(0)
    model = VAE(CONFIG)
    without = VAE(VAEConfig(shape=(1, 6, 6), latent=5, width=8, depth=1))
    without.load_state_dict({name: weight for name, weight in model.state_dict().items() if "flow" not in name})
    noise = torch.randn(16, 5)
    ours, theirs = model.evidence(pictures(), noise=noise), without.evidence(pictures(), noise=noise)
    torch.testing.assert_close(ours.rate, theirs.rate)
    torch.testing.assert_close(ours.distortion, theirs.distortion)


def test_the_rate_is_that_of_the_bent_prior() -> None:
    model = VAE(CONFIG)
    bent(model.flow)
    evidence = model.evidence(pictures())
    z, log_slopes = model.flow(evidence.code)
    log_prior = torch.distributions.Normal(0, 1).log_prob(z).sum(1) + log_slopes.sum(1)
    log_ratio = evidence.q.log_prob(evidence.code).sum(1) - log_prior
    noise = (evidence.code - evidence.q.mean) / evidence.q.stddev
    closed = (0.5 * (noise**2 - 1)).sum(1) + log_ratio  # the posterior's own entropy in closed form
    spread = 0.5 * (evidence.q.mean**2 + evidence.q.variance - evidence.code**2).sum(1)
    torch.testing.assert_close(evidence.rate, closed + spread, rtol=1e-4, atol=1e-4)


def test_encoding_undoes_decoding_as_well_with_a_flow() -> None:
    model = VAE(CONFIG)
    bent(model.flow)
    z = model.encode(pictures())
    torch.testing.assert_close(model.flow.inverse(z), model.posterior(pictures()).mean, rtol=1e-4, atol=1e-5)


def test_ali_begins_as_the_vae_whose_weights_it_takes_over() -> None:
    torch.manual_seed(0)
    sizes = {"shape": (3, 16, 16), "latent": 6, "net": "residual", "width": 4, "depth": 1, "deviation": "axis"}
    vae = VAE(VAEConfig(**sizes, likelihood="gaussian-shared", flow_layers=4, flow_width=8))  # type: ignore[arg-type]
    ali = ALI(ALIConfig(**sizes, flow_layers=4, flow_width=8))  # type: ignore[arg-type]
    bent(vae.flow)
    for weight in vae.parameters():  # what is zero at the beginning hides nothing
        weight.data += 0.1 * torch.randn_like(weight)
    missing, left = ali.load_state_dict(vae.state_dict(), strict=False)
    assert all("style" in name for name in missing)
    assert all("likelihood" in name for name in left)
    z, x = torch.randn(5, 6), torch.rand(5, 3, 16, 16)
    torch.testing.assert_close(ali.decode(z), vae.decode(z))
    torch.testing.assert_close(ali.encode(x), vae.encode(x))


def test_ali_s_posterior_is_a_density_of_the_latent_that_a_flow_makes() -> None:
    torch.manual_seed(0)
    model = ALI(ALIConfig(shape=(1, 6, 6), latent=2, net="dense", width=8, depth=1, flow_layers=4, flow_width=8))
    bent(model.flow)
    x = torch.rand(1, 1, 6, 6)
    with torch.no_grad():
        drawn = torch.cat([model.infer(x) for _ in range(500)])
        steps = [torch.linspace(float(axis.mean() - 8 * axis.std()), float(axis.mean() + 8 * axis.std()), 400)
                 for axis in drawn.T]  # fmt: skip
        z = torch.cartesian_prod(*steps)
        density = model.log_posterior(x.expand(len(z), -1, -1, -1), z).sum(1).exp()
    total = density.sum() * (steps[0][1] - steps[0][0]) * (steps[1][1] - steps[1][0])
    assert float(total) == pytest.approx(1, abs=0.02)


def test_fitting_the_prior_teaches_the_encoder_nothing() -> None:
    torch.manual_seed(0)
    objective = Elbo(VAE(CONFIG), ElboConfig())
    objective("model", Batch(pictures()), 1.0)["prior"].backward()
    moved = {name.split(".")[0] for name, weight in objective.model.named_parameters() if weight.grad is not None}
    assert moved == {"flow"}


def test_a_fitted_prior_raises_the_bound_of_codes_that_are_no_gaussian() -> None:
    torch.manual_seed(0)
    flow, optimizer = CouplingFlow(2, 16, 6), None
    ring = torch.randn(512, 2)
    ring = 2 * ring / ring.norm(dim=1, keepdim=True) + 0.1 * torch.randn(512, 2)
    optimizer = torch.optim.Adam(flow.parameters(), 5e-3)

    def surprise() -> Tensor:
        z, log_slopes = flow(ring)
        return (0.5 * z**2 - log_slopes).sum(1).mean()

    before = float(surprise().detach())
    for _ in range(300):
        optimizer.zero_grad()
        loss = surprise()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert float(surprise().detach()) < before - 0.5
