"""What a message's words can speak of: the values that a template finds, by the kind of the fact.

An amount of nothing is left out, and then not spoken of. Of a driver's messages, the PINs are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from notification_service.domain.facts import (
    CodeFact,
    ComplaintFact,
    DriverFacts,
    Fact,
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
from shared_kernel.money import Money

Word: TypeAlias = str | int | Money | date
Words: TypeAlias = Mapping[str, Word]


def words_of(fact: Fact, *, for_rider: bool) -> Words:
    """Return the values for a fact's templates."""
    match fact:
        case RideFact():
            return _ride_words(fact, for_rider=for_rider)
        case OfferFact():
            return _offer_words(fact)
        case ReceiptFact():
            amounts = {"captured": fact.captured, "credit_used": fact.credit_used, "receivable": fact.receivable}
            card = {"card_brand": fact.card_brand, "card_last_digits": fact.card_last_digits}
            return {"funding": fact.funding, **card, **_owed(amounts)}
        case ShiftFact():
            return {"reason": fact.reason}
        case PersonFact():
            expiry = {} if fact.expires_on is None else {"expires_on": fact.expires_on}
            return {"device": fact.device, "document": fact.document, **expiry}
        case MoneyFact():
            return {"amount": fact.amount, "destination": fact.destination, "bank_last_digits": fact.bank_last_digits}
        case ComplaintFact():
            return {"outcome": fact.outcome, "answer": fact.answer}
        case RatingFact():
            return _driver_words(fact.driver)
        case SafetyFact():
            return {"rider_name": fact.rider_name, **_driver_words(fact.driver), "link": fact.link}
        case CodeFact():
            return {"code": fact.code}
        case PromotionFact():
            return {
                f"{part}_{language}": text[index]
                for language, text in fact.texts.items()
                for index, part in enumerate(("title", "body"))
            }


def _ride_words(fact: RideFact, *, for_rider: bool) -> Words:
    words: dict[str, Word] = {
        **_driver_words(fact.driver),
        "funding": fact.funding,
        "reason": fact.reason,
        "pickup_eta_minutes": max(1, round((fact.pickup_eta_seconds or 0) / 60)),
        **_owed({"fee": fact.fee}),
    }
    if fact.edit is not None:
        words |= {"fare": fact.edit.fare, "reason": fact.edit.reason}
        words |= {"added_minutes": max(0, round(fact.edit.added_seconds / 60))}
    if for_rider:
        words |= {"start_pin": fact.start_pin, "hand_over_pin": fact.hand_over_pin}
    return words


def _offer_words(fact: OfferFact) -> Words:
    earnings = fact.public["earnings"]
    return {
        "pickup": fact.public["pickup"]["address"] or "",
        "dropoff": fact.public["dropoff"]["address"] or "",
        "pickup_eta_minutes": max(1, round(fact.public["pickup_eta_seconds"] / 60)),
        "earnings": Money(earnings["currency_code"], earnings["amount_minor"]),
    }


def _driver_words(driver: DriverFacts | None) -> Words:
    if driver is None:
        return {"driver_name": "", "vehicle": "", "plate": ""}
    return {
        "driver_name": driver.display_name,
        "vehicle": f"{driver.vehicle_color} {driver.vehicle_model}",
        "plate": driver.vehicle_plate,
    }


def _owed(amounts: Mapping[str, Money | None]) -> Words:
    return {name: amount for name, amount in amounts.items() if amount is not None and amount.amount_minor > 0}
