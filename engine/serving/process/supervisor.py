"""The engine in a process of its own, which is started again when it dies, without anybody's request being lost.

In the process of the pages, a script that burns Python would halve the frames of a drag, and a model that crashes
would take every page with it.
"""

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from engine.checkpoints.catalogue import Catalogue, catalogue_from
from engine.errors import EngineLost, ZoetropeError
from engine.inference.requests import Answer, Job, settle
from engine.serving import codec
from engine.serving.pending_jobs import Failures, PendingJob, PendingJobs, fail
from engine.serving.process.stream import Stream
from engine.serving.process.worker import Worker
from engine.serving.protocol import Listener
from engine.serving.states import States

ATTEMPTS = 3  # engines in a row that neither answered anything nor lived for long
LONG = 10.0  # seconds
PAUSE = 0.1  # seconds before the third of them; doubles with each
SILENCE = 5.0  # seconds without a sign of life, of which there is one a second, until an engine is replaced
BIRTH = 120.0  # seconds for the first sign of life, which comes once torch is loaded
HANGS = "it gives no sign of life"
SILENT = "it stops without a word; the terminal may say more"


class ProcessBackend:
    """A supervised engine over some folders of checkpoints; None stands for the shipped and the user's own.

    `warm` names the models to make ready before anybody asks, and the others follow; None waits until somebody does.
    `factory` is a module and a callable in it, called in the engine's process as factory(folders, device,
    threads=threads).
    """

    def __init__(
        self,
        folders: Sequence[Path] | None = None,
        device: str = "auto",
        threads: int | None = None,
        warm: Sequence[str] | None = None,
        factory: str = "engine.inference.engine:Engine",
    ) -> None:
        places = None if folders is None else [str(folder) for folder in folders]
        self.opening = {"folders": places, "device": device, "threads": threads, "factory": factory}
        self.warm = None if warm is None else list(warm)
        self.numbers, self.states = itertools.count(), States()
        self.changed = threading.Condition()  # guards all that follows
        self.pending = PendingJobs()
        self.known: Catalogue | None = None
        self.stream: Stream | None = None  # to the present engine
        self.pid: int | None = None  # of the present engine, once it takes jobs
        self.fault = SILENT  # of the last engine that did not start
        self.lost = self.closed = False
        self.thread = threading.Thread(target=self._keep, name="engine", daemon=True)
        self.thread.start()

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the checkpoints there are, waiting for the engine to open. Raises EngineLost where it cannot."""
        with self.changed:
            self._try_again()
            self.changed.wait_for(lambda: self.known or self.closed or self.lost, timeout)
            if self.known:
                return self.known
            if self.closed or self.lost:
                raise self._gone()
        raise EngineLost(f"The engine did not open within {timeout:g} seconds. It may yet: ask again.")

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        number = next(self.numbers)
        try:
            pending = PendingJob(number, job, codec.pack_job(job, do="job", id=number))
        except ZoetropeError as error:
            pending = PendingJob(number, job, b"")
            settle(pending.future, error)
            return pending.future
        with self.changed:
            failures: Failures = [(pending, self._gone())]
            if not self.closed:
                failures = self.pending.add(pending) + self._send()
                self._try_again()
        fail(failures)
        pending.future.add_done_callback(partial(self._drop, number))
        return pending.future

    def forget(self, who: str) -> None:
        """Drop what a person who has left still waits for."""
        with self.changed:
            unsent = [each for each in self.pending.of(who) if self.pending.waiting.pop(each.key, None) is each]
            self._tell_engine({"do": "forget", "who": who})
        for each in unsent:
            each.cancel()

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        self.states.watch(listener)

    def close(self) -> None:
        """End the engine; those who still wait hear EngineLost."""
        with self.changed:
            self.closed = True
            failures = self.pending.clear(self._gone())
            if self.stream:
                self.stream.end()
            self.changed.notify_all()
        fail(failures)
        if threading.current_thread() is not self.thread:
            self.thread.join()

    # One engine after the other, in a thread of their own

    def _keep(self) -> None:
        attempts = 0
        while not self.closed:
            attempts = 0 if self._life(hopeful=attempts == 0) else attempts + 1
            if attempts == ATTEMPTS and not self.closed:
                self._give_up()
                attempts = 0
            if not self.closed:
                self.states.tell("restarting")
                self._pause(attempts)
        self.states.tell("lost")

    def _life(self, hopeful: bool) -> bool:
        """Start an engine and listen to it until it is gone; whether it was good for anything."""
        began, answered = time.monotonic(), False
        self.fault = SILENT
        try:
            worker = Worker()
        except EngineLost as error:
            self.fault = str(error)
            return False
        stream = worker.stream
        stream.wait_at_most(BIRTH)
        with self.changed:
            self.stream = stream
            if self.closed:
                stream.end()
        # What the last one was about to make ready may be what it died of.
        stream.send(codec.pack({**self.opening, "warm": self.warm if hopeful else None}))
        try:
            for each in stream.packets():
                answered |= self._hear(*codec.unpack(each))
        except (
            ZoetropeError
        ) as error:  # what came was no packet, or no catalogue: an engine like that is as good as dead
            self.fault = str(error)
            stream.end()
        if stream.silent:
            self.fault = HANGS
            worker.kill()
        worker.reap()
        with self.changed:
            self.stream = self.pid = None
            failures = self.pending.retry(list(self.pending.sent.values()))
        fail(failures)
        return answered or time.monotonic() > began + LONG

    def _pause(self, attempts: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.closed, PAUSE * 2 ** (attempts - 2) if attempts > 1 else 0)

    def _give_up(self) -> None:
        """Fail all who wait, and wait until somebody asks again."""
        self.states.tell("lost")
        with self.changed:
            self.lost = True
            failures = self.pending.clear(self._gone())
            self.changed.notify_all()
        fail(failures)
        with self.changed:
            self.changed.wait_for(lambda: self.closed or not self.lost)

    # What the engine says

    def _hear(self, header: dict[str, Any], arrays: dict[str, Any]) -> bool:
        """Take in a packet; whether it was an answer."""
        if header.get("tell") == "heartbeat":
            if self.stream:
                self.stream.wait_at_most(SILENCE)
        elif header.get("tell") == "fault":
            self.fault = header["sentence"]
        elif header.get("tell") == "catalogue":
            self._opened(header)
        else:
            self._answered(header, arrays)
        return "tell" not in header

    def _opened(self, header: dict[str, Any]) -> None:
        with self.changed:
            self.known, self.pid = catalogue_from(header["catalogue"].encode()), header["process"]
            failures = self._send()
            self.changed.notify_all()
        fail(failures)
        self.states.tell("ready")

    def _answered(self, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        with self.changed:
            pending = self.pending.take(header["id"])
            failures = self._send()
        fail(failures)
        if pending and header.get("cancelled"):
            pending.cancel()
        elif pending:
            settle(pending.future, codec.answer_from(header, arrays))

    # Under the lock

    def _send(self) -> Failures:
        """Send what is to be sent now."""
        if not (self.stream and self.pid):
            return []
        going, failures = self.pending.send()
        for pending in going:
            self.stream.send(pending.packet)
        return failures

    def _tell_engine(self, header: dict[str, Any]) -> None:
        if self.stream and self.pid:
            self.stream.send(codec.pack(header))

    def _try_again(self) -> None:
        if self.lost:
            self.lost = False
            self.changed.notify_all()

    def _gone(self) -> EngineLost:
        if self.closed:
            return EngineLost("The engine has been closed. Start it again to go on.")
        fault = self.fault.rstrip(".")
        return EngineLost(f"The engine does not start: {fault}. It was tried {ATTEMPTS} times; ask again to try again.")

    # Callers

    def _drop(self, number: int, future: "Future[Answer]") -> None:
        """Drop a job whose caller has cancelled it."""
        if not future.cancelled():
            return
        with self.changed:
            pending = self.pending.take(number)
            if pending:
                self._tell_engine({"do": "cancel", "id": number})
            failures = self._send()
        fail(failures)
        if pending:
            pending.cancel()
