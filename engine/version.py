"""The version of Zoetrope that is installed."""

from importlib import metadata

NAME = "zoetrope-latent"


def version() -> str:
    """Return the version, such as "0.1.0"; "unknown" where the package is used without being installed."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unknown"
