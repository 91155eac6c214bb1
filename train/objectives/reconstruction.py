"""Reconstruction error of an autoencoder, summed over a picture: squared, absolute, or cross-entropy in nats."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from engine.models.ae import Autoencoder
from train.data import Batch
from train.objectives.base import SinglePlayer, Terms

ERRORS: dict[str, Callable[..., Tensor]] = {
    "squared": F.mse_loss,
    "absolute": F.l1_loss,
    "cross-entropy": F.binary_cross_entropy,
}


@dataclass(frozen=True)
class ReconstructionConfig:
    """Which error is minimized."""

    error: Literal["squared", "absolute", "cross-entropy"] = "squared"
    code_penalty: float = 0.0  # weight of ½|z|², which keeps the codes in one place


class Reconstruction(SinglePlayer):
    """One player, the model itself."""

    model: Autoencoder

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        y = batch.y if self.model.config.classes else None
        z = self.model.encode(batch.x, y).float()
        error = ERRORS[self.config.error](self.model.decode(z, y).float(), batch.x, reduction="sum") / len(batch.x)
        terms = {"distortion": error}
        if self.config.code_penalty:
            terms["code"] = self.config.code_penalty * 0.5 * z.square().sum(1).mean()
        return terms
