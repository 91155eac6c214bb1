"""What the command lines write reaches a terminal or a pipe of any encoding."""

import codecs
import sys

PLAIN = {"×": "x", "σ": "sigma", "β": "beta", "–": "-", "−": "-", "…": "...", "“": '"', "”": '"', "’": "'", "·": "-"}


def write_plainly() -> None:
    """Let both output streams write what their encoding lacks in plain letters, else by number."""
    codecs.register_error("plainly", plainly)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="plainly")


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks: the error handler that `codecs` knows by the name "plainly"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end
