"""Fuzzing of the contracts: `python -m tests.fuzz rest` and `python -m tests.fuzz grpc`, with a stack of its own."""
