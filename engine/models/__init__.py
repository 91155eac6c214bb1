"""The families, one file a paper."""
