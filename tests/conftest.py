"""Shapes in signatures are checked while the tests run."""

from hypothesis import settings
from jaxtyping import install_import_hook

# Before any of the packages is imported; free in production, where nothing installs the hook.
install_import_hook(["engine", "train"], "beartype.beartype")

# The same examples each time, and no deadline: a busy machine is no error.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
