"""Where a person's own files lie."""

from pathlib import Path

NOWHERE = Path("/nonexistent")  # Debian's home of those who have none: nothing is found there, and nothing can be kept


def data_folder() -> Path:
    """Zoetrope's folder among a person's own files; below NOWHERE where they have no home."""
    try:
        home = Path.home()
    except RuntimeError:
        home = NOWHERE
    return home / ".local" / "share" / "zoetrope"
