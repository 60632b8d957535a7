"""What the people who run the service see and do."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import ride_version, versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.drivers import Driver, driver
from rider_api.schemas.explanations import DispatchExplanation, dispatch_explanation
from rider_api.schemas.notifications import DeliverySummary, delivery_summary
from rider_api.schemas.operators import (
    DeadLetterPath,
    DeadLetters,
    DeadLettersPath,
    DriverPath,
    Drivers,
    DriverSearchQuery,
    DriverStatusChange,
    ForcedCancellation,
    OperatorRides,
    RideHistory,
    RideSearchQuery,
    RideSummary,
    SinceQuery,
    dead_letter,
    ride_history,
    ride_summary,
)
from rider_api.schemas.payments import Journal, TrialBalance, journal, trial_balance
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.rides import OperatorRide, operator_ride
from rider_api.schemas.shifts import OperatorShifts, ShiftSearchQuery, operator_shift
from ridesharing.common.v1 import dead_letter_service_pb2
from ridesharing.identity.v1 import accounts_pb2, identity_service_pb2
from ridesharing.matching.v1 import dispatch_operator_service_pb2, ride_service_pb2, rides_pb2
from ridesharing.notification.v1 import notification_service_pb2
from ridesharing.payment.v1 import payment_service_pb2

routes = Routes("operator", "Operating", area="operate_rides")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/rides", roles=_OPERATOR, answer=OperatorRides)
def search_rides(query: RideSearchQuery) -> OperatorRides:
    """Page through all rides, newest first."""
    request = dispatch_operator_service_pb2.SearchRidesRequest(
        page_size=query.limit,
        page_token=page_token(query.cursor),
        states=[rides_pb2.RideState.Value(f"RIDE_STATE_{state.upper()}") for state in query.state],
    )
    page = ask(edge().backends.dispatch.SearchRides, request)
    return OperatorRides(
        items=[operator_ride(ride) for ride in page.rides], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/rides/summary", roles=_OPERATOR, answer=RideSummary)
def summarize_rides(query: SinceQuery) -> RideSummary:
    """Count the rides asked for since a time, with the waits."""
    request = dispatch_operator_service_pb2.SummarizeRidesRequest(since_time=timestamp_message(query.since))
    return ride_summary(ask(edge().backends.dispatch.SummarizeRides, request))


@routes.route(
    "GET", "/operator/rides/<ride_id>", roles=_OPERATOR, answer=OperatorRide, problems=(404,), urgency=Urgency.USUAL
)
def read_any_ride(path: RidePath) -> Reply | Response:
    """Return a ride; with If-None-Match, 304 while it has not changed."""
    ride = ask(edge().backends.rides.GetRide, ride_service_pb2.GetRideRequest(ride_id=str(path.ride_id))).ride
    return versioned(operator_ride(ride), ride_version(ride))


@routes.route("GET", "/operator/rides/<ride_id>/history", roles=_OPERATOR, answer=RideHistory, problems=(404,))
def read_ride_history(path: RidePath) -> RideHistory:
    """Return all moves of state and all offers of a ride."""
    request = dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=str(path.ride_id))
    return ride_history(ask(edge().backends.dispatch.GetRideHistory, request))


@routes.route(
    "POST", "/operator/rides/<ride_id>/cancel", roles=_OPERATOR, answer=OperatorRide, problems=(404,), needs_key=True
)
def force_cancel_ride(path: RidePath, body: ForcedCancellation) -> OperatorRide:
    """End a live ride for the platform; nothing is charged."""
    request = dispatch_operator_service_pb2.ForceCancelRideRequest(
        request_id=call().key, ride_id=str(path.ride_id), reason=body.reason
    )
    return operator_ride(ask(edge().backends.dispatch.ForceCancelRide, request).ride)


@routes.route(
    "GET", "/operator/rides/<ride_id>/journal", roles=_OPERATOR, area="operate_money", answer=Journal, problems=(404,)
)
def list_journal_entries(path: RidePath, query: PageQuery) -> Journal:
    """Page through the ledger's entries of a ride, oldest first."""
    request = payment_service_pb2.ListJournalEntriesRequest(
        ride_id=str(path.ride_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.payments.ListJournalEntries, request)
    return journal(page, next_cursor(page.next_page_token))


@routes.route("GET", "/operator/drivers", roles=(Role.SUPPORT, Role.OPERATOR), area="operate_drivers", answer=Drivers)
def list_drivers(query: DriverSearchQuery) -> Drivers:
    """Page through drivers, newest first."""
    status = accounts_pb2.DriverStatus.DRIVER_STATUS_UNSPECIFIED
    if query.status is not None:
        status = accounts_pb2.DriverStatus.Value(f"DRIVER_STATUS_{query.status.upper()}")
    request = identity_service_pb2.ListDriversRequest(
        page_size=query.limit, page_token=page_token(query.cursor), status=status
    )
    page = ask(edge().backends.identity.ListDrivers, request)
    return Drivers(items=[driver(item) for item in page.drivers], next_cursor=next_cursor(page.next_page_token))


@routes.route(
    "PUT",
    "/operator/drivers/<driver_id>/status",
    roles=_OPERATOR,
    area="operate_drivers",
    answer=Driver,
    problems=(404,),
)
def set_driver_status(path: DriverPath, body: DriverStatusChange) -> Driver:
    """Approve, reject, suspend or restore a driver."""
    request = identity_service_pb2.SetDriverStatusRequest(
        request_id=call().key,
        driver_id=str(path.driver_id),
        status=accounts_pb2.DriverStatus.Value(f"DRIVER_STATUS_{body.status.upper()}"),
        reason=body.reason,
    )
    return driver(ask(edge().backends.identity.SetDriverStatus, request).driver)


@routes.route("GET", "/operator/rides/<ride_id>/dispatch", roles=_OPERATOR, answer=DispatchExplanation, problems=(404,))
def explain_dispatch(path: RidePath) -> DispatchExplanation:
    """Tell why a ride got its driver, or none: each tick with the drivers around it. Kept for three days."""
    request = dispatch_operator_service_pb2.ExplainDispatchRequest(ride_id=str(path.ride_id))
    return dispatch_explanation(ask(edge().backends.dispatch.ExplainDispatch, request))


@routes.route("GET", "/operator/shifts", roles=_OPERATOR, area="operate_drivers", answer=OperatorShifts)
def list_shifts(query: ShiftSearchQuery) -> OperatorShifts:
    """Page through open shifts, newest first: who is on a break, whose device is silent, and on which ride."""
    request = dispatch_operator_service_pb2.ListShiftsRequest(
        page_size=query.limit, page_token=page_token(query.cursor), filter=query.filter_number()
    )
    page = ask(edge().backends.dispatch.ListShifts, request)
    return OperatorShifts(
        items=[operator_shift(item) for item in page.shifts], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/ledger/trial-balance", roles=_OPERATOR, area="operate_money", answer=TrialBalance)
def read_trial_balance() -> TrialBalance:
    """Sum the ledger by currency and account kind."""
    return trial_balance(ask(edge().backends.payments.GetTrialBalance, payment_service_pb2.GetTrialBalanceRequest()))


@routes.route(
    "GET", "/operator/notifications/summary", roles=_OPERATOR, area="operate_messages", answer=DeliverySummary
)
def summarize_deliveries(query: SinceQuery) -> DeliverySummary:
    """Count what was owed since a time and what became of it."""
    request = notification_service_pb2.SummarizeDeliveriesRequest(since_time=timestamp_message(query.since))
    return delivery_summary(ask(edge().backends.notifications.SummarizeDeliveries, request))


@routes.route("GET", "/operator/dead-letters/<service>", roles=_OPERATOR, area="operate_messages", answer=DeadLetters)
def list_dead_letters(path: DeadLettersPath, query: PageQuery) -> DeadLetters:
    """Page through the events that a service could not take in, oldest first."""
    request = dead_letter_service_pb2.ListDeadLettersRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.dead_letters(path.service).ListDeadLetters, request)
    return DeadLetters(
        items=[dead_letter(item) for item in page.dead_letters], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "POST",
    "/operator/dead-letters/<service>/<event_id>/replay",
    roles=_OPERATOR,
    area="operate_messages",
    answer=None,
    problems=(404,),
)
def replay_dead_letter(path: DeadLetterPath) -> None:
    """Hand a parked event to its consumer again; it is removed when that succeeds."""
    request = dead_letter_service_pb2.ReplayDeadLetterRequest(event_id=str(path.event_id))
    ask(edge().backends.dead_letters(path.service).ReplayDeadLetter, request)
