"""The parts of a service, loaded by name: nothing of ours depends on a service, a benchmark looks into one."""

from importlib import import_module
from typing import Any


def matching(module: str) -> Any:
    """A module of matching_service, for example `use_cases.accept_offer`."""
    return import_module(f"matching_service.{module}")
