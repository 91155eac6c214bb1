"""What can go wrong, as one tree.

    ZoetropeError
    ├── BadValue            an argument or a field outside what is accepted
    │   ├── UnknownName     a name that is in no registry
    │   ├── BadLatent       a latent of the wrong length, or not finite
    │   └── BadPicture      a picture of the wrong shape, or one that cannot be read
    ├── MissingVerb         a model asked for what its family cannot do
    ├── MissingData         a data set that is not on this machine
    ├── CheckpointRefused   a checkpoint that is damaged, foreign or too new
    ├── TrainingStopped     a run that diverged or collapsed
    └── EngineTrouble       a request that was fine and still got no picture
        ├── Superseded      a newer request of the same view took its place
        ├── Expired         nobody waits for the answer any more
        ├── Busy            too many requests wait already
        ├── OutOfMemory     one picture alone is too large for the device
        ├── ModelFault      the model itself failed on this request
        └── EngineLost      the engine went away and did not come back in time

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


class EngineTrouble(ZoetropeError):
    """A request that was fine and still got no picture."""


class Superseded(EngineTrouble):
    """A newer request of the same view took its place."""


class Expired(EngineTrouble):
    """Nobody waits for the answer any more."""


class Busy(EngineTrouble):
    """Too many requests wait already."""


class OutOfMemory(EngineTrouble):
    """One picture alone is too large for the device."""


class ModelFault(EngineTrouble):
    """The model itself failed on this request."""


class EngineLost(EngineTrouble):
    """The engine went away and did not come back in time."""


def named(name: str, sentence: str) -> ZoetropeError:
    """Make the error of that name again, with the sentence that it had in another process."""
    kind = globals().get(name)
    if not (isinstance(kind, type) and issubclass(kind, ZoetropeError)):
        kind = EngineTrouble
    error = kind.__new__(kind)  # past a constructor that builds its own sentence
    error.args = (sentence,)
    return error
