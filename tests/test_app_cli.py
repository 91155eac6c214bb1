"""The command `zoetrope` as a process, and what the app may import."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import write_all

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(tmp_path_factory.mktemp("checkpoints"))


def zoetrope(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home)}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)


def test_list_shows_what_each_can_do_and_who_was_refused(folder: Path, tmp_path: Path) -> None:
    done = zoetrope("list", "--checkpoints", str(folder), home=tmp_path)
    assert done.returncode == 0
    first, *_, last = done.stdout.splitlines()
    assert first.split() == ["frey-vae-2d", "2", "latents", "28×20×1", "samples,", "decodes,", "encodes,", "bounds"]
    assert last.startswith("refused: toy-broken: weights.safetensors has SHA-256")


def test_doctor_reports_each_model_and_each_fault(folder: Path, tmp_path: Path) -> None:
    done = zoetrope("doctor", "--checkpoints", str(folder), home=tmp_path)
    assert done.returncode == 1
    assert "toy-ae: one picture in" in done.stdout
    assert "fault: toy-broken" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 fault."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["list", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["run", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["run", "--port", "99999"], "99999 is no port"),
        (["run", "--port", "many"], "invalid int value: 'many'"),
        (["run", "--address", "192.0.2.1"], "Cannot listen on 192.0.2.1"),
        (["run", "--address", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
        (["run", "--colour"], "'--colour' is not understood"),
        (["bench", "nothing"], "There is no measurement called 'nothing'. There is: "),
        (["fly"], "invalid choice: 'fly'"),
        ([], "COMMAND"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = zoetrope(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = zoetrope("run", "--port", str(port), home=tmp_path)
    assert done.returncode == 2
    assert f"Port {port} is taken. Choose another, for example: zoetrope run --port" in done.stderr


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def test_the_app_imports_neither_torch_nor_train() -> None:
    files = list((ROOT / "app").rglob("*.py"))
    assert len(files) > 10
    assert [path.name for path in files if imports(path) & {"torch", "train", "torchvision"}] == []


SETTINGS = """
from streamlit.web.server.starlette import starlette_server
starlette_server.UvicornRunner.run = lambda runner: None
from app import main
main.serve(8599, "localhost", None, headless=True)
from streamlit import config
wrong = {key: config.get_option(key) for key, value in main.SETTINGS.items() if config.get_option(key) != value}
assert not wrong, wrong
assert (config.get_option("server.address"), config.get_option("server.port")) == ("localhost", 8599)
assert config.get_option("server.headless") is True
"""


def test_each_setting_takes_effect(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}
    command = [sys.executable, "-c", SETTINGS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
