"""Each measurement runs, with small numbers; what it finds does not matter here."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from engine.models.vae import VAE as VAEModel
from engine.models.vae import VAEConfig
from tests.browser.conftest import chromium
from tests.shelf import PIXELS, VAE, keep, made
from tests.tiny import write, write_all

ROOT = Path(__file__).parent.parent
MEASUREMENTS = ("drag", "crowd", "soak", "latency", "walls", "drawing", "film", "loop", "faults", "first_load")


def runs(name: str, *options: str) -> str:
    """Run a measurement as a person does: what it says."""
    command = [sys.executable, "-m", "app.cli", "bench", name, *options]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"\n## {name}" in done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


def goes(name: str, *options: str) -> str:
    """Run a measurement in this process, which has loaded torch already: what it says."""
    said = io.StringIO()
    with patch.object(sys, "argv", [name, *options]), redirect_stdout(said), suppress(SystemExit):
        importlib.import_module(f"bench.{name}").main()
    assert f"\n## {name}" in said.getvalue()
    return said.getvalue()


def test_each_measurement_has_a_test() -> None:
    tested = {name.removeprefix("test_the_bench_") for name in globals() if name.startswith("test_the_bench_")}
    there = {path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_")}
    assert tested == set(MEASUREMENTS) == there


def test_the_bench_latency() -> None:
    assert "| frey-vae-2d |" in runs("latency", "--models", "frey-vae-2d", "--device", "cpu")


def test_the_bench_loop() -> None:
    assert "| frey-vae-2d |" in goes("loop", "--rounds", "1", "--steps", "50", "--recipes", "frey-vae-2d")


def test_the_bench_drawing(tmp_path: Path) -> None:
    keep(tmp_path, "frey-vae-2d", made(VAE))
    keep(tmp_path, "toy-pixels", made(PIXELS))
    assert "| toy-pixels | a wall |" in goes("drawing", "--checkpoints", str(tmp_path), "--wall", "2")


def test_the_bench_film() -> None:
    assert "| frey-vae-2d | gif |" in goes("film", "--models", "frey-vae-2d", "--forms", "gif", "--seconds", "0.5")


def test_the_bench_soak() -> None:
    # A process of its own: visitors who are sent away in mid-request leave sockets behind.
    assert "Tracebacks in the server's log: 0." in runs("soak", "--minutes", "0.05")


def test_the_bench_crowd() -> None:
    said = runs("crowd", "--phones", "3", "--seconds", "1", "--hands", "2", "--no-files")
    assert "3 of 3 phones had their first picture" in said


def test_the_bench_faults(tmp_path: Path) -> None:
    for name, latent in (("frey-vae-2d", 2), ("mnist-vae", 32), ("celeba-vae", 256)):
        write(tmp_path, name, VAEModel(VAEConfig((1, 8, 8), latent=latent, width=8, depth=1)))
    said = runs("faults", "--seconds", "0.2", "--messages", "40", "--checkpoints", str(tmp_path))
    assert "| none, afterwards |" in said


@pytest.mark.browser
def test_the_bench_walls() -> None:
    runs(
        "walls",
        "--sets",
        "64×64 colour",
        "--columns",
        "2",
        "--samples",
        "4",
        "--presses",
        "2",
        "--chromium",
        chromium(),
    )


@pytest.mark.browser
def test_the_bench_drag(tmp_path: Path) -> None:
    folder = ("--checkpoints", str(write_all(tmp_path)))
    said = runs("drag", "--seconds", "0.5", "--engine", "process", *folder, "--chromium", chromium())
    assert "Home to Explore (process)" in said


@pytest.mark.browser
def test_the_bench_first_load(tmp_path: Path) -> None:
    folder = ("--checkpoints", str(write_all(tmp_path)))
    assert "| reconstruct |" in runs("first_load", "--pages", "reconstruct", *folder, "--chromium", chromium())
