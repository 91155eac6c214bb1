"""How cleanly the axes of a latent space part the known factors of the pictures."""

import numpy as np
import torch
from numpy.typing import NDArray

from engine.checkpoints.card import Metric
from engine.protocols import Encodes
from train.metrics.context import EvalContext

FACTOR_PICTURES, BINS = 10_000, 20


@torch.no_grad()
def mutual_information_gap(context: EvalContext) -> list[Metric]:
    """Measure the MIG of Chen et al., "Isolating Sources of Disentanglement", NeurIPS 2018."""
    test = context.data.test
    if test.factors is None or not isinstance(context.model, Encodes):
        return []
    count = min(FACTOR_PICTURES, len(test))
    parts = torch.arange(count).split(500)
    codes = np.concatenate(
        [context.model.encode(test.batch(rows).x.to(context.device)).cpu().numpy() for rows in parts]
    )
    gaps = information_gaps(codes, test.factors[:count].numpy())
    protocol = f"{count} test pictures, posterior means in {BINS} equal bins an axis, mean over factors"
    each = [
        Metric(f"MIG of {name}", float(gap), "", protocol) for name, gap in zip(test.factor_names, gaps, strict=True)
    ]
    return [Metric("MIG", float(gaps.mean()), "", protocol), *each]


def information_gaps(codes: NDArray[np.float32], factors: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each factor's gap between its two most informative axes, as a share of its entropy, (factor,)."""
    from sklearn.metrics import mutual_info_score  # here, not above: it takes seconds that no other command needs

    binned = np.stack([np.digitize(code, np.histogram(code, BINS)[1][:-1]) for code in codes.T])
    gaps = []
    for factor in factors.T:
        information = sorted(mutual_info_score(code, factor) for code in binned)
        gaps.append((information[-1] - information[-2]) / max(mutual_info_score(factor, factor), 1e-12))
    return np.array(gaps)
