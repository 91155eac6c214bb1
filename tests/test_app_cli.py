"""The command `zoetrope` as a process, and what the app may import."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import browser_check, cli, doctor, network
from app.server import store
from tests.tiny import write_all

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    store.close()


def zoetrope(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home)}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False)


def test_list_shows_what_each_can_do_and_who_was_refused(folder: Path, tmp_path: Path) -> None:
    done = zoetrope("list", "--checkpoints", str(folder), home=tmp_path)
    assert done.returncode == 0
    first, *_, last = done.stdout.splitlines()
    assert first.split() == ["frey-vae-2d", "2", "latents", "28×20×1", "samples,", "decodes,", "encodes,", "bounds"]
    assert last.startswith("refused: toy-broken: weights.safetensors has SHA-256")


def test_doctor_tries_everything_and_reports_each_fault(folder: Path, tmp_path: Path) -> None:
    done = zoetrope("doctor", "--checkpoints", str(folder), home=tmp_path)
    assert done.returncode == 1, done.stderr
    said = done.stdout
    faults = [line for line in said.splitlines() if line.startswith("fault: ")]
    assert "engine: a process of its own, ready after" in said
    assert "toy-ae: one picture in" in said
    assert f"store: {tmp_path}/.local/share/zoetrope/state.sqlite3 can be written" in said
    assert "pages: answer after" in said
    assert "and show frey-vae-2d after" in said
    assert "port 8501 is" in said
    assert "browser: " in said
    assert "network: on localhost the pages are for this machine alone" in said
    of_the_machine = ("fault: Only", "fault: There is a GPU")  # memory that others hold, a build without CUDA
    assert [line[:17] for line in faults if not line.startswith(of_the_machine)] == ["fault: toy-broken"]
    assert said.splitlines()[-1].startswith(f"{len(faults)} fault")


def test_doctor_names_a_store_that_cannot_be_used_and_pages_that_do_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".local").write_text("a file where a folder should be")
    said = list[str]()
    report = doctor.Report(said.append)
    doctor._store(report)
    assert "cannot be used" in report.faults[0]
    assert report.close() == 1
    assert said[-1] == "1 fault."
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(browser_check.Unreachable, match="do not start"):
        browser_check.pages(None, None)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1"])
def test_on_localhost_nobody_else_sees_the_pages(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "addresses", lambda: ["192.168.1.5", "fd00::7"])
    said = network.exposure(address, 8501)
    assert "for this machine alone" in said
    assert "--address 0.0.0.0, then http://192.168.1.5:8501 or http://[fd00::7]:8501" in said
    monkeypatch.setattr(network, "addresses", list)
    assert "need a network first" in network.exposure(address, 8501)


def test_in_the_open_the_addresses_for_phones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "addresses", lambda: ["192.168.1.5"])
    assert "everyone in the network can see the pages, at http://192.168.1.5:8501" in network.exposure("0.0.0.0", 8501)
    assert "everyone who reaches 10.0.0.3" in network.exposure("10.0.0.3", 8501)
    monkeypatch.setattr(network, "addresses", list)
    assert "no address that others reach" in network.exposure("0.0.0.0", 8501)


def test_addresses_of_this_machine_are_its_own_and_not_loopback() -> None:
    for address in network.addresses():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.bind((address, 0))
        assert not network.loopback(address)


CROWD = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1100))
from app import network
assert network.crowd() == "open files: 1100 allowed, enough for about 200 phones at once", network.crowd()
network.allow_many_sockets()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1100, 1100)
"""


def test_the_server_opens_as_many_sockets_as_it_may() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWD], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr


def test_without_a_display_the_address_to_open_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_check, "display", lambda: False)
    assert "open http://localhost:8501 by hand" in browser_check.browser("0.0.0.0", 8501)
    monkeypatch.setattr(browser_check, "display", lambda: True)
    monkeypatch.setattr(browser_check, "named", lambda: "firefox")
    assert browser_check.browser("localhost", 8501) == "browser: firefox would open http://localhost:8501"
    monkeypatch.setattr(browser_check, "named", lambda: None)
    assert "no browser was found" in browser_check.browser("localhost", 8501)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["list", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["run", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["run", "--port", "99999"], "99999 is no port"),
        (["run", "--port", "many"], "invalid int value: 'many'"),
        (["run", "--address", "192.0.2.1"], "Cannot listen on 192.0.2.1"),
        (["run", "--address", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
        (["run", "--origin", "zoetrope.example"], "--origin 'zoetrope.example' was given"),
        (["run", "--base-path", "a b"], "--base-path 'a b' was given"),
        (["run", "--proxy", "nginx"], "--proxy 'nginx' was given"),
        (["run", "--engine", "fast"], "there is process, thread, or the http://"),
        (["run", "--engine", "http://localhost:1", "--checkpoints", "."], "Leave --checkpoints to its zoetrope serve"),
        (["serve", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["serve", "--gpus-per-replica", "nan"], "--gpus-per-replica nan was given"),
        (["serve", "--gpus-per-replica=-1"], "--gpus-per-replica -1.0 was given"),
        (["run", "--colour"], "'--colour' is not understood"),
        (["bench", "nothing"], "There is no measurement called 'nothing'. There is: "),
        (["bench", "--help"], "Name a measurement: "),
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
    assert f"Port {port} is taken. Choose another, for example: --port" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--replicas", "many"], "--replicas 'many' was given"),
        (["serve", "--gpus-per-replica", "nan"], "--gpus-per-replica nan was given"),
        (["serve", "--checkpoints", "nowhere"], "There is no folder nowhere."),
        (["run", "--engine", "fast"], "there is process, thread, or the http://"),
        (["run", "--checkpoints", "nowhere"], "There is no folder nowhere."),
    ],
)
def test_arguments_are_checked_before_ports(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "busy", lambda *_: True)
    assert cli.main(arguments) == 2
    assert sentence in capsys.readouterr().err


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
from app import main
from app.server import http_server
http_server.Server.run = lambda server, sockets: None
main.serve(8599, "localhost", lambda: None, headless=True)
import sys
assert sys.getswitchinterval() == main.SWITCH
from streamlit import config
wrong = {key: config.get_option(key) for key, value in main.SETTINGS.items() if config.get_option(key) != value}
assert not wrong, wrong
assert (config.get_option("server.address"), config.get_option("server.port")) == ("localhost", 8599)
assert config.get_option("server.headless") is True
"""


def test_each_setting_takes_effect(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}
    command = [sys.executable, "-c", SETTINGS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
