"""Shapes in signatures are checked while the tests run; and the client that the tests of pages share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import signatures

if TYPE_CHECKING:
    from app.engine_client import EngineClient

# Before any of the packages is imported; free in production, where nothing installs the hook.
signatures.install(["engine", "train"])

# The same examples each time, and no deadline: a busy machine is no error.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


PLACES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
SETTINGS = ("STREAMLIT_", "RAY_")  # a person's own, which begin so


@pytest.fixture(scope="session", autouse=True)
def own_home() -> Iterator[None]:
    """Give all tests, and the processes they start, a home that holds nothing and settings that nobody made."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="zt-", ignore_cleanup_errors=True) as home:
        for name in [name for name in os.environ if name.startswith((*SETTINGS, *PLACES))]:
            patch.delenv(name)
        patch.setenv("HOME", home)
        patch.setenv("ZOETROPE_DATA", f"{home}/data")  # what lies beside the repository changes no test
        patch.setenv("RAY_TMPDIR", home)  # a short path: Ray puts sockets there, whose names may have 107 bytes
        yield


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """Give the pages a client of their own, which a test opens, and a home of their own for what they keep."""
    from app.engine_client import EngineClient
    from app.server import store
    from app.views import opening

    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    made = EngineClient()
    monkeypatch.setattr(opening, "engine_client", lambda: made)
    yield made
    made.close()
    store.close()
