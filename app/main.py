"""The web server: Streamlit's app, our live channel and our files on one port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import WebSocketRoute

from app.components import assets
from app.door import door, open_engine
from app.live import Live

SETTINGS: dict[str, Any] = {
    # A forced full collection after each run is most of its cost once torch is loaded, and it holds everyone up.
    "runner.postScriptGC": False,
    # Watching would walk every module of torch for each session.
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    # Nothing leaves the machine.
    "browser.gatherUsageStats": False,
    "server.showEmailPrompt": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "server.maxUploadSize": 20,
    "server.enableWebsocketCompression": False,
    "logger.hideWelcomeMessage": True,
    "theme.light.primaryColor": "#c2410c",
    "theme.light.backgroundColor": "#fbf9f5",
    "theme.light.secondaryBackgroundColor": "#f1ece3",
    "theme.light.textColor": "#231f1a",
    "theme.light.borderColor": "#ded6c9",
    "theme.dark.primaryColor": "#ff9a5c",
    "theme.dark.backgroundColor": "#15130f",
    "theme.dark.secondaryBackgroundColor": "#201d18",
    "theme.dark.textColor": "#efe9df",
    "theme.dark.borderColor": "#3a352d",
    "theme.baseRadius": "0.5rem",
}


def build(folders: Sequence[Path] | None = None) -> st.App:
    """Give the application over some folders of checkpoints, or over the shipped and the user's own."""

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        door().start(lambda: open_engine(None if folders is None else list(folders)))
        yield
        door().pool.shutdown(wait=False, cancel_futures=True)

    return st.App(
        Path(__file__).with_name("script.py"),
        routes=[WebSocketRoute("/live", Live(door()).serve), assets.route()],
        lifespan=lifespan,
    )


def serve(port: int, address: str, folders: Sequence[Path] | None, headless: bool) -> None:
    """Serve until stopped; with a display, and unless headless, open a browser on the page."""
    where = {"server.port": port, "server.address": address, "server.headless": headless}
    build(folders).run(config={**SETTINGS, **where})
