"""Classification by Bayes' rule: the class under which a model finds a picture most likely."""

import torch
from jaxtyping import Bool
from torch import Tensor
from tqdm import tqdm

from engine.analysis.densities import by_class
from engine.checkpoints.card import Metric
from engine.protocols import Scores
from train.data import Batch
from train.metrics.context import CACHED, EvalContext, seen


@torch.no_grad()
def bayes_error(context: EvalContext) -> list[Metric]:
    """Measure how often it is the wrong one, of class-conditional models that know their likelihood."""
    from scipy.stats import binomtest  # here, not above: it takes a while that no other command needs

    model, classes = context.model, context.model.config.classes
    if not isinstance(model, Scores) or not classes or context.data.test.y is None:
        return []
    rows = max(1, CACHED // classes)  # each picture goes once with every class
    batches = list(context.batches(min(context.pictures, len(context.data.test)), rows))
    wrong = torch.cat([mistaken(model, batch, classes) for batch in tqdm(batches, desc="Bayes' rule", disable=None)])
    found = binomtest(int(wrong.sum()), len(wrong))
    low, high = found.proportion_ci()
    protocol = f"argmax of log p(x|y), {classes} classes equally likely, {found.n} test pictures spread over the set"
    details = f"{protocol}, {seen(context.recipe.pixels)}; 95 % by Clopper and Pearson"
    return [Metric("Bayes test error", 100 * found.statistic, "%", details, (100 * low, 100 * high))]


def mistaken(model: Scores, batch: Batch, classes: int) -> Bool[Tensor, "batch"]:
    assert batch.y is not None
    return by_class(model, classes, batch.x).argmax(1) != batch.y
