"""The comparison: the same model behind Streamlit's stock slider, as a page is usually written."""

import sys
from pathlib import Path

import numpy as np
import streamlit as st

from engine.inference.engine import Engine


@st.cache_resource
def engine() -> Engine:
    folder = sys.argv[2] if len(sys.argv) > 2 else ""
    return Engine([Path(folder)] if folder else None)


name = sys.argv[1]
z = np.zeros((1, engine().card(name).latent), np.float32)
z[0, 0] = st.slider("z0", -3.0, 3.0, 0.0, step=0.01)
st.image(engine().decode(name, z)[0].repeat(10, 0).repeat(10, 1).squeeze())
