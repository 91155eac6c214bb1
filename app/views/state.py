"""The state of a page as its link says it: a table of rows, `state.json` beside the page's modules in the browser.

`core/state.js` reads the same table: there each row is a field, written into the address and kept. Here the address is
read, and nothing is remembered: the browser knows which addresses it has written itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, TypedDict

import streamlit as st

from app import link
from app.bundled import picture as bundled_picture
from app.components.assets import WEB
from app.seeds import read_seed
from engine import schema
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue


@dataclass(frozen=True)
class Row:
    """A field of a page's state: whether it is in the link, kept, a step of the history, and has its page run anew."""

    name: str
    type: str
    default: Any
    link: bool = False
    kept: bool = False
    history: bool = False
    reruns: bool = False
    low: float = -math.inf
    high: float = math.inf
    most: int = 0
    choices: tuple[str, ...] = ()
    verb: str = ""  # what its models do, as it stands in a sentence


class Asked(TypedDict):
    """What an address asks for: its parameters, the fields that they say, a sentence for what could not be taken."""

    query: dict[str, str]
    view: dict[str, Any]
    notices: list[str]


@cache
def table(page: str) -> tuple[Row, ...]:
    """Return the rows of a page."""
    rows = json.loads((WEB / "pages" / page / "state.json").read_text("utf-8"))
    return tuple(schema.read(row, Row, f"{page}/state.json") for row in rows)


@dataclass
class Reading:
    """An address that is being read, row by row; `usual` stands where it does not say, or nothing that can be taken."""

    models: Catalogue
    names: list[str]
    address: Mapping[str, str]
    view: dict[str, Any] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    usual: Any = None

    @property
    def card(self) -> Card:
        """The card of the model that has been read, which other rows depend on."""
        return self.models.card(self.view["model"])

    def refuse(self, sentence: str) -> Any:
        """Note why a part was not taken, and give what stands for it."""
        self.notices.append(sentence)
        return self.usual

    def absent(self, name: str, row: Row) -> str:
        """Say why there is no model of a name."""
        what = f" that {row.verb}" if row.verb else ""
        return self.models.faults.get(name) or f"There is no model called {name[:60]!r} here{what}."


Usual = Mapping[str, Callable[[Reading], Any]]


def read(page: str, models: Catalogue, names: list[str], usual: Usual = MappingProxyType({})) -> Asked:
    """Read the address as Streamlit has it; `usual` gives what stands for fields that depend on the models."""
    return parse(page, st.query_params.to_dict(), models, names, usual)


def parse(page: str, address: Mapping[str, str], models: Catalogue, names: list[str], usual: Usual) -> Asked:
    """Read an address."""
    linked = [row for row in table(page) if row.link]
    reading = Reading(models, names, address)
    for row in linked:
        plain = names[0] if row.type == "model" else row.default
        reading.usual = usual[row.name](reading) if row.name in usual else plain
        strange = row.type in OF_MODEL and address.get("model", reading.view["model"]) != reading.view["model"]
        text = None if strange else address.get(row.name)
        reading.view[row.name] = reading.usual if text is None else TYPES[row.type](text, row, reading)
    query = {row.name: address[row.name] for row in linked if row.name in address}
    return {"query": query, "view": reading.view, "notices": reading.notices}


def reported(key: str) -> Mapping[str, Any]:
    """Return what a component has reported: its link, and what else its page needs to know."""
    found: Mapping[str, Any] = getattr(st.session_state.get(key), "view", None) or {}
    return found


def follow(page: str, key: str) -> None:
    """Have Streamlit know the address that the page's component of a key has written."""
    view = reported(key)
    wanted = {row.name: str(view[row.name]) for row in table(page) if row.link and view.get(row.name)}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


# Types


def _model(text: str, row: Row, reading: Reading) -> Any:
    if text in reading.names:
        return text
    shown = reading.models.card(reading.usual).title
    return reading.refuse(f"{reading.absent(text, row)} Choose one from the list; {shown} is shown.")


def _models(text: str, row: Row, reading: Reading) -> Any:
    asked = [name for name in dict.fromkeys(text.split(",")) if name]
    reading.notices.extend(reading.absent(name, row) for name in asked if name not in reading.names)
    return [name for name in asked if name in reading.names]


def _number(text: str, row: Row, reading: Reading) -> Any:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if row.low <= value <= row.high:
        return int(value) if row.type == "whole" else value
    ends = f"from {row.low:g} to {row.high:g}"
    return reading.refuse(f"The link's {row.name} {text[:20]!r} is no number {ends}; {reading.usual:g} is shown.")


def _seed(text: str, row: Row, reading: Reading) -> Any:
    seed = read_seed(text)
    if seed is not None:
        return seed
    wanted = "no whole number from 0 to 2^32 - 1"
    return reading.refuse(f"The link's seed {text[:20]!r} is {wanted}; seed {reading.usual} is shown.")


def _seeds(text: str, row: Row, reading: Reading) -> Any:
    seeds = [read_seed(part) for part in text.split(",", row.most)]
    if len(seeds) <= row.most and None not in seeds:
        return seeds
    shown = ", ".join(map(str, reading.usual))
    return reading.refuse(
        f"The link's seed {text[:40]!r} is not made of whole numbers below 2^32; seed {shown} is shown."
    )


def _class(text: str, row: Row, reading: Reading) -> Any:
    card = reading.card
    if not card.classes:
        return None
    if text.isdecimal() and int(text) < len(card.classes):
        return int(text)
    there = f"{card.title} has classes 0 to {len(card.classes) - 1}"
    return reading.refuse(f"The link asks for class {text[:20]}; {there}.")


def _strangers(text: str, row: Row, reading: Reading) -> Any:
    card = reading.card
    kinds = [each.kind for each in card.outliers.kinds] if card.outliers else []
    if not text or text in kinds:
        return text
    there = ", ".join(kinds) or "nothing"
    return reading.refuse(f"{card.name} was not measured against {text[:40]!r}; it was against {there}.")


def _latent(text: str, row: Row, reading: Reading) -> Any:
    return link.latent(text, link.measured(reading.card), reading.notices) or reading.usual


def _axes(text: str, row: Row, reading: Reading) -> Any:
    return link.axes(text, reading.card, reading.notices)


def _choice(text: str, row: Row, reading: Reading) -> Any:
    if text in row.choices:
        return text
    there = ", ".join(row.choices)
    shown = f"; {reading.usual} is shown" if reading.usual else ""
    return reading.refuse(f"The link's {row.name} {text[:40]!r} is none of {there}{shown}.")


def _source(text: str, row: Row, reading: Reading) -> Any:
    trouble = trouble_with(text, reading.models) if text else ""
    return reading.refuse(trouble) if trouble else _with_seed(text)


def _sources(text: str, row: Row, reading: Reading) -> Any:
    sources = [source for source in text.split(",") if source]
    if len(sources) > row.most:
        reading.notices.append(
            f"The link has {len(sources)} pictures in its {row.name}; the first {row.most} are shown."
        )
    found = {source: trouble_with(source, reading.models) for source in sources[: row.most]}
    reading.notices.extend(trouble for trouble in found.values() if trouble)
    return [_with_seed(source) for source in sources[: row.most] if not found[source]]


def _with_seed(source: str) -> str:
    """Write a source with the seed of 32 bits that it stands for."""
    kind, _, rest = source.partition(":")
    model, _, seed = rest.partition(":")
    return f"sample:{model}:{read_seed(seed)}" if kind == "sample" else source


def trouble_with(source: str, models: Catalogue) -> str:
    """Say why a picture cannot be had by `bundled:NAME` or `sample:MODEL:SEED`; "" where it can."""
    kind, _, rest = source.partition(":")
    if kind == "bundled":
        there = bundled_picture(rest) is not None
        return "" if there else f"No picture called {rest[:60]!r} comes along. Choose one under Pictures."
    model, _, text = rest.partition(":")
    if kind != "sample":
        return f"The link's source {source[:60]!r} is neither bundled:NAME nor sample:MODEL:SEED."
    if model not in models.names("decodes"):
        reason = models.faults.get(model) or f"There is no model called {model[:60]!r} here."
        return f"{reason} Choose one under Sample."
    if read_seed(text) is None:
        return f"The link's seed {text[:20]!r} is no whole number from 0 to 2^32 - 1. Choose one under Sample."
    return ""


TYPES: Mapping[str, Callable[[str, Row, Reading], Any]] = {
    "model": _model,
    "models": _models,
    "number": _number,
    "whole": _number,
    "seed": _seed,
    "seeds": _seeds,
    "class": _class,
    "latent": _latent,
    "axes": _axes,
    "choice": _choice,
    "strangers": _strangers,
    "source": _source,
    "sources": _sources,
}
"""By type, what reads the text of a link: the value, or that which stands for it, with a sentence."""
OF_MODEL = {"class", "strangers", "latent", "axes"}
"""Types whose values are a model's: those of one that is not here say nothing of another."""
