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

from app.components.joined import ALONE, SHARED, Joined, scripts

WEB = Path(__file__).parent / "web"
APP = Path(__file__).parents[1]
DRAWN = (APP / "bundled.py", *sorted((APP / "drawn").glob("*.py")))
"""What draws the pictures that come along, which are served under the same path."""
SHEETS = {
    "home": ("pages/home/gallery.css",),
    "explore": ("latent/latent.css", "latent/levels.css", "latent/directions.css"),
    "morph": ("latent/latent.css", "pages/morph/morph.css"),
    "reconstruct": ("source/source.css",),
    "compare": ("pages/compare/compare.css",),
    "complete": ("latent/latent.css", "source/source.css", "pages/complete/complete.css"),
    "outliers": ("source/source.css", "pages/outliers/outliers.css"),
}
"""The style sheets of a page, beside that of all."""
ICONS = """<script>
{
  const load = document.fonts.load.bind(document.fonts)
  document.fonts.load = (font, ...rest) => font.includes("Material Symbols") ? Promise.resolve([]) : load(font, ...rest)
}
</script>
<style>
[data-testid="stFileUploader"] [data-testid="stIconMaterial"] { font-family: inherit; font-size: 0; }
[data-testid="stFileUploader"] [data-testid="stIconMaterial"]::before { content: "+"; font-size: medium; }
</style>"""
"""Streamlit asks for its font of icons, 375 KB, before it knows of any; a browser does so by itself to show one. Those
of the uploader are letters of the page's own font, from before it is there."""
JOINED = {".js", ".json", ".css"}
SCRIPT = """
const newest = new WeakMap()
const styled = (link) =>
  link.sheet ?? new Promise((done) => ["load", "error"].forEach((end) => link.addEventListener(end, done)))
export default async function (component) {{
  const {{ parentElement }} = component
  newest.set(parentElement, component)
  const page = new URL("./", window.location.href)
  const [module] = await Promise.all([
    import(new URL("{module}", page).href),
    styled(parentElement.querySelector("link")),
  ])
  if (newest.get(parentElement) === component) return module.default(component, page)
}}
"""
"""Imports need not end in the order in which they began: of two runs that come meanwhile the newest is shown."""


def files() -> dict[str, Path]:
    """Return every file under `web/`, by its name there."""
    return {path.relative_to(WEB).as_posix(): path for path in sorted(WEB.rglob("*")) if path.is_file()}


def served() -> dict[str, Path | Joined]:
    """Return the files that browsers ask for, by name: modules and style sheets joined, everything else as it is."""
    there = files()
    plain = {name: path for name, path in there.items() if path.suffix not in JOINED or name == ALONE}
    modules = {name: path.read_text("utf-8") for name, path in there.items() if path.suffix in (".js", ".json")}
    return {**plain, **{file.name: file for file in [*scripts(modules), *map(_sheet, SHEETS)]}}


def _sheet(page: str) -> Joined:
    sheets = ("ui/base.css", *SHEETS[page])
    return Joined(f"pages/{page}.css", tuple((WEB / sheet).read_text("utf-8") for sheet in sheets))


@cache
def digest() -> str:
    """Twelve digits that change with any file under `web/`, with how they are joined and how pictures are drawn."""
    content = hashlib.sha256()
    for name, path in files().items():
        content.update(name.encode())
        content.update(path.read_bytes())
    for maker in (APP / "components" / "joined.py", *DRAWN):
        content.update(maker.read_bytes())
    return content.hexdigest()[:12]


def address(name: str) -> str:
    """Return the address of a file, relative to the page."""
    return f"zoetrope/{digest()}/{name}"


def picture(name: str) -> str:
    """Return the address of a strip of pictures that come along, relative to the page."""
    return address(f"pictures/{name}")


def head(page: str) -> str:
    """Return what the head of a page has so that our files come with Streamlit's own, and not after its first run."""
    tokens = (WEB / "ui/tokens.css").read_text("utf-8")
    loads = "".join(f'<link rel="modulepreload" href="./{address(name)}">' for name in (SHARED, f"pages/{page}.js"))
    style = f'<link rel="preload" as="style" href="./{address(f"pages/{page}.css")}">'
    return f'{ICONS}<style>{tokens}</style><script type="module" src="./{address(ALONE)}"></script>{loads}{style}'


def component(page: str, part: str = "") -> Any:
    """Declare the component of a page, which draws into the element of `part`, or of the page's name."""
    return st.components.v2.component(
        f"zoetrope_{part or page}",
        html=f'<link rel="stylesheet" href="{address(f"pages/{page}.css")}">'
        f'<div class="zt" data-part="{part or page}"></div>',
        js=SCRIPT.format(module=address(f"pages/{page}.js")),
        isolate_styles=False,
    )
