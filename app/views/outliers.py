"""Outliers: how rare each of these pictures is among a model's own, by what each explicit model finds likely."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.components import outliers as component
from app.views import state
from app.views.facts import facts, pictures_of
from app.views.opening import able, nothing_here
from app.views.reconstruct import shelf, uploaded
from app.views.style import page_style
from engine.analysis import outliers as scores
from engine.checkpoints.card import Card, Metric, Outliers, Strangers
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue


class Words(NamedTuple):
    """What a score is called, what it says, and where it comes from."""

    title: str
    text: str
    source: str


WORDS = {
    "likelihood": Words(
        "Raw likelihood",
        "How surprised the model is: −log p(x).",
        "Bishop, 1994",
    ),
    "ratio": Words(
        "Likelihood ratio",
        "What the model knows beyond a background model, which learnt from the same pictures with noise in them. What "
        "both find likely, such as black corners, cancels.",
        "Ren et al., NeurIPS 2019",
    ),
    "complexity": Words(
        "Input complexity",
        "What the model needs beyond a file that is compressed without loss. A simple picture is likely under every "
        "density, and small as a file: this cancels.",
        "Serrà et al., ICLR 2020",
    ),
    "typicality": Words(
        "Typicality",
        "How far the surprise lies from that of training pictures, on either side: too likely is odd as well.",
        "Nalisnick et al., 2019",
    ),
    "size": Words(
        "File size",
        "How long the file is that is compressed without loss: no model at all, and the baseline for those above. Too "
        "short is as odd as too long.",
        "the L(x) of Serrà et al., ICLR 2020",
    ),
}
"""Of every row of engine.analysis.outliers.SCORES."""
CHANGED = {
    "upside-down": "{} upside down",
    "mirrored": "mirrored {}",
    "on its side": "{} on their side",
    "mirrored halves": "{} of a half and its mirror image",
    "scrambled": "{} cut up and shuffled",
}
"""What a change makes of a model's own pictures, as it stands in a sentence."""
EQUAL = " of equal size"
IN_GREY = {"celeba": "faces of other people in grey"}
"""What the pictures of data in colour show to a model that sees grey."""
STEP = 4
"""Percents from one quantile to the next of those that a histogram is drawn of."""


def outliers() -> None:
    """Draw the page."""
    page_style()
    found = able("scores", "bounds")
    if found is None:
        return
    models, _ = found
    names = [name for name in found[1] if explicit(models.card(name))]
    if not names:
        nothing_here("model that says how likely a picture is", "mnist-vae", " --minutes 20")
        return
    usual = {"model": lambda _: opening(models, names), "score": lambda _: ""}
    component.outliers(
        {
            "models": [entry(models.card(name), models) for name in names],
            "painters": [painter(models.card(name)) for name in models.names("decodes")],
            "judges": judges(models),
            "words": {name: {**words._asdict(), "unit": scores.UNITS[name]} for name, words in WORDS.items()},
            "baseline": scores.BASELINE,
            "bundled": shelf(),
            "asked": state.read("outliers", models, names, usual),
            **uploaded(),
        },
        settled=lambda: state.follow("outliers", component.KEY),
    )


def opening(models: Catalogue, names: list[str]) -> str:
    """Name the model to begin with: of those whose scores were measured one whose raw likelihood fails, if any does."""

    def order(name: str) -> tuple[bool, float, bool]:
        card = models.card(name)
        area = card.metric("AUROC, likelihood")
        return card.outliers is None, area.value if area else 1.0, "scores" not in card.verbs

    return min(names, key=order)


# Models


def explicit(card: Card) -> bool:
    """Whether a model is one that people ask: a background model stands behind another."""
    try:
        scores.support(card.config)
    except BadValue:
        return False
    return not card.recipe.get("noise_fraction")


def entry(card: Card, models: Catalogue) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    over, known = scores.support(card.config), card.outliers
    named = known.background if known else ""
    return {
        **facts(card),
        "exact": "scores" in card.verbs,
        "values": card.shape[0] * card.shape[1] * card.shape[2] if over == "density" else 0,
        "seen": scores.SEEN[over],
        "background": named if named in models.cards else None,
        "measured": None if known is None else measured(card, known),
    }


def measured(card: Card, known: Outliers) -> dict[str, Any]:
    """Return what the component draws and says of a model's test pictures, and of strangers of each kind."""
    noted = tuple(metric for metric in card.metrics if metric.name.startswith(("AUROC", "outliers refused")))
    beside = (noted, *(() for _ in known.kinds[1:]))  # of the first kind, on cards that are older than the others
    kinds = [strangers(card, kind, (*more, *kind.metrics)) for kind, more in zip(known.kinds, beside, strict=True)]
    sure = card.metric("classifier's confidence in outliers")
    return {
        "mean": known.mean,
        "count": known.count,
        "own": known.own,
        "tail": known.tail,
        "kinds": kinds,
        "confidence": figure(sure) if sure else None,
    }


def strangers(card: Card, kind: Strangers, metrics: Iterable[Metric]) -> dict[str, Any]:
    """Return what the component needs to know about strangers of one kind."""
    return {
        "kind": kind.kind,
        "data": "" if kind.kind in CHANGED or kind.kind.endswith(EQUAL) else kind.kind,
        "pictures": words_of(kind.kind, card),
        "scores": {name: values[::STEP] for name, values in kind.scores.items()},
        "own": kind.own,
        "metrics": {metric.name: figure(metric) for metric in metrics},
    }


def figure(metric: Metric) -> dict[str, Any]:
    return {"value": metric.value, "interval": metric.interval, "protocol": metric.protocol}


def words_of(kind: str, card: Card) -> str:
    """Say what strangers of a kind show to a model, as it stands in a sentence."""
    if kind in CHANGED:
        return CHANGED[kind].format(pictures_of(card.data))
    if kind.endswith(EQUAL):
        return f"{words_of(kind.removesuffix(EQUAL), card)} with files of equal size"
    return IN_GREY.get(kind, pictures_of(kind)) if card.shape[0] == 1 else pictures_of(kind)


def painter(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model whose samples can be laid into the row."""
    implicit = "samples" in card.verbs and not {"scores", "bounds"} & set(card.verbs)
    distance = card.metric("Fréchet distance")
    return {**facts(card), "implicit": implicit, "distance": distance.value if distance else None}


def judges(models: Catalogue) -> list[dict[str, Any]]:
    """Return what the component needs to know about classifiers: those that give one answer to a picture."""
    cards = (models.card(name) for name in models.names("classifies"))
    return [{**facts(card), "labels": list(card.labels)} for card in cards if not card.config.get("attributes")]
