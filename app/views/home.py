"""Home: the family tree of models, each leaf a live thumbnail that opens its model in Explore or Complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from app.components import assets
from app.components.gallery import gallery
from app.engine_client import engine_client
from app.tree import in_order, kinds, outline
from app.views.complete import levels
from app.views.facts import FAMILIES, facts, headed, pictures_of
from app.views.opening import catalogue, names_of, nothing_here
from app.views.plainly import unmarked
from app.views.style import page_style
from engine.checkpoints.card import Card
from engine.version import version

WELCOME = """
<header class="zt-welcome">
<h1>Spin a picture.</h1>
{drum}
<p>Each card is a model that learnt to draw from examples. Most describe a picture by a few numbers: its
<em>latents</em>. Open a card, drag, and watch the picture follow. Every card is computed as you look.</p>
</header>
"""
WALKER = "celeba-dcgan"
"""The model whose faces greet a person, drawn beforehand, since they are there before any engine is: so they were made:
`zoetrope-train home celeba-dcgan --seed 51 --keys 51 10 45 19 47 --strip app/components/web/pages/home/faces.webp`."""
DRUM = """
<a class="zt-drum" href="explore?model={walker}" title="Faces that {walker} drew on a walk through its latents: open it"
 aria-label="Faces that {walker} drew on a walk through its latents"><i></i><i></i><i></i><i></i><i></i></a>
<style>.zt-drum i {{ background-image: url("{strip}") }}</style>
"""


def home() -> None:
    """Draw the page."""
    page_style()
    st.html(WELCOME.format(drum=drum()))
    models = catalogue()
    if models is None:
        return
    cards = [models.card(name) for name in names_of(models, "decodes", "completes")]
    if not cards:
        nothing_here()
    else:
        gallery(outline(), FAMILIES, [entry(card) for card in in_order(_learnt(cards))])
    _refused(models.faults)
    st.caption(f"Zoetrope {version()} · MIT licence · no picture leaves this machine")


def drum() -> str:
    """Return the faces that turn beside the welcome, unless the engine has said that their model is not here."""
    if engine_client().ready and WALKER not in engine_client().catalogue().cards:
        return ""
    return DRUM.format(walker=WALKER, strip=assets.address("pages/home/faces.webp"))


def entry(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    verbs = set(card.verbs)
    reported = {
        "branch": card.family,
        "decodes": "decodes" in verbs,
        "prior": "samples" in verbs,
        "levels": levels(card),
    }
    return {**facts(card), **reported}


def by_data(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Sort models by what they learnt from; what most kinds of them did comes first."""
    sets: dict[str, list[Card]] = {}
    for card in cards:
        sets.setdefault(card.data, []).append(card)
    return dict(sorted(sets.items(), key=lambda item: -kinds(item[1])))


def _learnt(cards: Iterable[Card]) -> list[Card]:
    """Let a person choose the pictures, where there are several sets; give the models that learnt from them."""
    sets = by_data(cards)
    if len(sets) == 1:
        return next(iter(sets.values()))
    data = st.pills(
        "Pictures that they learnt from",
        list(sets),
        default=next(iter(sets)),
        required=True,
        format_func=lambda data: unmarked(headed(pictures_of(data))),  # as which it stands in the address
        key="pictures",
        label_visibility="collapsed",
        bind="query-params",
    )
    return sets[data]


def _refused(faults: Mapping[str, str]) -> None:
    if not faults:
        return
    noun = "model was" if len(faults) == 1 else "models were"
    with st.expander(f"{len(faults)} {noun} not opened"):
        for sentence in faults.values():
            st.text(sentence)
