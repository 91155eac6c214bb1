"""A run on disk: runs/NAME/recipe.json + log.jsonl + state.pt + sheets/000500.webp."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from engine.checkpoint import write_atomically
from engine.errors import BadValue, UnknownName
from train.recipe import Recipe, from_dict, to_json

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

RECIPE, LOG, STATE, SHEETS, BOARD = "recipe.json", "log.jsonl", "state.pt", "sheets", "tensorboard"


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
        write_atomically(folder / RECIPE, to_json(recipe).encode())
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
        return from_dict(json.loads((self.folder / RECIPE).read_text("utf-8")))

    # State

    def save_state(self, state: Mapping[str, object]) -> None:
        """Replace the saved state whole: a kill at any moment leaves the old one or the new one."""
        beside = self.folder / (STATE + ".new")
        torch.save(dict(state), beside)
        beside.replace(self.folder / STATE)

    def load_state(self, device: torch.device) -> dict[str, Any] | None:
        """Read the saved state, without running any code in it; None before the first save."""
        path = self.folder / STATE
        if not path.is_file():
            return None
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
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
        """Read the log; a last line cut short by a kill is left out."""
        path = self.folder / LOG
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def forget_after(self, step: int) -> None:
        """Drop the lines of steps that a resumed run will take again."""
        kept = "".join(json.dumps(line) + "\n" for line in self.lines() if line["step"] <= step)
        write_atomically(self.folder / LOG, kept.encode())

    def save_sheet(self, step: int, sheet: bytes) -> None:
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
