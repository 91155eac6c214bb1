"""Charts of the cards' figures: only points that have both, and never two protocols in one without saying so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine.card import Card

LIKELIHOODS = ("NLL, IW-1000 bound", "test NLL", "test ELBO")
QUALITIES = ("Fréchet distance", "feature error", "test MSE")
"""Figures that may stand for a quantity, the best first; of one chart all points use the same."""


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
        return [f"{data}: {len(kinds)} protocols" for data, kinds in by_data.items() if len(kinds) > 1]


def charts(cards: Sequence[Card], latency: Mapping[str, float]) -> None:
    """Draw the charts that have points, and say of the others what is missing."""
    if not cards:
        return
    with st.expander("Charts", expanded=False):
        plotted = [chart for chart in plan(cards, latency) if chart.marks]
        missing = [chart for chart in plan(cards, latency) if not chart.marks]
        for column, chart in zip(st.columns(max(1, len(plotted))), plotted, strict=False):
            with column:
                st.plotly_chart(
                    figure(chart), width="stretch", key=f"chart-{chart.title}", config={"displaylogo": False}
                )
                st.caption(note(chart))
        for chart in missing:
            st.caption(f"{chart.title}: none of these models has both {chart.x} and {chart.y} on its card. {HOW}")


PLAIN = {"displaylogo": False}
HOW = "Measure them with: zoetrope-train evaluate NAME"


def plan(cards: Sequence[Card], latency: Mapping[str, float]) -> list[Chart]:
    """Give the charts of some models."""
    likelihood, quality = _first(cards, LIKELIHOODS), _first(cards, QUALITIES)
    return [
        Chart("Precision and recall", "recall", "precision", _pairs(cards, "recall", "precision")),
        Chart("Likelihood against sharpness", likelihood, "sharpness", _pairs(cards, likelihood, "sharpness")),
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


def _first(cards: Sequence[Card], names: Sequence[str]) -> str:
    """Give the first figure that any of the models has."""
    return next((name for name in names if any(card.metric(name) for card in cards)), names[0])


def _pairs(cards: Sequence[Card], x: str, y: str) -> tuple[Mark, ...]:
    found = [(card, card.metric(x), card.metric(y)) for card in cards]
    return tuple(Mark(card, a.value, b.value, (a.protocol, b.protocol)) for card, a, b in found if a and b)


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
        marks = [mark for mark in chart.marks if mark.card.data == data]
        drawn.add_trace(
            go.Scatter(
                x=[mark.x for mark in marks],
                y=[mark.y for mark in marks],
                text=[mark.card.title for mark in marks],
                customdata=["<br>".join(mark.protocols) for mark in marks],
                hovertemplate="<b>%{text}</b><br>%{x:.4g}, %{y:.4g}<br>%{customdata}<extra></extra>",
                mode="markers+text",
                textposition="top center",
                cliponaxis=False,
                marker={"size": 13},
                name=data,
            )
        )
    drawn.update_layout(title=chart.title, height=380, margin={"l": 70, "r": 70, "t": 56, "b": 10}, showlegend=True)
    drawn.update_xaxes(title=chart.x, type="log" if chart.x == "parameters" else "linear")
    drawn.update_yaxes(title=chart.y)
    return drawn
