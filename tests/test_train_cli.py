"""zoetrope-train as people call it: what works on a run as a process, what only speaks in this one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from engine import load
from train import cli
from train.cli import current, folder_of, main

TRAIN = [sys.executable, "-m", "train.cli"]
RANKS = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node",
    "2",
    "-m",
    "train.cli",
    "--",
]
ROOT = Path(__file__).parent.parent


def call(*words: str | Path, command: list[str] = TRAIN, where: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, cwd=where, env=environment, timeout=150
    )


def weights(run: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(run / "state.pt", weights_only=True)["objective"]
    return state


def test_from_a_recipe_to_a_measured_checkpoint(tmp_path: Path) -> None:
    run, checkpoints = tmp_path / "run", tmp_path / "checkpoints"
    ran = call("run", "digits-vae", "--steps", "40", "--model.latent", "3", "--run", run)
    assert ran.returncode == 0, ran.stderr
    main(["export", str(run), "digits-vae-mine", "--to", str(checkpoints)])
    measured = call("evaluate", "digits-vae-mine", "--checkpoints", checkpoints, "--samples", "20")
    assert measured.returncode == 0, measured.stderr
    assert "test MSE" in measured.stdout
    card = json.loads((checkpoints / "digits-vae-mine" / "card.json").read_text())
    assert card["latent"] == 3
    assert card["metrics"]


def test_a_checkpoint_is_measured_with_the_critic_of_its_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str | Path) -> str:
        main([str(word) for word in words])
        return capsys.readouterr().out

    run, checkpoints = tmp_path / "run", tmp_path / "checkpoints"
    sizes = ("--model.shape", "1", "8", "8", "--model.width", "4", "--objective.critic.width", "4", "--batch", "16")
    told("run", "mnist-ali", "--data", "digits", *sizes, "--steps", "3", "--run", run)
    told("export", run, "digits-ali", "--to", checkpoints)
    measured = told("evaluate", "digits-ali", "--run", run, "--checkpoints", checkpoints)
    for name in ("latents", "encoder features", "critic features"):
        assert f"linear probe, {name}" in measured
    assert told("evaluate", "digits-ali", "--checkpoints", checkpoints) == measured


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--begin", "--init-from"),
        ("--begin=digits-vae", "--init-from=digits-vae"),
        ("--model.position-bias-layers", "--model.position-bias-layers"),
        ("--model.located", "--model.position-bias-layers"),
        ("--objective.penalized=0.5", "--objective.lazy-reg-fraction=0.5"),
        ("--top", "--z2-dim"),
        ("begin", "begin"),
        ("0.5", "0.5"),
        ("--model.likelihood", "--model.likelihood"),
    ],
)
def test_options_go_on_working_by_their_older_names(typed: str, meant: str) -> None:
    assert current(typed) == meant


def test_a_run_goes_on_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    first, second = tmp_path / "first", tmp_path / "second"
    small = ("--steps", "2", "--model.width", "8", "--ema", "0")
    main(["run", "digits-vae", *small, "--run", str(first)])
    main(["export", str(first), "digits-vae-first"])
    still = ("--optimizer.lr", "0", "--seed", "1", "--run", str(second))
    main(["run", "digits-vae", *small, "--begin", "digits-vae-first", *still])
    begun = load("digits-vae-first").state_dict()
    ended = weights(second)
    assert all(torch.equal(value, ended[f"model.{name}"]) for name, value in begun.items())
    assert json.loads((second / "recipe.json").read_text())["init_from"] == "digits-vae-first"
    for words, sentence in (
        (["digits-vae", "--begin", "digits-vae-first"], "has width 8 for 128"),
        (["mnist-pixelcnn", "--data", "digits", "--begin", "digits-vae-first"], "of family vae"),
        (["digits-vae", "--begin", "digits-vae-frist"], "digits-vae-first"),
    ):
        with pytest.raises(SystemExit):
            main(["run", *words, "--run", str(tmp_path / "third")])
        assert sentence in capsys.readouterr().err
        assert not (tmp_path / "third").exists()


def test_a_run_begins_with_what_another_family_has_in_common(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sizes = ("--model.width", "8", "--steps", "2", "--ema", "0", "--optimizer.lr", "0")
    main(["run", "digits-vae", *sizes, "--run", str(tmp_path / "first")])
    main(["export", str(tmp_path / "first"), "digits-vae-first"])
    likes = ("--model.net", "dense", "--model.shape", "1", "8", "8", "--model.latent", "2", "--model.depth", "2")
    words = ("--data", "digits", *likes, *sizes, "--begin", "digits-vae-first", "--seed", "1")
    main(["run", "mnist-iaf-vae", *words, "--run", str(tmp_path / "second")])
    begun, ended = load("digits-vae-first").state_dict(), weights(tmp_path / "second")
    common = [name for name, value in begun.items() if ended[f"model.{name}"].shape == value.shape]
    assert f"{len(common)} of the model's" in capsys.readouterr().out
    assert set(begun) - set(common) == {"encoder.head.weight", "encoder.head.bias"}  # which gives a context as well
    assert all(torch.equal(begun[name], ended[f"model.{name}"]) for name in common)


def test_a_run_begins_with_fewer_layers_than_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sizes = ("--data", "digits", "--model.shape", "1", "8", "8", "--steps", "1", "--batch", "8", "--ema", "0")
    first, second = str(tmp_path / "first"), tmp_path / "second"
    main(
        [
            "run",
            "mnist-pixelcnn",
            *sizes,
            "--model.width",
            "4",
            "--model.depth",
            "1",
            "--model.located",
            "0",
            "--run",
            first,
        ]
    )
    main(["export", first, "digits-pixelcnn"])
    grown = ("--model.depth", "3", "--model.located", "2", "--begin", "digits-pixelcnn", "--optimizer.lr", "0")
    main(["run", "mnist-pixelcnn", *sizes, "--model.width", "4", *grown, "--run", str(second)])
    begun, ended = load("digits-pixelcnn").state_dict(), weights(second)
    assert f"{len(begun)} of the model's" in capsys.readouterr().out
    assert all(torch.equal(value, ended[f"model.{name}"]) for name, value in begun.items())
    with pytest.raises(SystemExit):
        main(["run", "mnist-pixelcnn", *sizes, "--model.width", "6", *grown, "--run", str(tmp_path / "third")])
    assert "has width 4 for 6, depth 1 for 3, position_bias_layers 0 for 2. Give what it has" in capsys.readouterr().err


def test_a_run_of_some_minutes_keeps_the_steps_that_it_was_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "steps_within", lambda recipe, data, minutes: int(3 * minutes))
    main(["run", "digits-vae", "--minutes", "2", "--run", str(tmp_path / "run")])
    assert "6 of 2,000 steps fit into 2 minutes here." in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["steps"] == 6


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list"])
    assert "frey-vae-2d" in capsys.readouterr().out
    main(["show", "frey-vae-2d"])
    assert json.loads(capsys.readouterr().out)["data"] == "frey"


def test_help_names_every_command_and_field(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    with pytest.raises(SystemExit):
        main(["run", "digits-vae", "--help"])
    helped = capsys.readouterr().out
    for word in (
        "list",
        "show",
        "resume",
        "evaluate",
        "compare",
        "export",
        "--steps",
        "--model.latent",
        "--objective.beta",
    ):
        assert word in helped


def test_a_killed_process_resumes_to_the_same_weights(tmp_path: Path) -> None:
    fields = ("run", "digits-vae", "--steps", "120", "--save-every", "10", "--batch", "700", "--sheets", "0")
    whole = call(*fields, "--run", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*TRAIN, *fields, "--run", str(tmp_path / "killed")], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "killed" / "state.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stopped = torch.load(tmp_path / "killed" / "state.pt", weights_only=True)["step"]
    assert stopped < 120, "the run ended before it could be killed"
    resumed = call("resume", tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    for name, tensor in weights(tmp_path / "whole").items():
        assert torch.equal(tensor, weights(tmp_path / "killed")[name]), name


def test_two_ranks_train_as_one(tmp_path: Path) -> None:
    """An autoencoder draws no noise, so two halves of a batch have the gradient of the whole."""
    fields = ("run", "mnist-ae", "--data", "digits", "--model.shape", "1", "8", "8", "--steps", "20", "--sheets", "0")
    main([*fields, "--run", str(tmp_path / "alone")])
    together = call(*fields, "--run", tmp_path / "together", command=RANKS)
    assert together.returncode == 0, together.stderr
    for name, tensor in weights(tmp_path / "alone").items():
        torch.testing.assert_close(tensor, weights(tmp_path / "together")[name], rtol=1e-3, atol=1e-4)
    lines = (tmp_path / "together" / "log.jsonl").read_text().splitlines()
    assert len(lines) == 1, "one rank writes the log"
    assert together.stdout.count("Trained.") == 1, "one rank speaks"


def test_mistakes_get_one_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {
        ("run", "nonsense"): "There is no recipe called 'nonsense'",
        ("run",): "needs the name of a recipe",
        ("dance",): "There is no command called 'dance'",
        ("resume", "nowhere"): "There is no run called 'nowhere'",
        ("evaluate", "no-such-checkpoint"): "There is no checkpoint called",
        ("evaluate", "mnist-vae", "--run", "nowhere"): "There is no run called 'nowhere'",
        ("run", "digits-vae", "--model.latent", "0"): "latent is 0",
        ("run", "frey-vae-2d", "--data-dir", str(tmp_path)): str(tmp_path),
        ("run", "digits-vae", "--data", f"folder:{tmp_path}"): str(tmp_path),
        ("run", "digits-vae", "--steps", "many"): "many",
        ("run", "digits-vae", "--minutes", "0"): "--minutes is 0",
    }
    monkeypatch.chdir(tmp_path)
    for words, sentence in cases.items():
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = capsys.readouterr().err
        assert ended.value.code == 2, (words, said)
        assert sentence in said, words
    answer = call("dance", where=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_a_run_is_found_though_its_pictures_lie_in_a_folder_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("cats", "runs/cats", "elsewhere/dogs"):
        Path(folder).mkdir(parents=True)
    assert [folder_of(run) for run in ("cats", "runs/cats", "elsewhere/dogs", "nowhere")] == [
        Path(folder) for folder in ("runs/cats", "runs/cats", "elsewhere/dogs", "runs/nowhere")
    ]
