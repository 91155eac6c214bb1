"""People of many habits on one server, each until told to stop: what a long lecture puts on it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.rig.drags import drag
from bench.rig.live import UNREACHABLE, Latent, Line, Trouble
from bench.rig.visit import Session

MODELS = {
    "frey-vae-2d": 2,
    "frey-vae-10d": 10,
    "mnist-vae": 32,
    "mnist-ae": 16,
    "sprites-beta-vae": 10,
    "celeba-vae": 256,
}
PAGES = (("", ""), *(("explore", f"model={model}") for model in MODELS))


@dataclass
class Tally:
    """What all visitors together did and what went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def some_z(model: str, rows: int) -> Latent:
    return np.random.default_rng().standard_normal((rows, MODELS[model])).astype(np.float32)


async def dragger(address: str, tally: Tally) -> None:
    """Come, drag over one model after the other, and leave."""
    async with _line(address) as line:
        for _ in range(random.randint(1, 4)):
            model = random.choice(list(MODELS))
            seen = await drag(line, random.randrange(1000), 15.0, random.uniform(2, 10), model, MODELS[model])
            tally.done["pictures of drags"] += len(seen.drawings)
            tally.errors.update(seen.errors)
            tally.errors["a drag's last position was not drawn"] += not seen.arrived()


async def collector(address: str, tally: Tally) -> None:
    """Ask for sheets, draws, the posterior, and two models side by side."""
    async with _line(address) as line:
        for _ in range(5):
            model, other = random.sample(list(MODELS), 2)
            await line.decode(model, some_z(model, random.choice([9, 64, 256])), columns=8)
            await line.ask(
                "show", operations=[{"verb": "latents", "model": model, "seeds": [random.randrange(2**32)] * 16}]
            )
            await line.ask("show", operations=[{"verb": "posterior", "model": model}])
            operations = [{"verb": "decode", "model": name, "rows": 4} for name in (model, other)]
            payload = b"".join(some_z(name, 4).tobytes() for name in (model, other))
            reply = await line.ask("show", payload, operations=operations, rate=random.choice([1e5, 1e7]))
            tally.errors.update(result["error"] for result in reply.header["results"] if "error" in result)
            tally.done["sheets and lists"] += 4
            await asyncio.sleep(random.uniform(0, 1))


async def reader(address: str, tally: Tally) -> None:
    """Open a page, look at it, go on to another, and leave, now and then without a word."""
    session = await Session.open(address)
    for page, query in random.sample(PAGES, 2):
        await session.run(page, query)
        tally.done["page runs"] += 1
        await asyncio.sleep(random.uniform(0, 3))
    if random.random() < 0.3:
        session.cut()
    else:
        await session.close()


async def returner(address: str, tally: Tally) -> None:
    """Keep a view, lose the connection, and ask for it again."""
    line = await Line(address).open()
    view = {"model": "frey-vae-2d", "z": [random.random()] * 2, "past": [[random.random()] * 2] * 50}
    await line.keep(view)
    line.cut()
    await asyncio.sleep(random.uniform(0, 2))
    await line.again()
    tally.errors["a view did not come back"] += await line.recall() != view
    tally.done["views kept and found"] += 1
    await line.close()


HABITS: dict[Callable[[str, Tally], Awaitable[None]], int] = {dragger: 4, collector: 1, reader: 2, returner: 1}
"""How many people of each habit are there at a time."""


async def habit(kind: Callable[[str, Tally], Awaitable[None]], address: str, tally: Tally) -> None:
    """Let one person follow another for ever; what goes wrong is counted and the next one comes."""
    while True:
        try:
            await kind(address, tally)
        except (*UNREACHABLE, Trouble, RuntimeError) as error:
            tally.errors[f"{kind.__name__}: {type(error).__name__}: {error}"[:120]] += 1
        await asyncio.sleep(random.uniform(0, 1))


class _line:
    """A socket that is closed at the end, come what may."""

    def __init__(self, address: str) -> None:
        self.line = Line(address)

    async def __aenter__(self) -> Line:
        return await self.line.open()

    async def __aexit__(self, *_: Any) -> None:
        await self.line.close()
