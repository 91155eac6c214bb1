"""The figures of several checkpoints side by side, and which of them must not be compared."""

from collections.abc import Sequence

from engine.card import Card, Metric
from engine.errors import BadValue

NONE, APART = "–", "*"  # not measured; measured by another protocol than its neighbours


def table(cards: Sequence[Card]) -> list[str]:
    """Give the lines of a markdown table, a row a metric, and what the star means. Raises BadValue without figures."""
    measured = [{metric.name: metric for metric in card.metrics} for card in cards]
    names = list(dict.fromkeys(name for metrics in measured for name in metrics))
    if not names:
        raise BadValue("None of these has been measured. Give names of checkpoints, after zoetrope-train evaluate.")
    rows = [row(name, [metrics.get(name) for metrics in measured]) for name in names]
    cells = [["", *(card.name for card in cards)], *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    note = [f"{APART} measured by protocols that differ: see the cards."] if any(APART in r[0] for r in rows) else []
    return [lines[0], rule, *lines[1:], *note]


def row(name: str, metrics: Sequence[Metric | None]) -> list[str]:
    """Give a metric's name with its unit, and its figures."""
    present = [metric for metric in metrics if metric is not None]
    unit = f" ({present[0].unit})" if present[0].unit else ""
    star = APART if len({metric.protocol for metric in present}) > 1 else ""
    return [f"{name}{unit}{star}", *(NONE if metric is None else f"{metric.value:.4g}" for metric in metrics)]
