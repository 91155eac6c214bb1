"""How large a checkpoint may claim to be: no larger than the file of its weights supports.

A card is a text that anybody can write. Its sizes are held against the header of the weights before anything of that
size is made: each size against how many numbers there are, the model as a whole by what its construction asks of torch.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch.overrides import TorchFunctionMode

from engine.errors import CheckpointRefused
from engine.registry import Config, Model, build

Shapes = Mapping[str, tuple[int, ...]]
T = TypeVar("T")

SMALL = 4096  # a size that no file has to support: toys hold fewer numbers than their canvas has pixels
LARGEST_PICTURE = 2**22  # values
LARGEST_FILE = 2**31  # bytes
CALLS = 32, 256  # of torch that a construction may make: for each tensor of the file, and besides
RENAMED = {"teller": "cond_conv"}  # modules by the names that they had when older weights were written


def shapes_in(path: Path) -> Shapes:
    """Read the names and shapes in the header of a safetensors file. Raises CheckpointRefused."""
    try:
        with safe_open(path, "pt") as file:
            return renamed({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})
    except SafetensorError as error:
        raise CheckpointRefused(f"{path.parent.name}: {path.name} is no safetensors file ({error}).") from error


def renamed(weights: Mapping[str, T]) -> dict[str, T]:
    """Name what belongs to weights, by their names, as the models of this version do."""
    return {".".join(RENAMED.get(part, part) for part in name.split(".")): value for name, value in weights.items()}


def check_sizes(name: str, config: Mapping[str, Any], shape: tuple[int, int, int], shapes: Shapes) -> None:
    """Refuse a config with a size above the count of the numbers in the weights. Raises CheckpointRefused."""
    values = sum(map(math.prod, shapes.values()))
    sizes = {field: value for field, value in config.items() if isinstance(value, int)}
    if wrong := [field for field, size in sizes.items() if abs(size) > max(values, SMALL)]:
        field, given = wrong[0], str(sizes[wrong[0]])[:20]
        raise CheckpointRefused(
            f"{name}: its config says {field} {given}, and its weights are {values} numbers. Export the run again."
        )
    if math.prod(shape) > LARGEST_PICTURE:
        raise CheckpointRefused(
            f"{name}: pictures of shape {shape} have more than the {LARGEST_PICTURE} values that are accepted."
        )


def build_like(name: str, config: Config, shapes: Shapes) -> Model:
    """Build a model without memory, on the meta device, and refuse one whose tensors are not those of the file."""
    try:
        limit = CallLimit(CALLS[0] * len(shapes) + CALLS[1])
        # The outermost undoes what a construction that is cut off in the midst of a no_grad leaves behind.
        with torch.set_grad_enabled(torch.is_grad_enabled()), torch.device("meta"), limit:
            model = build(config)
    except CheckpointRefused:
        raise
    except TooManyCalls:
        reason = f"its config describes more than the {len(shapes)} tensors of its weights"
        raise CheckpointRefused(f"{name}: {reason}. Export the run again.") from None
    except Exception as error:  # of sizes that pass each on its own and make no model together
        raise CheckpointRefused(f"{name}: its config makes no model ({type(error).__name__}: {error}).") from error
    compare(name, {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}, shapes)
    return model


def compare(name: str, wanted: Shapes, found: Shapes) -> None:
    """Refuse a file that holds other tensors than a model wants. Raises CheckpointRefused."""
    if wrong := sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)):
        key = wrong[0]
        raise CheckpointRefused(
            f"{name}: {key} is {found.get(key, 'missing')} in the file and {wanted.get(key, 'unknown')} "
            f"in the model; {len(wrong)} of {len(wanted)} tensors differ."
        )


class TooManyCalls(Exception):
    """A construction asked more of torch than the model that was announced can need."""


class CallLimit(TorchFunctionMode):
    """Ends what goes on in this thread after a number of calls of torch."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.left -= 1
        if self.left < 0:
            raise TooManyCalls
        return func(*args, **(kwargs or {}))
