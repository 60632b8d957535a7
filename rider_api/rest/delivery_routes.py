"""What couriers do with delivery orders."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.deliveries import FailedDelivery, HandOver, OrderCollection, OrderReturn
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.rides import DriverRide, driver_ride
from ridesharing.matching.v1 import driver_service_pb2

routes = Routes("deliveries", "Deliveries", area="driving")
_DRIVER = (Role.DRIVER,)


@routes.route(
    "POST", "/driver/rides/<ride_id>/collect", roles=_DRIVER, answer=DriverRide, problems=(404,), urgency=Urgency.TRIP
)
def collect_order(path: RidePath, body: OrderCollection) -> DriverRide:
    """Take a delivery along from the shop."""
    request = driver_service_pb2.CollectOrderRequest(
        request_id=call().key, ride_id=str(path.ride_id), pickup_code=body.code
    )
    return driver_ride(ask(edge().backends.drivers.CollectOrder, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/hand-over",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def hand_over_order(path: RidePath, body: HandOver) -> DriverRide:
    """Complete a delivery with the proof that the order asks for; the fare is collected after it."""
    request = body.message(call().key, str(path.ride_id))
    return driver_ride(ask(edge().backends.drivers.HandOverOrder, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/fail-delivery",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def fail_delivery(path: RidePath, body: FailedDelivery) -> DriverRide:
    """Tell that a delivery could not be handed over and goes back to the shop."""
    request = driver_service_pb2.FailDeliveryRequest(
        request_id=call().key, ride_id=str(path.ride_id), failure=body.number(), reason=body.reason
    )
    return driver_ride(ask(edge().backends.drivers.FailDelivery, request).ride)


@routes.route(
    "POST",
    "/driver/rides/<ride_id>/return",
    roles=_DRIVER,
    answer=DriverRide,
    problems=(404,),
    needs_key=True,
    urgency=Urgency.TRIP,
)
def return_order(path: RidePath, body: OrderReturn) -> DriverRide:
    """Tell that the shop has the goods again; fare and return fee are collected after it."""
    request = driver_service_pb2.ReturnOrderRequest(
        request_id=call().key, ride_id=str(path.ride_id), received_by=body.received_by
    )
    return driver_ride(ask(edge().backends.drivers.ReturnOrder, request).ride)
