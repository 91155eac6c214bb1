"""Pictures that our own code draws, so that everybody has something to begin with, and nobody's picture is shipped."""
