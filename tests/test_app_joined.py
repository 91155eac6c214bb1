"""Our modules joined into few files: the same bindings, each module once, and no form of import that is guessed at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from graphlib import CycleError
from pathlib import Path

import pytest

from app.components import assets
from app.components.joined import ALONE, Joined, scripts

MODULES = {
    ALONE: "export const alone = 1\n",
    "core/a.js": 'import { alone } from "./access.js"\nexport { alone }\nexport const one = alone\n'
    "export function twice(x) {\n  return 2 * x\n}\nexport async function later() {\n  return one\n}\n",
    "vendor/small.js": "const n=3,l=4;function f(){return n}export{f as three,l as four};\n",
    "pages/p/state.json": '[{"name": "x"}]\n',
    "pages/p/part.js": 'import * as a from "../../core/a.js"\nimport rows from "./state.json" with { type: "json" }\n'
    "export class Part {\n  import(x) {\n    return [x, a.twice(a.one), rows[0].name]\n  }\n}\n",
    "pages/p/index.js": 'import "../../core/a.js"\nimport { Part } from "./part.js"\n'
    'import {\n  four,\n  three as drei,\n} from "../../vendor/small.js"\n'
    "export default made(() => new Part().import(drei() + four))\n\nfunction made(make) {\n  return make()\n}\n",
}


def node(folder: Path, files: list[Joined], script: str) -> object:
    """Run a script beside joined files: what it prints, read as JSON."""
    for file in files:
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    (folder / "core").mkdir(exist_ok=True)
    (folder / ALONE).write_text(MODULES[ALONE])
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(script)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [shutil.which("node", path=tools) or "node", folder / "run.js"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(run.stdout)


def test_joined_modules_do_what_they_do_apart(tmp_path: Path) -> None:
    said = node(
        tmp_path,
        scripts(MODULES),
        'import made, { modules } from "./pages/p.js"\n'
        'const { alone, later } = modules["core/a.js"]\n'
        "console.log(JSON.stringify([made, alone, await later(), Object.keys(modules).length]))\n",
    )
    assert said == [[7, 2, "x"], 1, 1, 6]


@pytest.mark.parametrize(
    "form",
    [
        "export let x = 1",
        "export const [x, y] = [1, 2]",
        'export * from "./other.js"',
        "export default class {\n}",
        "import fs, { x } from './other.js'",
    ],
)
def test_a_form_that_is_not_known_is_refused_by_the_name_of_its_module(form: str) -> None:
    with pytest.raises(ValueError, match=r"core/a\.js.*no form of import or export"):
        scripts({"core/a.js": f"{form}\n", "core/other.js": ""})


def test_a_name_that_is_not_exported_is_refused() -> None:
    modules = {"core/a.js": "export const x = 1, y = 2\n", "core/b.js": 'import { y } from "./a.js"\n'}
    with pytest.raises(ValueError, match=r"core/b\.js imports y of core/a\.js"):
        scripts(modules)


def test_modules_that_import_each_other_are_refused() -> None:
    with pytest.raises(CycleError):
        scripts({"core/a.js": 'import { b } from "./b.js"\n', "core/b.js": 'import { a } from "./a.js"\n'})


def test_our_own_modules_are_each_in_one_file() -> None:
    names = [name for name in assets.files() if name.endswith((".js", ".json"))]
    files = [file.read_bytes().decode() for file in assets.served().values() if isinstance(file, Joined)]
    for name in names:
        assert sum(f'modules["{name}"] = ' in file for file in files) == 1, name
