"""A ride's story over all services, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from rider_api.schemas.common import Answer, Money, Timestamp, money, public_id, public_id_or_none, timestamp
from rider_api.schemas.drivers import OFFER_STATES
from rider_api.schemas.notifications import CHANNELS, DELIVERY_STATES
from rider_api.schemas.rides import RIDE_STATES
from ridesharing.matching.v1 import dispatch_operator_service_pb2
from ridesharing.notification.v1 import delivery_service_pb2
from ridesharing.payment.v1 import statement_service_pb2


class RideEvent(Answer):
    """One thing that happened to a ride, told by the service that knows of it."""

    at: Timestamp
    service: str = Field(description="matching, payment or notification.", examples=["matching"])
    subject: str = Field(
        description="What it befell: ride, offer, message or delivery, or what payment names.", examples=["ride"]
    )
    subject_id: str | None = None
    what: str = Field(description="What happened, in the words of its service.", examples=["driver_en_route"])
    account_id: str | None = Field(default=None, description="Whom it concerns, where it is one person.")
    amount: Money | None = None
    facts: dict[str, str] = Field(
        description="Further facts by name; never a word of a message, a PIN or a place. To operators alone `words`: "
        "what the person who moved the ride gave as the cause."
    )
    trace_id: str | None = Field(default=None, description="The trace that it was part of, where that is known.")


class RideTimeline(Answer):
    """All that happened to a ride, oldest first."""

    ride_id: str = Field(examples=["ride_01h4556qpqexqvskwzpczs00jq"])
    state: str = Field(examples=["completed"])
    trace_id: str | None = Field(
        description="The trace that the ride was asked for in, and that goes on with it; null where there is none.",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )
    events: list[RideEvent]
    is_cut: bool = Field(description="True where there was more than is told.")


def ride_timeline(
    history: dispatch_operator_service_pb2.GetRideHistoryResponse,
    story: statement_service_pb2.GetPaymentStoryResponse | None,
    messages: delivery_service_pb2.ListRideMessagesResponse,
) -> RideTimeline:
    """Put what the services tell into one order; `story` is None where no money was asked for."""
    events = [*_moves(history), *_offers(history), *_messages(messages)]
    if story is not None:
        events += _money(story)
    return RideTimeline(
        ride_id=public_id("ride", history.ride.ride_id),
        state=RIDE_STATES.text(history.ride.state),
        trace_id=history.trace_id or None,
        # Of the same moment, what matching did comes first: the others follow from it.
        events=sorted(events, key=lambda event: event.at),
        is_cut=messages.is_cut or (story is not None and story.is_cut),
    )


def _moves(history: dispatch_operator_service_pb2.GetRideHistoryResponse) -> Iterator[RideEvent]:
    for move in history.transitions:
        facts = {"from": RIDE_STATES.text(move.from_state)} if move.from_state else {}
        facts |= {name: told for name in ("reason", "words") if (told := getattr(move, name))}
        yield RideEvent(
            at=timestamp(move.occur_time),
            service="matching",
            subject="ride",
            subject_id=public_id("ride", history.ride.ride_id),
            what=RIDE_STATES.text(move.to_state),
            account_id=public_id_or_none("acct", move.driver_id),
            facts=facts,
        )


def _offers(history: dispatch_operator_service_pb2.GetRideHistoryResponse) -> Iterator[RideEvent]:
    for offer in history.offers:
        offer_id, driver_id = public_id("offer", offer.offer_id), public_id("acct", offer.driver_id)
        facts = {"pickup_eta_seconds": str(offer.pickup_eta_seconds)}
        yield RideEvent(
            at=timestamp(offer.create_time),
            service="matching",
            subject="offer",
            subject_id=offer_id,
            what="made",
            account_id=driver_id,
            amount=money(offer.earnings),
            facts=facts,
        )
        if offer.HasField("close_time"):
            yield RideEvent(
                at=timestamp(offer.close_time),
                service="matching",
                subject="offer",
                subject_id=offer_id,
                what=OFFER_STATES.text(offer.state),
                account_id=driver_id,
                facts={},
            )


def _money(story: statement_service_pb2.GetPaymentStoryResponse) -> Iterator[RideEvent]:
    for event in story.events:
        yield RideEvent(
            at=timestamp(event.create_time),
            service="payment",
            subject=event.subject,
            subject_id=event.subject_id or None,
            what=f"{event.kind} {event.state}".strip(),
            amount=money(event.amount) if event.HasField("amount") else None,
            facts=dict(event.facts),
        )


def _messages(messages: delivery_service_pb2.ListRideMessagesResponse) -> Iterator[RideEvent]:
    for message in messages.messages:
        account_id, trace_id = public_id_or_none("acct", message.account_id), message.trace_id or None
        yield RideEvent(
            at=timestamp(message.create_time),
            service="notification",
            subject="message",
            subject_id=public_id("ntf", message.notification_id),
            what=message.topic,
            account_id=account_id,
            facts={},
            trace_id=trace_id,
        )
        for delivery in message.deliveries:
            facts = {"channel": CHANNELS.text(delivery.channel), "topic": message.topic}
            facts |= {name: word for name in ("provider", "reason") if (word := getattr(delivery, name))}
            yield RideEvent(
                at=timestamp(delivery.finish_time if delivery.HasField("finish_time") else message.create_time),
                service="notification",
                subject="delivery",
                subject_id=public_id("dlv", delivery.delivery_id),
                what=DELIVERY_STATES.text(delivery.state),
                account_id=account_id,
                facts=facts,
                trace_id=trace_id,
            )
