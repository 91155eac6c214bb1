"""Several packets as one, which is what one HTTP request carries: a packet whose arrays 0, 1, 2, … are packets."""

from collections.abc import Sequence

import numpy as np

from engine.errors import BadValue
from engine.serving.codec import pack, unpack


def pack_all(packets: Sequence[bytes]) -> bytes:
    """Write packets as one, in their order."""
    return pack({}, {str(i): np.frombuffer(packet, np.uint8) for i, packet in enumerate(packets)})


def unpack_all(body: bytes) -> list[bytes]:
    """Read the packets of a bundle. Raises BadValue unless it is well formed."""
    _, arrays = unpack(body)
    if list(arrays) != [str(i) for i in range(len(arrays))] or any(
        array.dtype != np.uint8 for array in arrays.values()
    ):
        raise BadValue("A packet that is no bundle was given: a bundle holds packets, named 0, 1, 2, …, as uint8.")
    return [array.tobytes() for array in arrays.values()]
