"""An engine of a few lines: pictures whose grey is the first latent, and models that take their time or fail."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadLatent, EngineLost
from engine.inference.requests import Answer, Job
from engine.inference.verbs import TERMS
from engine.serving.protocol import Listener, State


def card(name: str, latent: int, shape: tuple[int, int, int], classes: int = 0) -> Card:
    names = tuple(f"class {y}" for y in range(classes))
    return Card(
        name, "vae", {}, ("samples", "decodes"), shape, latent, title=name, description="", data="", terms="",
        licence="", recipe={}, parameters=0, digests={}, versions={}, classes=names,
    )  # fmt: skip


CARDS = {
    "grey": card("grey", 2, (1, 4, 3)),
    "colour": card("colour", 3, (3, 64, 64), classes=2),
    "slow": card("slow", 1, (1, 2, 2)),
    "gated": card("gated", 1, (1, 2, 2)),
}


class Echo:
    """A backend. `slow` takes 50 ms a job, `gated` waits for the gate; a latent of 13 fails, one of 14 is refused."""

    def __init__(self) -> None:
        self.pools = {name: ThreadPoolExecutor(1) for name in CARDS}
        self.gate = threading.Event()
        self.jobs: list[Job] = []
        self.futures: list[Future[Answer]] = []
        self.forgotten: list[str] = []
        self.listeners: list[Listener] = []
        self.closed = False

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        return Catalogue(CARDS, {"broken": "broken: it was cut short."})

    def submit(self, job: Job) -> Future[Answer]:
        self.futures.append(self.pools[job.model].submit(self.answer, job))
        return self.futures[-1]

    def answer(self, job: Job) -> Answer:
        if job.model == "slow":
            time.sleep(0.05)
        if job.model == "gated":
            self.gate.wait(10)
        self.jobs.append(job)
        if job.verb == "latents":
            arrays: dict[str, Any] = {"z": np.outer(job.seeds, [job.truncation] * CARDS[job.model].latent)}
            arrays = {"z": arrays["z"].astype(np.float32)}
        elif job.verb == "posterior":
            arrays = {"z": np.ones((5, 2), np.float32), "labels": np.arange(5, dtype=np.int16)}
        elif job.verb == "distance":
            assert job.pictures is not None
            assert job.others is not None
            arrays = {"distance": np.abs(job.pictures - job.others.astype(np.float32)).mean((1, 2, 3))}
        elif job.verb == "nearest":
            assert job.pictures is not None
            near = np.repeat(job.pictures[:, None], job.neighbours, 1)
            arrays = {"pictures": near, "distance": np.tile(np.arange(job.neighbours, dtype=np.float32), (job.rows, 1))}
        elif job.verb == "complete":
            arrays = self.completed(job)
        elif job.verb in ("surprise", "receptive"):
            assert job.pictures is not None
            name = {"surprise": "surprise", "receptive": "reach"}[job.verb]
            arrays = {name: job.pictures[:, :, :, 0].astype(np.float32) + job.first}
        elif job.verb in ("reconstruct", "invert"):
            arrays = self.probed(job)
        elif job.verb in ("score", "classify"):
            arrays = self.told(job)
        else:
            arrays = {"pictures": self.pictures(job)}
        return Answer(arrays, {"queue": 1.0, "model": 2.0 + job.rows})

    def completed(self, job: Job) -> dict[str, Any]:
        """Pictures whose hidden pixels are their seeds, and chances in which the number of the pixel can be read."""
        assert job.pictures is not None
        assert job.hidden is not None
        seeds = np.array(job.seeds, np.uint8)[:, None, None, None]
        drawn = np.where(job.hidden[..., None], seeds, job.pictures)
        if not job.terms:
            return {"pictures": drawn}
        pixels = np.arange(job.first, job.last, dtype=np.float32)[None, :, None, None]
        return {"pictures": drawn, "chances": np.tile(pixels, (len(seeds), 1, drawn.shape[3], 2))}

    def probed(self, job: Job) -> dict[str, Any]:
        """Pictures as they came; z, state and losses in which what was asked can be read."""
        assert job.pictures is not None
        rows, latent = len(job.pictures), CARDS[job.model].latent
        pictures = {"pictures": job.pictures.copy()}
        if job.state is not None:
            losses = np.arange(rows * job.steps, dtype=np.float32).reshape(rows, job.steps)
            return {**pictures, "state": job.state + 1, "losses": losses}
        z = np.outer(job.seeds or [0.5] * rows, np.ones(latent)).astype(np.float32)
        terms = {name: np.full(rows, 2.5, np.float32) for name in TERMS} if job.terms else {}
        terms |= {"distortion": np.full(rows, np.inf, np.float32)} if job.terms else {}
        return {**pictures, "z": z, "drawn": np.full(rows, bool(job.seeds), np.uint8), **terms}

    def told(self, job: Job) -> dict[str, Any]:
        """What can be read off the bytes of pictures: of `slow` a bound that is not finite."""
        assert job.pictures is not None
        bytes_ = job.pictures.reshape(len(job.pictures), -1).astype(np.float32)
        if job.verb == "classify":
            return {"logits": bytes_[:, :1] * np.array([[1, 0, 0]], np.float32)}
        bits = np.full(len(bytes_), 8 * bytes_.shape[1], np.float32)
        if job.model == "slow":
            return {"elbo": np.full(len(bytes_), -np.inf, np.float32), "file_bits": bits}
        given = -bytes_.sum(1, keepdims=True) - np.arange(3, dtype=np.float32)
        return {"log_prob": given[:, 0], "file_bits": bits, "given": given}

    def pictures(self, job: Job) -> Any:
        assert job.z is not None
        if (job.z[:, 0] == 13).any():
            raise RuntimeError("a fault of ours")
        if (job.z[:, 0] == 14).any():
            raise BadLatent("14 is not to our taste.")
        channels, height, width = CARDS[job.model].shape
        return np.broadcast_to(job.z[:, :1, None, None].astype(np.uint8), (len(job.z), height, width, channels)).copy()

    def forget(self, who: str) -> None:
        self.forgotten.append(who)

    def watch(self, listener: Listener) -> None:
        self.listeners.append(listener)
        listener("ready")

    def become(self, state: State) -> None:
        for listener in self.listeners:
            listener(state)

    def close(self) -> None:
        self.closed = True
        self.gate.set()
        for pool in self.pools.values():
            pool.shutdown(cancel_futures=True)


class Absent(Echo):
    """A backend that never opens."""

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        raise EngineLost("The engine does not start: it is not there.")
