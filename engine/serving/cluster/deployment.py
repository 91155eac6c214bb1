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
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from engine.errors import BadValue, ModelFault, ZoetropeError
from engine.inference.requests import Outcome
from engine.serving import codec
from engine.serving.cluster.codec import pack_all, unpack_all

LARGEST = 64 * 2**20  # bytes of a request, and of the pictures of its answers
ONGOING = 256  # requests at one replica, those that wait included
STUCK = 60.0  # seconds after which a forward pass counts as hanging
SCALING = {"target_ongoing_requests": 8, "upscale_delay_s": 5.0, "downscale_delay_s": 300.0}

log = logging.getLogger(__name__)


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


class Models:
    """One replica: an engine in its process, and the jobs of many people that wait for it.

    `factory` is a module and a callable in it that gives the engine: factory(folders, device).
    """

    def __init__(self, folders: Sequence[str] | None, device: str, warm: Sequence[str], factory: str) -> None:
        # Here: it loads torch, and who describes a deployment needs none.
        from engine.serving.local import ThreadBackend

        self.engine = _open(folders, device, factory)
        self.backend = ThreadBackend(self.engine)
        self.present = 0  # jobs that wait or run
        self.backend.warm(warm)  # what is wrong with one, those who ask for it hear

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
        if (busy := self.backend.batcher.busy) > STUCK:
            raise RuntimeError(f"a forward pass has not come to its end in {busy:.0f} s")
        await asyncio.to_thread(_touch, self.engine.device)

    async def outcome(self, part: bytes, room: "Room") -> Outcome:
        """Answer the job in a packet, with an error in its place where there is one."""
        try:
            job = codec.job_from(*codec.unpack(part))
            card = self.engine.catalogue.cards.get(job.model)
            room.take(0 if card is None else job.rows * job.neighbours * math.prod(card.shape))
            self.present += 1
            try:
                return await asyncio.wrap_future(self.backend.submit(job))
            finally:
                self.present -= 1
        except ZoetropeError as error:
            return error
        except Exception as error:
            log.exception("a job failed outside of its model")
            return ModelFault(f"The engine failed on this request ({type(error).__name__}: {error}). Ask again.")


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


def _touch(device: Any) -> None:
    import torch  # here, not above, for the same reason

    torch.ones(1, device=device).sum().item()
