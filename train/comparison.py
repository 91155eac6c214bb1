"""The figures of several checkpoints side by side, which way is better, and which of them were measured alike."""

from collections.abc import Sequence
from string import ascii_lowercase

from engine.checkpoints.card import Card
from engine.checkpoints.figures import Figure, figures
from engine.errors import BadValue

NONE = "–"  # not measured
ALIKE = "In a row with letters, only figures of the same letter were measured by one protocol: see the cards."


def table(cards: Sequence[Card]) -> list[str]:
    """Return the lines of a markdown table, a row a figure, and what letters mean. Raises BadValue without figures."""
    measured = [{figure.name: figure for figure in figures(card)} for card in cards]
    names = list(dict.fromkeys(name for found in measured for name in found))
    if not names:
        raise BadValue("None of these has been measured. Give names of checkpoints, after zoetrope-train evaluate.")
    every = [[found.get(name) for found in measured] for name in names]
    letters = [lettered(cards, found) for found in every]
    cells = [["", *(card.name for card in cards), ""], *map(row, every, letters)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:], *([ALIKE] if any(map(any, letters)) else [])]


def row(found: Sequence[Figure | None], letters: Sequence[str]) -> list[str]:
    """Return a figure's name with its unit, the figures, and which way is better."""
    present = next(figure for figure in found if figure is not None)
    unit = f" ({present.unit})" if present.unit else ""
    return [f"{present.name}{unit}", *map(cell, found, letters), present.better]


def cell(figure: Figure | None, letter: str) -> str:
    return " ".join(filter(None, (figure.text, figure.kind, letter))) if figure else NONE


def lettered(cards: Sequence[Card], found: Sequence[Figure | None]) -> list[str]:
    """Return each figure a letter, the same to those of one data set and one protocol; none where all are alike."""
    keys = [figure and (card.data, figure.protocol, figure.kind) for card, figure in zip(cards, found, strict=True)]
    kinds = list(dict.fromkeys(key for key in keys if key))
    return [ascii_lowercase[kinds.index(key) % 26] if key and len(kinds) > 1 else "" for key in keys]
