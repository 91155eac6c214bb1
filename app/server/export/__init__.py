"""A walk through key pictures as a file: the path, its film, and the studio that makes films for many people."""
