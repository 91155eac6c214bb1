"""Classifier: picture → logits, by way of features in which sets of pictures can be compared.

A plain convolutional net: batch norm (Ioffe and Szegedy, ICML 2015) after each convolution, halving by maxima, and the
mean over all positions (Lin et al., "Network in Network", ICLR 2014) as features. It is the judge of the others: it
counts their modes, and their samples are compared with the data in its features.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from engine.errors import BadValue
from engine.nn.nets import Shape, check_halves, check_sizes, halvings
from engine.types import Images, Latents

WIDEST = 4  # multiples of the width


@dataclass(frozen=True)
class ClassifierConfig:
    """A classifier's sizes."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    width: int = 32  # channels at full resolution, twice as many at each halving, up to four times
    answers: int = 10  # classes, or attributes
    attributes: bool = False  # each answer is a yes or no of its own; else one of them is right

    def __post_init__(self) -> None:
        check_sizes(self, width=1)
        check_halves(self.shape, "take pictures with even sides of 6 or more")
        if self.answers < (least := 1 if self.attributes else 2):
            raise BadValue(f"answers is {self.answers}; there have to be at least {least}.")

    @property
    def latent(self) -> int:
        """No latent: nothing is drawn."""
        return 0

    @property
    def classes(self) -> int:
        """No class is given to it: it gives one."""
        return 0


class Classifier(nn.Module):
    """Classifies."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        levels, _ = halvings(config.shape)
        here = config.width
        layers = conv_bn_relu(config.shape[0], here)
        for level in range(levels):
            there = config.width * min(2 ** (level + 1), WIDEST)
            layers += [nn.MaxPool2d(2), *conv_bn_relu(here, there), *conv_bn_relu(there, there)]
            here = there
        self.net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(here, config.answers)

    # Verbs

    def features(self, x: Images) -> Latents:
        return self.net(2 * x - 1)

    def logits(self, x: Images) -> Latents:
        return self.head(self.features(x)).float()

    # Answers

    def probabilities(self, x: Images) -> Latents:
        """Return how likely each answer is, (batch, answers): they sum to one, or each is a yes or no of its own."""
        logits: Tensor = self.logits(x)
        return logits.sigmoid() if self.config.attributes else logits.softmax(1)


def conv_bn_relu(here: int, there: int) -> list[nn.Module]:
    """Convolve, then batch norm right behind it so that the two can be folded into one, and ReLU."""
    return [nn.Conv2d(here, there, 3, padding=1, bias=False), nn.BatchNorm2d(there), nn.ReLU()]
