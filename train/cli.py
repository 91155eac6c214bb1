"""zoetrope-train list | show RECIPE | run RECIPE … | resume RUN | export RUN NAME.

Then of checkpoints: evaluate NAME | directions NAME | home NAME | compare A B …, and of data sets: gather DATA.
"""

import dataclasses
import errno
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import tyro

from engine import schema
from engine.checkpoints import directions, files
from engine.checkpoints.listing import user_folder
from engine.console import write_plainly
from engine.errors import BadValue, UnknownName, ZoetropeError
from engine.inference.engine import Engine
from engine.registry import build, family_of
from engine.user_dir import NOWHERE
from engine.version import version
from train.agreement import check, fitted, kinds, listed, rehearse, role
from train.arguments import (
    CompareArguments,
    DirectionsArguments,
    EvaluateArguments,
    ExportArguments,
    GatherArguments,
    HomeArguments,
    NoArguments,
    ResumeArguments,
    RunArguments,
    ShowArguments,
)
from train.comparison import table
from train.data import Dataset, open_data
from train.devices import find_distributed
from train.directions.attributes import find
from train.evaluation import classifier_for, evaluate
from train.export import export, shareable
from train.home import SEEDS, Choice, choose, save_numbered, save_strip
from train.loop import Training, train
from train.recipe import Recipe, to_json
from train.recipes import RECIPES, find_recipe
from train.reference_images import gather, write_features
from train.runs import Run
from train.step_budget import steps_within
from train.warm_start import warm_start

RUNS = Path("runs")


# Commands


def list_recipes(_: NoArguments) -> None:
    width = max(map(len, RECIPES))
    for name, recipe in RECIPES.items():
        say(f"{name:<{width}}  {recipe.data:<8} {recipe.steps:>7,} steps  {recipe.description}")


def show(given: ShowArguments) -> None:
    say(to_json(find_recipe(given.recipe)).rstrip())


def resume(given: ResumeArguments) -> None:
    go_on(Run.open(folder_of(given.run)), given.data_dir)


def measure(given: EvaluateArguments) -> None:
    engine = Engine(None if given.checkpoints is None else [given.checkpoints], "auto")
    recorded = engine.card(given.name)
    run = None if given.run is None else Run.open(folder_of(given.run))
    data = open_data(given.data or recorded.data, given.data_dir, recorded.shape)
    card = evaluate(engine, given.name, data, given.pictures, given.samples, run, given.only, given.data_dir)
    for metric in card.metrics:
        sure = "" if metric.interval is None else "{:.4f} to {:.4f}; ".format(*metric.interval)
        say(f"{metric.name:<32} {metric.value:>12.5g} {metric.unit:<8} {sure}{metric.protocol}")


def point(given: DirectionsArguments) -> None:
    engine = Engine(None if given.checkpoints is None else [given.checkpoints], "auto")
    card = engine.catalogue.able(given.name, "decodes")
    encodes = "encodes" in card.verbs
    data = open_data(given.data or card.data, given.data_dir, card.shape) if encodes else None
    found = find(engine.model(given.name), data, classifier_for(engine, given.name), given.pictures)
    directions.save(engine.place(given.name), found)
    for note in found.notes:
        beside = "of the variance" if note.base is None else f"right, against {100 * note.base:.1f} % by the commonest"
        say(f"{note.name:<24} {100 * note.value:5.1f} % {beside:<42} 1 σ = {note.deviation:.3g}")
    say(f"{len(found.notes)} directions kept in {engine.place(given.name) / files.DIRECTIONS}.")


def set_home(given: HomeArguments) -> None:
    engine = Engine(None if given.checkpoints is None else [given.checkpoints], "auto")
    choice = Choice(given.seed, given.keys, given.z, given.y, given.truncation)
    if given.sheet is not None:
        save_numbered(engine, given.name, choice, given.sheet)
        say(
            f"Seeds 0 to {len(SEEDS) - 1} are drawn in {given.sheet}. Choose: zoetrope-train home {given.name} --seed N"
        )
        return
    card = choose(engine, given.name, choice)
    assert card.home is not None
    where = f"at {card.home.z}" if card.home.seed is None else f"at seed {card.home.seed}"
    keys = ", ".join(map(str, card.home.keys))
    say(f"{given.name} opens {where}, truncation {card.home.truncation:g}; its first walk leads through seeds {keys}.")
    if given.strip is not None:
        save_strip(engine, card, given.strip)
        say(f"The way through them is drawn in {given.strip}.")


def collect(given: GatherArguments) -> None:
    data = open_data(given.data, given.data_dir, given.shape)
    path, kept = gather(data, given.train, given.test)
    engine = Engine(None if given.checkpoints is None else [given.checkpoints], "auto")
    classifiers = write_features(data.name, data.shape, kept, engine)
    said = f"{len(kept.train):,} training and {len(kept.test):,} test pictures of {given.data}"
    say(f"{said}, {path.stat().st_size / 2**20:.0f} MB, are now in {path}. Nothing of them leaves this machine.")
    for name in classifiers:
        say(f"What {name} sees in the training pictures lies beside them.")


def compare(given: CompareArguments) -> None:
    engine = Engine(None if given.checkpoints is None else [given.checkpoints], "cpu")
    for line in table([engine.card(name) for name in given.names]):
        say(line)


def ship(given: ExportArguments) -> None:
    run = Run.open(folder_of(given.run))
    recipe = run.recipe()
    data = open_data(recipe.data, given.data_dir, recipe.model.shape)
    check(recipe, data)
    place = export(run, data, given.name, given.to or user_folder(), given.axis_names)
    say(f"Exported to {place}. See it with: zoetrope run")


def run(arguments: Sequence[str]) -> None:
    """Train by a recipe; its fields come from the command line, so --help after its name explains them."""
    if not arguments or arguments[0].startswith("-"):
        raise BadValue(f"run needs the name of a recipe, such as: zoetrope-train run {next(iter(RECIPES))}. {known()}")
    name, *rest = arguments
    default = RunArguments(find_recipe(name), RUNS / name)
    given = tyro.cli(
        tyro.conf.AvoidSubcommands[RunArguments],
        args=[*map(current, rest)],
        default=default,
        prog=f"zoetrope-train run {name}",
    )
    folder, recipe = given.run or RUNS / name, renamed(given.recipe, default.recipe)
    data = open_data(recipe.data, given.data_dir, recipe.model.shape)
    recipe = agreed(recipe, data, default.recipe)
    if recipe.init_from:
        model = build(recipe.model)
        (taken, _), wanted = warm_start(recipe, model), model.state_dict()  # before a folder is made: it may not fit
        say(f"{len(taken)} of the model's {len(wanted)} weight tensors begin as {recipe.init_from} has them.")
    if given.minutes is not None:
        recipe = dataclasses.replace(recipe, steps=steps_within(recipe, data, given.minutes))
        say(f"{recipe.steps:,} of {given.recipe.steps:,} steps fit into {given.minutes:g} minutes here.")
    started = Run.start(folder, recipe) if find_distributed().is_main else Run(folder)
    if given.tensorboard:
        started.open_board()
    go(started, recipe, data)


def current(word: str) -> str:
    """Return an option by the name that it has now: --begin is --init-from."""
    option, equals, value = word.partition("=")
    *above, name = option.split(".") if option.startswith("--") else [""]
    new = schema.RENAMED.get(name.removeprefix("--").replace("-", "_"))
    if not new or not option.startswith("--"):
        return word
    return ".".join([*above, ("" if above else "--") + new.replace("_", "-")]) + equals + value


def agreed(recipe: Recipe, data: Dataset, default: Recipe) -> Recipe:
    """Take from the data what the recipe leaves to them, and refuse what does not fit, before a folder is made."""
    fit = fitted(recipe, data, default.model)
    if fit != recipe:
        names = kinds(fit.model, data)
        say(f"{role(fit.model).capitalize()} {len(names)} kinds of {data.name}: {listed(names)}.")
    check(fit, data)
    rehearse(fit, data)
    return fit


def renamed(recipe: Recipe, default: Recipe) -> Recipe:
    """Drop the recipe's title and description where they would speak of other pictures than are trained on."""
    if recipe.data == default.data or recipe.title != default.title:
        return recipe
    return dataclasses.replace(recipe, title="", description=f"Trained on {shareable(recipe.data)}.")


def go_on(run: Run, data_dir: Path | None) -> None:
    recipe = run.recipe()
    data = open_data(recipe.data, data_dir, recipe.model.shape)
    check(recipe, data)
    go(run, recipe, data)


def go(run: Run, recipe: Recipe, data: Dataset) -> None:
    with run.locked() if find_distributed().is_main else nullcontext():
        training = train(recipe, data, run)
    finish(training, run)


def finish(training: Training, run: Run) -> None:
    """Name the next step, once; a run without a recipe's name gets DATA-FAMILY for its checkpoint."""
    if not training.distributed.is_main:
        return
    name = run.name if run.name in RECIPES else f"{run.name}-{family_of(run.recipe().model)}"
    say(f"Trained. Export it with: zoetrope-train export {run.folder} {name}")


COMMANDS: dict[str, tuple[type, Callable[..., None]]] = {
    "list": (NoArguments, list_recipes),
    "show": (ShowArguments, show),
    "resume": (ResumeArguments, resume),
    "evaluate": (EvaluateArguments, measure),
    "directions": (DirectionsArguments, point),
    "compare": (CompareArguments, compare),
    "home": (HomeArguments, set_home),
    "gather": (GatherArguments, collect),
    "export": (ExportArguments, ship),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; a mistake gets one sentence and exit code 2."""
    write_plainly()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        dispatch(words)
    except ZoetropeError as error:
        raise SystemExit(report(error)) from None
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the reader has gone, as `head` does; nothing to flush
        raise SystemExit(141) from None
    except OSError as error:
        raise SystemExit(report(unusable(error))) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def dispatch(words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help"):
        say(f"{__doc__}\n\nEvery command explains itself with --help. {known()}")
    elif words[0] == "--version":
        say(f"zoetrope-train {version()}")
    elif words[0] == "run":
        run(words[1:])
    elif words[0] in COMMANDS:
        arguments, command = COMMANDS[words[0]]
        command(tyro.cli(arguments, args=words[1:], prog=f"zoetrope-train {words[0]}"))
    else:
        raise UnknownName("command", words[0], ["run", *COMMANDS])


def report(error: ZoetropeError) -> int:
    print(error, file=sys.stderr)  # noqa: T201
    return 2


def unusable(error: OSError) -> ZoetropeError:
    """Say which file or folder could not be used, and what to do."""
    place = str(error.filename or "A file")
    advice = {errno.ENOSPC: "Free some space", errno.EDQUOT: "Free some space", errno.EROFS: "Name another folder"}
    todo = advice.get(error.errno or 0, "See that it may be read and written, or name another folder")
    if place.startswith(str(NOWHERE)):
        todo = "There is no home folder here: set HOME, or name the folder with --to, --data-dir or --checkpoints"
    return ZoetropeError(f"{place} cannot be used ({error.strerror or error}). {todo}, and try again: nothing is lost.")


def folder_of(run: str) -> Path:
    """Take a run by its name below runs/, or by its folder; pictures may lie in one of the same name."""
    named = RUNS / run
    return named if named.is_dir() or not Path(run).is_dir() else Path(run)


def known() -> str:
    return f"Recipes: {', '.join(RECIPES)}."


def say(text: str) -> None:
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
