"""Facts for the tests of notifications."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from notification_service.domain.facts import DriverFacts, EditFacts, Happening, OfferFact, ReceiptFact, RideFact
from notification_service.domain.matrix import MATRIX, Audience
from notification_service.domain.samples import sample_of
from shared_kernel.money import Money

RIDE = UUID("01890000-0000-7000-8000-000000000001")
RIDER = UUID("01890000-0000-7000-8000-000000000002")
DRIVER = UUID("01890000-0000-7000-8000-000000000003")
OFFER = UUID("01890000-0000-7000-8000-000000000004")
EDIT = UUID("01890000-0000-7000-8000-000000000005")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OFFER_PUBLIC = {
    "id": "offer_x",
    "state": "open",
    "pickup": {"address": "Pier 39"},
    "dropoff": {"address": None},
    "pickup_eta_seconds": 60,
    "earnings": {"currency_code": "USD", "amount_minor": 1620},
}
DRIVER_FACTS = DriverFacts(DRIVER, "Ana", "Toyota Prius", "blue", "7ABC123")

RIDE_HAPPENINGS = list(
    dict.fromkeys(row.happening for row in MATRIX if row.to is Audience.RIDER and isinstance(sample_of(row), RideFact))
)


def ride_fact(happening: Happening, **changes: Any) -> RideFact:
    """Return a ride that changed; `changes` replace fields."""
    values: dict[str, Any] = {
        "happening": happening,
        "ride_id": RIDE,
        "version": 5,
        "rider_id": RIDER,
        "state": "driver_en_route",
        "payment_state": "held",
        "driver": DRIVER_FACTS,
        "start_pin": "4821",
        "pickup_eta_seconds": 200,
        "reason": "",
    }
    if happening.startswith("ride_edit"):
        values["edit"] = EditFacts(EDIT, Money("USD", 3110), "", 1500)
    return RideFact(**(values | changes))


def offer_fact(happening: Happening = Happening.OFFER_CREATED) -> OfferFact:
    """Return an offer that expires in fifteen seconds."""
    return OfferFact(happening, OFFER, RIDE, 4, DRIVER, NOON + timedelta(seconds=15), dict(OFFER_PUBLIC))


def receipt_fact(
    funding: str = "card", captured_minor: int = 2280, credit_minor: int = 0, owed_minor: int = 0
) -> ReceiptFact:
    """Return a receipt, of 22.80 dollars by card if nothing else is said."""
    by_card = funding == "card"
    return ReceiptFact(
        Happening.RECEIPT_READY,
        RIDE,
        3,
        RIDER,
        funding,
        captured=Money("USD", captured_minor),
        credit_used=Money("USD", credit_minor),
        receivable=Money("USD", owed_minor),
        card_brand="visa" if by_card else "",
        card_last_digits="4242" if by_card else "",
    )
