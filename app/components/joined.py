"""Our ES modules and style sheets joined into few files: one of the modules that pages share, and two a page.

As they lie in `web/`, a page would ask for up to 54 files of one or two KB. Joined, each module is a function of the
same text, whose imports come from a table of the modules before it: a stack trace still shows our own lines, and no
build step is needed. A form of import or export that is not known here is refused when the file is joined.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import PurePosixPath

IMPORT = re.compile(r'^import (?:(?P<names>[^"]*?) from )?"(?P<target>[^"]+)"(?: with \{[^}]*\})?$', re.MULTILINE)
EXPORTS = re.compile(r"(?:^|(?<=[;}]))export ?\{(?P<names>[^}]*)\};?$", re.MULTILINE)
DECLARED = re.compile(r"^export (?P<rest>(?:(?:async )?function|class|const) (?P<name>[\w$]+))", re.MULTILINE)
DEFAULT = re.compile(r"^export default (?=[a-z]\w*\()", re.MULTILINE)
UNKNOWN = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
PAGE = 'import { modules } from "../shared.js"'
SHARED, ALONE = "shared.js", "core/access.js"
"""What pages share; and the module that stays a file of its own, since it works where nothing else does."""


@dataclass(frozen=True)
class Joined:
    """A file that is made of others, in their order."""

    name: str
    parts: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    def read_bytes(self) -> bytes:
        return "\n\n".join([*self.parts, ""]).encode()


def scripts(texts: Mapping[str, str]) -> list[Joined]:
    """Join modules, given by their names: those of each page, and all others. Raises ValueError, CycleError."""
    files: dict[str, list[str]] = {SHARED: [f'import * as alone from "./{ALONE}"\nexport const modules = {{}}']}
    joining = Joining()
    for name in TopologicalSorter({name: targets(name, text) for name, text in texts.items()}).static_order():
        if name not in texts:
            raise ValueError(f"{name} is imported, and there is no such module.")
        files.setdefault(_file(name), [PAGE]).append(joining.wrapped(name, texts[name]))
    entries = {name: f"{name.removesuffix('.js')}/index.js" for name in files if name != SHARED}
    for name, entry in entries.items():
        files[name].append(f'export {{ modules }}\nexport default modules["{entry}"].default')
    return [Joined(name, tuple(parts)) for name, parts in files.items()]


def targets(name: str, text: str) -> list[str]:
    """Name the modules that a module imports."""
    return [_resolved(name, found["target"]) for found in IMPORT.finditer(text)]


def _file(name: str) -> str:
    folder, page, *_ = name.split("/")
    return f"pages/{page}.js" if folder == "pages" else SHARED


def _resolved(name: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


class Joining:
    """Writes one module after the other as a function that returns what it exports."""

    def __init__(self) -> None:
        self.exported: dict[str, dict[str, str]] = {}
        """By module, the names that it exports, each with its own name for it."""

    def wrapped(self, name: str, text: str) -> str:
        """Write a module, after those that it imports."""
        exported = self.exported[name] = dict[str, str]()
        if name == ALONE:
            return f'modules["{name}"] = alone'
        if name.endswith(".json"):
            exported["default"] = ""
            return f'modules["{name}"] = {{ default: {json.dumps(json.loads(text))} }}'
        text = IMPORT.sub(lambda found: self._imported(name, found), text)
        text = EXPORTS.sub(lambda found: exported.update(_pairs(found["names"])) or "", text)
        text = DECLARED.sub(lambda found: exported.update({found["name"]: found["name"]}) or found["rest"], text)
        text, defaults = DEFAULT.subn("const $default = ", text)
        if defaults:
            exported["default"] = "$default"
        if unknown := UNKNOWN.search(text):
            raise ValueError(f"{name}: “{unknown[0]}” is no form of import or export that {__name__} knows.")
        returned = ", ".join(f"{other}: {own}" for other, own in exported.items())
        return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {returned} }}\n}})()'

    def _imported(self, name: str, found: re.Match[str]) -> str:
        """Write an import as a constant that is read from the table. Raises ValueError for what is not exported."""
        target, names = _resolved(name, found["target"]), found["names"]
        if names is None:
            return ""
        if names.startswith("* as "):
            return f'const {names.removeprefix("* as ")} = modules["{target}"]'
        pairs = _pairs(names.strip("{}")) if names.startswith("{") else {names: "default"}
        absent = [other for other in pairs.values() if other not in self.exported[target] and target != ALONE]
        if absent:
            raise ValueError(f"{name} imports {', '.join(absent)} of {target}, which exports no such name.")
        return f'const {{ {", ".join(f"{other}: {own}" for own, other in pairs.items())} }} = modules["{target}"]'


def _pairs(names: str) -> dict[str, str]:
    """Read `a, b as c`: by the name after each, that before."""
    parts = [each.strip().partition(" as ") for each in names.split(",") if each.strip()]
    return {other or own: own for own, _, other in parts}
