"""What both pages change about the frame that Streamlit puts around them."""

from __future__ import annotations

import streamlit as st

_CSS = """
<style>
.stMainBlockContainer { padding: 3.6rem clamp(.75rem, 1.6vw, 2.5rem) .75rem !important; max-width: 120rem; }
.stMainBlockContainer > .stVerticalBlock { gap: var(--gap-3); }
[data-testid="stHeader"] { height: 3.1rem; min-height: 3.1rem; }
.stElementContainer:has(> .stHtml > style:only-child) { display: none; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
[data-testid="stHeader"] a:focus-visible, [data-testid="stHeader"] button:focus-visible {
  outline: 2.5px solid var(--st-primary-color, currentColor) !important; outline-offset: 2px;
}
.zt-welcome {
  display: grid; grid-template-columns: minmax(0, 44rem) auto; grid-template-rows: auto 1fr; column-gap: var(--gap-6);
}
.zt-welcome h1 {
  font-size: var(--type-hero); font-weight: 650; letter-spacing: -.025em; padding: 0 0 .3rem; margin: 0;
}
.zt-welcome em { font-style: normal; font-weight: 600; }
.zt-welcome p { font-size: var(--type-large); line-height: 1.5; margin: 0 0 .4rem; opacity: .82; text-wrap: pretty; }
.zt-drum {
  grid-area: 1 / 2 / 3 / 3; display: grid; grid-template-columns: repeat(5, 6rem); gap: var(--gap-3);
  align-self: center;
}
.zt-drum i {
  aspect-ratio: 1; border-radius: var(--radius-large); background-size: 10000% 100%;
  animation: zt-turn 12s steps(100, jump-none) infinite;
}
.zt-drum i:nth-child(2) { animation-delay: -2.4s; }
.zt-drum i:nth-child(3) { animation-delay: -4.8s; }
.zt-drum i:nth-child(4) { animation-delay: -7.2s; }
.zt-drum i:nth-child(5) { animation-delay: -9.6s; }
@keyframes zt-turn { to { background-position: 100% 0; } }
@media (prefers-reduced-motion: reduce) { .zt-drum i { animation-play-state: paused; } }
@media (max-width: 1000px) {
  .zt-welcome { grid-template-columns: minmax(0, 44rem); }
  .zt-drum { grid-area: auto; grid-template-columns: repeat(5, minmax(0, 1fr)); margin: .1rem 0 .7rem; }
}
</style>
"""


def page_style() -> None:
    """Let a page use its width and height: an instrument is not an article."""
    st.html(_CSS)
