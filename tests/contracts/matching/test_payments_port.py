"""What the saga counts on of payment_service: held by the fake, and by the client over real gRPC."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from matching_service.adapters.payment_client import PaymentClient
from matching_service.domain.ride import Ride
from matching_service.domain.terms import ChargeKind, ChargeLine, Funding
from matching_service.use_cases.service_ports import PaymentOutcome, Payments, PaymentStatus
from ridesharing.payment.v1 import payments_pb2
from shared_kernel.errors import DomainError, Unavailable, Unknown
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_servers import FakePaymentServer, Fault, serving
from tests.fakes.matching_stage import usd
from tests.unit.matching.test_ride_states import a_ride

_PATIENCE_SECONDS = 60.0
_new_id = Uuid7Source()
_FUNDINGS = {payments_pb2.Funding.Value(f"FUNDING_{funding.name}"): funding for funding in Funding}
_LINES = (
    ChargeLine(ChargeKind.FARE, usd(1801), 2_000),
    ChargeLine(ChargeKind.BOOKING_FEE, usd(150)),
    ChargeLine(ChargeKind.TAX, usd(99), tax_jurisdiction="us-ca-sf"),
)


@dataclass
class Side:
    """One implementation, and how a test makes it fail."""

    payments: Payments
    decline: Any
    time_out: Any
    be_away: Any
    still_fails: Callable[[], bool]
    expire: Callable[[Ride], None]
    funded: Callable[[Ride], Funding]
    absent: Callable[[Ride], bool]
    """Whether the capture of a ride said that nobody was there to pay."""


@pytest.fixture(params=["fake", "grpc"])
async def side(request: pytest.FixtureRequest, signing_keys: Path, jwks_file: Path) -> AsyncGenerator[Side]:
    """The fake, then the client."""
    if request.param == "fake":
        fake = FakePayments()
        yield Side(
            fake,
            lambda: setattr(fake, "declines", "insufficient_funds"),
            lambda: fake.failures.append(Unknown("rpc_deadline_exceeded", "")),
            lambda: fake.failures.append(Unavailable("psp_unavailable", "")),
            still_fails=lambda: bool(fake.failures),
            expire=lambda ride: fake.holds.update({ride.id: PaymentStatus.EXPIRED}),
            funded=lambda ride: fake.funded[ride.id],
            absent=lambda ride: ride.id in fake.absent,
        )
        return
    server = FakePaymentServer(silent=True)
    signer = TokenSigner.from_dir(signing_keys, "matching")
    async with serving(jwks_file, payment=server) as target, open_channel(target, signer) as channel:
        yield Side(
            PaymentClient(channel),
            lambda: setattr(server, "decline_reason", "insufficient_funds"),
            lambda: server.faults.append(Fault.TIME_OUT_AFTER),
            lambda: server.faults.extend([Fault.UNAVAILABLE] * 4),
            still_fails=lambda: bool(server.faults),
            expire=lambda ride: server.expire(str(ride.id)),
            funded=lambda ride: _FUNDINGS[server.payments[str(ride.id)].funding],
            absent=lambda ride: any(told.payer_absent for told in server.captures if told.ride_id == str(ride.id)),
        )


def new_ride() -> Ride:
    return replace(a_ride(), id=_new_id(), rider_id=_new_id(), payment_method_id=_new_id())


async def test_a_hold_stands_and_asking_again_answers_the_same(side: Side):
    ride = new_ride()
    for _ in range(2):
        assert await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS) == PaymentOutcome(PaymentStatus.HELD)


@pytest.mark.parametrize("funding", [Funding.WALLET, Funding.CASH])
async def test_a_hold_may_stand_on_no_card(side: Side, funding: Funding):
    ride = replace(new_ride(), funding=funding, payment_method_id=None)
    assert await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS) == PaymentOutcome(PaymentStatus.HELD)
    assert side.funded(ride) is funding


async def test_a_capture_that_leaves_a_debt_is_a_capture(side: Side):
    ride = new_ride()
    await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS)
    more = (*_LINES, ChargeLine(ChargeKind.FARE, usd(5_000), 2_000))
    outcome = await side.payments.capture("k2", ride.id, _new_id(), more, _PATIENCE_SECONDS)
    assert outcome == PaymentOutcome(PaymentStatus.CAPTURED)


async def test_a_capture_tells_whether_anybody_was_there_to_pay(side: Side):
    there, gone = new_ride(), new_ride()
    for ride, absent in ((there, False), (gone, True)):
        await side.payments.place_hold(f"{ride.id}:hold", ride, _PATIENCE_SECONDS)
        outcome = await side.payments.capture(
            f"{ride.id}:capture", ride.id, _new_id(), _LINES, _PATIENCE_SECONDS, payer_absent=absent
        )
        assert outcome == PaymentOutcome(PaymentStatus.CAPTURED)
    assert (side.absent(there), side.absent(gone)) == (False, True)


async def test_an_expired_hold_is_told_as_such_and_can_be_captured(side: Side):
    ride = new_ride()
    await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS)
    side.expire(ride)
    assert await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS) == PaymentOutcome(PaymentStatus.EXPIRED)
    outcome = await side.payments.capture("k2", ride.id, _new_id(), _LINES, _PATIENCE_SECONDS)
    assert outcome == PaymentOutcome(PaymentStatus.CAPTURED)


async def test_a_decline_is_an_answer(side: Side):
    side.decline()
    outcome = await side.payments.place_hold("k1", new_ride(), _PATIENCE_SECONDS)
    assert outcome == PaymentOutcome(PaymentStatus.DECLINED, "insufficient_funds")


async def test_a_hold_is_captured_once(side: Side):
    ride, driver_id = new_ride(), _new_id()
    await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS)
    for _ in range(2):
        outcome = await side.payments.capture("k2", ride.id, driver_id, _LINES, _PATIENCE_SECONDS)
        assert outcome == PaymentOutcome(PaymentStatus.CAPTURED)


async def test_a_hold_is_released(side: Side):
    ride = new_ride()
    await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS)
    for _ in range(2):
        assert await side.payments.void("k2", ride.id, _PATIENCE_SECONDS) == PaymentOutcome(PaymentStatus.VOIDED)


@pytest.mark.parametrize(
    ("failing", "kind", "seconds"), [("time_out", Unknown, 1.0), ("be_away", Unavailable, _PATIENCE_SECONDS)]
)
async def test_a_call_without_an_outcome_says_which_kind_and_the_next_one_tells(
    side: Side, failing: str, kind: type[DomainError], seconds: float
):
    ride = new_ride()
    getattr(side, failing)()
    while side.still_fails():  # on a machine that stands still, the time may be over before the call is there
        with pytest.raises(kind):
            await side.payments.place_hold("k1", ride, seconds)
    assert await side.payments.place_hold("k1", ride, _PATIENCE_SECONDS) == PaymentOutcome(PaymentStatus.HELD)
