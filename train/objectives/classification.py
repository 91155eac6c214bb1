"""Cross-entropy of the right answers, or of a yes or no for each attribute."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadValue
from engine.models.classifier import Classifier
from engine.types import Images, Latents
from train.data import Batch
from train.objectives.augmentations import Augmentation, augment
from train.objectives.base import SinglePlayer, Terms


@dataclass(frozen=True)
class ClassificationConfig:
    """How the answers are taught."""

    smoothing: float = 0.1  # share of the right answer that goes to all alike (Szegedy et al., CVPR 2016)
    augmentation: tuple[Augmentation, ...] = ("translation",)

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing < 1:
            raise BadValue(f"smoothing is {self.smoothing}; a share lies from 0 to just below 1.")


class Classification(SinglePlayer):
    """One player, the model itself."""

    model: Classifier

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        answers, logits = right(self.model, batch), self.model.logits(self.altered(batch.x))
        if self.model.config.attributes:
            wanted = answers * (1 - self.config.smoothing) + self.config.smoothing / 2
            return {"cross_entropy": F.binary_cross_entropy_with_logits(logits, wanted)}
        return {"cross_entropy": F.cross_entropy(logits, answers, label_smoothing=self.config.smoothing)}

    def altered(self, x: Images) -> Images:
        return augment(x, self.config.augmentation)


def right(model: Classifier, batch: Batch) -> Tensor:
    """Return the right answers, classes (batch,) or zeros and ones (batch, answers). Raises BadValue where none fit."""
    config = model.config
    if config.attributes:
        if batch.attrs is None or batch.attrs.shape[1] != config.answers:
            known = "no attributes" if batch.attrs is None else f"{batch.attrs.shape[1]} attributes"
            raise BadValue(f"These pictures have {known}; give a data set with attributes and their --model.answers.")
        return batch.attrs.float()
    if batch.y is None or int(batch.y.max()) >= config.answers:
        known = "no classes" if batch.y is None else f"a class {int(batch.y.max())}"
        raise BadValue(f"These pictures have {known}; give a data set with classes and their --model.answers.")
    return batch.y


def correct(model: Classifier, batch: Batch) -> Latents:
    """Say which answers are right, (batch, 1) for classes and (batch, answers) for attributes, ones and zeros."""
    answers, logits = right(model, batch), model.logits(batch.x)
    if model.config.attributes:
        return ((logits > 0) == (answers > 0)).float()
    return (logits.argmax(1) == answers).float()[:, None]
