"""Writes what follows from the table of verbs: its part of docs/protocol.md, and the browser's core/verbs.js.

python docs/verbs.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from app.server.operations import MAX_OPERATIONS
from engine.inference.fields import MAX_ROWS, Given, Parameter
from engine.inference.verbs import LIVE, MAX_STEPS

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "app/components/web/core/verbs.js"
PAGE = ROOT / "docs/protocol.md"
FIRST, LAST = "<!-- by docs/verbs.py -->\n", "<!-- until here -->\n"

TYPES = {"one": "{0}", "each": "Each", "list": "{0}[]"}
FIELDS = {
    "following": "Float32Array",
    "labels": "boolean",
    "numbers": "(number | null)[]",
    "classes": "number[]",
    "flag": "boolean",
    "json": "any[]",
}
"""What the browser has of an array beside the first of an answer."""
PARTS = {"following": "+", "labels": "+", "numbers": "◦", "classes": "◦", "flag": "◦", "json": "◦"}
"""What follows the first array, and what stands in the header."""
MANY = 1 << 20  # limits so large are no limits of a page


# For the browser


def script() -> str:
    """Give core/verbs.js."""
    following = {field: given.name for given, field in _beside() if given.sent == "following"}
    text = ", ".join(f"{field}: {json.dumps(name)}" for field, name in following.items())
    return "\n".join(
        [
            "// What can be asked of a model. Written by docs/verbs.py from engine/inference/verbs.py.",
            "",
            f"export const MAX_OPERATIONS = {MAX_OPERATIONS} // of one message",
            f"export const MAX_ROWS = {MAX_ROWS} // of all operations of one message",
            f"export const MAX_STEPS = {MAX_STEPS} // of one inversion",
            "",
            "// Fields with the shape of an array of float32 that follows the first, and its name; in this order",
            f"export const FOLLOWING = {{ {text} }}",
            "",
            "/** @typedef {number | number[]} Each one for all rows, or one for each */",
            "/**",
            " * What is asked of one model.",
            " *",
            " * @typedef {{ model: string } & (",
            *(f" *   | {_operation(name)}" for name in LIVE),
            " * )} Operation",
            " */",
            "",
            "/**",
            " * What one model answers; a field that its verb does not give is not there.",
            " *",
            " * @typedef {object} Result",
            " * @property {string} model",
            " * @property {string} verb",
            " * @property {ArrayBuffer} payload the first array",
            " * @property {number[]} shape of the first array",
            ' * @property {string} format "float32", or of pictures "raw", "jpeg" or "webp"',
            " * @property {number} columns pictures to a row of the sheet",
            " * @property {number} [bytes]",
            " * @property {string} [error] why there is no answer",
            ' * @property {import("./wire.js").Timing} [ms]',
            *_properties(),
            " */",
            "",
        ]
    )


def _operation(name: str) -> str:
    fields = ", ".join(f"{each.name}{'' if each.required else '?'}: {_type(each)}" for each in LIVE[name].parameters)
    return f'{{ verb: "{name}"{", " * bool(fields)}{fields} }}'


def _type(parameter: Parameter) -> str:
    return TYPES[parameter.many].format("boolean" if parameter.kind == "flag" else "number")


def _beside() -> Iterator[tuple[Given, str]]:
    """Walk what stands beside the first array of an answer, with its field of the header."""
    for verb in LIVE.values():
        for given in verb.gives[1:]:
            yield given, given.field or given.name


def _properties() -> Iterator[str]:
    """Describe a result's fields, each once."""
    lines = dict[str, str]()
    for given, field in _beside():
        name = given.name if given.sent == "following" else field
        lines.setdefault(name, f" * @property {{{FIELDS[given.sent]}}} [{name}] ({', '.join(given.shape)})")
    return iter(lines.values())


# For people


def page(text: str) -> str:
    """Give docs/protocol.md with its table of verbs."""
    before, _, rest = text.partition(FIRST)
    _, _, after = rest.partition(LAST)
    return f"{before}{FIRST}\n{table()}\n{LAST}{after}"


def table() -> str:
    """Give the table, and then what each verb is for."""
    head = "| verb | takes | fields | gives |\n|---|---|---|---|\n"
    return head + "".join(map(_row, LIVE)) + "\n" + "".join(map(_about, LIVE))


def _row(name: str) -> str:
    verb = LIVE[name]
    takes = ", ".join(_array(array.name, ("n", *array.sides), array.dtype) for array in verb.takes)
    fields = ", ".join(map(_field, verb.parameters))
    first, *others = verb.gives
    alike = groupby(others, lambda given: (PARTS[given.sent], given.when))
    gives = [_array(first.name, first.shape, first.dtype) + f" ({first.when})" * bool(first.when)]
    gives += [f"{part} {', '.join(map(_given, group))}" + f" ({when})" * bool(when) for (part, when), group in alike]
    return f"| `{name}` | {takes} | {fields} | {'; '.join(gives)} |\n"


def _about(name: str) -> str:
    needs = LIVE[name].needs
    return f"- **{name}**: {LIVE[name].about}" + f" Of a model that {' and '.join(needs)}." * bool(needs) + "\n"


def _array(name: str, shape: tuple[str, ...], dtype: str) -> str:
    return f"`{name}` {dtype} ({', '.join(shape)})".replace("height, width, channel", "image")


def _field(parameter: Parameter) -> str:
    limit = "" if parameter.high is None or parameter.high >= MANY else f" {parameter.low} … {parameter.high}"
    return f"`{parameter.name}{'' if parameter.required else '?'}`{limit}"


def _given(given: Given) -> str:
    if given.sent not in ("following", "labels"):
        return f"`{given.field or given.name}`"
    return _array(given.name, given.shape, given.dtype) + f", its shape `{given.field}`" * bool(given.field)


def files() -> dict[Path, str]:
    """Give what each of the files has to hold."""
    return {SCRIPT: script(), PAGE: page(PAGE.read_text("utf-8"))}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
