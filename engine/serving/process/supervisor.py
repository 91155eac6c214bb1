"""The engine in a process of its own, which is started again when it dies, without anybody's request being lost.

In the process of the pages, a script that burns Python would halve the frames of a drag, and a model that crashes
would take every page with it.
"""

import contextlib
import itertools
import os
import signal
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
from engine.serving.pending_jobs import Entry, Ledger, Refusals
from engine.serving.process.fork_server import Nursery
from engine.serving.process.stream import Stream
from engine.serving.protocol import Listener
from engine.serving.states import States

ATTEMPTS = 5  # engines in a row that neither answered anything nor lived for long
LONG = 10.0  # seconds
PAUSE = 0.1  # seconds before the third of them; doubles with each
SILENCE = 5.0  # seconds without a sign of life, of which there is one a second, until an engine is replaced
FORK = 15.0  # seconds for the first sign of life of an engine that is forked
BIRTH = 120.0  # seconds for the first sign of life where torch has to be loaded before
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
        self.numbers, self.states, self.nursery = itertools.count(), States(), Nursery()
        self.changed = threading.Condition()  # guards all that follows
        self.ledger = Ledger()
        self.known: Catalogue | None = None
        self.stream: Stream | None = None  # to the present engine
        self.pid: int | None = None  # of the present engine, once it takes jobs
        self.process: int | None = None  # the same, from its first sign of life
        self.fault = SILENT  # of the last engine that did not start
        self.lost = self.closed = False
        self.thread = threading.Thread(target=self._keep, name="engine", daemon=True)
        self.thread.start()

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Give the checkpoints there are, waiting for the engine to open. Raises EngineLost where it cannot."""
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
            entry = Entry(number, job, codec.pack_job(job, do="job", id=number))
        except ZoetropeError as error:
            entry = Entry(number, job, b"")
            settle(entry.future, error)
            return entry.future
        with self.changed:
            refusals: Refusals = [(entry, self._gone())]
            if not self.closed:
                refusals = self.ledger.add(entry) + self._send()
                self._try_again()
        _settle(refusals)
        entry.future.add_done_callback(partial(self._drop, number))
        return entry.future

    def forget(self, who: str) -> None:
        """Drop what a person who has left still waits for."""
        with self.changed:
            unsent = self.ledger.forget(who)
            self._tell_engine({"do": "forget", "who": who})
        for entry in unsent:
            entry.cancel()

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        self.states.watch(listener)

    def close(self) -> None:
        """End the engine; those who still wait hear EngineLost."""
        with self.changed:
            self.closed = True
            refusals = self.ledger.clear(self._gone())
            if self.stream:
                self.stream.end()
            self.changed.notify_all()
        _settle(refusals)
        if threading.current_thread() is not self.thread:
            self.thread.join()
            self.nursery.close()

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
            stream = self.nursery.engine()
        except EngineLost as error:
            self.fault = str(error)
            return False
        stream.wait_at_most(FORK if self.nursery.grown else BIRTH)
        with self.changed:
            self.stream, self.process = stream, None
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
            self._replace()
        with self.changed:
            self.stream = self.pid = None
            refusals = self.ledger.died()
        _settle(refusals)
        return answered or time.monotonic() > began + LONG

    def _replace(self) -> None:
        """End what gives no sign of life: an engine that was stopped, or the nursery that brought forth none."""
        self.fault = HANGS
        if self.process is None:
            self.nursery.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def _pause(self, attempts: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.closed, PAUSE * 2 ** (attempts - 2) if attempts > 1 else 0)

    def _give_up(self) -> None:
        """Fail all who wait, and wait until somebody asks again."""
        self.states.tell("lost")
        with self.changed:
            self.lost = True
            refusals = self.ledger.clear(self._gone())
            self.changed.notify_all()
        _settle(refusals)
        with self.changed:
            self.changed.wait_for(lambda: self.closed or not self.lost)

    # What the engine says

    def _hear(self, header: dict[str, Any], arrays: dict[str, Any]) -> bool:
        """Take in a packet; whether it was an answer."""
        if header.get("tell") == "pulse":
            self._alive(header["process"])
        elif header.get("tell") == "fault":
            self.fault = header["sentence"]
        elif header.get("tell") == "catalogue":
            self._opened(header)
        else:
            self._answered(header, arrays)
        return "tell" not in header

    def _alive(self, process: int) -> None:
        if self.process is None and self.stream:
            self.process, self.nursery.grown = process, True
            self.stream.wait_at_most(SILENCE)

    def _opened(self, header: dict[str, Any]) -> None:
        with self.changed:
            self.known, self.pid = catalogue_from(header["catalogue"].encode()), header["process"]
            refusals = self._send()
            self.changed.notify_all()
        _settle(refusals)
        self.states.tell("ready")

    def _answered(self, header: dict[str, Any], arrays: dict[str, Any]) -> None:
        with self.changed:
            entry = self.ledger.take(header["id"])
            refusals = self._send()
        _settle(refusals)
        if entry and header.get("cancelled"):
            entry.cancel()
        elif entry:
            settle(entry.future, codec.answer_from(header, arrays))

    # Under the lock

    def _send(self) -> Refusals:
        """Send what is to be sent now."""
        if not (self.stream and self.pid):
            return []
        going, refusals = self.ledger.send()
        for entry in going:
            self.stream.send(entry.packet)
        return refusals

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
            entry = self.ledger.take(number)
            if entry:
                self._tell_engine({"do": "cancel", "id": number})
            refusals = self._send()
        _settle(refusals)
        if entry:
            entry.cancel()


def _settle(refusals: Refusals) -> None:
    for entry, error in refusals:
        settle(entry.future, error)
