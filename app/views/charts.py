"""Charts of the cards' figures: who is left out is named, axes keep their ends, other protocols are hollow."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components.assets import WEB
from app.views.facts import headed, pictures_of, short
from app.views.labels import positions
from app.views.plainly import unmarked, untagged
from engine.checkpoints.card import Card
from engine.checkpoints.figures import BETTER, BITS, NLL, Ends, Figure, figures, metric_kind

QUALITIES = ("Fréchet distance", "feature error", "test MSE")
LATENCY, PARAMETERS = "latency a picture, ms, measured here", "parameters"
LEAST = 0.25
"""Of the largest figure: a narrower axis would make a trend of what hardly differs."""


@dataclass(frozen=True)
class Mark:
    """A point of a chart."""

    card: Card
    x: float
    y: float
    protocols: tuple[str, ...]
    errors: tuple[float, float] = (0.0, 0.0)
    """Half of the 95 % interval along either axis, 0 where none is known."""


@dataclass(frozen=True)
class Chart:
    """Two figures of several models against each other."""

    title: str
    x: str
    y: str
    marks: tuple[Mark, ...]
    absent: tuple[tuple[str, str], ...] = ()
    """Titles of the models that are left out, each with what its card lacks."""

    @property
    def apart(self) -> list[Mark]:
        """The marks whose protocols are not those of most models of their data."""
        usual: dict[str, tuple[str, ...]] = {}
        for data in {mark.card.data for mark in self.marks}:
            counted = Counter(mark.protocols for mark in self.marks if mark.card.data == data)
            usual[data] = counted.most_common(1)[0][0]
        return [mark for mark in self.marks if mark.protocols != usual[mark.card.data]]


OPENED = "charts"
"""Under which key the session knows whether the charts are open; shut they cost nothing, and open 1.4 MB of Plotly."""


def charts(cards: Sequence[Card], latency: Mapping[str, float]) -> None:
    """Draw the charts that have points where they are open, and say of the others what is missing."""
    if not cards:
        return
    if not st.toggle("Charts", key=OPENED):  # an expander would fetch the font of icons for its arrow
        return
    plotted = [chart for chart in plan(cards, latency) if chart.marks]
    missing = [chart for chart in plan(cards, latency) if not chart.marks]
    for column, chart in zip(st.columns(max(1, len(plotted))), plotted, strict=False):
        with column:
            st.plotly_chart(figure(chart), width="stretch", key=f"chart-{chart.title}", config=PLAIN)
            st.caption(note(chart))
    for chart in missing:
        st.caption(f"{chart.title}: none of these models has both {chart.x} and {chart.y} on its card. {HOW}")


PLAIN = {"displaylogo": False}
COLOURS = json.loads((WEB / "pixels/palette.json").read_text("utf-8"))["kinds"]
"""Those in which the browser draws kinds that are told apart."""
HOW = "Measure them with: zoetrope-train evaluate NAME"


def plan(cards: Sequence[Card], latency: Mapping[str, float]) -> list[Chart]:
    """Return the charts of some models."""
    return [
        against("Precision and recall", cards, "recall", "precision"),
        against("Likelihood against sharpness", cards, commonest(cards, (NLL, BITS)), "sharpness"),
        cost(cards, latency, commonest(cards, QUALITIES)),
    ]


def commonest(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Return the figure that most of the models have; of equals the first."""
    return max(names, key=lambda name: sum(named(card, name) is not None for card in cards))


def named(card: Card, name: str) -> Figure | None:
    """Look up a figure of a card as the table shows it."""
    return next((found for found in figures(card) if found.name == name), None)


def against(title: str, cards: Sequence[Card], x: str, y: str) -> Chart:
    """Set two figures against each other, and note who lacks one."""
    marks, absent = list[Mark](), list[tuple[str, str]]()
    for card in cards:
        a, b = named(card, x), named(card, y)
        if a and b:
            errors = _half(a), _half(b)
            marks.append(Mark(card, a.value, b.value, (_protocol(a), _protocol(b)), errors))
        else:
            absent.append((card.title, " and ".join(name for name, found in ((x, a), (y, b)) if not found)))
    return Chart(title, x, y, tuple(marks), tuple(absent))


def cost(cards: Sequence[Card], latency: Mapping[str, float], quality: str) -> Chart:
    """Set cost against quality: milliseconds a picture where all were measured here, else parameters."""
    rated = [(card, found) for card in cards if (found := named(card, quality))]
    absent = tuple((card.title, quality) for card in cards if not named(card, quality))
    timed = bool(rated) and all(card.name in latency for card, _ in rated)
    marks = tuple(
        Mark(
            card,
            float(latency[card.name]) if timed else float(card.parameters),
            found.value,
            (_protocol(found),),
            (0.0, _half(found)),
        )
        for card, found in rated
    )
    return Chart("Cost against quality", LATENCY if timed else PARAMETERS, quality, marks, absent)


def _protocol(found: Figure) -> str:
    return f"{found.kind}; {found.protocol}" if found.kind else found.protocol


def _half(found: Figure) -> float:
    return (found.interval[1] - found.interval[0]) / 2 if found.interval else 0.0


# Words


def note(chart: Chart) -> str:
    """Say who is left out, and what a chart must not be read for."""
    left_out = "; ".join(f"{unmarked(title)} (no {lack})" for title, lack in chart.absent)
    sentences = [f"Not in it: {left_out}."] if left_out else []
    if len({mark.card.data for mark in chart.marks}) > 1:
        sentences.append("Figures of different data sets (colours) do not compare.")
    if chart.apart:
        names = ", ".join(unmarked(mark.card.title) for mark in chart.apart)
        sentences.append(f"Hollow points were measured by another protocol than the others, see the table: {names}.")
    if len(chart.marks) < 3:
        sentences.append("Too few points for a trend.")
    return " ".join(sentences) or "One data set, one protocol."


def axis(name: str) -> str:
    """Name an axis: the figure, and which way is better."""
    better = "lower" if name in (LATENCY, PARAMETERS) else metric_kind(name).better
    return f"{name} ({BETTER[better]})" if BETTER[better] else name


def span(values: Sequence[float], ends: Ends) -> list[float]:
    """Return the range of an axis: from end to end of its scale, and never so narrow that a hair becomes a trend."""
    low, high = min(values), max(values)
    wanted = LEAST * max(abs(low), abs(high), 1e-9)
    slack = max(0.0, wanted - (high - low)) / 2 + 0.06 * max(wanted, high - low)
    low, high = low - slack, high + slack
    if ends[0] is not None:
        low = ends[0] - 0.04 * (high - ends[0])
    if ends[1] is not None:
        high = ends[1] + 0.04 * (ends[1] - low)
    return [low, high]


# Drawing


def figure(chart: Chart) -> Any:
    """Draw a chart, a colour a data set."""
    import plotly.graph_objects as go  # here, not above: it takes most of a second, and only this page needs it

    figure = go.Figure(layout={"colorway": COLOURS})
    across, up = _across(chart), _up(chart)
    named = labelled(chart, across, up)
    for data in dict.fromkeys(mark.card.data for mark in chart.marks):
        marks = [mark for mark in chart.marks if mark.card.data == data]
        figure.add_trace(
            go.Scatter(
                x=[mark.x for mark in marks],
                y=[mark.y for mark in marks],
                error_x={"array": [mark.errors[0] or None for mark in marks], "thickness": 1, "width": 3},
                error_y={"array": [mark.errors[1] or None for mark in marks], "thickness": 1, "width": 3},
                text=[untagged(short(mark.card)) for mark in marks],
                customdata=["<br>".join(map(untagged, mark.protocols)) for mark in marks],
                hovertemplate="<b>%{text}</b><br>%{x:.4g}, %{y:.4g}<br>%{customdata}<extra></extra>",
                mode="markers+text",
                textposition=[named[mark.card.name] for mark in marks],
                cliponaxis=False,
                marker={"size": 13, "symbol": ["circle-open" if mark in chart.apart else "circle" for mark in marks]},
                name=untagged(headed(pictures_of(data))),
            )
        )
    below = {"orientation": "h", "y": -0.3, "yanchor": "top", "x": 0}  # beside it, it would take half the width
    margin = {"l": 70, "r": 50, "t": 56, "b": 10}
    figure.update_layout(title=chart.title, height=420, margin=margin, showlegend=True, legend=below)
    figure.update_xaxes(title=axis(chart.x), type="log" if chart.x == PARAMETERS else "linear", range=across)
    figure.update_yaxes(title=axis(chart.y), range=up)
    return figure


def labelled(chart: Chart, across: Sequence[float], up: Sequence[float]) -> dict[str, str]:
    """Return by model where its name stands, of a chart with these ranges."""
    wide, high = across[1] - across[0], up[1] - up[0]
    points = [((_scaled(chart, mark) - across[0]) / wide, (mark.y - up[0]) / high) for mark in chart.marks]
    found = positions(points, [short(mark.card) for mark in chart.marks])
    return {mark.card.name: position for mark, position in zip(chart.marks, found, strict=True)}


def _scaled(chart: Chart, mark: Mark) -> float:
    """Return where a mark stands on the axis across, which counts parameters in decades."""
    return math.log10(max(1.0, mark.x)) if chart.x == PARAMETERS else mark.x


def _across(chart: Chart) -> list[float]:
    values = [_scaled(chart, mark) for mark in chart.marks]
    if chart.x == PARAMETERS:
        middle, half = (min(values) + max(values)) / 2, max(0.5, 0.55 * (max(values) - min(values)))
        return [middle - half, middle + half]
    return span(values, (0.0, None) if chart.x == LATENCY else metric_kind(chart.x).ends)


def _up(chart: Chart) -> list[float]:
    return span([mark.y for mark in chart.marks], metric_kind(chart.y).ends)
