"""The chart against a real API server: `python -m tests.cluster`, or `make check-cluster`."""
