"""What can go wrong, as one tree.

    ZoetropeError
    ├── BadValue            an argument or a field outside what is accepted
    │   ├── UnknownName     a name that is in no registry
    │   ├── BadLatent       a latent of the wrong length, or not finite
    │   └── BadPicture      a picture of the wrong shape, or one that cannot be read
    ├── MissingVerb         a model asked for what its family cannot do
    ├── MissingData         a data set that is not on this machine
    ├── CheckpointRefused   a checkpoint that is damaged, foreign or too new
    └── TrainingStopped     a run that diverged or collapsed

Every message is one or two sentences: what was given, what is accepted, what to do next.
"""

from collections.abc import Iterable


class ZoetropeError(Exception):
    """Root of every error that this project raises on purpose; its text is fit to be shown to a person."""


class BadValue(ZoetropeError):
    """An argument or a field outside what is accepted."""


class UnknownName(BadValue):
    """A name that no registry holds."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(f"There is no {kind} called {name!r}. There is: {listed}.")


class BadLatent(BadValue):
    """A latent of the wrong length, or not finite."""


class BadPicture(BadValue):
    """A picture of the wrong shape, or one that cannot be read."""


class MissingVerb(ZoetropeError):
    """A model asked for what its family cannot do."""


class MissingData(ZoetropeError):
    """A data set that is not on this machine."""


class CheckpointRefused(ZoetropeError):
    """A checkpoint that is damaged, foreign or too new."""


class TrainingStopped(ZoetropeError):
    """A run that diverged or collapsed."""
