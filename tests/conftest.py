"""Shapes in signatures are checked while the tests run; and the door that the tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

if TYPE_CHECKING:
    from app.door import Door

# Before any of the packages is imported; free in production, where nothing installs the hook.
install_import_hook(["engine", "train"], "beartype.beartype")

# The same examples each time, and no deadline: a busy machine is no error.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Give the pages a door of their own, which a test opens, and a home of their own for what they keep."""
    from app import store
    from app.door import Door
    from app.views import opening

    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    made = Door()
    monkeypatch.setattr(opening, "door", lambda: made)
    yield made
    made.close()
    store.close()
