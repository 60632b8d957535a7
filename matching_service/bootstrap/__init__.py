"""The composition root: the only place that names concrete classes."""

from matching_service.bootstrap.application import Application, build

__all__ = ["Application", "build"]
