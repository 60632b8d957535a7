"""What a rider agreed to with the request: the way to pay, and fees, waits and shares, kept with the ride when the
city's policy changes.

The lines of a capture are made here, so that the same ride always asks payment_service for the same charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from matching_service.domain.city import CityPolicy
from matching_service.domain.pricing import driver_earnings
from matching_service.domain.quote import Fare, FareLineKind
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
    return_fee_minor: int = 0
    """What bringing a delivery back to its shop costs beside the fare."""

    @classmethod
    def of(cls, policy: CityPolicy) -> RideTerms:
        """Take the terms from the city's policy."""
        return cls(
            offer_seconds=policy.dispatch.offer_seconds,
            search_window_seconds=policy.dispatch.search_window_seconds,
            free_cancel_seconds=policy.fees.free_cancel_seconds,
            cancel_fee_minor=policy.fees.cancel_fee.amount_minor,
            no_show_fee_minor=policy.fees.no_show_fee.amount_minor,
            no_show_wait_seconds=policy.fees.no_show_wait_seconds,
            commission_basis_points=policy.commission_basis_points,
            tax_jurisdiction=policy.tax.jurisdiction,
        )

    def earnings(self, fare: Fare) -> Money:
        """Return the driver's share of a fare, before tips."""
        return driver_earnings(fare, self.commission_basis_points)

    def charge_lines(self, fare: Fare) -> tuple[ChargeLine, ...]:
        """Return the lines of the capture of a fare; they sum to its total, and lines of nothing are left out."""
        sums: dict[ChargeKind, Money] = {}
        for line in fare.lines:
            kind = _charge_kind(line.kind)
            sums[kind] = sums.get(kind, Money.zero(fare.total.currency_code)) + line.amount
        return tuple(self._charge_line(kind, amount) for kind, amount in sums.items() if amount.amount_minor > 0)

    def _charge_line(self, kind: ChargeKind, amount: Money) -> ChargeLine:
        split = kind in (ChargeKind.FARE, ChargeKind.CANCEL_FEE)
        return ChargeLine(
            kind,
            amount,
            commission_basis_points=self.commission_basis_points if split else 0,
            tax_jurisdiction=self.tax_jurisdiction if kind is ChargeKind.TAX else "",
        )


def _charge_kind(kind: FareLineKind) -> ChargeKind:
    match kind:
        case FareLineKind.CANCEL_FEE | FareLineKind.NO_SHOW_FEE:
            return ChargeKind.CANCEL_FEE
        case FareLineKind.BOOKING_FEE:
            return ChargeKind.BOOKING_FEE
        case FareLineKind.TAX:
            return ChargeKind.TAX
        case _:
            return ChargeKind.FARE
