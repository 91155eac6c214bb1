"""Charts of the cards' figures: only points that have both, and never two protocols in one without saying so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.views.facts import headed, pictures_of, short
from app.views.plainly import unmarked, untagged
from engine.card import Card, Metric

LIKELIHOODS = {"NLL, exact or IW-1000 bound": ("NLL", "NLL, IW-1000 bound"), "test ELBO": ("test ELBO",)}
QUALITIES = {name: (name,) for name in ("Fréchet distance", "feature error", "test MSE")}
"""Axes that may stand for a quantity, the best first, and the figures that lie on one; a chart has one axis for all."""


@dataclass(frozen=True)
class Mark:
    """A point of a chart."""

    card: Card
    x: float
    y: float
    protocols: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """Two figures of several models against each other."""

    title: str
    x: str
    y: str
    marks: tuple[Mark, ...]

    @property
    def apart(self) -> list[str]:
        """The protocols, where they differ among points of one data set."""
        by_data: dict[str, set[tuple[str, ...]]] = {}
        for mark in self.marks:
            by_data.setdefault(mark.card.data, set()).add(mark.protocols)
        return [
            f"{unmarked(pictures_of(data))}: {len(kinds)} protocols"
            for data, kinds in by_data.items()
            if len(kinds) > 1
        ]


def charts(cards: Sequence[Card], latency: Mapping[str, float]) -> None:
    """Draw the charts that have points, and say of the others what is missing."""
    if not cards:
        return
    with st.expander("Charts", expanded=False):
        plotted = [chart for chart in plan(cards, latency) if chart.marks]
        missing = [chart for chart in plan(cards, latency) if not chart.marks]
        for column, chart in zip(st.columns(max(1, len(plotted))), plotted, strict=False):
            with column:
                st.plotly_chart(figure(chart), width="stretch", key=f"chart-{chart.title}", config=PLAIN)
                st.caption(note(chart))
        for chart in missing:
            st.caption(f"{chart.title}: none of these models has both {chart.x} and {chart.y} on its card. {HOW}")


PLAIN = {"displaylogo": False}
HOW = "Measure them with: zoetrope-train evaluate NAME"


def plan(cards: Sequence[Card], latency: Mapping[str, float]) -> list[Chart]:
    """Give the charts of some models."""
    likelihood, quality = _first(cards, LIKELIHOODS), _first(cards, QUALITIES)
    likely = _pairs(cards, LIKELIHOODS[likelihood], "sharpness")
    return [
        Chart("Precision and recall", "recall", "precision", _pairs(cards, ("recall",), "precision")),
        Chart("Likelihood against sharpness", likelihood, "sharpness", likely),
        cost(cards, latency, quality),
    ]


def cost(cards: Sequence[Card], latency: Mapping[str, float], quality: str) -> Chart:
    """Set cost against quality: milliseconds a picture where all were measured here, else parameters."""
    rated = [(card, found) for card in cards if (found := card.metric(quality))]
    timed = bool(rated) and all(card.name in latency for card, _ in rated)
    axis = "latency a picture, ms, measured here" if timed else "parameters"
    marks = [
        Mark(card, float(latency[card.name]) if timed else float(card.parameters), found.value, (found.protocol,))
        for card, found in rated
    ]
    return Chart("Cost against quality", axis, quality, tuple(marks))


def _first(cards: Sequence[Card], axes: Mapping[str, Sequence[str]]) -> str:
    """Give the first axis on which any of the models has a figure."""
    return next((axis for axis, names in axes.items() if any(_figure(card, names) for card in cards)), next(iter(axes)))


def _pairs(cards: Sequence[Card], x: Sequence[str], y: str) -> tuple[Mark, ...]:
    found = [(card, _figure(card, x), card.metric(y)) for card in cards]
    return tuple(Mark(card, a.value, b.value, (a.protocol, b.protocol)) for card, a, b in found if a and b)


def _figure(card: Card, names: Sequence[str]) -> Metric | None:
    """Give the first of some figures that a model has."""
    return next((found for name in names if (found := card.metric(name))), None)


def note(chart: Chart) -> str:
    """Say what a chart must not be read for."""
    several = len({mark.card.data for mark in chart.marks}) > 1
    sentences = ["Figures of different data sets (colours) do not compare."] if several else []
    if chart.apart:
        sentences.append(f"Protocols differ, see the table ({'; '.join(chart.apart)}).")
    return " ".join(sentences) or "One data set, one protocol."


def figure(chart: Chart) -> Any:
    """Draw a chart, a colour a data set."""
    import plotly.graph_objects as go  # here, not above: it takes most of a second, and only this page needs it

    drawn = go.Figure()
    for data in dict.fromkeys(mark.card.data for mark in chart.marks):
        marks = sorted((mark for mark in chart.marks if mark.card.data == data), key=lambda mark: mark.x)
        places = [("top center", "bottom center")[i % 2] for i in range(len(marks))]  # so that near names keep apart
        drawn.add_trace(
            go.Scatter(
                x=[mark.x for mark in marks],
                y=[mark.y for mark in marks],
                text=[untagged(short(mark.card)) for mark in marks],
                customdata=["<br>".join(map(untagged, mark.protocols)) for mark in marks],
                hovertemplate="<b>%{text}</b><br>%{x:.4g}, %{y:.4g}<br>%{customdata}<extra></extra>",
                mode="markers+text",
                textposition=places,
                cliponaxis=False,
                marker={"size": 13},
                name=untagged(headed(pictures_of(data))),
            )
        )
    below = {"orientation": "h", "y": -0.3, "yanchor": "top", "x": 0}  # beside it, it would take half the width
    margin = {"l": 70, "r": 50, "t": 56, "b": 10}
    drawn.update_layout(title=chart.title, height=420, margin=margin, showlegend=True, legend=below)
    drawn.update_xaxes(title=chart.x, type="log" if chart.x == "parameters" else "linear")
    drawn.update_yaxes(title=chart.y)
    return drawn
