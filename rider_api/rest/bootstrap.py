"""Makes the REST application of this process from its settings."""

from __future__ import annotations

from flask import Flask

from chassis.logs import configure_logging
from chassis.settings import load_settings
from chassis.telemetry import configure_telemetry
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings

SERVICE = "rider_api_rest"


def load() -> Flask:
    """Read the settings (a wrong one ends the process with status 2) and make the application."""
    settings = load_settings(RestSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    return make_app(make_edge(settings))
