"""The service as it is put together: a ride from its quote to its capture, over gRPC."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.auth import Role
from ridesharing.matching.v1 import (
    dispatch_operator_service_pb2,
    driver_service_pb2,
    explanations_pb2,
    ride_service_pb2,
    rides_pb2,
)
from tests.fakes.matching_stage import PICKUP
from tests.integration.matching.whole_service import (
    Running,
    eventually,
    offered,
    online_at_the_pickup,
    refusal,
    requested,
    told,
)


async def support_is_told_no_places(service: Running, ride_id: str) -> None:
    request = dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride_id)
    told = await service.operators.GetRideHistory(request, **service.as_(Role.SUPPORT, service.new_id()))
    assert [move.to_state for move in told.transitions] == [1, 3, 4, 5, 6, 7, 8]
    assert told.ride.note == ""
    assert not any(message.HasField(place) for message in (told.ride, *told.offers) for place in ("pickup", "dropoff"))


async def test_a_ride_is_quoted_dispatched_driven_and_paid(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider)
    assert ride.state == rides_pb2.RIDE_STATE_MATCHING
    assert len(ride.start_pin) == 4
    assert ride.note == "by the fountain"

    offer = await offered(service, driver)
    assert (offer.ride_id, offer.pickup.address) == (ride.ride_id, PICKUP.address)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    accepted = (await service.drivers.AcceptOffer(accept, **driver)).ride
    assert (accepted.state, accepted.start_pin) == (rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, "")
    assert (accepted.rider_name, accepted.note) == ("Ada", "by the fountain")
    current = await service.rides.GetCurrentRide(ride_service_pb2.GetCurrentRideRequest(), **driver)
    assert current.ride.note == "by the fountain"

    location = await service.rides.GetRideLocation(
        ride_service_pb2.GetRideLocationRequest(ride_id=ride.ride_id), **rider
    )
    assert location.point.latitude == pytest.approx(PICKUP.point.latitude, abs=1e-6)
    seen = (await service.rides.GetRide(ride_service_pb2.GetRideRequest(ride_id=ride.ride_id), **rider)).ride
    assert (seen.driver.vehicle_plate, seen.start_pin, seen.rider_name) == ("8ABC123", ride.start_pin, "")

    arrive = driver_service_pb2.ArriveAtPickupRequest(request_id=service.key(), ride_id=ride.ride_id)
    await service.drivers.ArriveAtPickup(arrive, **driver)
    wrong = driver_service_pb2.StartTripRequest(
        request_id=service.key(), ride_id=ride.ride_id, start_pin=f"{(int(ride.start_pin) + 1) % 10_000:04d}"
    )
    assert await refusal(service.drivers.StartTrip(wrong, **driver)) == "pin_invalid"
    start = driver_service_pb2.StartTripRequest(
        request_id=service.key(), ride_id=ride.ride_id, start_pin=ride.start_pin
    )
    await service.drivers.StartTrip(start, **driver)
    complete = driver_service_pb2.CompleteTripRequest(request_id=service.key(), ride_id=ride.ride_id)
    done = (await service.drivers.CompleteTrip(complete, **driver)).ride
    assert (done.state, done.note) == (rides_pb2.RIDE_STATE_COMPLETED, "")

    async def captured() -> bool | None:
        request = ride_service_pb2.GetRideRequest(ride_id=ride.ride_id)
        now = (await service.rides.GetRide(request, **rider)).ride
        return now.payment_state == rides_pb2.PAYMENT_STATE_CAPTURED or None

    await eventually(captured)
    assert service.payment.effects == [f"hold {ride.ride_id}", f"capture {ride.ride_id}"]
    await told(
        service,
        ride.ride_id,
        "RideRequested RideMatchingStarted OfferCreated RideAssigned DriverArrived TripStarted RideCompleted"
        " RidePaymentSettled",
    )

    operator = service.as_(Role.OPERATOR, service.new_id())
    history = await service.operators.GetRideHistory(
        dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride.ride_id), **operator
    )
    assert [move.to_state for move in history.transitions] == [1, 3, 4, 5, 6, 7, 8]
    assert (history.ride.start_pin, history.ride.rider_name, history.ride.note) == ("", "", "by the fountain")
    assert all(offer.create_time.ToNanoseconds() <= offer.close_time.ToNanoseconds() for offer in history.offers)
    await support_is_told_no_places(service, ride.ride_id)
    since = Timestamp()
    since.FromDatetime(datetime(2024, 1, 1, tzinfo=UTC))
    summary = await service.operators.SummarizeRides(
        dispatch_operator_service_pb2.SummarizeRidesRequest(since_time=since), **operator
    )
    assert summary.double_assignment_count == 0
    assert summary.request_to_pickup.count >= 1
    search = dispatch_operator_service_pb2.SearchRidesRequest(states=[rides_pb2.RIDE_STATE_COMPLETED])
    found = await service.operators.SearchRides(search, **operator)
    assert ride.ride_id in {each.ride_id for each in found.rides}
    await explained(service, operator, offer)
    assert summary.offer_count >= 1
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **driver)


async def explained(service: Running, operator: dict[str, Any], offer: rides_pb2.Offer) -> None:
    """Wait until operators are told why an offer was made: it is written down after the offer."""
    explain = dispatch_operator_service_pb2.ExplainDispatchRequest(ride_id=offer.ride_id)

    async def ask() -> dispatch_operator_service_pb2.ExplainDispatchResponse | None:
        answer = await service.operators.ExplainDispatch(explain, **operator)
        return answer if answer.ticks else None

    last = (await eventually(ask)).ticks[-1]
    assert (last.fate, last.driver_id) == (explanations_pb2.TICK_FATE_OFFERED, offer.driver_id)
    [chosen] = [each for each in last.candidates if each.driver_id == offer.driver_id]
    assert chosen.verdict == explanations_pb2.CANDIDATE_VERDICT_CHOSEN
    assert chosen.pickup_eta_seconds == offer.pickup_eta_seconds


async def test_a_rider_cancels_and_the_hold_is_released(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    ride = await requested(service, rider)
    preview = await service.rides.PreviewCancellation(
        ride_service_pb2.PreviewCancellationRequest(ride_id=ride.ride_id), **rider
    )
    assert (preview.fee.amount_minor, preview.fee_consent_token) == (0, "")
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=ride.ride_id, reason="my leg broke")
    assert (await service.rides.CancelRide(cancel, **rider)).ride.state == rides_pb2.RIDE_STATE_CANCELED_BY_RIDER
    history = dispatch_operator_service_pb2.GetRideHistoryRequest(ride_id=ride.ride_id)
    for role, words in ((Role.OPERATOR, "my leg broke"), (Role.SUPPORT, "")):
        last = (await service.operators.GetRideHistory(history, **service.as_(role, service.new_id()))).transitions[-1]
        assert (last.reason, last.words) == ("rider_canceled", words)

    async def voided() -> bool | None:
        return f"void {ride.ride_id}" in service.payment.effects or None

    await eventually(voided)
    listed = await service.rides.ListRides(ride_service_pb2.ListRidesRequest(page_size=1), **rider)
    assert [each.ride_id for each in listed.rides] == [ride.ride_id]
    assert listed.next_page_token == ""


async def test_nobody_sees_or_moves_somebody_elses_ride(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    ride = await requested(service, rider)
    strangers = [service.as_(Role.RIDER, service.new_id()), service.as_(Role.DRIVER, service.new_id())]
    for stranger in strangers:
        request = ride_service_pb2.GetRideRequest(ride_id=ride.ride_id)
        assert await refusal(service.rides.GetRide(request, **stranger)) == "ride_not_found"
    arrive = driver_service_pb2.ArriveAtPickupRequest(request_id=service.key(), ride_id=ride.ride_id)
    assert await refusal(service.drivers.ArriveAtPickup(arrive, **strangers[1])) == "ride_not_found"
    assert await refusal(service.drivers.ArriveAtPickup(arrive, **rider)) == "role_not_allowed"
    operator = service.as_(Role.OPERATOR, service.new_id())
    end = dispatch_operator_service_pb2.ForceCancelRideRequest(
        request_id=service.key(), ride_id=ride.ride_id, reason="test over"
    )
    ended = (await service.operators.ForceCancelRide(end, **operator)).ride
    assert ended.state == rides_pb2.RIDE_STATE_CANCELED_BY_PLATFORM


async def test_a_repeated_give_back_shows_the_former_driver_nothing_of_the_next_one(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    await requested(service, rider)
    offer = await offered(service, driver)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    await service.drivers.AcceptOffer(accept, **driver)
    give_back = driver_service_pb2.CancelAssignmentRequest(
        request_id=service.key(), ride_id=offer.ride_id, reason="flat tire"
    )
    first = await service.drivers.CancelAssignment(give_back, **driver)
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=second.offer_id)
    assert (await service.drivers.AcceptOffer(accept, **other)).ride.ride_id == offer.ride_id
    again = await service.drivers.CancelAssignment(give_back, **driver)
    assert again == first
    assert (again.ride.state, again.ride.HasField("driver"), again.ride.note) == (
        rides_pb2.RIDE_STATE_MATCHING,
        False,
        "",
    )
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=offer.ride_id)
    await service.rides.CancelRide(cancel, **rider)
    # Else the next one's ride is offered to one of them, while they are heard of still.
    for each in (driver, other):
        await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **each)


async def test_a_declined_driver_is_not_asked_again(service: Running):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider)
    offer = await offered(service, driver)
    decline = driver_service_pb2.DeclineOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
    assert (await service.drivers.DeclineOffer(decline, **driver)).offer.state == rides_pb2.OFFER_STATE_DECLINED
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    assert second.ride_id == ride.ride_id
    assert (
        await refusal(service.drivers.GetCurrentOffer(driver_service_pb2.GetCurrentOfferRequest(), **driver))
        == "no_open_offer"
    )


@pytest.mark.parametrize(
    ("funding", "payment_method_id"),
    [
        (rides_pb2.FUNDING_UNSPECIFIED, ""),
        (rides_pb2.FUNDING_CARD, ""),
        (rides_pb2.FUNDING_CASH, "01890a5d-ac96-774b-bcce-b302099a8057"),
        (rides_pb2.FUNDING_WALLET, "01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
async def test_a_card_is_named_where_one_pays_and_nowhere_else(
    service: Running, funding: rides_pb2.Funding.ValueType, payment_method_id: str
):
    request = ride_service_pb2.RequestRideRequest(
        request_id=service.key(), quote_id=service.key(), payment_method_id=payment_method_id, funding=funding
    )
    rider = service.as_(Role.RIDER, service.new_id())
    assert await refusal(service.rides.RequestRide(request, **rider)) == "invalid_argument"
