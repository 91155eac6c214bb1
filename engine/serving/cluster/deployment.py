"""The engine as a Ray Serve deployment: replicas that answer jobs over HTTP.

GET  /health     200 and the jobs at one replica
GET  /catalogue  what `Catalogue.to_json` writes
POST /jobs       a bundle of jobs; 200 and a bundle of answers in the same order, or 400 and a sentence

It is for `zoetrope run`, not for browsers: whatever a page of any origin asks is refused with 403.
"""

import asyncio
import importlib
import logging
import math
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from engine.errors import BadValue, Expired, ModelFault, Superseded, ZoetropeError, named
from engine.inference.requests import SAMPLED, Answer, Job
from engine.serving import codec
from engine.serving.chunking import Chunks, in_time, joined
from engine.serving.cluster.codec import pack_all, unpack_all
from engine.serving.loader import Loader

ROWS = 64  # pictures of one batch: of one forward pass, where the model takes that many
LARGEST = 64 * 2**20  # bytes of a request, and of the pictures of its answers
ONGOING = 256  # requests at one replica, those that wait included
STUCK = 60.0  # seconds after which a forward pass counts as hanging
SCALING = {"target_ongoing_requests": 8, "upscale_delay_s": 5.0, "downscale_delay_s": 300.0}

Outcome = Answer | ZoetropeError

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Turn:
    """A job, or one slice of a long one, that waits for a forward pass."""

    job: Job
    whole: Job
    arrived: float


class Room:
    """What the answers of one request may hold."""

    def __init__(self) -> None:
        self.left = LARGEST

    def take(self, size: int) -> None:
        """Take the bytes of the pictures of an answer. Raises BadValue where they are more than is left."""
        if size > self.left:
            raise BadValue(f"Answers of one request may hold {LARGEST >> 20} MB of pictures. Ask for fewer at a time.")
        self.left -= size


async def _body(request: Request) -> bytes:
    """Read a body, and no more of it than is taken. Raises BadValue for a larger one."""
    length = request.headers.get("content-length", "0")
    size, parts = int(length) if length.isdecimal() and len(length) < 20 else LARGEST + 1, list[bytes]()
    if size <= LARGEST:
        size = 0
        async for part in request.stream():
            parts.append(part)
            if (size := size + len(part)) > LARGEST:
                break
    if size > LARGEST:
        raise BadValue(f"A request of more than {LARGEST} bytes was given; at most so many are taken. Send fewer rows.")
    return b"".join(parts)


def _rows(turns: list[Turn]) -> int:
    return sum(turn.job.rows for turn in turns)


class Models:
    """One replica: an engine, and the jobs of many people that wait for it.

    `factory` is a module and a callable in it that gives the engine: factory(folders, device).
    """

    def __init__(self, folders: Sequence[str] | None, device: str, warm: Sequence[str], factory: str) -> None:
        from engine.inference.batching import (  # here: it loads torch, and who describes a deployment needs none
            check,
            pixel_sampling,
        )

        self.engine, self.check, self.pixel_sampling = _open(folders, device, factory), check, pixel_sampling
        self.runner = ThreadPoolExecutor(1, "runner")  # two passes that share a device are slower than one by one
        self.loader = Loader(self.engine.device_model, self.loaded)
        self.opening: dict[str, list[Future[None]]] = {}  # model → those who wait for it
        self.lock = threading.Lock()  # guards those
        self.newest: dict[tuple[str, str], Job] = {}
        self.present = 0  # jobs that wait or run
        self.idle = asyncio.Event()
        self.idle.set()
        self.loader.warm(warm)  # what is wrong with one, those who ask for it hear

    async def __call__(self, request: Request) -> Response:
        place = f"{request.method} {request.url.path}"
        if place not in self.places:
            return PlainTextResponse(f"There is no {place}. There is: {', '.join(self.places)}.", 404)
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return PlainTextResponse("Pages in a browser may not ask here; zoetrope run does.", 403)
        try:
            return await self.places[place](self, request)
        except BadValue as error:
            return PlainTextResponse(str(error), 400)

    async def health(self, _: Request) -> Response:
        return JSONResponse({"state": "ready", "jobs": self.present})

    async def catalogue(self, _: Request) -> Response:
        return Response(self.engine.catalogue.to_json(), media_type="application/json")

    async def jobs(self, request: Request) -> Response:
        room = Room()
        outcomes = await asyncio.gather(*(self.outcome(part, room) for part in unpack_all(await _body(request))))
        return Response(pack_all([codec.pack_answer(outcome) for outcome in outcomes]))

    places: ClassVar[dict[str, Callable[["Models", Request], Awaitable[Response]]]] = {
        "GET /health": health,
        "GET /catalogue": catalogue,
        "POST /jobs": jobs,
    }

    async def check_health(self) -> None:
        """Let Ray know that the device still works; where this raises or hangs, Ray starts another replica."""
        await asyncio.wrap_future(self.runner.submit(_touch, self.engine.device))

    # From jobs to batches

    async def outcome(self, part: bytes, room: "Room") -> Outcome:
        """Answer the job in a packet, with an error in its place where there is one."""
        try:
            job = codec.job_from(*codec.unpack(part))
            card = self.engine.catalogue.cards.get(job.model)
            room.take(0 if card is None else job.rows * job.neighbours * math.prod(card.shape))
            return await self.answer(job)
        except ZoetropeError as error:
            return error
        except Exception as error:
            log.exception("a job failed outside of its model")
            return ModelFault(f"The engine failed on this request ({type(error).__name__}: {error}). Ask again.")

    async def answer(self, job: Job) -> Answer:
        """Take a job through its turns: one, or where it is long one for each slice, others coming in between."""
        arrived, person = time.monotonic(), (job.who, job.slot)
        self.present += 1
        if job.who and job.slot:
            self.newest[person] = job
        try:
            await self.opened(job.model)
            turns = (Turn(part, job, arrived) for part in self.parts(job))
            answer = await self.sampled(job, arrived) or joined([await self.turn(turn) for turn in turns])
        finally:
            self.present -= 1
            if self.newest.get(person) is job:
                del self.newest[person]
        waited = 1e3 * (time.monotonic() - arrived) - answer.ms.get("model", 0.0)
        return Answer(answer.arrays, {**answer.ms, "queue": waited})

    async def opened(self, model: str) -> None:
        """Wait until a model is on the device. Raises the ZoetropeError that keeps it off."""
        if self.engine.is_loaded(model):
            return
        mine: Future[None] = Future()
        with self.lock:
            waiting = self.opening.setdefault(model, [])
            waiting.append(mine)
            if len(waiting) == 1:
                self.loader.want(model)
        await asyncio.wrap_future(mine)

    def loaded(self, model: str, trouble: ZoetropeError | None) -> None:
        """Tell all who wait for a model that it is there, or why it is not."""
        with self.lock:
            waiting = self.opening.pop(model, [])
        for future in waiting:
            if not future.set_running_or_notify_cancel():
                continue
            if trouble is None:
                future.set_result(None)
            else:
                future.set_exception(named(type(trouble).__name__, str(trouble)))  # one each: they travel on alone

    def parts(self, job: Job) -> list[Job]:
        """Cut a long job, once it is right as a whole: a part may be right where the whole is not."""
        limit = min(ROWS, max(1, self.engine.limit(job.model)))
        if job.rows <= limit:
            return [job]
        whole = self.check(self.engine.device_model(job.model), job)
        return [whole.part(first, first + limit) for first in range(0, whole.rows, limit)]

    async def sampled(self, job: Job, arrived: float) -> Answer | None:
        """Take a drawing, pixel by pixel, through its slices; None where a pass answers the job."""
        if job.verb not in SAMPLED:
            return None
        model = self.engine.device_model(job.model)
        pixel_sampling = self.pixel_sampling(model, self.check(model, job))
        if pixel_sampling is None:
            return None
        chunks = in_time(pixel_sampling, time.perf_counter)
        while (answer := await asyncio.wrap_future(self.runner.submit(_chunk, chunks))) is None:
            if stale := self.stale(Turn(job, job, arrived)):
                raise stale
        if isinstance(answer, ZoetropeError):
            raise answer
        return answer

    async def turn(self, turn: Turn) -> Answer:
        """Wait for the device before joining a batch: @serve.batch closes batches while it is still at work.

        With no more than a time to wait, it makes of 40 jobs that come during a forward pass 40 batches of one.
        """
        while not self.idle.is_set():
            await self.idle.wait()
        outcome: Outcome = await self.batch(turn)
        if isinstance(outcome, ZoetropeError):
            raise outcome
        return outcome

    @serve.batch(max_batch_size=ROWS, batch_wait_timeout_s=0.0, batch_size_fn=_rows)
    async def batch(self, turns: list[Turn]) -> list[Outcome]:
        self.idle.clear()
        try:
            return await asyncio.wrap_future(self.runner.submit(self.run, turns))
        finally:
            self.idle.set()

    def run(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Answer a batch: for each model in it one call of what every other backend calls too."""
        outcomes: dict[Turn, Outcome] = {turn: stale for turn in turns if (stale := self.stale(turn))}
        fresh = [turn for turn in turns if turn not in outcomes]
        for model in dict.fromkeys(turn.job.model for turn in fresh):
            members = [turn for turn in fresh if turn.job.model == model]
            outcomes.update(zip(members, self.engine.run(model, [turn.job for turn in members]), strict=True))
        return [outcomes[turn] for turn in turns]

    def stale(self, turn: Turn) -> ZoetropeError | None:
        """Why a job's turn is nobody's any more: a newer one has come, or its time has run out."""
        job = turn.whole
        if self.newest.get((job.who, job.slot), job) is not job:
            return Superseded(f"A newer request for {job.slot!r} took the place of this one.")
        if job.patience is not None and time.monotonic() > turn.arrived + job.patience:
            return Expired(f"{job.model} did not come to this within {job.patience} seconds.")
        return None


def application(
    folders: Sequence[Path] | None = None,
    device: str = "auto",
    warm: Sequence[str] = (),
    replicas: tuple[int, int] = (1, 1),
    gpus: float = 0.0,
    factory: str = "engine.inference.engine:Engine",
) -> serve.Application:
    """Describe the deployment: from `replicas[0]` to `replicas[1]` engines, each with a processor and `gpus` GPUs."""
    least, most = replicas
    scale: dict[str, Any] = {"num_replicas": least}
    if most > least:
        scale = {"autoscaling_config": {"min_replicas": least, "max_replicas": most, **SCALING}}
    blank: Any = serve.deployment(Models)
    deployment = blank.options(
        name="models",
        ray_actor_options={"num_cpus": 1, "num_gpus": gpus},
        max_ongoing_requests=ONGOING,
        health_check_timeout_s=STUCK,
        graceful_shutdown_timeout_s=5.0,
        **scale,
    )
    places = None if folders is None else [str(folder) for folder in folders]
    described: serve.Application = deployment.bind(places, device, list(warm), factory)
    return described


def _open(folders: Sequence[str] | None, device: str, factory: str) -> Any:
    module, name = factory.split(":")
    places = None if folders is None else [Path(folder) for folder in folders]
    return getattr(importlib.import_module(module), name)(places, device)


def _chunk(chunks: Chunks) -> Outcome | None:
    """Go on by a slice; None where it goes on."""
    try:
        next(chunks)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    return None


def _touch(device: Any) -> None:
    import torch  # here, not above, for the same reason

    torch.ones(1, device=device).sum().item()
