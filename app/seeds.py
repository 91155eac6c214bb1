"""Seeds in links: the generator of noise keeps 32 bits of one, so that there are so many and no more."""

from __future__ import annotations

SEEDS = 2**32
LARGEST_GIVEN = 2**63 - 1
"""Earlier versions took seeds up to here; of those beyond 32 bits the noise is that of their last 32."""


def read_seed(text: str) -> int | None:
    """Read a seed as the one of 32 bits that has the same noise; None for what is no seed."""
    whole = text.isdecimal() and len(text) <= len(str(LARGEST_GIVEN)) and int(text) <= LARGEST_GIVEN
    return int(text) % SEEDS if whole else None
