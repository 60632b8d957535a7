"""The service as it is put together: what identity, payment and operators decide about drivers, riders and cities."""

from typing import Any
from uuid import UUID

import grpc
import pytest

from chassis.auth import Role
from chassis.status import from_rpc_error
from ridesharing.common.v1 import money_pb2
from ridesharing.identity.v1 import accounts_pb2, events_pb2
from ridesharing.matching.v1 import (
    city_service_pb2,
    driver_service_pb2,
    ride_service_pb2,
    rides_pb2,
)
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1.events_pb2 import DriverStandingChanged
from tests.fakes.matching_stage import DROPOFF, PICKUP
from tests.integration.matching.whole_service import (
    Running,
    eventually,
    offered,
    online_at_the_pickup,
    ping,
    place,
    quoted,
    refusal,
    requested,
    tell,
)


def standing(driver_id: UUID, *, cash_allowed: bool) -> DriverStandingChanged:
    balance = money_pb2.Money(currency_code="USD", amount_minor=0 if cash_allowed else -6_000)
    return DriverStandingChanged(driver_id=str(driver_id), balance=balance, cash_allowed=cash_allowed)


async def test_a_driver_who_owes_too_much_loses_the_cash_ride_to_another_and_may_take_cash_once_it_is_paid(
    service: Running,
):
    rider = service.as_(Role.RIDER, service.new_id())
    driver = await online_at_the_pickup(service)
    ride = await requested(service, rider, rides_pb2.FUNDING_CASH)
    assert ride.funding == rides_pb2.FUNDING_CASH
    offer = await offered(service, driver)
    assert offer.funding == rides_pb2.FUNDING_CASH
    assert service.payment.payments[ride.ride_id].funding == payments_pb2.FUNDING_CASH
    indebted_id = UUID(offer.driver_id)
    await tell(service, "events:payment", indebted_id, 1, standing(indebted_id, cash_allowed=False))

    async def withdrawn() -> str | None:
        accept = driver_service_pb2.AcceptOfferRequest(request_id=service.key(), offer_id=offer.offer_id)
        reason = await no_open_offer(service, driver)
        return reason and await refusal(service.drivers.AcceptOffer(accept, **driver))

    assert await eventually(withdrawn) == "offer_withdrawn"
    await ping(service, driver)
    other = await online_at_the_pickup(service)
    second = await offered(service, other)
    assert second.ride_id == ride.ride_id
    decline = driver_service_pb2.DeclineOfferRequest(request_id=service.key(), offer_id=second.offer_id)
    await service.drivers.DeclineOffer(decline, **other)
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **other)
    assert await no_open_offer(service, driver)

    await tell(service, "events:payment", indebted_id, 2, standing(indebted_id, cash_allowed=True))
    assert (await offered(service, driver)).ride_id == ride.ride_id
    await service.drivers.EndShift(driver_service_pb2.EndShiftRequest(request_id=service.key()), **driver)
    cancel = ride_service_pb2.CancelRideRequest(request_id=service.key(), ride_id=ride.ride_id)
    await service.rides.CancelRide(cancel, **rider)


async def no_open_offer(service: Running, driver: dict[str, Any]) -> str | None:
    try:
        await service.drivers.GetCurrentOffer(driver_service_pb2.GetCurrentOfferRequest(), **driver)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error).reason
    return None


async def test_a_driver_who_is_not_approved_stays_offline(service: Running):
    driver = service.as_(Role.DRIVER, service.new_id())
    start = driver_service_pb2.StartShiftRequest(request_id=service.key())
    assert await refusal(service.drivers.StartShift(start, **driver)) == "not_approved"
    assert await refusal(service.drivers.GetShift(driver_service_pb2.GetShiftRequest(), **driver)) == "no_open_shift"


async def test_an_operator_books_in_cash_for_the_rider_who_is_named_and_riders_name_nobody(service: Running):
    operator_id, rider_id = service.new_id(), service.new_id()
    operator, rider = service.as_(Role.OPERATOR, operator_id), service.as_(Role.RIDER, rider_id)
    asked: dict[str, Any] = {"pickup": place(PICKUP), "dropoff": place(DROPOFF), "product": "economy"}
    quotes = ride_service_pb2.CreateQuotesRequest
    assert await refusal(service.rides.CreateQuotes(quotes(**asked), **operator)) == "rider_required"
    named = quotes(**asked, rider_id=str(rider_id))
    assert await refusal(service.rides.CreateQuotes(named, **rider)) == "rider_not_taken"
    [quote] = (await service.rides.CreateQuotes(named, **operator)).quotes
    booking: dict[str, Any] = {"request_id": service.key(), "quote_id": quote.quote_id}
    book = ride_service_pb2.RequestRideRequest
    on_a_card = book(**booking, rider_id=str(rider_id), payment_method_id=service.key())
    assert await refusal(service.rides.RequestRide(on_a_card, **operator)) == "cash_required"
    from_the_wallet = book(**booking, rider_id=str(rider_id), funding=rides_pb2.FUNDING_WALLET)
    assert await refusal(service.rides.RequestRide(from_the_wallet, **operator)) == "cash_required"
    in_cash = book(**booking, funding=rides_pb2.FUNDING_CASH)
    assert await refusal(service.rides.RequestRide(in_cash, **operator)) == "rider_required"
    in_cash.rider_id = str(rider_id)
    ride = (await service.rides.RequestRide(in_cash, **operator)).ride
    assert (ride.rider_id, ride.start_pin) == (str(rider_id), "")
    assert (await service.rides.RequestRide(in_cash, **operator)).ride.ride_id == ride.ride_id
    own = (await service.rides.GetCurrentRide(ride_service_pb2.GetCurrentRideRequest(), **rider)).ride
    assert (own.ride_id, len(own.start_pin)) == (ride.ride_id, 4)


async def test_a_suspended_driver_is_taken_offline(service: Running):
    driver_id = service.new_id()
    service.identity.approved.add(driver_id)
    driver = service.as_(Role.DRIVER, driver_id)
    await service.drivers.StartShift(driver_service_pb2.StartShiftRequest(request_id=service.key()), **driver)
    service.identity.suspended.add(driver_id)
    change = events_pb2.DriverStatusChanged(driver_id=str(driver_id), status=accounts_pb2.DRIVER_STATUS_SUSPENDED)
    await tell(service, "events:identity", driver_id, 2, change)

    async def offline() -> str | None:
        try:
            await service.drivers.GetShift(driver_service_pb2.GetShiftRequest(), **driver)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error).reason
        return None

    assert await eventually(offline) == "no_open_shift"


async def test_an_operator_puts_a_policy_and_a_quote_keeps_to_the_one_it_was_made_by(service: Running) -> None:
    rider, operator = (service.as_(role, service.new_id()) for role in (Role.RIDER, Role.OPERATOR))
    before = await quoted(service, rider)
    [city] = (await service.cities.ListCities(city_service_pb2.ListCitiesRequest(), **operator)).cities
    assert (city.city, city.currency_code, city.time_zone) == ("san_francisco", "USD", "America/Los_Angeles")
    asked = city_service_pb2.GetCityPolicyRequest(city=city.city)
    policy = (await service.cities.GetCityPolicy(asked, **operator)).policy
    document = policy.document.replace("free_cancel_seconds = 120", "free_cancel_seconds = 60")
    check = city_service_pb2.CheckCityPolicyRequest(document=document)
    checked = await service.cities.CheckCityPolicy(check, **operator)
    assert [(change.key, change.before, change.after) for change in checked.changes] == [
        ("fees.free_cancel_seconds", "120", "60")
    ]
    put = city_service_pb2.PutCityPolicyRequest(
        request_id=service.key(), document=document, base_version=checked.latest_version, note="shorter"
    )
    made = (await service.cities.PutCityPolicy(put, **operator)).policy
    assert made.version == policy.version + 1

    async def in_force() -> int | None:
        [now] = (await service.cities.ListCities(city_service_pb2.ListCitiesRequest(), **operator)).cities
        return now.version if now.version == made.version else None

    await eventually(in_force)
    listed = city_service_pb2.ListCityPoliciesRequest(city=city.city, page_size=1)
    page = await service.cities.ListCityPolicies(listed, **operator)
    assert [(each.version, each.note, each.document) for each in page.policies] == [(made.version, "shorter", "")]
    after = await quoted(service, rider)
    assert (after.policy_version, before.policy_version) == (made.version, policy.version)
    assert (after.city, before.city) == ("san_francisco", "san_francisco")


async def test_a_policy_that_cannot_be_read_is_refused_key_by_key(service: Running) -> None:
    operator = service.as_(Role.OPERATOR, service.new_id())
    check = city_service_pb2.CheckCityPolicyRequest(document="city = 'somewhere'")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.cities.CheckCityPolicy(check, **operator)
    refusal = from_rpc_error(caught.value)
    assert refusal.reason == "invalid_city_policy"
    assert {"time_zone", "products", "fees"} <= {violation.field for violation in refusal.violations}
