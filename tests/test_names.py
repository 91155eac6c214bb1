"""Names are the field's: words that a stranger would not search for name nothing in the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "engine", "train", "bench")

OLD = {
    "door", "Door", "FAVOURITE", "Ask", "wire", "Panel", "panel", "panels", "refusal", "Refused", "journey", "leg",
    "WALKS", "sight", "reach", "company", "alone", "WORTH", "ready", "Ready", "forwards", "exact", "quick",
    "drawing", "Drawer", "Sheet", "ledger", "Ledger", "outbox", "Outbox", "suspect", "deaths", "Ticket", "nursery",
    "nurse", "bury", "pulse", "doubt", "cursors", "Cursor", "Lane", "taps", "walks", "RowWalk", "sweeps", "lanes",
    "Above", "Before", "seeing", "halves", "chances", "drawn", "Additions", "told", "teller", "pursue", "pursued",
    "beginning", "averages", "settled", "mix", "steady", "Place", "leads", "Judge", "judge", "Witness", "Subject",
    "infer_by", "keep_spread", "between", "normed", "easel", "mutated", "located", "penalized",
}  # fmt: skip
OLD_FILES = {"plain", "plane", "pace", "panels", "answers", "gallery", "proof", "line", "link", "averages", "begin"}

ALLOWED = {
    "alone": {"app/network.py", "app/serve.py", "bench/drawing.py"},  # on this machine alone; nobody else at work
    "drawing": {"bench/crowd.py", "bench/drawing.py", "bench/rig/drags.py"},  # of pixels, or on a screen
    "exact": {"engine/analysis/neighbours.py", "train/export.py", "train/metrics/outliers.py"},  # not rounded
    "gallery": {"app/components/gallery.py"},  # the page of that name
    "link": {"app/link.py"},  # the part of an address that says what is shown
    "plane": {"train/data/plane.py"},  # points of the plane are the data
    "reach": {"engine/checkpoints/directions.py"},  # a field of a file
    "ready": {"app/engine_client.py"},  # a state of the engine
    "settled": {"app/components/", "app/views/"},  # a gesture has come to rest
}
"""Where such a word is meant plainly: files, or folders."""


def names(path: Path) -> Iterator[str]:
    """All that a file names: classes, functions, their arguments, variables and fields."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_no_name_of_an_older_version_is_left() -> None:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert paths
    found = [(name.lstrip("_"), path) for path in paths for name in names(path)]
    used = [(name, str(path.relative_to(ROOT))) for name, path in found if name in OLD]
    used += [(path.stem, str(path.relative_to(ROOT))) for path in paths if path.stem in OLD_FILES]
    assert [(name, file) for name, file in used if not file.startswith(tuple(ALLOWED.get(name, ())))] == []
