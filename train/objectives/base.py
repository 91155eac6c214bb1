"""What the loop knows about an objective."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from train.data import Batch

Terms = dict[str, Tensor]  # named scalars; a player minimizes their sum


class Objective(nn.Module, ABC):
    """Players who take turns, each minimizing the sum of its own named terms.

    The model is a player, or part of one; critics are players too and never ship.
    """

    turns: tuple[str, ...]  # who moves at each step, in order; a name may come several times
    batches: int = 1  # fresh batches that a step takes; the turns go through them in order, over and over
    least_diversity: float = 0.0  # spread of made samples, as a share of the data's, below which a run has collapsed

    @property
    @abstractmethod
    def players(self) -> dict[str, nn.Module]:
        """Name the players and give their parameters."""

    @abstractmethod
    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        """Return a player's terms on a batch; progress goes from 0 at the start of a run to 1 at its end."""

    def time_scale(self, player: str) -> float:
        """Return a player's learning rate as a multiple of the recipe's."""
        return 1.0


class SinglePlayer(Objective):
    """One player, the model itself."""

    turns: tuple[str, ...] = ("model",)

    def __init__(self, model: Any, config: Any) -> None:
        super().__init__()
        self.model, self.config = model, config

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"model": self.model}
