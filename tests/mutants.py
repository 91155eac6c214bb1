"""Thirty deliberate breakages, ten each of the engine, of training and of the front end: do the tests catch them?

`make mutants` breaks a copy of the working tree, one place at a time, and runs the test that has to notice. A mutant
that survives is a test that cannot fail. For the method: DeMillo, Lipton and Sayward, "Hints on Test Data Selection",
IEEE Computer 1978.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

ROOT = Path(__file__).parent.parent
LINKED = "checkpoints"  # large, and no mutant changes them
VERDICTS = {0: "SURVIVED", 1: "caught"}  # by the exit code; pytest has others for tests that it could not run

Area = Literal["engine", "training", "front end"]


@dataclass(frozen=True)
class Mutant:
    """One breakage: text that its file holds exactly once, what replaces it, and the test that has to fail then."""

    area: Area
    says: str  # what is broken, in words
    file: str
    found: str
    broken: str
    test: str  # FILE.py::NAME of pytest, or FILE.test.js of node


MUTANTS = (
    Mutant(
        "engine",
        "A Gaussian likelihood rises with its deviation.",
        "engine/nn/likelihoods.py",
        "-half_log_2pi - log_deviation - 0.5",
        "-half_log_2pi + log_deviation - 0.5",
        "tests/test_densities.py::test_gaussian_densities_are_those_of_torch",
    ),
    Mutant(
        "engine",
        "The KL divergence of a posterior lacks its factor of a half.",
        "engine/models/vae.py",
        "0.5 * (q.mean**2 + q.variance - 1) - q.stddev.log()",
        "(q.mean**2 + q.variance - 1) - q.stddev.log()",
        "tests/test_densities.py::test_the_divergence_of_each_axis_is_that_of_torch",
    ),
    Mutant(
        "engine",
        "A mask of type A sees its own pixel.",
        "engine/nn/autoregressive/masked.py",
        'return seen < own if self.kind == "A" else seen <= own',
        "return seen <= own",
        "tests/test_pixels.py::test_a_value_depends_on_those_before_it_and_on_no_other",
    ),
    Mutant(
        "engine",
        "The inverse of a coupling scales before it has taken the shift back.",
        "engine/nn/coupling.py",
        "moved * (-log_scale).exp() - shift",
        "(moved - shift) * (-log_scale).exp()",
        "tests/test_coupling.py::test_noise_comes_back_as_the_code_that_it_was",
    ),
    Mutant(
        "engine",
        "The spherical path divides by the angle and not by its sine.",
        "engine/latent/interpolation.py",
        "np.sin(t * angle) * b) / np.sin(angle)",
        "np.sin(t * angle) * b) / angle",
        "tests/test_geometry.py::test_the_spherical_path_keeps_the_norm_and_walks_equal_angles",
    ),
    Mutant(
        "engine",
        "All pictures of a request are drawn from the first one's seed.",
        "engine/nn/noise.py",
        "torch.randn(1, *shape, generator=generator(seed)) for seed in seeds",
        "torch.randn(1, *shape, generator=generator(seeds[0])) for _ in seeds",
        "tests/test_noise.py::test_two_seeds_draw_two_pictures",
    ),
    Mutant(
        "engine",
        "Pictures are cut off to the grey level below, not rounded.",
        "engine/inference/images.py",
        "* 255).round().to(torch.uint8)",
        "* 255).to(torch.uint8)",
        "tests/test_images.py::test_a_float_goes_to_its_nearest_level",
    ),
    Mutant(
        "engine",
        "Requests that share a pass get each other's pictures.",
        "engine/inference/batching.py",
        '{"seeds": sum((job.seeds for job in jobs), ())}',
        '{"seeds": sum((job.seeds for job in reversed(jobs)), ())}',
        "tests/test_batching.py::test_each_gets_what_it_would_have_got_alone",
    ),
    Mutant(
        "engine",
        "Weights whose digest is another one are loaded.",
        "engine/checkpoints/files.py",
        "digest((place / name).read_bytes())) != wanted:",
        "digest((place / name).read_bytes())) == '':",
        "tests/test_refusals.py::test_a_file_cut_short_or_missing_is_refused",
    ),
    Mutant(
        "engine",
        "Those who were served stay at the head of the queue.",
        "engine/serving/fair_queue.py",
        "self.people.move_to_end(queued.position.person)",
        "self.people.move_to_end(queued.position.person, last=False)",
        "tests/test_queue.py::test_people_take_turns",
    ),
    Mutant(
        "training",
        "The rate is not weighed by beta.",
        "train/objectives/elbo.py",
        "return self.config.beta * risen * rate",
        "return risen * rate",
        "tests/test_objectives.py::test_beta_weighs_the_rate_and_warms_up",
    ),
    Mutant(
        "training",
        "The generator of the non-saturating game pulls the critic's way.",
        "train/objectives/payoffs.py",
        "generator=lambda s: softplus(-s)",
        "generator=lambda s: softplus(s)",
        "tests/test_adversarial.py::test_everybody_pulls_the_right_way",
    ),
    Mutant(
        "training",
        "R1 takes the mean over a picture's pixels, not their sum.",
        "train/objectives/penalties.py",
        "slopes(score, sample).square().sum(1).mean()",
        "slopes(score, sample).square().mean(1).mean()",
        "tests/test_adversarial.py::test_penalties_of_a_linear_score_are_those_of_its_slope",
    ),
    Mutant(
        "training",
        "All pictures of a batch are shifted by the same way.",
        "train/objectives/augmentations.py",
        "torch.randint(-farthest, farthest + 1, (len(x), 1)",
        "torch.randint(-farthest, farthest + 1, (1, 1)",
        "tests/test_adversarial.py::test_an_augmentation_keeps_the_shape_lets_the_gradient_through_and_differs_by_picture",
    ),
    Mutant(
        "training",
        "The average of a short run keeps its untrained weights.",
        "train/ema.py",
        "return min(decay, (1 + step) / (10 + step))",
        "return decay",
        "tests/test_training.py::test_the_average_of_a_short_run_has_nothing_of_its_beginning",
    ),
    Mutant(
        "training",
        "A resumed run begins with a new optimizer.",
        "train/loop.py",
        'optimizer.load_state_dict(state["optimizers"][name])',
        'optimizer.state_dict(), state["optimizers"][name]',
        "tests/test_training.py::test_a_stopped_run_ends_the_same",
    ),
    Mutant(
        "training",
        "The steps that fit into some minutes are counted as if minutes were seconds.",
        "train/step_budget.py",
        "SHARE * 60 * minutes / seconds",
        "SHARE * minutes / seconds",
        "tests/test_training.py::test_a_time_is_worth_the_steps_that_fit_into_it",
    ),
    Mutant(
        "training",
        "Validation pictures of an official split are trained on.",
        "train/data/splits.py",
        "Parts(partition == TRAIN, partition == TEST",
        "Parts(partition != TEST, partition == TEST",
        "tests/test_data.py::test_a_jpeg_pack_follows_its_partition",
    ),
    Mutant(
        "training",
        "The Fréchet distance takes the overlap off once, not twice.",
        "train/metrics/features.py",
        "other.trace() - 2 * overlap",
        "other.trace() - overlap",
        "tests/test_metrics.py::test_the_distance_of_two_gaussians_is_the_closed_form",
    ),
    Mutant(
        "training",
        "In an area under the curve a tie counts as a loss, not as a half.",
        "train/metrics/auroc.py",
        "rankdata(np.concatenate([own, other]))",
        'rankdata(np.concatenate([own, other]), "min")',
        "tests/test_outliers.py::test_the_area_is_that_of_all_pairs_with_ties_as_halves",
    ),
    Mutant(
        "front end",
        "A latent that was moved still claims the seed that drew it.",
        "app/components/web/latent/view.js",
        "if (there !== this.z[axis]) this.seed = null",
        "if (there === null) this.seed = null",
        "tests/web/view.test.js",
    ),
    Mutant(
        "front end",
        "A picture that is decoded late replaces a newer one.",
        "app/components/web/core/slot.js",
        "if (request.stale || request.id < this.delivered)",
        "if (request.stale)",
        "tests/web/slot.test.js",
    ),
    Mutant(
        "front end",
        "The smallest crop is a part of the shorter side.",
        "app/components/web/source/crop.js",
        "LEAST * Math.max(width, height)",
        "LEAST * Math.min(width, height)",
        "tests/web/crop.test.js",
    ),
    Mutant(
        "front end",
        "The norm-preserving path begins with the norm of its end.",
        "app/components/web/latent/path.js",
        "(1 - t) * norm(a) + t * norm(b)",
        "t * norm(a) + (1 - t) * norm(b)",
        "tests/web/path.test.js",
    ),
    Mutant(
        "front end",
        "A part of a larger array is sent with all that lies around it.",
        "app/components/web/core/wire.js",
        "new Uint8Array(part.buffer, part.byteOffset, part.byteLength)",
        "new Uint8Array(part.buffer)",
        "tests/web/wire.test.js",
    ),
    Mutant(
        "front end",
        "The step that is shown is lost where earlier steps find no room.",
        "app/components/web/core/persistence.js",
        "fit.at -= part",
        "fit.at -= 0",
        "tests/web/persistence.test.js",
    ),
    Mutant(
        "front end",
        "A picture likelier than the mean is not atypical.",
        "app/components/web/pages/outliers/scores.js",
        "Math.abs(-nats - measured.mean)",
        "-nats - measured.mean",
        "tests/web/scores.test.js",
    ),
    Mutant(
        "front end",
        "A link's class may be any sign that counts as a digit somewhere.",
        "app/views/state.py",
        "text.isdecimal() and int(text) < len(card.classes)",
        "text.isdigit() and int(text) < len(card.classes)",
        "tests/test_app_link.py::test_other_parts_that_do_not_fit_give_a_sentence",
    ),
    Mutant(
        "front end",
        "The size that the decoder of an upload tells is believed.",
        "app/server/uploads.py",
        'len(pixels) == 3 * int(answer["width"]) * int(answer["height"]) > 0',
        'int(answer["width"]) * int(answer["height"]) > 0',
        "tests/test_app_intake.py::test_a_decoder_that_crashes_hangs_or_lies_harms_nobody",
    ),
    Mutant(
        "front end",
        "Every client that says so is taken for a proxy.",
        "app/server/gate.py",
        '["127.0.0.1", "::1", *site.proxies]',
        '"*"',
        "tests/test_app_gate.py::test_whom_a_proxy_speaks_for_is_told_apart_by_address",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants; the exit code is 1 where one survives, or a test fails on code that is whole."""
    parser = argparse.ArgumentParser(prog="tests/mutants.py", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=get_args(Area), metavar="AREA", help="engine, training or front end")
    parser.add_argument("--list", action="store_true", help="say what would be broken, and break nothing")
    asked = parser.parse_args(arguments)
    mutants = [mutant for mutant in MUTANTS if asked.only in (None, mutant.area)]
    if asked.list:
        for mutant in mutants:
            say(mutant.area, f"{mutant.says} {mutant.file}, by {mutant.test}")
        return 0
    with TemporaryDirectory(prefix="zt-mutants-", ignore_cleanup_errors=True) as folder:
        place = copy(Path(folder) / "tree")
        return tried(place, mutants)


def tried(place: Path, mutants: Sequence[Mutant]) -> int:
    began = time.monotonic()
    unfit = failing(place, {mutant.test for mutant in mutants})
    for test in sorted(unfit):
        say("UNFIT", f"{test} fails or does not run while nothing is broken.")
    caught = 0
    for mutant in mutants:
        outcome = "UNFIT" if mutant.test in unfit else verdict(place, mutant)
        caught += outcome == "caught"
        say(outcome, f"{mutant.says} {mutant.file}")
    print(f"{caught} of {len(mutants)} caught, in {time.monotonic() - began:.0f} s.")
    return int(caught < len(mutants))


def failing(place: Path, tests: set[str]) -> set[str]:
    """Name the tests that fail while nothing is broken; one by one only where not all of them pass together."""
    kinds = [sorted(test for test in tests if test.endswith(".js") == of_node) for of_node in (False, True)]
    return {test for kind in kinds if kind and run(place, *kind) for test in kind if run(place, test)}


def verdict(place: Path, mutant: Mutant) -> str:
    if (place / mutant.file).read_text("utf-8").count(mutant.found) != 1:
        return "NOT FOUND"
    with broken(place / mutant.file, mutant):
        return VERDICTS.get(run(place, mutant.test), "UNFIT")


@contextmanager
def broken(path: Path, mutant: Mutant) -> Iterator[None]:
    """Break a file for as long as it lasts; its time comes back too, by which Python knows what it has compiled."""
    whole, times = path.read_text("utf-8"), path.stat()
    path.write_text(whole.replace(mutant.found, mutant.broken), "utf-8")
    try:
        yield
    finally:
        path.write_text(whole, "utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def copy(place: Path) -> Path:
    """Copy what git tracks, as it lies here; what is large is linked."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        if Path(name).parts[0] != LINKED and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    (place / LINKED).symlink_to(ROOT / LINKED)
    return place


def run(place: Path, *tests: str) -> int:
    """Run tests of one kind in the copy, in silence; the exit code."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {
        "PATH": tools,
        "PYTHONPATH": str(place),  # before the tree that is installed
        "OMP_NUM_THREADS": "1",
    }
    if tests[0].endswith(".js"):
        node = shutil.which("node", path=tools) or "node"
        command = [node, "--test", "--test-force-exit", "--test-timeout=60000", *tests]
    else:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=place, env={**os.environ, **settings}, capture_output=True, check=False)
    return done.returncode


def say(word: str, sentence: str) -> None:
    print(f"{word:<9}  {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
