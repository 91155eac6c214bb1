"""An engine that does what a file beside its checkpoints says, and dies of certain latents."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.checkpoints import files
from engine.inference.engine import Engine

DEADLY = 1_000.0  # a latent that begins with it kills the process


def engine(folders: Sequence[Path], device: str, threads: int | None = None) -> Engine:
    """Open an engine, unless there is a file `broken` beside its folder."""
    if (folders[0].parent / "broken").exists():
        raise RuntimeError("no such device")
    return Fragile(folders, device, threads=threads)


class Fragile(Engine):
    """Decodes nothing while there is a file `hold` beside its folder, and says in a file `held` that it would.

    A model called late loses its weights just before they are loaded.
    """

    def device_model(self, name: str) -> Any:
        if name.endswith("late"):
            (self.folders[0] / name / files.WEIGHTS).unlink(missing_ok=True)
        loaded = super().device_model(name)
        if "decode" not in vars(loaded):
            loaded.decode = self._fragile(loaded.decode)
        return loaded

    def _fragile(self, decode: Any) -> Any:
        def fragile(z: Any, *rest: Any) -> Any:
            beside = self.folders[0].parent
            while (beside / "hold").exists():
                (beside / "held").touch()
                time.sleep(0.002)
            if (z[:, 0] == DEADLY).any():
                os.kill(os.getpid(), signal.SIGKILL)
            return decode(z, *rest)

        return fragile
