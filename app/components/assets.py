"""The browser's files, under a path that names their content; app/server/statics.py serves them.

Components v2 take one script each and a package-wide asset folder only from an installed wheel's metadata. A short
script that imports our own modules needs neither, works from a source checkout, and leaves no build step.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

WEB = Path(__file__).parent / "web"
APP = Path(__file__).parents[1]
DRAWN = (APP / "bundled.py", *sorted((APP / "drawn").glob("*.py")))
"""What draws the pictures that come along, which are served under the same path."""
SCRIPT = """
const newest = new WeakMap()
export default async function (component) {
  newest.set(component.parentElement, component)
  const page = new URL("./", window.location.href)
  const module = await import(new URL(component.data.module, page).href)
  if (newest.get(component.parentElement) === component) return module.default(component, page)
}
"""
"""Imports need not end in the order in which they began: of two runs that come meanwhile the newest is shown."""


def files() -> dict[str, Path]:
    """Return every file under `web/`, by its name there."""
    return {path.relative_to(WEB).as_posix(): path for path in sorted(WEB.rglob("*")) if path.is_file()}


@cache
def digest() -> str:
    """Twelve digits that change with any file under `web/`, and with how pictures are drawn."""
    content = hashlib.sha256()
    for name, path in files().items():
        content.update(name.encode())
        content.update(path.read_bytes())
    for drawer in DRAWN:
        content.update(drawer.read_bytes())
    return content.hexdigest()[:12]


def module(name: str) -> str:
    """Return the address of a module, relative to the page."""
    return f"zoetrope/{digest()}/{name}"


def picture(name: str) -> str:
    """Return the address of a strip of pictures that come along, relative to the page."""
    return module(f"pictures/{name}")


def component(name: str, *sheets: str) -> Any:
    """Declare the component whose module is NAME/index.js, with style sheets beside those of all."""
    styles = ("ui/base.css", *sheets)
    return st.components.v2.component(
        f"zoetrope_{name}",
        html=f'<div class="zt" data-part="{name}"></div>',
        css="\n".join((WEB / sheet).read_text(encoding="utf-8") for sheet in styles),
        js=SCRIPT,
        isolate_styles=False,
    )
