"""Reconstruct: any picture through every model that encodes, in one row. The live component does the work."""

from __future__ import annotations

import base64
import io
from dataclasses import asdict
from functools import cache
from typing import Any, NamedTuple

import streamlit as st
from PIL import Image

from app.bundled import STRIPS
from app.components import assets
from app.components import reconstruct as component
from app.server.faces import suggest
from app.server.uploads import take_in
from app.views import state
from app.views.facts import facts
from app.views.opening import able
from app.views.style import page_style
from engine.analysis.outliers import support
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadPicture
from engine.inference.requests import DRAWS

HINT = "Bring a picture: it stays on the machine that runs Zoetrope."


def reconstruct() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes")
    if found is None:
        return
    models, names = found
    component.reconstruct(
        {
            "models": [entry(models.card(name), models) for name in names],
            "bundled": shelf(),
            "asked": state.read("reconstruct", models, names),
            **uploaded(),
        },
        chosen=lambda: state.follow("reconstruct", component.KEY),
    )


# Pictures


class Upload(NamedTuple):
    """What became of the newest file; kept as one, since Streamlit may break off a run at any look at its state."""

    file: str  # by which Streamlit knows it
    about: dict[str, Any]  # file, name, and error or notes and faces
    picture: str  # the newest file that was one, as an address


def uploaded() -> dict[str, Any]:
    """Take in a file that has just come, for every page with a desk: `upload` and `picture` of a component's data.

    The picture before stays where the newest file is none.
    """
    state = st.session_state
    file = st.file_uploader(HINT, key="reconstruct-file", label_visibility="collapsed")
    last: Upload | None = state.get("reconstruct-upload")
    if file is not None and (last is None or file.file_id != last.file):
        about = {"file": file.file_id, "name": file.name}  # by a number the next server would begin anew
        try:
            picture = take_in(file.getvalue(), file.name)
            about |= {"notes": list(picture.notes), "faces": faces(picture.pixels)}
            last = Upload(file.file_id, about, inline(png(picture.pixels)))
        except BadPicture as error:
            last = Upload(file.file_id, {**about, "error": str(error)}, last.picture if last else "")
        state["reconstruct-upload"] = last
    return {"upload": last.about, "picture": last.picture} if last else {"upload": None, "picture": ""}


def faces(pixels: Any) -> list[dict[str, float]]:
    """Return the square around a face as the component's crop takes it; [] where none is found, or nobody looked."""
    found = suggest(pixels)
    return (
        []
        if found is None
        else [{"x": found.left + found.side / 2, "y": found.top + found.side / 2, "side": found.side}]
    )


def png(pixels: Any) -> bytes:
    """Return a picture (height, width, 3) as a PNG, quickly rather than small: it goes only to a browser."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def inline(file: bytes) -> str:
    """Return a PNG as an address that holds it; a component's data has no bytes beside its other fields."""
    return "data:image/png;base64," + base64.b64encode(file).decode()


@cache
def shelf() -> list[dict[str, Any]]:
    """Return the pictures that come along, as the component takes them: each a part of a strip that browsers keep."""
    return [
        {
            "name": each.name,
            "group": each.group,
            "title": each.alt,
            "data": each.data,
            "url": assets.picture(strip.name),
            "at": at,
            "of": len(strip.pictures),
        }
        for strip in STRIPS
        for at, each in enumerate(strip.pictures)
    ]


# Models


def entry(card: Card, models: Catalogue) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    return {
        **facts(card),
        "encodes": "encodes" in card.verbs,
        "over": support(card.config) if "bounds" in card.verbs else None,
        "draws": DRAWS,
        "levels": {name: list(ends) for name, ends in card.levels.items()},
        "judge": classifier(card, models),
        "strangeness": asdict(card.strangeness) if card.strangeness else None,
        "held": {what: [float(f"{value:.6g}") for value in values] for what, values in card.held_out.items()},
    }


def classifier(card: Card, models: Catalogue) -> str | None:
    """Name a classifier that knows the same kind of picture, and so can tell how unlike two of them are."""
    judges = (models.card(name) for name in models.names("classifies"))
    same = (other for other in judges if (other.data, other.shape) == (card.data, card.shape))
    return next((other.name for other in same if other.feature_variance is not None), None)
