"""Jobs on their way to a server far away: those that wait to be sent, and those that were."""

from engine.errors import Busy, Expired, Superseded, ZoetropeError
from engine.serving.pending_jobs import CAPACITY, Entry, Refusals

Key = tuple[str, str] | int


class Outbox:
    """Holds jobs in the order of their arrival. Of one person's slot one is away and one waits, which is the newest.

    While connections are free each job travels alone. Those that had to wait travel together, if they are for the same
    model: a request costs the server far more than a job does. One thread at a time.
    """

    def __init__(self) -> None:
        self.waiting: dict[Key, Entry] = {}
        self.away: dict[Key, Entry] = {}

    def add(self, entry: Entry) -> Refusals:
        """Take a job in, in the place of an older one of its slot that waits."""
        key = _key(entry)
        older = self.waiting.get(key)
        if older is None and len(self.waiting) + len(self.away) >= CAPACITY:
            return [(entry, Busy(f"{CAPACITY} requests wait already. Ask again in a moment."))]
        self.waiting[key] = entry
        return [] if older is None else [(older, _superseded(older))]

    def due(self) -> bool:
        """Whether there is a job that may go."""
        return any(key not in self.away for key in self.waiting)

    def load(self, rows: int) -> tuple[list[Entry], Refusals]:
        """Hand out the jobs of the next request: the oldest that may go, and those of its model that fit beside it.

        One that was away when its server failed goes alone, so that it takes no other with it. The late are refused.
        """
        late = [key for key, entry in self.waiting.items() if entry.late or entry.future.cancelled()]
        refusals: Refusals = [(entry, _expired(entry)) for entry in map(self.waiting.pop, late)]
        going: dict[Key, Entry] = {}
        for key, entry in self.waiting.items():
            if key not in self.away and _fits(entry, list(going.values()), rows):
                going[key] = entry
            if rows <= sum(other.job.rows for other in going.values()):
                break
        for key in going:
            self.away[key] = self.waiting.pop(key)
        return list(going.values()), refusals

    def back(self, entry: Entry) -> bool:
        """Take note that a job is no longer away; False where it was given up meanwhile."""
        if self.away.get(_key(entry)) is not entry:
            return False
        del self.away[_key(entry)]
        return True

    def again(self, entry: Entry) -> Refusals:
        """Let a job that came back without an answer wait once more, before the others, unless a newer one waits."""
        if _key(entry) in self.waiting:
            return [(entry, _superseded(entry))]
        self.waiting = {_key(entry): entry, **self.waiting}
        return []

    def of(self, who: str) -> list[Entry]:
        """Name the jobs of one person."""
        return [entry for entry in (*self.waiting.values(), *self.away.values()) if who and entry.job.who == who]

    def clear(self, error: ZoetropeError) -> Refusals:
        """Give up on everything."""
        entries = [*self.waiting.values(), *self.away.values()]
        self.waiting, self.away = {}, {}
        return [(entry, type(error)(*error.args)) for entry in entries]  # one each: they travel on alone


def _key(entry: Entry) -> Key:
    return (entry.job.who, entry.job.slot) if entry.job.who and entry.job.slot else entry.number


def _fits(entry: Entry, going: list[Entry], rows: int) -> bool:
    """Whether a job may travel with those that were picked before it; with none it always may."""
    if not going:
        return True
    if entry.deaths or going[0].deaths or entry.job.model != going[0].job.model:
        return False
    return sum(other.job.rows for other in going) + entry.job.rows <= rows


def _superseded(entry: Entry) -> Superseded:
    return Superseded(f"A newer request for {entry.job.slot!r} took the place of this one.")


def _expired(entry: Entry) -> Expired:
    return Expired(f"{entry.job.model} did not come to this within {entry.job.patience} seconds.")
