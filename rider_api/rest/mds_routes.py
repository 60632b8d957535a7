"""For agencies: trips and vehicles by the Mobility Data Specification."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from chassis.auth import Role
from rider_api.rest.calls import ask, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.mds import (
    MdsHourQuery,
    MdsTrips,
    MdsVehicles,
    MdsVehicleStatuses,
    mds_statuses,
    mds_trips,
    mds_vehicles,
)
from ridesharing.matching.v1 import mds_service_pb2
from shared_kernel.errors import FieldViolation, InvalidInput

routes = Routes("mds", "Agencies", area="agencies")
_READERS = (Role.OPERATOR, Role.PARTNER)


@routes.route("GET", "/operator/mds/trips", roles=_READERS, answer=MdsTrips, problems=(409,))
def export_mds_trips(query: MdsHourQuery) -> MdsTrips:
    """Return the trips with passengers that ended in an hour; an hour that is not over is a conflict."""
    request = mds_service_pb2.ExportTripsRequest(
        hour_time=timestamp_message(_hour(query.end_time)), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.mds.ExportTrips, request)
    return mds_trips(page, _next({"end_time": query.end_time}, query, page.next_page_token))


@routes.route("GET", "/operator/mds/vehicles", roles=_READERS, answer=MdsVehicles, problems=(409,))
def export_mds_vehicles(query: PageQuery) -> MdsVehicles:
    """Return the vehicles in service."""
    page = ask(edge().backends.mds.ExportVehicles, _vehicles(query))
    return mds_vehicles(page, _next({}, query, page.next_page_token))


@routes.route("GET", "/operator/mds/vehicles/status", roles=_READERS, answer=MdsVehicleStatuses, problems=(409,))
def export_mds_vehicle_statuses(query: PageQuery) -> MdsVehicleStatuses:
    """Return the state, the last event and the coarse place of the vehicles in service."""
    page = ask(edge().backends.mds.ExportVehicles, _vehicles(query))
    return mds_statuses(page, _next({}, query, page.next_page_token))


def _vehicles(query: PageQuery) -> mds_service_pb2.ExportVehiclesRequest:
    return mds_service_pb2.ExportVehiclesRequest(page_size=query.limit, page_token=page_token(query.cursor))


def _next(fixed: dict[str, str], query: PageQuery, token: str) -> str | None:
    cursor = next_cursor(token)
    return None if cursor is None else "?" + urlencode({**fixed, "limit": query.limit, "cursor": cursor})


def _hour(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        violation = FieldViolation("end_time", "must be an hour such as 2030-01-31T18, in UTC")
        raise InvalidInput("invalid_request", "the hour does not exist", violations=[violation]) from None
