"""The browser's files, served by ourselves under a path that names their content.

Components v2 take one script each and a package-wide asset folder only from an installed wheel's metadata. A two-line
script that imports our own modules needs neither, works from a source checkout, and leaves no build step.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parent / "web"
SCRIPT = """
export default async function (component) {
  const page = new URL("./", window.location.href)
  const module = await import(new URL(component.data.module, page).href)
  return module.default(component, page)
}
"""


class Immutable(StaticFiles):
    """Files that never change under their path, so that a browser keeps them."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@cache
def digest() -> str:
    """Twelve digits that change with any file under `web/`."""
    content = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        if path.is_file():
            content.update(path.relative_to(WEB).as_posix().encode())
            content.update(path.read_bytes())
    return content.hexdigest()[:12]


def module(name: str) -> str:
    """Give the address of a module, relative to the page."""
    return f"zoetrope/{digest()}/{name}"


def style(*names: str) -> str:
    """Give the text of some style sheets."""
    return "\n".join((WEB / name).read_text(encoding="utf-8") for name in names)


def route() -> Mount:
    """Give the route that serves them."""
    mimetypes.add_type("text/javascript", ".js")  # a browser runs a module under no other type
    return Mount(f"/zoetrope/{digest()}", Immutable(directory=WEB))
