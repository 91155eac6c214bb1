"""Where checkpoints lie, and what their cards say, without loading any."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.checkpoints.card import Card, from_json
from engine.checkpoints.catalogue import Catalogue
from engine.errors import CheckpointRefused
from engine.user_dir import data_folder

SHIPPED = Path(__file__).parents[2] / "checkpoints"
CARD = "card.json"


def user_folder() -> Path:
    """Where a person's own checkpoints live."""
    return data_folder() / "checkpoints"


def places(folders: Iterable[Path]) -> Iterator[Path]:
    """List the folders that may be checkpoints, the first of a name before its namesakes."""
    seen: set[str] = set()
    for folder in folders:
        for place in sorted(folder.iterdir()) if folder.is_dir() else []:
            if place.is_dir() and not place.name.startswith(".") and place.name not in seen:
                seen.add(place.name)
                yield place


def list_models(verb: str | None = None, folder: Path | None = None) -> list[str]:
    """Name the checkpoints, or those with a verb, such as "decodes": the shipped and the user's own, or a folder's."""
    return _catalogue(folder).names(verb)


def card(name: str, folder: Path | None = None) -> Card:
    """Return a checkpoint's card. Raises UnknownName, or CheckpointRefused with the reason."""
    return _catalogue(folder).card(name)


def _catalogue(folder: Path | None) -> Catalogue:
    cards, faults = dict[str, Card](), dict[str, str]()
    for place in places([SHIPPED, user_folder()] if folder is None else [folder]):
        try:
            cards[place.name] = from_json((place / CARD).read_text("utf-8", errors="replace"), place.name)
        except (CheckpointRefused, OSError) as error:
            faults[place.name] = str(error)
    return Catalogue(cards, faults)
