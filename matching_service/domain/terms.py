"""What a rider agreed to with the request: the way to pay, and fees, waits and shares, kept with the ride when the
city's policy changes.

The lines of a capture are made here, so that the same ride always asks payment_service for the same charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from matching_service.domain.city import CityPolicy
from matching_service.domain.fare_book import Scope, Tax
from matching_service.domain.pricing import driver_earnings, with_waiting
from matching_service.domain.quote import Discount, Fare, FareLineKind
from matching_service.domain.schedule import Schedule
from shared_kernel.money import Money


class Funding(StrEnum):
    """Where a rider's money comes from; the names are those of the contract's Funding."""

    CARD = "card"
    WALLET = "wallet"
    CASH = "cash"


class ChargeKind(StrEnum):
    """What payment_service is told a line is for; the names are those of its ChargeLineKind."""

    FARE = "fare"
    BOOKING_FEE = "booking_fee"
    TAX = "tax"
    CANCEL_FEE = "cancel_fee"
    WAITING = "waiting"
    TOLL = "toll"
    PROMOTION = "promotion"


_CHARGE_KINDS = {
    FareLineKind.CANCEL_FEE: ChargeKind.CANCEL_FEE,
    FareLineKind.NO_SHOW_FEE: ChargeKind.CANCEL_FEE,
    FareLineKind.BOOKING_FEE: ChargeKind.BOOKING_FEE,
    FareLineKind.SURCHARGE: ChargeKind.BOOKING_FEE,
    FareLineKind.TAX: ChargeKind.TAX,
    FareLineKind.WAITING: ChargeKind.WAITING,
    FareLineKind.TOLL: ChargeKind.TOLL,
    FareLineKind.PROMOTION: ChargeKind.PROMOTION,
}
"""All others are parts of the fare."""


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of a capture."""

    kind: ChargeKind
    amount: Money
    commission_basis_points: int = 0
    tax_jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class RideTerms:
    """The city's numbers as they stood at the request."""

    offer_seconds: int
    search_window_seconds: int
    free_cancel_seconds: int
    cancel_fee_minor: int
    no_show_fee_minor: int
    no_show_wait_seconds: int
    commission_basis_points: int
    tax_jurisdiction: str
    """Whom a tax line without a name is owed to: one of the time when a city had one tax."""
    # With defaults, as all that came later: the terms of rides before it lack it.
    cancel_fee_per_minute_minor: int = 0
    cancel_fee_most_minor: int = 0
    late_grace_seconds: int | None = None
    waiting_grace_seconds: int = 0
    waiting_most_seconds: int = 0
    waiting_per_minute_minor: int = 0
    surge_permille: int = 1000
    """What the quote's price was multiplied by; a price for a change of the ride is too."""
    taxes: tuple[tuple[str, int], ...] = ()
    """Jurisdiction and basis points of the city's taxes: what a fare that waiting is added to is taxed by anew."""
    return_fee_minor: int = 0
    """What bringing a delivery back to its shop costs beside the fare."""

    free_cancel_lead_seconds: int = 0
    """Of a scheduled ride: a cancel is free until so long before the pickup."""
    late_accept_seconds: int = 0
    """So long after its end an offer of the ride may still be accepted."""
    discount: Discount | None = None
    """What the rider's promotion takes off, as it was promised by the quote."""
    quoted_at: float | None = None
    """When the quote was made, in Unix time: by the hours of then a change of the ride is priced too."""

    @classmethod
    def of(cls, policy: CityPolicy, product: str, surge_permille: int = 1000) -> RideTerms:
        """Take the terms of a product's rides from the city's policy."""
        fees, sold, taxes = policy.fees, policy.products.get(product), policy.fares.taxes
        return cls(
            offer_seconds=policy.dispatch.offer_seconds,
            search_window_seconds=policy.dispatch.search_window_seconds,
            free_cancel_seconds=policy.fees.free_cancel_seconds,
            cancel_fee_minor=policy.fees.cancel_fee.amount_minor,
            no_show_fee_minor=policy.fees.no_show_fee.amount_minor,
            no_show_wait_seconds=policy.fees.no_show_wait_seconds,
            commission_basis_points=policy.commission_basis_points,
            tax_jurisdiction=taxes[0].jurisdiction if taxes else "",
            cancel_fee_per_minute_minor=fees.cancel_fee_per_minute.amount_minor,
            cancel_fee_most_minor=fees.cancel_fee_most.amount_minor,
            late_grace_seconds=fees.late_grace_seconds,
            waiting_grace_seconds=fees.waiting_grace_seconds,
            waiting_most_seconds=fees.waiting_most_seconds,
            surge_permille=surge_permille,
            waiting_per_minute_minor=0 if sold is None else sold.waiting_per_minute.amount_minor,
            taxes=tuple((tax.jurisdiction, tax.rate_basis_points) for tax in taxes),
            free_cancel_lead_seconds=policy.schedule.free_cancel_lead_seconds,
            late_accept_seconds=policy.dispatch.late_accept_seconds,
        )

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> RideTerms:
        """Read terms as they were stored; what a later release put beside them means nothing here."""
        known = {field.name for field in fields(cls)}
        taxes = tuple((jurisdiction, rate) for jurisdiction, rate in stored.get("taxes", ()))
        kept: dict[str, Any] = {name: value for name, value in stored.items() if name in known}
        kept["taxes"] = taxes
        kept["discount"] = Discount(**stored["discount"]) if stored.get("discount") else None
        return cls(**kept)

    def search_until(self, begins_at: datetime, schedule: Schedule | None) -> datetime:
        """Return when a search for a driver is given up: no sooner than its window after the time agreed on, if any."""
        if schedule is not None:
            begins_at = max(begins_at, schedule.pickup_at)
        return begins_at + timedelta(seconds=self.search_window_seconds)

    def earnings(self, fare: Fare) -> Money:
        """Return the driver's share of a fare, before tips."""
        return driver_earnings(fare, self.commission_basis_points)

    def with_waiting(self, fare: Fare, waited_seconds: float) -> Fare:
        """Return the fare with what the driver's wait at the pickup costs: seconds from the arrival to the start."""
        charged = min(int(waited_seconds) - self.waiting_grace_seconds, self.waiting_most_seconds)
        per_minute = Money(fare.total.currency_code, self.waiting_per_minute_minor)
        named = {line.name for line in fare.lines if line.kind is FareLineKind.TAX}
        taxes = [Tax(rate, jurisdiction, Scope()) for jurisdiction, rate in self.taxes if jurisdiction in named]
        return with_waiting(fare, per_minute, charged, taxes)

    def discounted(self, fare: Fare) -> Fare:
        """Return a fare that was made anew with what the ride's promotion takes off it."""
        return fare if self.discount is None else self.discount.applied(fare)

    def cancel_fee_minor_after(self, over_seconds: float) -> int:
        """Return the fee of a cancel after so long a drive beyond the free time; started minutes count."""
        grown = self.cancel_fee_minor + self.cancel_fee_per_minute_minor * ceil(max(0.0, over_seconds) / 60)
        return min(grown, max(self.cancel_fee_minor, self.cancel_fee_most_minor))

    def charge_lines(self, fare: Fare) -> tuple[ChargeLine, ...]:
        """Return the lines of the capture of a fare; they sum to its total, less a promotion, as the fare's own do.

        Lines of nothing are left out.
        """
        sums: dict[tuple[ChargeKind, str], Money] = {}
        for line in fare.lines:
            kind = _charge_kind(line.kind)
            owed_to = (line.name or self.tax_jurisdiction) if kind is ChargeKind.TAX else ""
            sums[kind, owed_to] = sums.get((kind, owed_to), Money.zero(fare.total.currency_code)) + line.amount
        return tuple(self._charge_line(*key, amount) for key, amount in sums.items() if amount.amount_minor > 0)

    def _charge_line(self, kind: ChargeKind, owed_to: str, amount: Money) -> ChargeLine:
        split = kind in (ChargeKind.FARE, ChargeKind.CANCEL_FEE, ChargeKind.WAITING)
        return ChargeLine(
            kind,
            amount,
            commission_basis_points=self.commission_basis_points if split else 0,
            tax_jurisdiction=owed_to,
        )


def _charge_kind(kind: FareLineKind) -> ChargeKind:
    return _CHARGE_KINDS.get(kind, ChargeKind.FARE)
