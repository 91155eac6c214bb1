"""One person's live channel: what they ask for, what they still wait for, and what is on its way to them."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from app import blind
from app.blind import Begin, Reveal, Round, Rounds
from app.engine_client import EngineClient
from app.server import protocol, store
from app.server.errors import BAD_DATA, ProtocolError
from app.server.pictures import Codec
from app.server.protocol import Answered, Cancel, Keep, Message, Request, Show, Subscribe
from app.server.responses import slow, trouble, written
from app.server.token_bucket import TokenBucket, TooMany
from engine.checkpoints.catalogue import Catalogue
from engine.errors import EngineLost, ModelFault, ZoetropeError
from engine.inference.requests import Answer, Job, Outcome
from engine.serving.protocol import State

MAX_SLOTS = 64
MAX_WAITING = 4096
"""Rows of one person that may wait at a time."""
TOO_MANY = f"This page waits for more than {MAX_WAITING} pictures already. Ask again when some have come."
MAX_SUBSCRIPTIONS = 16
"""Subscriptions of one person at a time."""

Topics = Mapping[str, Callable[[str], AsyncGenerator[dict[str, Any], None]]]
"""What can be subscribed to: by a key, events until there is no more to tell. They may raise a ZoetropeError."""

log = logging.getLogger(__name__)


class Person:
    """Somebody who takes turns with others at the engine, whatever the number of their sockets."""

    def __init__(self, name: str) -> None:
        self.name, self.rate, self.connections = name, TokenBucket(), set[Connection]()

    @property
    def subscriptions(self) -> int:
        pending = (each.request for connection in self.connections for each in connection.pending.values())
        return sum(isinstance(request, Subscribe) for request in pending)


@dataclass
class PendingRequest:
    """A request under way: worked on by its task, then a message that waits for the socket."""

    request: Request | Message
    task: asyncio.Task[None] | None = None
    answer: bytes | None = None
    more: bool = False  # whether others come after it

    def give_up(self) -> None:
        """Stop working on it; what is to be kept is kept all the same."""
        if self.task and not isinstance(self.request, Keep):
            self.task.cancel()
            self.task = self.answer = None  # they would hold each other, and pictures, until the next collection


class Connection:
    """The requests of one socket: the newest of each slot, and nothing older.

    Answers leave one at a time. While the socket is slow, a newer answer takes the place of an older one that has not
    left yet, so what is kept for a client that reads slowly, or not at all, does not grow.
    """

    def __init__(
        self,
        websocket: WebSocket,
        client: EngineClient,
        codec: Codec,
        rounds: Rounds,
        encoders: Executor,
        shelf: Executor,
        person: Person,
        topics: Topics | None = None,
    ) -> None:
        self.websocket, self.client, self.codec, self.encoders, self.shelf = websocket, client, codec, encoders, shelf
        self.rounds, self.person, self.topics = rounds, person, topics or {}
        self.name = secrets.token_urlsafe(6)  # tells the sockets of one person apart
        self.pending: dict[str | None, PendingRequest] = {}
        self.news: State | None = client.state  # to be told before anything else
        self.woken = asyncio.Event()
        self.woken.set()

    # In

    async def read(self) -> None:
        """Take messages until the socket closes; ProtocolError where they are too many, or one is too big."""
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            self.person.rate.spend()
            read = protocol.read(message.get("bytes"))
            try:
                self.take(read.request())
            except ProtocolError as error:
                self.refuse(read, error)

    def refuse(self, message: Message, error: ProtocolError) -> None:
        """Answer a malformed message with the sentence that says why it is one."""
        self._post(self._asked(message), trouble(message, error.reason))

    def take(self, request: Request) -> None:
        """Work on a request; an older one of its slot is given up."""
        if isinstance(request, Cancel):
            self._cancel(request)
            return
        pending = self._asked(request)
        if sum(other.request.rows for other in self.pending.values()) > MAX_WAITING:
            self._post(pending, trouble(request, TOO_MANY))
        elif isinstance(request, Subscribe) and self.person.subscriptions > MAX_SUBSCRIPTIONS:
            self._post(pending, trouble(request, f"You follow {MAX_SUBSCRIPTIONS} things already. End one of them."))
        else:
            pending.task = asyncio.create_task(self._work(pending, request))

    def _cancel(self, request: Cancel) -> None:
        """Give up the request of that slot and id, unless it was answered already or a newer one took its place."""
        pending = self.pending.get(request.slot)
        if pending and pending.request.id == request.id:
            del self.pending[request.slot]
            pending.give_up()

    def _asked(self, request: Request | Message) -> PendingRequest:
        """Put a request in the place of the older one of its slot. Raises TooMany where there are too many slots."""
        if older := self.pending.pop(request.slot, None):
            older.give_up()
        if len(self.pending) >= MAX_SLOTS:
            raise TooMany(f"More than {MAX_SLOTS} slots wait on one socket.")
        pending = self.pending[request.slot] = PendingRequest(request)
        return pending

    # Work

    async def _work(self, pending: PendingRequest, request: Answered | Subscribe) -> None:
        try:
            if isinstance(request, Subscribe):
                await self._follow(pending, request)
            else:
                self._post(pending, await self._answer(request))
        except (ProtocolError, ZoetropeError) as error:
            self._post(pending, trouble(request, str(error)))
        except Exception as error:  # a fault of ours must reach the person as a sentence, and harm no other request
            log.exception("A request of the live channel failed")
            self._post(pending, trouble(request, f"The server stopped at this with {type(error).__name__}. Go on."))

    async def _follow(self, pending: PendingRequest, wanted: Subscribe) -> None:
        """Tell what a topic has to say to its end; of several events that wait for the socket, the last."""
        if wanted.topic not in self.topics:
            raise ProtocolError(BAD_DATA, f"A topic is one of: {', '.join(self.topics)}.")
        pending.more = True
        try:
            async with aclosing(self.topics[wanted.topic](wanted.key)) as events:
                async for event in events:
                    self._post(pending, protocol.message({"id": wanted.id, "slot": wanted.slot, "event": event}))
        finally:
            pending.more = False
        if pending.answer is None:
            del self.pending[wanted.slot]

    def _post(self, pending: PendingRequest, answer: bytes) -> None:
        pending.answer = answer
        self.woken.set()

    async def _answer(self, request: Answered) -> bytes:
        about = {"id": request.id, "slot": request.slot}
        loop = asyncio.get_running_loop()
        if isinstance(request, Show):
            return await self._shown(request)
        if isinstance(request, Begin):
            return protocol.message({**about, **await self._begun(request)})
        if isinstance(request, Reveal):
            return protocol.message({**about, **self.rounds.reveal(request)})
        if isinstance(request, Keep):
            await loop.run_in_executor(self.shelf, store.keep, request.token, request.view)
            return protocol.message({**about, "kept": True})
        body = await loop.run_in_executor(self.shelf, store.recall, request.token)
        return protocol.message({**about, "view": None if body is None else json.loads(body)})

    async def _shown(self, show: Show) -> bytes:
        catalogue = await self.client.arrived()
        hidden = self.rounds.of(show.operations)
        if hidden is None:
            outcomes = await self._outcomes(show.jobs(catalogue, self.person.name))
        else:
            outcomes = await self._hidden(hidden, show, catalogue)
        if any(map(slow, outcomes)):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.encoders, written, show, outcomes, self.codec)
        return written(show, outcomes, self.codec)

    async def _hidden(self, hidden: Round, show: Show, catalogue: Catalogue) -> list[Outcome]:
        """Have the engine draw the columns of a blind round; what is drawn beside only takes its time."""
        outcomes = await self._outcomes(hidden.jobs(show.operations, catalogue, self.person.name, show.slot))
        return [blind.hushed(outcome) for outcome in outcomes[: len(show.operations)]]

    async def _begun(self, wanted: Begin) -> dict[str, Any]:
        """Open a blind round; where it has real pictures they must be there."""
        begun = self.rounds.begin(wanted, await self.client.arrived())
        if wanted.real or wanted.single:
            (found,) = await self._outcomes([Job("pictures", begun.source, seeds=(0,), who=self.person.name)])
            if isinstance(found, ZoetropeError):
                raise found
        return {"round": begun.token, "columns": list(begun.columns)}

    async def _outcomes(self, jobs: Sequence[Job | ZoetropeError]) -> list[Outcome]:
        """Have the engine do some jobs; an error stands in the place of its answer."""
        asked = [self._submitted(job) if isinstance(job, Job) else job for job in jobs]
        futures = [future for future in asked if isinstance(future, asyncio.Future)]
        try:
            if futures:
                await asyncio.wait(futures)
        except asyncio.CancelledError:
            for future in futures:
                future.cancel()
            raise
        return [_outcome(future) if isinstance(future, asyncio.Future) else future for future in asked]

    # Out

    def tell(self, state: State) -> None:
        """Have the client hear a state of the engine; of several that wait the last."""
        self.news = state
        self.woken.set()

    async def write(self) -> None:
        """Send what is ready, one message at a time."""
        while True:
            await self.woken.wait()
            if self.news:
                news, self.news = self.news, None
                await self.websocket.send_bytes(protocol.message({"engine": news}))
            elif answer := self._next():
                await self.websocket.send_bytes(answer)
            else:
                self.woken.clear()

    def _next(self) -> bytes | None:
        for slot, pending in self.pending.items():
            if pending.answer is not None:
                answer, pending.answer = pending.answer, None
                if not pending.more:
                    del self.pending[slot]
                return answer
        return None

    def leave(self) -> None:
        """Give up whatever this socket still waits for."""
        for pending in self.pending.values():
            pending.give_up()
        self.pending.clear()

    def _submitted(self, job: Job) -> asyncio.Future[Answer]:
        """Have the engine do a job, in a slot that no other socket of this person has."""
        mine = replace(job, slot=job.slot and f"{self.name}/{job.slot}")
        return asyncio.wrap_future(self.client.submit(mine))


def _outcome(future: asyncio.Future[Answer]) -> Outcome:
    if future.cancelled():
        return EngineLost("The engine dropped this request. Ask again.")
    error = future.exception()
    if error is None:
        return future.result()
    return error if isinstance(error, ZoetropeError) else ModelFault(f"The model stopped with {type(error).__name__}.")
