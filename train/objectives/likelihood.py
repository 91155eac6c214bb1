"""The negative log-likelihood, as a loss: −log p(x), in nats a picture."""

from dataclasses import dataclass

from engine.errors import BadValue
from engine.protocols import Scores
from engine.registry import Model, family_of
from train.data import Batch
from train.objectives.base import SinglePlayer, Terms
from train.objectives.labels import drop_labels


@dataclass(frozen=True)
class LikelihoodConfig:
    """How the likelihood is asked for."""

    label_dropout: float = 0.1  # how often a class-conditional model is not told the class

    def __post_init__(self) -> None:
        if not 0 <= self.label_dropout <= 1:
            raise BadValue(f"label_dropout is {self.label_dropout}; a share lies from 0 to 1.")


class Likelihood(SinglePlayer):
    """One player, the model itself. Raises BadValue for a model that does not know its likelihood."""

    def __init__(self, model: Model, config: LikelihoodConfig) -> None:
        super().__init__(model, config)
        if not isinstance(model, Scores):
            family = family_of(model.config)
            raise BadValue(f"{family} does not know its likelihood, only others do, such as pixel_cnn; take elbo.")

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        y = drop_labels(self.model, batch.y, self.config.label_dropout)
        return {"nll": -self.model.log_prob(batch.x, y).mean()}
