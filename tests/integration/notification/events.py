"""Events of the other services, as their relays publish them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis

from chassis.letters import LetterWriter
from chassis.redis_client import awaited
from ridesharing.common.v1 import access_pb2
from ridesharing.common.v1.geo_point_pb2 import GeoPoint, Place
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.identity.v1 import accounts_pb2, document_service_pb2
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import complaint_service_pb2, rides_pb2, trip_alerts_pb2
from ridesharing.matching.v1 import events_pb2 as matching
from ridesharing.payment.v1 import events_pb2 as payment
from ridesharing.payment.v1 import payments_pb2, payout_service_pb2, refunds_pb2

PIN = "4821"
LINK = "hW3n2yQm1kT0vB7cXr9sLd5e"
TOTAL = Money(currency_code="USD", amount_minor=2_280)
NOTHING = Money(currency_code="USD")
FEE = Money(currency_code="USD", amount_minor=500)


@dataclass
class Story:
    """A rider, a driver and their ride, with every event that people are told of."""

    ride_id: UUID = field(default_factory=uuid4)
    rider_id: UUID = field(default_factory=uuid4)
    driver_id: UUID = field(default_factory=uuid4)
    offer_id: UUID = field(default_factory=uuid4)

    def ride(self, state: rides_pb2.RideState.ValueType, version: int, *, driver: bool = False) -> rides_pb2.Ride:
        """Make the ride as it stands at a version."""
        ride = rides_pb2.Ride(
            ride_id=str(self.ride_id),
            state=state,
            payment_state=rides_pb2.PAYMENT_STATE_HELD,
            version=version,
            rider_id=str(self.rider_id),
            start_pin=PIN,
            fare=rides_pb2.Fare(total=TOTAL),
            rider_name="Ada",
        )
        if driver:
            ride.pickup_eta_seconds = 200
            ride.driver.CopyFrom(
                rides_pb2.DriverFacts(
                    driver_id=str(self.driver_id),
                    display_name="Ana",
                    vehicle_model="Toyota Prius",
                    vehicle_color="blue",
                    vehicle_plate="7ABC123",
                )
            )
        return ride

    def offer(self, state: rides_pb2.OfferState.ValueType) -> rides_pb2.Offer:
        """Make the offer; its drop-off has no address."""
        return rides_pb2.Offer(
            offer_id=str(self.offer_id),
            ride_id=str(self.ride_id),
            driver_id=str(self.driver_id),
            state=state,
            # A little less than the two minutes that are the life of a trip's news.
            expire_time=moment(datetime.now(UTC) + timedelta(seconds=110)),
            pickup=Place(point=GeoPoint(latitude=37.8087, longitude=-122.4098), address="Pier 39"),
            dropoff=Place(point=GeoPoint(latitude=37.7793, longitude=-122.4193)),
            pickup_eta_seconds=200,
            distance_meters=4_200,
            earnings=Money(currency_code="USD", amount_minor=1_620),
        )

    def captured(self) -> payment.PaymentCaptured:
        """Make the capture of 22.80 dollars."""
        return payment.PaymentCaptured(
            payment=payments_pb2.Payment(ride_id=str(self.ride_id), rider_id=str(self.rider_id), version=3),
            receipt=payments_pb2.Receipt(
                ride_id=str(self.ride_id),
                total=TOTAL,
                funding=payments_pb2.FUNDING_CARD,
                captured=TOTAL,
                credit_used=NOTHING,
                receivable=NOTHING,
                brand="visa",
                last_digits="4242",
                capture_time=moment(),
            ),
            driver_id=str(self.driver_id),
        )

    def a_whole_ride(self) -> Sequence[Message]:
        """From the request to the capture, with the events of the offer in their place."""
        return [
            matching.RideRequested(ride=self.ride(rides_pb2.RIDE_STATE_REQUESTED, 1)),
            matching.RideMatchingStarted(ride=self.ride(rides_pb2.RIDE_STATE_MATCHING, 2)),
            matching.OfferCreated(offer=self.offer(rides_pb2.OFFER_STATE_OPEN)),
            matching.OfferClosed(offer=self.offer(rides_pb2.OFFER_STATE_ACCEPTED)),
            matching.RideAssigned(ride=self.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)),
            matching.DriverArrived(ride=self.ride(rides_pb2.RIDE_STATE_ARRIVED, 6, driver=True)),
            matching.TripStarted(ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 7, driver=True)),
            matching.RideCompleted(ride=self.ride(rides_pb2.RIDE_STATE_COMPLETED, 8, driver=True)),
            self.captured(),
            matching.RidePaymentSettled(ride=self.ride(rides_pb2.RIDE_STATE_COMPLETED, 9, driver=True)),
        ]

    def payment_failed(self) -> matching.RidePaymentFailed:
        return matching.RidePaymentFailed(ride=self.ride(rides_pb2.RIDE_STATE_PAYMENT_FAILED, 2))

    def unmatched(self) -> matching.RideUnmatched:
        return matching.RideUnmatched(ride=self.ride(rides_pb2.RIDE_STATE_NO_DRIVER_AVAILABLE, 3))

    def rematching(self) -> matching.RideMatchingStarted:
        """The driver gave the ride back."""
        ride = self.ride(rides_pb2.RIDE_STATE_MATCHING, 6)
        return matching.RideMatchingStarted(ride=ride, rematching=True, former_driver_id=str(self.driver_id))

    def swapped(self) -> matching.RideDriverSwapped:
        """Another driver comes instead."""
        ride = self.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 6, driver=True)
        return matching.RideDriverSwapped(ride=ride, former_driver_id=str(uuid4()))

    def delivery_failed(self) -> matching.DeliveryFailed:
        """Nobody was there, and the goods go back to the shop."""
        return matching.DeliveryFailed(ride=self._order(rides_pb2.RIDE_STATE_RETURNING, 8))

    def order_returned(self) -> matching.OrderReturned:
        """The shop has the goods again."""
        return matching.OrderReturned(ride=self._order(rides_pb2.RIDE_STATE_RETURNED, 9))

    def _order(self, state: rides_pb2.RideState.ValueType, version: int) -> rides_pb2.Ride:
        ride = self.ride(state, version, driver=True)
        ride.kind, ride.reason = rides_pb2.RIDE_KIND_DELIVERY, "recipient_absent"
        ride.delivery.return_fee.CopyFrom(FEE)
        return ride

    def scheduled(self) -> matching.RideScheduled:
        """Asked for ahead."""
        return matching.RideScheduled(ride=self.ride(rides_pb2.RIDE_STATE_SCHEDULED, 1))

    def reminded(self) -> matching.RideReminded:
        """The pickup that was asked for ahead is near."""
        return matching.RideReminded(ride=self.ride(rides_pb2.RIDE_STATE_SCHEDULED, 2))

    def driver_arriving(self) -> matching.DriverArriving:
        """The driver is about to be at the pickup."""
        ride = self.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 6, driver=True)
        return matching.DriverArriving(ride=ride, pickup_eta_seconds=110)

    def ride_rating_due(self) -> matching.RideRatingDue:
        """The rider has not said how the ride was."""
        return matching.RideRatingDue(ride=self.ride(rides_pb2.RIDE_STATE_COMPLETED, 10, driver=True))

    def stop_reached(self) -> matching.StopReached:
        """The trip pauses at a stop."""
        return matching.StopReached(ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 8, driver=True))

    def stop_left(self) -> matching.StopLeft:
        """The trip goes on."""
        return matching.StopLeft(ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 9, driver=True))

    def edit_proposed(self) -> matching.RideEditProposed:
        """The driver is asked about a longer way."""
        return matching.RideEditProposed(
            ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 8, driver=True), edit=self._edit("")
        )

    def edited(self) -> matching.RideEdited:
        """The ride goes another way."""
        return matching.RideEdited(
            ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 9, driver=True), edit=self._edit("")
        )

    def edit_closed(self) -> matching.RideEditClosed:
        """The driver did not want the longer way."""
        return matching.RideEditClosed(
            ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 9, driver=True), edit=self._edit("driver_declined")
        )

    def shift_ended(self) -> matching.ShiftEnded:
        """The driver was not heard of for too long."""
        shift = rides_pb2.Shift(
            shift_id=str(uuid4()),
            driver_id=str(self.driver_id),
            version=3,
            end_reason=rides_pb2.SHIFT_END_REASON_SILENT,
            end_time=moment(),
        )
        return matching.ShiftEnded(shift=shift, end_time=shift.end_time)

    def refund_paid(self) -> payment.RefundPaid:
        """The rider has money back."""
        return payment.RefundPaid(refund=self._refund())

    def refund_failed(self) -> payment.RefundFailed:
        """The card did not take it."""
        return payment.RefundFailed(refund=self._refund())

    def complaint_decided(self) -> matching.ComplaintDecided:
        """An operator said no to what the rider complained of."""
        return matching.ComplaintDecided(
            ride=self.ride(rides_pb2.RIDE_STATE_COMPLETED, 9, driver=True),
            complaint_id=str(uuid4()),
            state=complaint_service_pb2.COMPLAINT_STATE_REJECTED,
            answer="The way was the shortest.",
        )

    def _refund(self) -> refunds_pb2.Refund:
        return refunds_pb2.Refund(
            refund_id=str(uuid4()),
            ride_id=str(self.ride_id),
            rider_id=str(self.rider_id),
            amount=FEE,
            destination=refunds_pb2.REFUND_DESTINATION_CARD,
            version=1,
        )

    def long_stop(self) -> matching.TripAlertRaised:
        """The trip stands still."""
        return self._alert(trip_alerts_pb2.TRIP_ALERT_KIND_LONG_STOP)

    def route_deviated(self) -> matching.TripAlertRaised:
        """The trip goes elsewhere."""
        return self._alert(trip_alerts_pb2.TRIP_ALERT_KIND_ROUTE_DEVIATED)

    def _alert(self, kind: trip_alerts_pb2.TripAlertKind.ValueType) -> matching.TripAlertRaised:
        alert = trip_alerts_pb2.TripAlert(
            alert_id=str(uuid4()), kind=kind, point=GeoPoint(latitude=37.8087, longitude=-122.4098)
        )
        return matching.TripAlertRaised(ride=self.ride(rides_pb2.RIDE_STATE_IN_PROGRESS, 8, driver=True), alert=alert)

    def shared_with(self, writer: LetterWriter, *contact_ids: str) -> matching.RideShared:
        """The rider sends contacts the link of the ride, whose secret is `LINK`."""
        ride = self.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
        return matching.RideShared(
            ride=ride, contact_ids=contact_ids, sealed_token=writer.seal(LINK, self.ride_id.bytes)
        )

    def tip_received(self) -> payment.ChargeCollected:
        """The rider thanked the driver."""
        return payment.ChargeCollected(payment=self._charge(), tipped_driver_id=str(self.driver_id))

    def debt_collected(self) -> payment.ChargeCollected:
        """The rider paid what was owed from before."""
        return payment.ChargeCollected(payment=self._charge())

    def _charge(self) -> payments_pb2.Payment:
        return payments_pb2.Payment(
            payment_id=str(uuid4()),
            ride_id=str(self.ride_id),
            rider_id=str(self.rider_id),
            captured=FEE,
            version=2,
        )

    def payout_paid(self) -> payment.PayoutPaid:
        """The driver's bank has the money."""
        return payment.PayoutPaid(payout=self._payout())

    def payout_failed(self) -> payment.PayoutFailed:
        """The driver's bank did not take it."""
        return payment.PayoutFailed(payout=self._payout())

    def _payout(self) -> payout_service_pb2.Payout:
        return payout_service_pb2.Payout(
            payout_id=str(uuid4()),
            driver_id=str(self.driver_id),
            amount=TOTAL,
            last_digits="6789",
            version=3,
        )

    def cash_stopped(self) -> payment.DriverStandingChanged:
        """The driver owes too much of cash."""
        owed = Money(currency_code="USD", amount_minor=-5_000)
        return payment.DriverStandingChanged(driver_id=str(self.driver_id), balance=owed, cash_allowed=False)

    def driver_approved(self) -> identity.DriverStatusChanged:
        """The driver may drive."""
        return identity.DriverStatusChanged(driver_id=str(self.driver_id), status=accounts_pb2.DRIVER_STATUS_APPROVED)

    def document_expiring(self) -> identity.DocumentExpiring:
        """The insurance of the driver's vehicle comes to its end."""
        return identity.DocumentExpiring(
            document_id=str(uuid4()),
            driver_id=str(self.driver_id),
            kind=document_service_pb2.DOCUMENT_KIND_VEHICLE_INSURANCE,
            expire_date="2030-02-28",
        )

    def new_device(self) -> identity.NewDeviceSignedIn:
        """The driver signed in elsewhere."""
        return identity.NewDeviceSignedIn(
            account_id=str(self.driver_id), session_id=str(uuid4()), device_id="Pixel 9", role=access_pb2.ROLE_DRIVER
        )

    def sign_in_stolen(self) -> identity.RefreshTokenReused:
        """Somebody used the driver's refresh token a second time."""
        return identity.RefreshTokenReused(account_id=str(self.driver_id), session_id=str(uuid4()), device_id="Pixel 9")

    def _edit(self, reason: str) -> rides_pb2.RideEdit:
        return rides_pb2.RideEdit(
            edit_id=str(uuid4()),
            ride_id=str(self.ride_id),
            reason=reason,
            fare=rides_pb2.Fare(total=TOTAL),
            added_seconds=600,
        )

    def canceled(self, state: rides_pb2.RideState.ValueType, *, fee: bool) -> matching.RideCanceled:
        ride = self.ride(state, 6)
        return matching.RideCanceled(ride=ride, former_driver_id=str(self.driver_id), fee=FEE if fee else None)


def moment(time: datetime | None = None) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time or datetime.now(UTC))
    return timestamp


def stream_of(message: Message) -> str:
    """Return the stream of the service whose event it is."""
    return f"events:{message.DESCRIPTOR.full_name.split('.')[1]}"


def aggregate_of(message: Message) -> tuple[UUID, int]:  # noqa: PLR0911 (an arm a kind of event)
    """Return whom an event is about, and that one's version: news of a ride and its offers are the ride's."""
    match message:
        case matching.OfferCreated():
            return UUID(message.offer.ride_id), 3
        case matching.OfferClosed():
            return UUID(message.offer.ride_id), 4
        case matching.ShiftEnded():
            return UUID(message.shift.shift_id), message.shift.version
        case payment.PaymentCaptured():
            return UUID(message.payment.ride_id), message.payment.version
        case payment.ChargeCollected():
            return UUID(message.payment.payment_id), message.payment.version
        case payment.PayoutPaid() | payment.PayoutFailed():
            return UUID(message.payout.payout_id), message.payout.version
        case payment.RefundPaid() | payment.RefundFailed():
            return UUID(message.refund.refund_id), message.refund.version
        case payment.DriverStandingChanged() | identity.DriverStatusChanged():
            return UUID(message.driver_id), 1
        case identity.DocumentExpiring():
            return UUID(message.document_id), 1
        case identity.NewDeviceSignedIn() | identity.RefreshTokenReused() | identity.SessionEnded():
            return UUID(message.session_id), 1
        case identity.AccountCreated() | identity.AccountUpdated() | identity.AccountErased():
            return UUID(message.account_id), 1
        case _:
            ride = cast("matching.RideRequested", message).ride
            return UUID(ride.ride_id), ride.version


async def publish(
    redis: Redis, message: Message, *, event_id: UUID | None = None, payload: bytes | None = None
) -> UUID:
    """Put an event on its stream (`payload` in place of what it says); return its id."""
    event_id, (aggregate_id, version) = event_id or uuid4(), aggregate_of(message)
    fields: dict[str | bytes, str | bytes | int] = {
        "id": str(event_id),
        "type": message.DESCRIPTOR.full_name,
        "aggregate_id": str(aggregate_id),
        "aggregate_version": version,
        "occurred_at": datetime.now(UTC).isoformat(),
        "traceparent": "",
        "payload": message.SerializeToString() if payload is None else payload,
    }
    await awaited(redis.xadd(stream_of(message), {**fields}))
    return event_id
