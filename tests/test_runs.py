"""A run on disk under bad conditions: damage, a full disk, two at once, no home, pipes of any encoding."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import numpy as np
import pytest
import torch

from engine import console, user_dir
from engine.checkpoints import files
from engine.errors import BadValue, MissingData
from engine.inference.engine import Engine
from train import runs
from train.cli import main
from train.data import open_data
from train.loop import Training, train
from train.recipes import RECIPES
from train.runs import Run

ROOT = Path(__file__).parent.parent
CPU = torch.device("cpu")
QUICK = ["--steps", "4", "--save-every", "2", "--batch", "4", "--sheets", "1", "--model.width", "16"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    main(["run", "digits-vae", "--run", str(tmp_path / "run"), *QUICK])
    return Run.open(tmp_path / "run")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert "Traceback" not in said
    return said


# Damage


def changed_inside(content: bytes) -> bytes:
    damaged = bytearray(content)
    middle = len(damaged) // 2
    damaged[middle : middle + 400] = bytes(byte ^ 0x55 for byte in damaged[middle : middle + 400])
    return bytes(damaged)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "400 bytes changed": changed_inside,
    "one byte changed": lambda content: content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "text": lambda content: b"hello",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_refused_and_a_copy_put_back_goes_on(
    damage: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    state = run.folder / "state.pt"
    whole = state.read_bytes()
    state.write_bytes(DAMAGES[damage](whole))
    for words in (["resume", str(run.folder)], ["export", str(run.folder), "a-b", "--to", str(run.folder)]):
        assert "state.pt is damaged" in refused(capsys, *words)
    assert not (run.folder / "a-b").exists()
    state.write_bytes(whole)
    main(["resume", str(run.folder)])
    state.unlink()
    main(["resume", str(run.folder)])  # as the sentence says: anew
    assert (again := run.load_state(CPU)) is not None
    assert again["step"] == 4


def test_every_changed_weight_is_noticed(run: Run) -> None:
    """Wherever in a tensor a byte is changed, the state is refused: none is taken over with other weights."""
    state = run.folder / "state.pt"
    whole, weights = state.read_bytes(), run.load_state(CPU)
    for place in np.random.default_rng(0).integers(0, len(whole), 40).tolist():
        state.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            found = run.load_state(CPU)
        except BadValue:
            continue
        assert found is not None
        assert weights is not None
        for name, tensor in weights["objective"].items():  # what was changed lies between the tensors
            assert torch.equal(tensor, found["objective"][name])


def test_a_state_of_another_recipe_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = run.folder / "recipe.json"
    recipe = json.loads(path.read_text())
    recipe["model"]["width"] = 8
    path.write_text(json.dumps(recipe))
    assert "not one of the run's recipe" in refused(capsys, "resume", str(run.folder))


@pytest.mark.parametrize(
    "torn", [b"", b'{"data": "digi', b"[]", b"\xff\xfe\x00", b"[" * 100_000, b'{"data": "digits"}', b'{"model": 3}']
)
def test_a_torn_recipe_is_a_sentence(torn: bytes, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = run.folder / "recipe.json"
    whole = path.read_bytes()
    path.write_bytes(torn)
    for words in (["resume", str(run.folder)], ["export", str(run.folder), "a-b", "--to", str(run.folder)]):
        assert len(refused(capsys, *words)) < 400
    path.write_bytes(whole)
    main(["resume", str(run.folder)])


@pytest.mark.parametrize(
    "torn", [b"", b'{"step": 3, "los', b"\xff\xfe\n", b"}\n", b"[1]}\n", b'{"loss": 1}\n', b'{"step": "x"}\n']
)
def test_a_torn_log_costs_its_torn_lines_alone(torn: bytes, run: Run) -> None:
    path = run.folder / "log.jsonl"
    path.write_bytes(b'{"step": 1, "loss": 2.5}\n' + torn)
    main(["resume", str(run.folder)])
    assert run.lines()[0] == {"step": 1, "loss": 2.5}
    assert all(isinstance(line["step"], int) for line in run.lines())


# Two at once


def test_a_run_is_trained_by_one_process_at_a_time(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with filelock.FileLock(run.folder / runs.LOCK):
        script = f"from train.cli import main; main(['resume', {str(run.folder)!r}])"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 2
    assert "is being trained by another process" in done.stderr
    main(["resume", str(run.folder)])


def test_where_files_cannot_be_locked_the_run_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(self: object, timeout: float) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(filelock.FileLock, "acquire", missing)
    with run.locked():
        pass
    assert "cannot be locked" in caplog.text


# Disks


def test_a_full_disk_keeps_the_last_state_and_a_second_try_works(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run.folder / "state.pt").read_bytes()
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(os, "replace", full)
    said = refused(capsys, "resume", str(run.folder))
    assert "No space left on device" in said
    assert "Free some space" in said
    monkeypatch.setattr(os, "replace", replace)
    assert (run.folder / "state.pt").read_bytes() == before
    assert not [path for path in run.folder.rglob("*.part")]
    main(["resume", str(run.folder)])


def test_a_real_full_device_is_a_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    run = Run.start(tmp_path / "run", RECIPES["digits-vae"])
    (run.folder / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        run.log({"step": 1})


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    said = refused(capsys, "run", "digits-vae", *QUICK, "--run", str(tmp_path / "file" / "run"))
    assert str(tmp_path / "file") in said
    assert "try again" in said


def test_a_folder_that_cannot_be_synced_holds_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def guarded(path: str | Path, flags: int, *more: int) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "as on Windows", str(path))
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", guarded)
    files.write_atomically(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    monkeypatch.undo()
    sync = os.fsync

    def of_files(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "as on network shares")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", of_files)
    files.write_atomically(tmp_path / "b", b"whole")
    assert (tmp_path / "b").read_bytes() == b"whole"


def test_a_lost_folder_of_sheets_is_made_again(run: Run) -> None:
    for sheet in (run.folder / "sheets").iterdir():
        sheet.unlink()
    (run.folder / "sheets").rmdir()
    run.save_sheet(1, b"a sheet")
    assert (run.folder / "sheets" / "0000001.webp").read_bytes() == b"a sheet"


# No home


def test_without_a_home_the_shipped_checkpoints_are_there_and_the_rest_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def homeless(cls: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(homeless))
    monkeypatch.setattr(os, "mkdir", lambda path, mode=0o777: (_ for _ in ()).throw(PermissionError(13, "no", path)))
    assert user_dir.data_folder().is_relative_to(user_dir.NOWHERE)
    assert "frey-vae-2d" in Engine(None, "cpu").names()
    assert "set HOME" in refused(capsys, "export", str(run.folder), "digits-mine")
    assert "There is no folder" in refused(capsys, "run", "digits-vae", "--data", "folder:missing")


def test_a_tilde_without_a_home_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(MissingData, match="set HOME"):
        open_data("folder:~/cats")


# Encodings


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("ascii", ["train.cli", "list"]),
        ("cp437", ["train.cli", "run", "no-×-σ-\udce9"]),
        ("cp1252", ["train.cli", "--help"]),
        ("ascii", ["app.cli", "list", "--checkpoints", "no-×-σ"]),
    ],
)
def test_output_fits_a_pipe_of_any_encoding(encoding: str, words: list[str]) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", *[word.encode("utf-8", "surrogateescape") for word in words]]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, timeout=150)
    assert b"Traceback" not in done.stderr.replace(b"\0", b"")
    assert done.returncode in (0, 2)
    assert (done.stdout + done.stderr).strip()


def test_what_an_encoding_lacks_is_written_in_plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, wanted in (("ascii", b"8x8, 1 sigma, \\u2603 \\xe9"), ("cp437", b"8x8, 1 \xe5, \\u2603 \x82")):
        file = io.BytesIO()
        stream = io.TextIOWrapper(file, encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        console.write_plainly()
        print("8×8, 1 σ, ☃ é", file=stream, end="", flush=True)
        assert file.getvalue() == wanted


def test_a_reader_that_has_gone_ends_the_command_quietly() -> None:
    script = "import os, sys; from train.cli import main; main(['list'])"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, bufsize=0
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.wait(120)
    process.stderr.close()
    assert b"Traceback" not in told


def test_training_goes_on_in_a_run_of_before(run: Run) -> None:
    """The saved state is the zip file that it always was."""
    state = torch.load(run.folder / "state.pt", weights_only=True)
    torch.save(state, run.folder / "state.pt")
    training = train(run.recipe(), open_data("digits"), run, progress_bar=False)
    assert isinstance(training, Training)
    assert training.step == 4
