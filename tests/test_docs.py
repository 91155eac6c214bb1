"""The documentation names what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.version import version

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = ("app", "engine", "train", "bench", "checkpoints", "docs", "tests")
WRITTEN = re.compile(r"(?:^|[\s(`])((?:" + "|".join(FOLDERS) + r")/[\w./-]*\w)")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_and_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`]*NAME[^`]*`|[A-Z]+/NAME\S*|\S*(?:NAME|DATA)\S*", "", page.read_text("utf-8"))
    paths = {path.rstrip(".") for path in WRITTEN.findall(text)}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    links = {link for link in LINK.findall(text) if "://" not in link}
    assert [link for link in sorted(links) if not (page.parent / link).exists()] == []


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 150


def test_every_shipped_checkpoint_is_described() -> None:
    described = (ROOT / "docs" / "checkpoints.md").read_text("utf-8")
    names = [path.name for path in (ROOT / "checkpoints").iterdir() if path.is_dir()]
    toys = [name for name in names if name.startswith(("ring-", "grid-"))]  # a row of their own, by family
    assert [name for name in sorted({*names} - {*toys}) if f"`{name}`" not in described] == []
    assert [name for name in toys if f"`{name.split('-', 1)[1]}`" not in described] == []


def test_the_count_of_the_readme_is_that_of_the_folder() -> None:
    count = sum(path.is_dir() for path in (ROOT / "checkpoints").iterdir())
    assert f"The {count} checkpoints" in (ROOT / "README.md").read_text("utf-8")


def test_the_picture_of_the_two_roads_is_the_one_that_its_program_draws() -> None:
    script = "import runpy; print(runpy.run_path('docs/roads.py')['drawing'](), end='')"
    drawn = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert drawn == (ROOT / "docs" / "roads.svg").read_text("utf-8")
    for path in re.findall(r'class="path"[^>]*>([^<]+)<', drawn):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("command", ["app.cli", "train.cli"])
def test_a_command_tells_its_version(command: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", command, "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [{"app.cli": "zoetrope", "train.cli": "zoetrope-train"}[command], version()]


@pytest.mark.parametrize(
    ("places", "marked"), [("RAY", r"mark[.]ray|import (\w+, )*RAY\b"), ("BROWSER", r"mark[.]browser")]
)
def test_make_looks_for_marked_tests_wherever_they_are(places: str, marked: str) -> None:
    (line,) = re.findall(rf"^{places} := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if re.search(marked, path.read_text("utf-8"))]
    assert found
    for path in found:
        assert any(path.is_relative_to(ROOT / place) for place in line.split()), path
