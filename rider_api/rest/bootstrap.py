"""Makes the REST application of this process from its settings, with the intake in front of it."""

from __future__ import annotations

from chassis.logs import configure_logging
from chassis.settings import load_settings
from chassis.telemetry import configure_telemetry
from rider_api.defaults import REST_REFUSING_THREADS
from rider_api.rest.app import make_app, make_edge
from rider_api.rest.intake import Intake
from rider_api.settings import RestSettings

SERVICE = "rider_api_rest"


def load() -> Intake:
    """Read the settings (a wrong one ends the process with status 2) and make the application."""
    settings = load_settings(RestSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    return Intake(
        make_app(make_edge(settings)).wsgi_app,
        threads=settings.rest_threads + settings.rest_waiting_max + REST_REFUSING_THREADS,
        body_seconds=settings.rest_body_seconds,
        environment=settings.environment,
    )
