"""What a run leaves out of its checkpoint, so that it stays small."""

from __future__ import annotations

import pytest

from engine.models.vae import VAEConfig
from train.export import map_of

from .shelf import made
from .toys import toy_data


@pytest.mark.parametrize(("latent", "codes"), [(4, 2_000), (80, 2_000), (256, 625), (512, 312)])
def test_a_map_holds_fewer_codes_the_longer_they_are(latent: int, codes: int) -> None:
    data = toy_data((1, 2, 2), 2_100)
    means, _ = map_of(made(VAEConfig((1, 2, 2), latent=latent, width=4, depth=1)), data)
    assert means.shape == (codes, latent)
