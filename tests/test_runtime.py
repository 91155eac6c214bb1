"""The engine over a folder of small checkpoints: the door that the pages knock at."""

from __future__ import annotations

import inspect
import shutil
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import engine
from engine.checkpoints import files, listing
from engine.errors import BadLatent, BadPicture, BadValue, CheckpointRefused, MissingVerb, UnknownName, ZoetropeError
from engine.inference.engine import Engine
from engine.inference.images import from_bytes, to_bytes
from engine.inference.requests import Job
from tests.shelf import AE, CVAE, VAE, keep, made, posterior

CONFIGS = {"toy-ae": AE, "toy-cvae": CVAE, "toy-vae": VAE}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for name, config in CONFIGS.items():
        keep(folder, name, made(config))
    keep(folder, "toy-broken", made(VAE))
    (folder / "toy-broken" / files.WEIGHTS).write_bytes(b"cut short")
    return folder


@pytest.fixture
def door(shelf: Path) -> Engine:
    return Engine([shelf], "cpu")


def z_of(name: str, count: int = 2) -> Any:
    return np.random.default_rng(1).normal(size=(count, CONFIGS[name].latent)).astype(np.float32)


def latent(*values: float) -> Any:
    return np.array([values], np.float32)


def pictures_of(name: str, count: int = 2) -> Any:
    channels, height, width = CONFIGS[name].shape
    return np.random.default_rng(1).integers(0, 256, (count, height, width, channels), np.uint8)


each_name = pytest.mark.parametrize("name", CONFIGS)


# What there is


def test_names_come_by_verb_and_the_broken_are_said_to_be(door: Engine) -> None:
    assert door.names() == ["toy-ae", "toy-cvae", "toy-vae"]
    assert door.names("samples") == ["toy-cvae", "toy-vae"]
    assert door.names("scores") == []
    (fault,) = door.faults().values()
    assert fault.startswith("toy-broken: weights.safetensors has SHA-256")
    with pytest.raises(CheckpointRefused, match=r"^toy-broken: weights\.safetensors has SHA-256"):
        door.decode("toy-broken", z_of("toy-vae"))


@each_name
def test_a_card_a_sheet_and_a_posterior_come_without_the_weights(door: Engine, name: str) -> None:
    assert door.card(name).latent == CONFIGS[name].latent
    assert door.sheet(name)[8:12] == b"WEBP"
    means, labels = door.posterior(name)
    assert (means == posterior(CONFIGS[name])[0]).all()
    assert labels is not None
    assert labels.tolist() == [0, 1] * 10
    assert not door.models


def test_a_new_checkpoint_is_seen_after_a_refresh(tmp_path: Path) -> None:
    door = Engine([tmp_path])
    assert door.names() == []
    keep(tmp_path, "toy-vae", made(VAE))
    door.refresh()
    assert door.names() == ["toy-vae"]
    assert door.decode("toy-vae", z_of("toy-vae")).any()
    keep(tmp_path, "toy-vae", made(CVAE))
    door.refresh()
    assert door.sample("toy-vae", [1]).shape == (1, 8, 8, 3)


def test_a_checkpoint_that_fails_to_load_joins_the_faults(tmp_path: Path) -> None:
    keep(tmp_path, "toy-vae", made(VAE), config={"shape": (1, 8, 6), "latent": 2, "width": 5, "depth": 1})
    door = Engine([tmp_path])
    for _ in range(2):
        with pytest.raises(CheckpointRefused, match="tensors differ"):
            door.sample("toy-vae", [1])
    assert "tensors differ" in door.faults()["toy-vae"]
    assert door.names() == []


# Verbs


@each_name
def test_decoding_is_what_the_model_does_in_bytes(door: Engine, name: str) -> None:
    z = z_of(name)
    pictures = door.decode(name, z)
    assert pictures.dtype == np.uint8
    assert pictures.shape == pictures_of(name).shape
    assert (pictures == to_bytes(made(CONFIGS[name]).decode(torch.from_numpy(z)))).all()
    assert (door.decode(name, np.asfortranarray(z)) == pictures).all()
    assert (door.decode(name, z[::-1])[::-1] == pictures).all()


@pytest.mark.parametrize("name", ["toy-cvae", "toy-vae"])
def test_a_sample_is_its_latent_decoded(door: Engine, name: str) -> None:
    for truncation in (1.0, 0.5):
        z = door.latents(name, [1, 2], truncation)
        sampled = door.sample(name, [1, 2], truncation=truncation).astype(int)
        assert np.abs(sampled - door.decode(name, z)).max() <= 1


@each_name
def test_encoding_and_reconstruction_agree_with_the_model(door: Engine, name: str) -> None:
    pictures = pictures_of(name)
    z = door.encode(name, pictures)
    assert (z.dtype, z.shape) == (np.float32, (2, CONFIGS[name].latent))
    assert_allclose(z, made(CONFIGS[name]).encode(from_bytes(pictures)), atol=1e-6)
    told = {"toy-cvae": [0, 1]}.get(name)
    of_class = door.encode(name, pictures, told)
    assert (door.reconstruct(name, pictures, told) == door.decode(name, of_class, told)).all()


def test_a_reconstruction_told_no_class_is_of_the_likeliest(door: Engine) -> None:
    pictures = pictures_of("toy-cvae", 6)
    given = door.device_model("toy-cvae").score(pictures)["given"]
    likeliest = given.argmax(1)
    assert given.shape == (6, 4)
    assert (np.ptp(given, axis=1) > 0).all()
    untold = door.device_model("toy-cvae").reconstruct(pictures)
    assert (untold["y"] == likeliest).all()
    assert (door.reconstruct("toy-cvae", pictures) == door.reconstruct("toy-cvae", pictures, likeliest)).all()
    partly = np.array([-1, 2, -1, 0, 1, 3])
    found = door.device_model("toy-cvae").reconstruct(pictures, partly)
    assert (found["y"] == np.where(partly < 0, likeliest, partly)).all()
    assert (found["pictures"] == door.reconstruct("toy-cvae", pictures, found["y"])).all()
    assert "y" not in door.device_model("toy-vae").reconstruct(pictures_of("toy-vae"))


def test_a_class_changes_the_picture_and_its_absence_is_allowed(door: Engine) -> None:
    z, pictures = z_of("toy-cvae"), pictures_of("toy-cvae")
    y = np.array([1, 3])
    assert (door.decode("toy-cvae", z, y) != door.decode("toy-cvae", z)).any()
    assert (door.decode("toy-cvae", z, [1, 3]) == door.decode("toy-cvae", z, y)).all()
    assert (door.encode("toy-cvae", pictures, y) != door.encode("toy-cvae", pictures)).any()
    assert (door.sample("toy-cvae", [1, 2], y) != door.sample("toy-cvae", [1, 2])).any()
    assert door.reconstruct("toy-cvae", pictures, y).shape == pictures.shape
    assert (door.decode("toy-vae", z_of("toy-vae"), y) == door.decode("toy-vae", z_of("toy-vae"))).all()


@each_name
def test_nothing_asked_is_nothing_given(door: Engine, name: str) -> None:
    assert door.decode(name, z_of(name, 0)).shape == pictures_of(name, 0).shape
    assert door.encode(name, pictures_of(name, 0)).shape == (0, CONFIGS[name].latent)
    assert door.latents(name, []).shape == (0, CONFIGS[name].latent)


@each_name
def test_a_latent_depends_on_its_seed_alone_and_scales_with_truncation(door: Engine, name: str) -> None:
    z = door.latents(name, [5, 6, 5])
    assert (z.dtype, z.shape) == (np.float32, (3, CONFIGS[name].latent))
    assert (z[0] == z[2]).all()
    assert (z[0] != z[1]).all()
    assert (door.latents(name, [6])[0] == z[1]).all()
    centre = door.latents(name, [5], truncation=0.0)[0]
    assert_allclose(door.latents(name, [5], truncation=0.5)[0], (z[0] + centre) / 2, rtol=1e-5)


def test_without_a_prior_the_latents_follow_the_gaussian_of_the_codes(door: Engine) -> None:
    z = door.latents("toy-ae", range(2000))  # the card of tests/shelf.py says N(3, 0.5²)
    assert_allclose(z.mean(0), 3, atol=0.05)
    assert_allclose(z.std(0), 0.5, atol=0.03)
    prior = door.latents("toy-vae", range(2000))
    assert_allclose(prior.mean(0), 0, atol=0.1)
    assert_allclose(prior.std(0), 1, atol=0.06)


# Errors


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda d: d.card("cat-vae"), UnknownName, "no checkpoint called 'cat-vae'. There is: toy-ae, toy-c"),
        (lambda d: d.sheet("../toy-vae"), UnknownName, "There is: toy-ae"),
        (lambda d: d.posterior(""), UnknownName, "There is: toy-ae"),
        (lambda d: d.decode("toy-vae", latent(0, 0, 0)), BadLatent, r"\(1, 3\) was given; toy-vae takes \(n, 2\)"),
        (lambda d: d.decode("toy-vae", latent(0, 0)[0]), BadLatent, r"shape \(2,\) was given"),
        (lambda d: d.decode("toy-vae", latent(0, np.nan)), BadLatent, "not finite was given; toy-vae takes finite"),
        (lambda d: d.decode("toy-vae", latent(np.inf, 0)), BadLatent, "not finite"),
        (lambda d: d.sample("toy-ae", [1]), MissingVerb, "toy-ae is of family ae.*'samples'.*: toy-cvae, toy-vae"),
        (lambda d: d.sample("toy-vae", [-1]), BadValue, "A seed of -1 was given; seeds are whole numbers from 0"),
        (lambda d: d.latents("toy-vae", [-1]), BadValue, "A seed of -1"),
        (lambda d: d.encode("toy-vae", pictures_of("toy-cvae")), BadPicture, r"\(2, 8, 8, 3\) were .* \(n, 8, 6, 1\)"),
        (lambda d: d.encode("toy-vae", pictures_of("toy-vae")[0]), BadPicture, r"uint8 \(8, 6, 1\) was given"),
        (lambda d: d.decode("toy-cvae", z_of("toy-cvae"), [0, 4]), BadValue, "class of 4 .* has 0 … 3: class 0"),
        (lambda d: d.sample("toy-cvae", [1], [-1]), BadValue, "class of -1 was given"),
        (lambda d: d.sample("toy-cvae", [1], [0, 1]), BadValue, r"shape \(2,\) were given for 1 pictures"),
        (lambda d: d.encode("toy-cvae", pictures_of("toy-cvae"), [7, 0]), BadValue, "class of 7 was given"),
    ],
)  # fmt: skip
def test_an_error_says_what_was_given_and_what_is_accepted(door: Engine, ask: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        ask(door)
    assert isinstance(caught.value, ZoetropeError)
    assert str(caught.value).endswith((".", f": {', '.join(door.names())}"))


@each_name
def test_arrays_that_may_not_be_written_to_are_read_in_silence(door: Engine, name: str) -> None:
    z, pictures = z_of(name), pictures_of(name)
    z.flags.writeable = pictures.flags.writeable = False
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            door.decode(name, z)
            door.encode(name, pictures)
    finally:
        torch.set_warn_always(False)


# Many at once, and few at a time


def test_many_threads_get_the_bytes_that_one_gets(shelf: Path) -> None:
    asked = [(name, z_of(name, 1) * (i + 1)) for i in range(12) for name in CONFIGS]
    alone = [Engine([shelf], "cpu").decode(*question).tobytes() for question in asked[:6]]
    door = Engine([shelf], "cpu")  # nothing loaded: the first questions load while the others wait
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda question: door.decode(*question).tobytes(), asked * 5))
    assert together[:6] == alone
    assert together == [door.decode(*question).tobytes() for question in asked] * 5
    assert len(set(together)) == len(asked)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the checkpoints that are loaded, as they are."""
    loaded: list[str] = []
    load = files.load_model
    monkeypatch.setattr(files, "load_model", lambda place, card: loaded.append(place.name) or load(place, card))
    return loaded


def test_a_model_is_loaded_once_and_the_least_recently_used_leaves(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [Engine([shelf], "cpu").device_model(name).bytes for name in CONFIGS]
    door = Engine([shelf], "cpu", budget=sum(sizes) - 1)  # one too many, whichever it is
    loaded = counted(monkeypatch)
    for name in ("toy-ae", "toy-vae", "toy-ae", "toy-cvae", "toy-ae", "toy-vae"):
        door.decode(name, z_of(name))
        assert len(door.models) <= 2
        assert door.is_loaded(name)
    assert loaded == ["toy-ae", "toy-vae", "toy-cvae", "toy-vae"]
    assert list(door.models) == ["toy-ae", "toy-vae"]
    assert not door.is_loaded("toy-cvae")


def test_a_model_larger_than_the_budget_is_kept_alone(shelf: Path) -> None:
    door = Engine([shelf], "cpu", budget=1)
    for name in CONFIGS:
        door.decode(name, z_of(name))
        assert list(door.models) == [name]


def test_threads_that_ask_at_once_load_once(door: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = counted(monkeypatch)
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(door.device_model, ["toy-vae"] * 16))
    assert loaded == ["toy-vae"]
    assert len({id(model) for model in models}) == 1


def test_a_model_that_is_loading_holds_nobody_up(door: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    door.device_model("toy-ae")
    loads, goes_on, load = threading.Event(), threading.Event(), files.load_model

    def slow(*given: Any) -> Any:
        loads.set()
        assert goes_on.wait(60)
        return load(*given)

    monkeypatch.setattr(files, "load_model", slow)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(door.decode, "toy-vae", z_of("toy-vae"))
        assert loads.wait(60)
        assert door.decode("toy-ae", z_of("toy-ae")).any()  # would wait for ever behind a lock of the whole engine
        assert not door.is_loaded("toy-vae")
        assert door.limit("toy-vae") >= 1
        goes_on.set()
        assert late.result(60).any()
    assert door.is_loaded("toy-vae")


def test_a_model_replaced_while_it_loads_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, "toy-vae", made(VAE))
    door, load = Engine([tmp_path], "cpu"), files.load_model

    def late(*given: Any) -> Any:
        model = load(*given)
        keep(tmp_path, "toy-vae", made(AE))
        door.refresh()
        return model

    monkeypatch.setattr(files, "load_model", late)
    door.device_model("toy-vae")
    assert not door.is_loaded("toy-vae")
    monkeypatch.setattr(files, "load_model", load)
    assert door.device_model("toy-vae").card.family == "ae"


def test_a_checkpoint_replaced_on_disk_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    keep(tmp_path, "toy-vae", made(VAE))
    door = Engine([tmp_path], "cpu")
    keep(tmp_path, "toy-vae", made(CVAE))
    with pytest.raises(CheckpointRefused, match=r"^toy-vae: it was replaced since it was last looked at"):
        door.decode("toy-vae", z_of("toy-vae"))
    door.refresh()
    assert door.decode("toy-vae", z_of("toy-cvae")).any()


def test_files_that_are_gone_are_a_sentence(tmp_path: Path) -> None:
    keep(tmp_path, "toy-vae", made(VAE))
    open_before, door = Engine([tmp_path], "cpu"), Engine([tmp_path], "cpu")
    open_before.device_model("toy-vae")
    shutil.rmtree(tmp_path / "toy-vae")
    (means,) = open_before.run("toy-vae", [Job("posterior", "toy-vae")])
    assert isinstance(means, CheckpointRefused)
    assert open_before.decode("toy-vae", z_of("toy-vae")).any()  # what is in memory goes on
    for _ in range(2):
        with pytest.raises(CheckpointRefused, match=r"^toy-vae: its files have gone from this machine\. Put them back"):
            door.decode("toy-vae", z_of("toy-vae"))


# For people who script


def test_load_gives_a_model_ready_to_use(shelf: Path) -> None:
    model: Any = engine.load("toy-vae", "cpu", shelf)
    assert model.sample([1, 2, 3]).shape == (3, 1, 8, 6)
    assert not model.training
    with pytest.raises(UnknownName, match="There is: toy-ae"):
        engine.load("nothing-vae", folder=shelf)


def test_the_folders_left_out_are_the_shipped_and_the_person_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    keep(listing.user_folder(), "zzz-vae", made(VAE))
    door = Engine(device="cpu")
    shipped = [place.name for place in listing.places([listing.SHIPPED])]
    assert set(door.names()) | set(door.faults()) == {*shipped, "zzz-vae"}
    assert engine.load("zzz-vae", "cpu").config == VAE


def test_every_public_function_of_the_engine_is_documented() -> None:
    public = [f for name, f in inspect.getmembers(Engine, inspect.isfunction) if not name.startswith("_")]
    assert [f.__name__ for f in public if not f.__doc__] == []
