"""A visitor of a page: what its address says, and what its component, a button here, tells Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.state import SafeSessionState
from streamlit.testing.v1 import AppTest


@contextmanager
def broken_off(at: int) -> Iterator[None]:
    """Break a run of a page off before its `at`-th write to its state, as Streamlit does for a newer run."""
    write, writes = SafeSessionState.__setitem__, count(1)

    def stopping(state: SafeSessionState, key: str, value: Any) -> None:
        if not key.startswith("$$") and next(writes) == at:  # those are the tests' own
            raise StopException
        write(state, key, value)

    with patch.object(SafeSessionState, "__setitem__", stopping):
        yield


class Visitor:
    """Opens a page's script without a browser; a test's own visitor says how its component is replaced."""

    def __init__(self, page: Callable[[], None], **address: str) -> None:
        self.data: dict[str, Any] = {}  # what the component was given last
        self.page = AppTest.from_function(page, default_timeout=30)
        self.at(**address)

    def at(self, **address: str) -> None:
        """Open the page at an address."""
        self.page.query_params.clear()
        for name, value in address.items():
            self.page.query_params[name] = value
        self.run()

    def run(self) -> None:
        self.page.run()
        assert not self.page.exception

    def press(self, button: str, key: str, **told: Any) -> None:
        """Have the component of a key tell something, and its listener hear of it."""
        self.page.session_state[key] = SimpleNamespace(**told)
        next(each for each in self.page.button if each.label == button).click()
        self.run()

    @property
    def address(self) -> dict[str, str]:
        query = self.page.query_params.items()
        return {name: value if isinstance(value, str) else ",".join(value) for name, value in query}
