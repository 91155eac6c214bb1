"""Kinds of harm that can be done to a running server. Each says in a sentence what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import time
from collections import Counter
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.rig.live import Latent, Line, Trouble, decode, encode_message
from bench.rig.mutations import Message, mutations
from bench.rig.processes import memory
from bench.rig.server import Server
from bench.rig.visit import Session

VICTIM, LATENTS = "mnist-vae", 32
LARGE, LARGE_LATENTS = "celeba-vae", 256
SIZES = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1, 0)
MEMORY, RAISES, KILLS = 1000.0, 2000.0, 3000.0  # as in bench.rig.broken, which loads torch
SIDE_BY_SIDE = 8
DEAF = 3


async def quiet() -> str:
    return "nothing"


# The model


def asked(rows: int, first: float) -> Latent:
    z = np.zeros((rows, LATENTS), np.float32)
    z[:, 0] = first
    return z


async def raising(address: str, seconds: float) -> str:
    """Ask, in turn, for what makes the model raise and for what does not, side by side in the same batches."""
    bad, good = await Line(address).open(), await Line(address).open()
    sentences, right, until = Counter[str](), 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        poison, plain = await asyncio.gather(
            bad.decode(VICTIM, asked(1, RAISES)), good.decode(VICTIM, asked(1, 0.0)), return_exceptions=True
        )
        sentences[_sentence(poison)] += 1
        right += not isinstance(plain, BaseException) and "error" not in plain.header["results"][0]
    await bad.close()
    await good.close()
    return f"{right} of {sentences.total()} neighbours in the batch served; " + _counted(sentences)


async def exhausted(address: str) -> str:
    """Ask for 64 rows of which ever fewer fit at once; the pictures must come all the same, down to one at a time."""
    line = await Line(address).open()
    outcomes = []
    for size in SIZES:
        reply = await asyncio.gather(line.decode(VICTIM, asked(64, MEMORY + size)), return_exceptions=True)
        outcomes.append(_sentence(reply[0]))
    usual = _sentence((await asyncio.gather(line.decode(VICTIM, asked(64, 0.0)), return_exceptions=True))[0])
    await line.close()
    served = [size for size, outcome in zip(SIZES, outcomes, strict=True) if outcome == "answered"]
    others = Counter(outcome for outcome in outcomes if outcome != "answered")
    return f"64 rows answered with room for {', '.join(map(str, served))}; {_counted(others)}; afterwards: {usual}"


async def killing(address: str) -> str:
    line = await Line(address).open()
    began = time.perf_counter()
    outcome = _sentence((await asyncio.gather(line.decode(VICTIM, asked(1, KILLS)), return_exceptions=True))[0])
    seconds = time.perf_counter() - began
    usual = _sentence((await asyncio.gather(line.decode(VICTIM, asked(1, 0.0)), return_exceptions=True))[0])
    states = " ".join(state for _, state in line.states)
    await line.close()
    return f"after {seconds:.1f} s {outcome}; states told: {states}; afterwards: {usual}"


async def deleted(server: Server, shelf: Path) -> str:
    """Delete a model's weights, then its folder, then kill the engine, and ask for it each time."""
    line = await Line(server.address).open()

    async def ask() -> str:
        return _sentence((await asyncio.gather(line.decode(VICTIM, asked(1, 0.5)), return_exceptions=True))[0])

    (shelf / VICTIM / "weights.safetensors").unlink()
    outcomes = [f"weights deleted: {await ask()}"]
    shutil.rmtree(shelf / VICTIM)
    reply = await line.ask("show", operations=[{"verb": "posterior", "model": VICTIM}])
    outcomes.append(f"folder deleted: {await ask()}, its posterior: {_sentence(reply)}")
    session = await Session.open(server.address)
    await session.run("explore", f"model={VICTIM}")
    await session.run("home", "")
    await session.close()
    outcomes.append("both pages drawn")
    os.kill(server.engine, signal.SIGKILL)
    outcomes.append(f"and the engine killed: {await ask()}")
    await line.close()
    return "; ".join(outcomes)


def _sentence(reply: Any) -> str:
    """Say how a request was answered."""
    if isinstance(reply, Trouble):
        return f"“{reply}”"
    if isinstance(reply, BaseException):
        return f"{type(reply).__name__}: {reply}"
    result = reply.header["results"][0]
    return f"“{result['error']}”" if "error" in result else "answered"


def _counted(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number} × {what}" for what, number in outcomes.most_common())


# The channel


async def malformed(address: str, count: int) -> str:
    """Send malformed messages over some sockets side by side, a new one for each that the server closes."""
    waiting = list(reversed(mutations(count)))
    outcomes = Counter[str]()

    async def some() -> None:
        while waiting:
            async with connect(
                f"ws://{address}/live?person={token_urlsafe(24)}", compression=None, max_size=None
            ) as open_socket:
                await open_socket.recv()  # the state of the engine
                while waiting and (outcome := await _sent(open_socket, waiting.pop())):
                    outcomes[outcome] += 1
                    if outcome.startswith("closed"):
                        break

    await asyncio.gather(*(some() for _ in range(SIDE_BY_SIDE)))
    return _counted(outcomes)


async def _sent(open_socket: Any, message: Message) -> str:
    """Send one message; how the server took it."""
    try:
        await open_socket.send(message)
        reply = await asyncio.wait_for(open_socket.recv(), 20)
    except ConnectionClosed as closed:
        return f"closed with {closed.rcvd.code if closed.rcvd else 'no code'}"
    except TimeoutError:
        return "no answer within 20 s"
    return "answered with a sentence" if b'"error"' in reply[:4096] else "answered"


async def deaf(server: Server, seconds: float) -> str:
    """Ask for large answers all the time and read none of them, one client after another; what the server held."""
    before, sent, highest = server.memory()[0], list[int](), list[float]()
    for _ in range(DEAF):
        count, most = await _unread(server, seconds / DEAF)
        sent.append(count)
        highest.append(most - before)
    growth = ", ".join(f"{megabytes:+.0f}" for megabytes in highest)
    return f"{sum(sent)} requests for 256 portraits by {DEAF} clients, nothing read; web process at most {growth} MiB"


async def _unread(server: Server, seconds: float) -> tuple[int, float]:
    """Send for some seconds without reading; requests sent and the most MiB that the web process held."""
    host, _, port = server.address.partition(":")
    plug = socket.create_connection((host, int(port)))
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sent, most, web = 0, 0.0, server.web
    z = np.zeros((256, LARGE_LATENTS), np.float32)
    message = {"op": "show", "operations": [decode(LARGE, z), {"verb": "posterior", "model": LARGE}]}
    async with connect(
        f"ws://{server.address}/live?person={token_urlsafe(24)}", sock=plug, compression=None, max_queue=1
    ) as open_socket:
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(seconds):
                while True:
                    header = {"id": sent, "slot": f"s{sent % 60}", **message}
                    await open_socket.send(encode_message(header, z.tobytes()))
                    sent, most = sent + 1, max(most, memory(web))
                    await asyncio.sleep(0.02)
        open_socket.transport.abort()
    return sent, most
