"""Directions found in a latent space: NAME/directions.safetensors, which a model can do without.

One array, `vectors`, float32 (direction, latent); what is known of each is JSON in the file's metadata. The card holds
the file's digest. A file that is missing its digest, changed, or makes no sense is refused by a sentence of its own,
and the model loads all the same.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from engine import schema
from engine.checkpoints import files
from engine.checkpoints.card import Card
from engine.errors import BadValue, CheckpointRefused

NOTES = "directions"  # the entry of the metadata
MOST = 256  # directions of a file
LARGEST = 16 * 2**20  # bytes of a file
AGAIN = "Find them again: zoetrope-train directions"

Vectors = NDArray[np.float32]
Kind = Literal["pca", "attribute"]


@dataclass(frozen=True)
class Note:
    """What is known of a direction."""

    name: str
    kind: Kind
    value: float  # pca: share of the variance, 0 … 1; attribute: share of right answers on held-out pictures, 0 … 1
    base: float | None  # share of right answers where the commonest is always given; None for pca
    mean: float  # of the latents along it
    deviation: float  # of the latents along it, above zero
    protocol: str  # how it was found
    reach: float = 3.0  # deviations to either side that a slider goes
    moved: float | None = None  # share of pictures that show the attribute more at +3 deviations than at -3, -1 … 1

    def __post_init__(self) -> None:
        shares = [self.value] if self.base is None else [self.value, self.base]
        if not all(0 <= share <= 1 for share in shares) or (self.base is None) != (self.kind == "pca"):
            raise BadValue(f"{self.name!r} claims {shares}; a share lies from 0 to 1, and attributes have a base rate.")
        if self.moved is not None and not -1 <= self.moved <= 1:
            raise BadValue(f"{self.name!r} claims to change {self.moved} of pictures; a share lies from -1 to 1.")
        if not (math.isfinite(self.mean) and 0 < self.deviation < math.inf):
            raise BadValue(f"{self.name!r} has no deviation above zero.")
        if not 0 < self.reach < math.inf:
            raise BadValue(f"{self.name!r} reaches {self.reach} deviations; take a number above zero.")


@dataclass(frozen=True)
class Directions:
    """Unit vectors of a latent space (direction, latent), and a note on each."""

    vectors: Vectors
    notes: tuple[Note, ...]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.notes):
            raise BadValue(f"Vectors {self.vectors.shape} were given for {len(self.notes)} notes; give a row each.")
        if len(self.notes) > MOST or len({note.name for note in self.notes}) != len(self.notes):
            raise BadValue(f"{len(self.notes)} directions were given; at most {MOST}, each with a name of its own.")
        if not (abs(np.linalg.norm(self.vectors, axis=1) - 1) < 1e-3).all():
            raise BadValue("A direction does not have length one.")

    def vector(self, name: str) -> Vectors:
        """Return a direction by its name, (latent,). Raises BadValue."""
        names = [note.name for note in self.notes]
        if name not in names:
            raise BadValue(f"There is no direction {name!r}. There is: {', '.join(names) or 'none'}.")
        vector: Vectors = self.vectors[names.index(name)]
        return vector

    def note(self, name: str) -> Note:
        """Return what is known of a direction. Raises BadValue."""
        self.vector(name)
        return next(note for note in self.notes if note.name == name)

    def about(self) -> bytes:
        """Write the notes as JSON, one object each, in the order of the vectors."""
        return json.dumps([dataclasses.asdict(note) for note in self.notes], ensure_ascii=False).encode()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return them as an answer travels: `z` (direction, latent), and the notes' JSON as bytes."""
        return {"z": self.vectors, "about": np.frombuffer(self.about(), np.uint8)}


def none(latent: int) -> Directions:
    """Return the directions of a model for which nobody has looked for any."""
    return Directions(np.zeros((0, latent), np.float32), ())


def save(place: Path, found: Directions) -> Card:
    """Write directions into a checkpoint's folder, then their digest into its card, which is returned."""
    card = files.read_card(place)
    if found.vectors.shape[1] != card.latent:
        raise BadValue(f"Directions of {found.vectors.shape[1]} latents were given; {card.name} has {card.latent}.")
    content = save_arrays({"vectors": np.ascontiguousarray(found.vectors)}, {NOTES: found.about().decode()})
    files.write_atomically(place / files.DIRECTIONS, content)
    digests = {**card.digests, files.DIRECTIONS: files.digest(content)}
    card = dataclasses.replace(card, digests=digests)
    files.write_card(place, card)
    return card


def load(place: Path, card: Card) -> Directions:
    """Read the directions of a checkpoint; none where its card has none. Raises CheckpointRefused."""
    wanted, path = card.digests.get(files.DIRECTIONS), place / files.DIRECTIONS
    if wanted is None:
        return none(card.latent)
    again = f"{AGAIN} {card.name}."
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise CheckpointRefused(f"The directions of {card.name} are missing, or no file of directions. {again}")
    content = path.read_bytes()
    if files.digest(content) != wanted:
        raise CheckpointRefused(f"The directions of {card.name} were changed or cut short. {again}")
    try:
        return read(content, card.latent)
    except BadValue as error:
        raise CheckpointRefused(f"The directions of {card.name} make no sense: {error} {again}") from error


def read(content: bytes, latent: int) -> Directions:
    """Read a file of directions. Raises BadValue unless it is whole and fits the latent."""
    try:
        arrays = load_arrays(content)  # which checks the header as well
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        notes = schema.read(json.loads(header["__metadata__"][NOTES]), tuple[Note, ...], "directions")
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadValue(f"It is no file of directions ({type(error).__name__}).") from error
    kinds = {name: (array.dtype.name, array.shape[1:]) for name, array in arrays.items()}
    if kinds != {"vectors": ("float32", (latent,))}:
        raise BadValue(f"It holds {kinds}; it has to hold vectors, float32, of {latent} latents.")
    return Directions(arrays["vectors"], notes)
