"""Between the contract of StatementService and the domain."""

from __future__ import annotations

from payment_service.domain.statement import StatementEntry, Story, StoryEvent
from payment_service.entrypoints.wire import money_to_wire, payment_to_wire, purpose_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import statement_service_pb2 as pb


def statement_entry_to_wire(entry: StatementEntry) -> pb.StatementEntry:
    return pb.StatementEntry(
        entry_id=str(entry.entry_id),
        kind=entry.kind,
        ride_id=text_of(entry.ride_id),
        payment_id=text_of(entry.payment_id),
        purpose=purpose_to_wire(entry.purpose),
        amount=money_to_wire(entry.amount),
        balance=money_to_wire(entry.balance),
        create_time=time_to_wire(entry.created_at),
    )


def story_to_wire(story: Story) -> pb.GetPaymentStoryResponse:
    return pb.GetPaymentStoryResponse(
        ride_id=text_of(story.ride_id),
        payments=[payment_to_wire(payment) for payment in story.payments],
        events=[_story_event_to_wire(event) for event in story.events],
        is_cut=story.is_cut,
    )


def _story_event_to_wire(event: StoryEvent) -> pb.StoryEvent:
    return pb.StoryEvent(
        create_time=time_to_wire(event.at),
        subject=event.subject,
        subject_id=event.subject_id,
        payment_id=text_of(event.payment_id),
        kind=event.kind,
        state=event.state,
        amount=None if event.amount is None else money_to_wire(event.amount),
        facts=dict(event.facts),
    )
