"""`jitney payment`: all that happened around a payment and its ride, in the order of time."""

from collections.abc import Iterator

from jitney.money.client import PaymentClient
from jitney.money.text import money_text, time_text
from jitney.stack.problems import StackError

_PREFIXES = ("ride", "pay")


def story(client: PaymentClient, name: str) -> Iterator[str]:
    """Yields the lines of the story of a payment or ride, named by UUID or by its public id (`ride_…`, `pay_…`).

    Raises:
        StackError: it is no such name, or nothing is known of it.
    """
    from ridesharing.payment.v1 import payments_pb2
    from ridesharing.payment.v1 import statement_service_pb2 as pb
    from ridesharing.payment.v1.statement_service_pb2_grpc import StatementServiceStub as Stub

    request = pb.GetPaymentStoryRequest(payment_or_ride_id=_uuid(name))
    told = client.call(Stub, "GetPaymentStory", request)
    yield f"Ride {told.ride_id}" if told.ride_id else "No ride"
    for payment in told.payments:
        status = payments_pb2.PaymentStatus.Name(payment.status).removeprefix("PAYMENT_STATUS_").lower()
        purpose = payments_pb2.PaymentPurpose.Name(payment.purpose).removeprefix("PAYMENT_PURPOSE_").lower()
        parts = [
            f"{label} {money_text(amount)}"
            for label, amount in (
                ("held", payment.authorized),
                ("captured", payment.captured),
                ("from credit", payment.credit_used),
                ("owed", payment.receivable),
                ("refunded", payment.refunded),
            )
            if amount.amount_minor
        ]
        reason = f" ({payment.decline_reason})" if payment.decline_reason else ""
        yield f"Payment {payment.payment_id}: {purpose}, {status}{reason}" + "".join(f", {part}" for part in parts)
    yield ""
    for event in told.events:
        amount = money_text(event.amount)
        yield f"{time_text(event.create_time)}  {event.subject:<15} {event.kind:<22} {event.state:<12} {amount:>14}"
        facts = [f"{key}={value}" for key, value in sorted(event.facts.items())]
        yield f"{'':<21}{event.subject_id}" + "".join(f"  {fact}" for fact in facts)
    if told.is_cut:
        yield "… and more than is told here."


def _uuid(name: str) -> str:
    from uuid import UUID

    from shared_kernel.errors import InvalidInput
    from shared_kernel.ids import from_public_id

    try:
        prefix = name.partition("_")[0]
        return str(from_public_id(prefix, name)) if prefix in _PREFIXES else str(UUID(name))
    except (ValueError, InvalidInput):
        raise StackError(f"{name} names no ride and no payment: a UUID, ride_… or pay_… is expected.") from None
