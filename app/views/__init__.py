"""The pages: widgets in, plain values, one component each."""
