"""Each measurement runs, with small numbers; what it finds does not matter here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import chromium
from tests.shelf import PIXELS, VAE, keep, made
from tests.tiny import write_all

ROOT = Path(__file__).parent.parent
MEASUREMENTS = ("drag", "crowd", "soak", "latency", "walls", "drawing", "film", "loop", "uploads")


def runs(name: str, *options: str, rc: tuple[int, ...] = (0,)) -> str:
    """Run a measurement as a person does: what it says."""
    command = [sys.executable, "-m", "app.cli", "bench", name, *options]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode in rc, done.stderr[-3000:]
    assert f"\n## {name}" in done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


def test_each_measurement_has_a_test() -> None:
    tested = {name.removeprefix("test_the_bench_") for name in globals() if name.startswith("test_the_bench_")}
    there = {path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_")}
    assert tested == set(MEASUREMENTS) == there - {"faults"}  # whose harms take minutes, however few they are


def test_the_bench_latency() -> None:
    assert "| frey-vae-2d |" in runs("latency", "--models", "frey-vae-2d", "--device", "cpu")


def test_the_bench_loop() -> None:
    assert "| frey-vae-2d |" in runs("loop", "--rounds", "1", "--steps", "50", "--recipes", "frey-vae-2d")


def test_the_bench_drawing(tmp_path: Path) -> None:
    keep(tmp_path, "frey-vae-2d", made(VAE))
    keep(tmp_path, "toy-pixels", made(PIXELS))
    assert "| toy-pixels | a wall |" in runs("drawing", "--checkpoints", str(tmp_path), "--wall", "2", rc=(0, 1))


def test_the_bench_film() -> None:
    assert "| frey-vae-2d | gif |" in runs("film", "--models", "frey-vae-2d", "--forms", "gif")


def test_the_bench_uploads() -> None:
    runs("uploads", "--mutations", "20")


def test_the_bench_soak() -> None:
    assert "Tracebacks in the server's log: 0." in runs("soak", "--minutes", "0.05")


def test_the_bench_crowd() -> None:
    said = runs("crowd", "--phones", "3", "--seconds", "1", "--hands", "2", "--no-files")
    assert "3 of 3 phones had their first picture" in said


@pytest.mark.browser
def test_the_bench_walls() -> None:
    runs("walls", "--columns", "2", "--samples", "4", "--presses", "2", "--chromium", chromium())


@pytest.mark.browser
def test_the_bench_drag(tmp_path: Path) -> None:
    folder = ("--checkpoints", str(write_all(tmp_path)))
    said = runs("drag", "--seconds", "0.5", "--engine", "process", *folder, "--chromium", chromium())
    assert "Home to Explore (process)" in said
