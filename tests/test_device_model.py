"""A model on a device: the same pictures as before, whatever batch they are in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import OutOfMemory
from engine.inference import batch_runner, buffers, images, optimize, passes
from engine.inference.batch_runner import BatchRunner
from engine.inference.device_model import DeviceModel
from engine.inference.requests import DRAWS
from engine.inference.verbs import TERMS
from engine.latent.sampling import draw
from engine.models import pixel_vae
from engine.models.ae import AutoencoderConfig
from engine.models.vae import VAEConfig
from engine.nn.blocks import DoublingConv2d
from engine.protocols import Bounds, Completes, Decodes, Infers
from engine.registry import FAMILIES, Config, Model, family_of
from tests.shelf import alike, keep, made
from tests.test_laws import CONFIGS, title

CPU = torch.device("cpu")
LARGE = VAEConfig((3, 32, 32), latent=8, net="conv", width=32, depth=1)  # works hard enough for half precision
DECODING = [config for config in (*CONFIGS, LARGE) if issubclass(FAMILIES[family_of(config)][0], Decodes)]
each_config = pytest.mark.parametrize("config", [*CONFIGS, LARGE], ids=title)
each_decoder = pytest.mark.parametrize("config", DECODING, ids=title)
# A network that goes from pixel to pixel hardly hears its latent before it has learnt.
HEARING = [config for config in DECODING if not issubclass(FAMILIES[family_of(config)][0], Completes)]
each_hearer = pytest.mark.parametrize("config", HEARING, ids=title)


def ready_of(folder: Path, config: Config, model: Model | None = None) -> DeviceModel:
    card = keep(folder, "law-test", model or made(config))
    return DeviceModel(model or made(config), card, CPU, place=folder / "law-test")


def some_y(config: Config, count: int) -> Any:
    return np.arange(count) % config.classes if config.classes else None


@pytest.fixture(autouse=True)
def few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_vae, "PASSES", 2)  # over a picture: nothing here depends on how many
    monkeypatch.setattr(batch_runner, "PATIENCE", 0.0)  # of a clock: one look is enough


def rows_of(y: Any, rows: Any) -> Any:
    return None if y is None else y[rows]


# Batches


@each_config
def test_results_do_not_depend_on_batch_composition(config: Config, tmp_path: Path) -> None:
    ready = ready_of(tmp_path, config)
    random = np.random.default_rng(3)
    z = 2 * random.normal(size=(80, config.latent)).astype(np.float32)
    y, x = some_y(config, 80), pictures_of(config, 80)
    given: dict[str, Any] = {"decodes": z, "samples": np.arange(80), "encodes": x, "classifies": x}
    asks: dict[str, Any] = {
        "decodes": ready.decode,
        "samples": lambda seeds, y: ready.sample(seeds.tolist(), y),
        "encodes": ready.encode,
        "classifies": lambda pictures, y: ready.classify(pictures),
    }
    assert set(asks) & set(ready.card.verbs)
    for verb in set(asks) & set(ready.card.verbs):
        together = asks[verb](given[verb], y)
        for count in (1, 1, 1, 2, 3, 5, 11, 23):
            rows = random.choice(80, count, replace=False)
            found = asks[verb](given[verb][rows], rows_of(y, rows))
            assert alike(found, together[rows])
            assert not (ready.by_pixels and verb == "samples") or (found == together[rows]).all()


def test_a_reconstruction_is_its_latent_decoded(tmp_path: Path) -> None:
    ready, pictures = ready_of(tmp_path, LARGE), pictures_of(LARGE, 5)
    whole = ready.reconstruct(pictures)
    assert (whole["pictures"] == ready.decode(ready.encode(pictures))).all()
    assert (whole["z"] == ready.encode(pictures)).all()
    alone = ready.reconstruct(pictures[3:4])
    assert all(alike(alone[name], whole[name][3:4]) for name in whole)


@each_decoder
def test_reconstructions_do_not_depend_on_batch_composition(config: Config, tmp_path: Path) -> None:
    ready, pictures, y = ready_of(tmp_path, config), pictures_of(config, 20), some_y(config, 20)
    random, seeds = np.random.default_rng(3), tuple(range(20))
    state = np.abs(random.normal(size=(20, 3 * config.latent + 1))).astype(np.float32)
    asks: dict[str, Any] = {
        "inversion": lambda rows: ready.invert(pictures[rows], state[rows], 5, rows_of(y, rows)),
    }
    if "encodes" in ready.card.verbs:
        asks["mean"] = lambda rows: ready.reconstruct(pictures[rows], rows_of(y, rows))
        asks["draw"] = lambda rows: ready.reconstruct(pictures[rows], rows_of(y, rows), [seeds[row] for row in rows])
    for ask in asks.values():
        together = ask(np.arange(20))
        for count in (1, 1, 2, 3, 7, 16):
            rows = random.choice(20, count, replace=False)
            found = ask(rows)
            assert all(alike(found[name], together[name][rows]) for name in together)


@each_hearer
def test_an_inversion_comes_nearer_and_nearest_to_what_the_model_itself_drew(config: Config, tmp_path: Path) -> None:
    ready, y = ready_of(tmp_path, config), some_y(config, 4)
    pictures = ready.decode(draw(ready.card, range(4)), y)
    start = draw(ready.card, range(4, 8))  # not 0, where a net of rectifiers without biases has no slope
    state = np.concatenate([start, np.zeros((4, 2 * config.latent + 1))], axis=1, dtype=np.float32)
    found = ready.invert(pictures, state, 60, y)
    assert found["losses"].shape == (4, 60)
    assert found["losses"][:, -1].mean() < found["losses"][:, 0].mean()
    assert (found["state"][:, -1] == 60).all()
    assert (found["pictures"] == ready.decode(found["state"][:, : config.latent], y)).all()


def test_a_reconstruction_is_drawn_where_there_is_a_posterior(tmp_path: Path) -> None:
    for config in DECODING:
        ready, pictures = ready_of(tmp_path, config), pictures_of(config, 3)
        if "encodes" not in ready.card.verbs:
            continue
        mean, drawn = ready.reconstruct(pictures), ready.reconstruct(pictures, seeds=(5, 5, 6))
        has = issubclass(FAMILIES[family_of(config)][0], Infers | Bounds) and getattr(config, "stochastic", True)
        assert (drawn["drawn"] == has).all()
        assert not mean["drawn"].any()
        assert (drawn["z"] != mean["z"]).any() == has
        assert (mean.keys() & {*TERMS} == {*TERMS}) == ("bounds" in ready.card.verbs)
        again = ready.reconstruct(pictures[1:2], seeds=(5,))
        assert alike(again["z"], drawn["z"][1:2])
        bare = ready.reconstruct(pictures, terms=False)
        assert bare.keys() - {"y"} == {"pictures", "z", "drawn"}
        assert all((bare[name] == mean[name]).all() for name in bare)
        if family_of(config) == "vae":  # in closed form; elsewhere the rate is estimated by draws
            np.testing.assert_allclose(drawn["rate"], mean["rate"], rtol=1e-5)
            assert (drawn["rate_error"] < 1e-5 * drawn["rate"]).all()
        if "bounds" in ready.card.verbs:
            assert (mean["distortion"] == ready.reconstruct(pictures, seeds=(0, 0, 0))["distortion"]).all()
            few = ready.reconstruct(pictures, seeds=(5, 5, 6), terms=False)
            assert few.keys() - {"y"} == {"pictures", "z", "drawn"}
            assert (few["z"] == drawn["z"]).all()


@pytest.mark.parametrize("family", ["vae", "iaf_vae", "pixel_vae"])
def test_terms_of_a_bound_are_means_of_draws_and_off_by_their_errors(family: str, tmp_path: Path) -> None:
    config = next(config for config in DECODING if family_of(config) == family)
    model, ready = made(config), ready_of(tmp_path, config)
    pictures, rounds = pictures_of(config, 1), 64
    found = ready.reconstruct(pictures.repeat(rounds, 0), seeds=range(rounds))
    x = images.unit(torch.from_numpy(pictures)).repeat(DRAWS * 200, 1, 1, 1)
    torch.manual_seed(1)
    with torch.no_grad():
        truth = model.evidence(x)  # type: ignore[union-attr, operator]
    for name, bitwise in (("rate", truth.rate), ("distortion", truth.distortion)):
        errors = np.maximum(found[f"{name}_error"], 1e-5 * abs(float(bitwise.mean())))
        off = (found[name] - float(bitwise.mean())) / errors
        assert abs(off.mean()) < 1
        if found[f"{name}_error"].mean() > 1e-4:
            assert 0.7 < off.std() < 1.5
    off = (found["rate"] + found["distortion"] - float((truth.rate + truth.distortion).mean())) / found["elbo_error"]
    assert 0.7 < off.std() < 1.5


def pictures_of(config: Config, count: int) -> Any:
    channels, height, width = config.shape
    return np.random.default_rng(1).integers(0, 256, (count, height, width, channels), np.uint8)


def rounding_by_size(alike: Sequence[int], calls: list[int]) -> Callable[[Tensor], Tensor]:
    """A model whose results depend on the batch size, but for some sizes that agree."""

    def forward(z: Tensor) -> Tensor:
        calls.append(len(z))
        return z + (0 if len(z) in alike else len(z))

    return forward


@pytest.mark.parametrize("agree", [(1, 2, 4, 8, 16, 32, 64), (2, 8, 16, 64), (4, 16, 64)], ids=str)
def test_exact_passes_use_only_batch_sizes_that_agree(agree: tuple[int, ...]) -> None:
    calls: list[int] = []
    z = np.arange(200, dtype=np.float32)[:, None]
    one = BatchRunner("toy", rounding_by_size(agree, calls), [z], CPU, bitwise=True)
    assert set(one.costs) <= set(agree)
    calls.clear()
    for count in range(1, 140, 7):
        assert (one(z[:count]) == z[:count]).all()
    assert set(calls) <= set(agree)


def test_exact_passes_use_no_batch_size_whose_result_depends_on_the_place_in_it() -> None:
    def forward(z: Tensor) -> Tensor:
        x = z.clone()
        if len(z) in (8, 16, 32):
            x[-1] += 1
        return x

    z = np.arange(64, dtype=np.float32)[:, None]
    one = BatchRunner("toy", forward, [z], CPU, bitwise=True)
    assert not {8, 16, 32} & set(one.costs)
    assert (one(z) == z).all()


@pytest.mark.parametrize("single", [7.0, 2.0, 1.0])
def test_batch_sizes_are_chosen_by_time(single: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def forward(z: Tensor) -> Tensor:
        now[0] += 1e-3 * max(single * len(z), 6.0)
        return z

    monkeypatch.setitem(batch_runner.CLOCKS, "cpu", lambda: now[0])
    one = BatchRunner("toy", forward, [np.zeros((64, 1), np.float32)], CPU)
    assert one.limit == {7.0: 1, 2.0: 4, 1.0: 8}[single]
    assert one.costs[1] == pytest.approx(max(single, 6.0))
    assert one.first_of(1) == (1 if single == 7.0 else one.first_of(1))


def test_the_plan_takes_the_least_time() -> None:
    one = BatchRunner("toy", lambda z: z, [np.zeros((64, 1), np.float32)], CPU)
    one.costs = {1: 1.0, 4: 2.5, 8: 9.0}
    one.__dict__.pop("plan", None)
    assert one.plan == [0, 1, 1, 4, 4, 1, 1, 4, 4]


def test_nothing_asked_is_nothing_given(tmp_path: Path) -> None:
    for config in CONFIGS[:5]:
        ready, (channels, height, width) = ready_of(tmp_path, config), config.shape
        y = np.zeros(0, np.int64) if config.classes else None
        assert ready.decode(np.zeros((0, config.latent), np.float32), y).shape == (0, height, width, channels)
        if "encodes" in ready.card.verbs:
            assert ready.encode(pictures_of(config, 0), y).shape == (0, config.latent)


# The same pictures as the bare model's


@each_decoder
def test_the_pictures_are_those_of_the_bare_model(config: Config, tmp_path: Path) -> None:
    ready, model = ready_of(tmp_path, config), made(config)
    z, y = draw(ready.card, range(50, 66)), some_y(config, 16)
    bare = images.to_bytes(model.decode(torch.from_numpy(z), None if y is None else torch.from_numpy(y)))
    assert np.abs(ready.decode(z, y).astype(int) - bare).max() <= 1
    if "encodes" not in ready.card.verbs:
        return
    x = images.from_bytes(pictures_of(config, 5))
    torch.testing.assert_close(torch.from_numpy(ready.encode(pictures_of(config, 5))), model.encode(x))


class Normed(nn.Module):
    """A generator as others build them: batch norm after every kind of layer."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Linear(config.latent, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Unflatten(1, (8, 2, 2)),
            nn.Sequential(nn.ConvTranspose2d(8, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.2)),
            nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=2), nn.BatchNorm2d(8), nn.ReLU(),
            nn.BatchNorm2d(8), nn.Conv2d(8, 3, 3, padding=1), nn.BatchNorm2d(3, affine=False), nn.Sigmoid(),
        )  # fmt: skip
        random = torch.Generator().manual_seed(0)
        for norm in self.modules():
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                for tensor in (norm.running_mean, norm.running_var, *norm.parameters()):
                    tensor.data = torch.rand(tensor.shape, generator=random) + 0.5

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(z)


def test_batch_norms_are_folded_where_a_layer_stands_before_them() -> None:
    model: Any = Normed(AutoencoderConfig((3, 8, 8), latent=5)).eval().requires_grad_(False)
    z = torch.randn(9, 5, generator=torch.Generator().manual_seed(1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    ready: Any = optimize.prepared(model, CPU)
    torch.testing.assert_close(ready.decode(z), model.decode(z), rtol=1e-4, atol=1e-5)
    norms = [type(module) for module in ready.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert norms == [nn.BatchNorm2d] * 2  # after the groups, and after another norm's ReLU
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_weight_made_by_a_hook_is_left_alone() -> None:
    layers = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).eval()
    layers[0].register_forward_pre_hook(lambda layer, inputs: None)
    assert optimize.folded_into(layers[0], layers[1]) is None


def test_weights_that_fall_on_one_pixel_are_added_up_once() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(DoublingConv2d(5, 4), nn.BatchNorm2d(4), nn.Sequential(DoublingConv2d(4, 3))).eval()
    x = torch.randn(4, 5, 6, 7)
    ready: Any = optimize.prepared(layers, CPU)
    assert [type(layer) for layer in ready[:2]] == [nn.ConvTranspose2d, nn.Identity]
    assert type(ready[2][0]) is nn.ConvTranspose2d
    torch.testing.assert_close(ready(x), layers(x))
    assert type(layers[0]) is DoublingConv2d


# Precision


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "half_type", lambda device: torch.bfloat16)


@pytest.mark.usefixtures("able")
def test_half_precision_is_for_models_that_work_hard_and_show_no_trace_of_it(tmp_path: Path) -> None:
    assert ready_of(tmp_path, LARGE).dtype == torch.bfloat16
    assert ready_of(tmp_path, CONFIGS[0]).dtype == torch.float32
    loud = made(LARGE)
    for parameter in loud.decoder.parameters():
        parameter.data *= 8
    assert ready_of(tmp_path, LARGE, loud).dtype == torch.float32


@pytest.mark.usefixtures("able")
def test_half_precision_keeps_to_decoding_and_to_a_level(tmp_path: Path) -> None:
    ready, model = ready_of(tmp_path, LARGE), made(LARGE)
    pictures = pictures_of(LARGE, 4)
    z = ready.encode(pictures)
    torch.testing.assert_close(torch.from_numpy(z), model.encode(images.from_bytes(pictures)))
    bare = images.to_bytes(model.decode(torch.from_numpy(z)))
    assert np.abs(ready.decode(z).astype(int) - bare).max() <= 1
    alone = np.concatenate([ready.decode(z[i : i + 1]) for i in range(4)])
    assert alike(alone, ready.decode(z))


def test_an_operation_without_half_precision_is_done_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "half_type", lambda device: torch.float8_e4m3fn)
    assert ready_of(tmp_path, LARGE).dtype == torch.float32


@pytest.mark.parametrize(
    ("able", "dtype"),
    [({"avx512_bf16": True}, torch.bfloat16), ({"bf16": True}, torch.bfloat16), ({"sse": True}, None)],
)
def test_the_processor_is_asked(able: dict[str, bool], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    assert optimize.half_type(CPU) is dtype


def test_the_work_of_a_picture_is_counted() -> None:
    layers: Any = nn.Sequential(
        nn.Linear(2, 3), nn.Unflatten(1, (3, 1, 1)), nn.ConvTranspose2d(3, 5, 2), nn.Conv2d(5, 1, 1)
    )
    layers.decode = lambda z, y: layers(z)
    assert optimize.multiply_adds(layers, torch.zeros(1, 2), None) == 2 * 3 + 3 * 5 * 4 + 4 * 5


# Memory


def starving(most: int, error: Callable[[], BaseException]) -> Callable[[Tensor], Tensor]:
    def forward(z: Tensor) -> Tensor:
        if len(z) > most:
            raise error()
        return z

    return forward


ERRORS: list[Callable[[], BaseException]] = [
    lambda: torch.OutOfMemoryError("CUDA out of memory."),
    lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    MemoryError,
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 13, 16, 40, 64])
def test_memory_that_runs_out_halves_the_rows_and_nobody_notices(most: int, error: Any) -> None:
    z = np.arange(150, dtype=np.float32)[:, None]
    one = BatchRunner("toy", starving(64, error), [z], CPU)
    one.forward = starving(most, error)
    one.runs.clear()
    assert (one(z) == z).all()
    assert one.limit <= most
    one.forward = starving(64, error)
    assert one.limit <= most  # the lesson is kept
    assert (one(z) == z).all()


@pytest.mark.parametrize("most", [1, 4, 16, 32])
def test_a_device_that_is_full_at_the_start_sets_the_limit(most: int) -> None:
    z = np.arange(150, dtype=np.float32)[:, None]
    one = BatchRunner("toy", starving(most, ERRORS[0]), [z], CPU)
    assert one.limit <= most
    assert (one(z) == z).all()


def test_where_not_even_one_fits_a_sentence_says_so() -> None:
    z = np.zeros((64, 1), np.float32)
    with pytest.raises(OutOfMemory, match=r"^toy-vae does not fit into the memory that is left\. Take a smaller"):
        BatchRunner("toy-vae", starving(0, ERRORS[0]), [z], CPU)
    one = BatchRunner("toy-vae", starving(64, ERRORS[0]), [z], CPU)
    one.forward = starving(0, ERRORS[0])
    one.runs.clear()
    for _ in range(2):
        with pytest.raises(OutOfMemory, match=r"not even with \d+ pictures? at once\. Close something else"):
            one(z)
    one.forward = starving(64, ERRORS[0])  # somebody did
    one.runs.clear()
    assert (one(z) == z).all()


def test_the_tensors_of_a_failed_pass_are_gone_before_the_next() -> None:
    alive: list[int] = []
    held: list[Any] = []

    class Held:
        def __init__(self) -> None:
            held.append(None)

        def __del__(self) -> None:
            held.pop()

    def forward(z: Tensor) -> Tensor:
        alive.append(len(held))
        scratch = Held()
        if len(z) > 2:
            raise torch.OutOfMemoryError(str(scratch))
        return z

    BatchRunner("toy", forward, [np.zeros((64, 1), np.float32)], CPU)
    assert len(alive) > 3
    assert set(alive) == {0}


def test_another_error_is_no_lack_of_memory() -> None:
    def forward(z: Tensor) -> Tensor:
        raise RuntimeError("a shape is wrong")

    with pytest.raises(RuntimeError, match="a shape is wrong"):
        BatchRunner("toy", forward, [np.zeros((64, 1), np.float32)], CPU)


@pytest.mark.usefixtures("able")
def test_what_it_holds_is_counted(tmp_path: Path) -> None:
    for config, copies in ((CONFIGS[0], 1.0), (LARGE, 1.5)):
        weights = 4 * sum(tensor.numel() for tensor in optimize.prepared(made(config), CPU).state_dict().values())
        assert ready_of(tmp_path, config).bytes == copies * weights


# Threads


COUNT = """
import os, sys, threading, time, torch
from pathlib import Path
from engine.inference.engine import Engine
engine = Engine([Path(sys.argv[1])], "cpu", threads=1)
def ask():
    engine.decode("toy-wide", engine.latents("toy-wide", range(64)))
    done.append(len(os.listdir("/proc/self/task")))
done = []
ask()
for _ in range(2):
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    while len(os.listdir("/proc/self/task")) > done[0]:  # joined, a thread takes a moment to leave the list
        time.sleep(0.001)
print(*done)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux lists them")
def test_new_threads_of_the_program_keep_to_the_cores_they_were_given(tmp_path: Path) -> None:
    keep(tmp_path, "toy-wide", made(VAEConfig((1, 28, 28), latent=2, width=512, depth=3)))
    command = [sys.executable, "-c", COUNT, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"OMP_NUM_THREADS": "3"})
    first, *later = map(int, told.stdout.split())
    assert later == [first + 1] * 2  # the thread itself, and none that torch starts for it


# A GPU


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@each_decoder
def test_on_a_gpu_a_graph_draws_what_the_processor_draws(config: Config, tmp_path: Path) -> None:
    card = keep(tmp_path, "law-test", made(config))
    gpu, cpu = DeviceModel(made(config), card, torch.device("cuda")), DeviceModel(made(config), card, CPU)
    assert all(isinstance(runs, buffers.Graph) for runs in gpu.main.runs.values())
    z, y = draw(card, range(80)), some_y(config, 80)
    together = gpu.decode(z, y)
    assert np.abs(together.astype(int) - cpu.decode(z, y)).max() <= 2
    for rows in ([0], [79], [3, 4], list(range(5, 30))):
        assert alike(gpu.decode(z[rows], rows_of(y, rows)), together[rows])
    if "encodes" in card.verbs:
        assert gpu.encode(pictures_of(config, 3), rows_of(y, slice(3))).shape == (3, config.latent)


# Half precision


class Shifted(nn.Module):
    """Draws grey, and in half precision a shade lighter."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.layer, self.shift = nn.Linear(2, 4), shift

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        grey = 0.0 * self.layer(z)[:, :, None, None]
        return grey if grey.dtype == torch.float32 else grey + self.shift


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_taken_where_no_pixel_changes_by_more_than_four_steps_of_255(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = torch.ones(3, 2)
    model = Shifted(3.9 / 255)
    assert optimize.in_half(model, dtype, z) is None  # too small a model to gain
    monkeypatch.setattr(optimize, "MUCH", 8)
    half = optimize.in_half(model, dtype, z)
    assert next(half.parameters()).dtype == dtype
    assert next(model.parameters()).dtype == torch.float32
    assert optimize.in_half(Shifted(4.1 / 255), dtype, z) is None
    assert optimize.in_half(Shifted(-4.1 / 255), dtype, z) is None
    assert optimize.in_half(model, None, z) is None
