"""A walk through key pictures as a file: the path, its film, and the queue that makes films for many people."""
