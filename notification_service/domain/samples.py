"""A fact for each row of the matrix, as it might happen: for previews of words, and for the tests of every row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from notification_service.domain.cases import Case
from notification_service.domain.facts import (
    CodeFact,
    ComplaintFact,
    DriverFacts,
    EditFacts,
    Fact,
    Happening,
    MoneyFact,
    OfferFact,
    PersonFact,
    PromotionFact,
    RatingFact,
    ReceiptFact,
    RideFact,
    SafetyFact,
    ShiftFact,
)
from notification_service.domain.matrix import Audience, Row
from shared_kernel.money import Money

RIDE, RIDER = UUID("01890000-0000-7000-8000-0000000000a1"), UUID("01890000-0000-7000-8000-0000000000a2")
DRIVER, FORMER = UUID("01890000-0000-7000-8000-0000000000a3"), UUID("01890000-0000-7000-8000-0000000000a4")
THING = UUID("01890000-0000-7000-8000-0000000000a5")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_DRIVER_FACTS = DriverFacts(DRIVER, "Ana", "Toyota Prius", "blue", "7ABC123")
_RIDE_FACT = RideFact(
    happening=Happening.RIDE_REQUESTED,
    ride_id=RIDE,
    version=5,
    rider_id=RIDER,
    state="driver_en_route",
    payment_state="held",
    driver=_DRIVER_FACTS,
    start_pin="4821",
    pickup_eta_seconds=200,
    reason="",
    hand_over_pin="0815",
)
_USD_22_80 = Money("USD", 2280)
_DRIVERLESS = frozenset({Happening.RIDE_REMATCHING, Happening.RIDE_UNMATCHED, Happening.RIDE_PAYMENT_FAILED})
_EDITS = frozenset({Happening.RIDE_EDIT_PROPOSED, Happening.RIDE_EDITED, Happening.RIDE_EDIT_CLOSED})
_MONEY = frozenset(
    {
        Happening.TIP_RECEIVED,
        Happening.REFUND_PAID,
        Happening.REFUND_FAILED,
        Happening.PAYOUT_PAID,
        Happening.PAYOUT_FAILED,
        Happening.CASH_STOPPED,
        Happening.CASH_ALLOWED,
    }
)
_PERSONS = frozenset(
    {
        Happening.NEW_DEVICE,
        Happening.SIGN_IN_STOLEN,
        Happening.DRIVER_APPROVED,
        Happening.DRIVER_REJECTED,
        Happening.DRIVER_SUSPENDED,
        Happening.DOCUMENT_EXPIRING,
    }
)
_SAFETY = frozenset({Happening.TRIP_SHARED, Happening.SOS_RAISED, Happening.ROUTE_DEVIATED, Happening.LONG_STOP})


def sample_of(row: Row) -> Fact:
    """Return a fact of which the row makes a message."""
    happening = row.happening
    if happening in _MONEY:
        account = RIDER if row.to is Audience.RIDER else DRIVER
        return MoneyFact(happening, account, _USD_22_80, RIDE, destination="card", bank_last_digits="6789")
    if happening in _PERSONS:
        return PersonFact(happening, DRIVER, "Pixel 9", "vehicle_insurance", date(2026, 12, 31))
    if happening in _SAFETY:
        return SafetyFact(happening, THING, RIDE, RIDER, "Ada", _DRIVER_FACTS, "https://jitney.example/t/8Zk2")
    match happening:
        case Happening.COMPLAINT_DECIDED:
            return ComplaintFact(happening, THING, RIDE, RIDER, "refunded", "The way was too long: sorry!")
        case Happening.RIDE_RATING_DUE:
            kind = "delivery" if row.case is Case.ORDER else "private"
            return RatingFact(happening, RIDE, RIDER, _DRIVER_FACTS, kind)
        case Happening.ONE_TIME_CODE:
            return CodeFact(happening, "482913", NOON + timedelta(minutes=5))
        case Happening.PROMOTION:
            texts = {"en": ("Ten percent off", "Until Sunday, on every ride.")}
            texts |= {"es": ("Un diez por ciento menos", "Hasta el domingo, en todos los viajes.")}
            texts |= {"fr": ("Dix pour cent de remise", "Jusqu'à dimanche, sur toutes les courses.")}
            return PromotionFact(happening, THING, RIDER, texts)
        case Happening.RECEIPT_READY:
            amounts = (_USD_22_80, Money("USD", 500), Money("USD", 0))
            return ReceiptFact(happening, RIDE, 3, RIDER, "card", *amounts, "visa", "4242")
        case Happening.SHIFT_ENDED:
            return ShiftFact(happening, DRIVER, "silent")
        case Happening.OFFER_CREATED | Happening.OFFER_CLOSED:
            return _offer(happening)
        case _:
            return _ride(row)


def _offer(happening: Happening) -> OfferFact:
    public = {
        "pickup": {"latitude": 37.8087, "longitude": -122.4098, "address": "Pier 39"},
        "dropoff": {"latitude": 37.7793, "longitude": -122.4193, "address": None},
        "pickup_eta_seconds": 200,
        "earnings": {"currency_code": "USD", "amount_minor": 1620},
    }
    return OfferFact(happening, THING, RIDE, 4, DRIVER, NOON + timedelta(seconds=15), public)


def _ride(row: Row) -> RideFact:
    fact = replace(_RIDE_FACT, happening=row.happening)
    if row.to is Audience.FORMER_DRIVER:
        # A ride that went away has no driver; one that was swapped has another.
        swapped = row.happening is Happening.RIDE_DRIVER_SWAPPED
        fact = replace(fact, driver=_DRIVER_FACTS if swapped else None, former_driver_id=FORMER)
    elif row.happening in _DRIVERLESS:
        fact = replace(fact, driver=None)
    if row.happening is Happening.DRIVER_ARRIVING:
        fact = replace(fact, pickup_eta_seconds=110)
    if row.happening in _EDITS:
        reason = "driver_declined" if row.happening is Happening.RIDE_EDIT_CLOSED else ""
        fact = replace(fact, edit=EditFacts(THING, Money("USD", 3110), reason, 1500))
    if row.happening in (Happening.RIDE_RETURNING, Happening.RIDE_RETURNED):
        fact = replace(fact, kind="delivery", reason="recipient_absent", fee=Money("USD", 400))
    if row.happening is Happening.RIDE_NO_SHOW:
        fact = replace(fact, fee=Money("USD", 500))
    match row.case:
        case Case.ORDER:
            return replace(fact, kind="delivery")
        case Case.CANCELED_FOR_FREE:
            return replace(fact, state="canceled_by_rider")
        case Case.TAKEN_BACK:
            return replace(fact, reason="pickup_moved")
        case _:
            return fact
