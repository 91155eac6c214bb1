"""The web server: Streamlit's app, our live channel and our files on one port."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from streamlit.web import bootstrap

from app.engine_client import engine_client
from app.network import url
from app.server import http_server, kept, store
from app.server.export.follow import follow
from app.server.export.queue import ExportQueue
from app.server.export.routes import Films
from app.server.gate import Gate
from app.server.origins import Site
from app.server.statics import Statics, pages
from app.server.websocket import Live
from engine.serving.protocol import Backend

SWITCH = 0.0005
"""Seconds after which a page script gives way to the live channel; Python's own 5 ms would cost a drag its frames."""
SETTINGS: dict[str, Any] = {
    # A forced full collection after each run is most of its cost, and it holds everyone up.
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
    "server.maxMessageSize": 16,  # to the browser: an upload comes back as one picture of some MB
    "server.maxWidgetStateSize": 1,
    "logger.hideWelcomeMessage": True,
    "theme.light.primaryColor": "#b93d0b",
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


SCRIPT = Path(__file__).with_name("script.py")
ALONE = Site()


def build(backend: Callable[[], Backend], script: Path = SCRIPT, site: Site = ALONE) -> st.App:
    """Return the application over the engine that `backend` makes, and the script that draws its pages."""

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        engine_client().open(backend)
        yield
        await asyncio.to_thread(exports.close)
        await asyncio.to_thread(engine_client().close)
        store.close()

    exports = ExportQueue(engine_client())
    base = site.base
    live = WebSocketRoute(f"{base}/live", Live(engine_client(), {"film": partial(follow, exports)}).serve)
    routes = [live, *Films(exports).routes(base), *kept.routes(base), *pages(base)]
    front = [Middleware(Gate, site), Middleware(Statics, base=base)]
    return st.App(script, routes=routes, middleware=front, lifespan=lifespan)


def serve(
    port: int,
    address: str,
    backend: Callable[[], Backend],
    headless: bool,
    script: Path = SCRIPT,
    site: Site = ALONE,
) -> bool:
    """Serve until stopped, unless headless with a browser on the page; whether the port could be opened."""
    where = {"server.port": port, "server.address": address, "server.baseUrlPath": site.base.strip("/")}
    sys.setswitchinterval(SWITCH)
    bootstrap.load_config_options({**SETTINGS, **where, "server.headless": headless})
    return http_server.run(
        build(backend, script, site), address, port, "" if headless else url(address, port, site.base)
    )
