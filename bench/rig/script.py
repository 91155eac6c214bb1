"""The app's script, but that a visit to `?bench=burn` computes in Python until its visitor has gone."""

import runpy
import time
from pathlib import Path

import streamlit as st

import app

BURST = 0.1
"""Seconds between two looks at whether the visitor is still there."""


def burn() -> None:
    """Keep the interpreter as busy as a page can: pure Python, which never gives the lock away by itself."""
    place = st.empty()
    rounds = 0
    while True:
        until = time.perf_counter() + BURST
        while time.perf_counter() < until:
            rounds += sum(i * i for i in range(200))
        place.text(rounds)


if st.query_params.get("bench") == "burn":
    burn()
else:
    runpy.run_path(str(Path(app.__file__).with_name("script.py")))
