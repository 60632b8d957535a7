"""Benchmarks: what was promised of Jitney's behavior, each measured beside its limit in one run."""
