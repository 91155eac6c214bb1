"""A run on disk: runs/NAME/recipe.json + origin.json + log.jsonl + state.pt + sheets/000500.webp."""

import dataclasses
import io
import json
import logging
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import filelock
import numpy as np
import torch
from PIL import Image

from engine import schema
from engine.checkpoints.files import write_atomically
from engine.errors import BadValue, UnknownName
from train.history import Origin
from train.recipe import Recipe, from_dict, to_json

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

RECIPE, LOG, STATE, SHEETS, BOARD = "recipe.json", "log.jsonl", "state.pt", "sheets", "tensorboard"
ORIGIN, LOCK = "origin.json", "lock"

log = logging.getLogger(__name__)


class Run:
    """A folder that holds all a run has come to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.board: SummaryWriter | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @classmethod
    def start(cls, folder: Path, recipe: Recipe) -> "Run":
        """Make the folder of a new run. Raises BadValue where another run stands."""
        if (folder / RECIPE).exists():
            raise BadValue(
                f"{folder} holds a run already. Go on with it (zoetrope-train resume), or give another --run."
            )
        (folder / SHEETS).mkdir(parents=True, exist_ok=True)
        # a path that is no UTF-8 is written as JSON writes such signs
        write_atomically(folder / RECIPE, to_json(recipe).encode("utf-8", "backslashreplace"))
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open a run that exists. Raises UnknownName, listing its neighbours."""
        if not (folder / RECIPE).is_file():
            parent = folder.parent
            known = [place.name for place in parent.iterdir() if (place / RECIPE).is_file()] if parent.is_dir() else []
            raise UnknownName("run", folder.name, known)
        return cls(folder)

    def recipe(self) -> Recipe:
        """Read the run's recipe. Raises BadValue for a file that is not whole."""
        path = self.folder / RECIPE
        try:
            fields = json.loads(path.read_text("utf-8"))
        except (ValueError, RecursionError) as error:
            raise BadValue(f"{path} is damaged ({error}). Put a copy of it back, or begin another run.") from error
        if not isinstance(fields, dict):
            raise BadValue(f"{path} holds no recipe. Put a copy of it back, or begin another run.")
        return from_dict(fields)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the run for this process, as long as it lives. Raises BadValue where another one has it."""
        lock = filelock.FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise BadValue(
                f"{self.folder} is being trained by another process. Wait for its end, or stop it first."
            ) from error
        except NotImplementedError:
            log.warning("%s lies where files cannot be locked: let only one process train it.", self.folder)
        try:
            yield
        finally:
            lock.release()

    # Origin

    def save_origin(self, origin: Origin) -> None:
        """Keep what the run began from, before its first step."""
        write_atomically(self.folder / ORIGIN, json.dumps(dataclasses.asdict(origin), indent=1).encode())

    def origin(self) -> Origin:
        """Read what the run began from. Raises BadValue for a file that is not whole."""
        path = self.folder / ORIGIN
        if not self.recipe().init_from:
            return Origin()
        if not path.is_file():  # begun before this was kept
            return Origin(None)
        try:
            origin: Origin = schema.read(schema.renamed(json.loads(path.read_text("utf-8"))), Origin, "it")
        except (ValueError, RecursionError, BadValue) as error:
            raise BadValue(
                f"{path} is damaged ({error}). Put a copy of it back, or delete it: the card will then say that "
                "earlier runs are not on record."
            ) from error
        return origin

    # State

    def save_state(self, state: Mapping[str, object]) -> None:
        """Replace the saved state whole: a kill at any moment, or a full disk, leaves the old one or the new one."""
        content = io.BytesIO()
        torch.save(dict(state), content)
        write_atomically(self.folder / STATE, content.getbuffer())

    def load_state(self, device: torch.device) -> dict[str, Any] | None:
        """Read the saved state, without running any code in it; None before the first save.

        Raises BadValue for one that is not what was written: it is a zip file, with a checksum for each tensor.
        """
        path = self.folder / STATE
        if not path.is_file():
            return None
        try:
            content = io.BytesIO(path.read_bytes())
            with ZipFile(content) as file:
                if broken := file.testzip():
                    raise BadZipFile(f"the checksum of {broken} is another")
            content.seek(0)
            state: dict[str, Any] = torch.load(content, map_location=device, weights_only=True)
        except (BadZipFile, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
            raise BadValue(
                f"{path} is damaged ({str(error).splitlines()[0] if str(error) else type(error).__name__}). Put a copy "
                "of it back, or delete it: the run then begins anew."
            ) from error
        return state

    # Log and sheets

    def log(self, line: Mapping[str, float | int]) -> None:
        """Append one line of JSON."""
        with open(self.folder / LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self.board:
            for name, value in line.items():
                self.board.add_scalar(name, value, int(line["step"]))

    def lines(self) -> list[dict[str, float | int]]:
        """Read the log; what is no line of it, such as a last one cut short by a kill, is left out."""
        path = self.folder / LOG
        lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
        return [read for line in lines if (read := _line(line)) is not None]

    def forget_after(self, step: int) -> None:
        """Drop the lines of steps that a resumed run will take again."""
        kept = "".join(json.dumps(line) + "\n" for line in self.lines() if line["step"] <= step)
        write_atomically(self.folder / LOG, kept.encode())

    def save_sheet(self, step: int, sheet: bytes) -> None:
        (self.folder / SHEETS).mkdir(exist_ok=True)
        write_atomically(self.folder / SHEETS / f"{step:07d}.webp", sheet)
        if self.board:
            self.board.add_image("sheet", np.asarray(Image.open(io.BytesIO(sheet))), step, dataformats="HWC")

    def open_board(self) -> None:
        """Write curves and sheets for TensorBoard as well. Raises BadValue where it is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise BadValue("TensorBoard is not installed. Install it first: pip install tensorboard.") from error
        self.board = SummaryWriter(self.folder / BOARD)


def _line(text: str) -> dict[str, float | int] | None:
    """Read a line of a log; None where it is torn."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("step"), int) else None
