"""Shapes in signatures are checked while the tests run."""

from jaxtyping import install_import_hook

# Before any of the packages is imported; free in production, where nothing installs the hook.
install_import_hook(["engine", "train"], "beartype.beartype")
