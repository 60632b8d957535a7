"""What a ride costs and what its driver earns: whole minor units, each rounding stated."""

from __future__ import annotations

from matching_service.domain.city import Product, Tax
from matching_service.domain.quote import Fare, FareLine, FareLineKind
from shared_kernel.money import Money

BASIS_POINTS = 10_000

EARNING_KINDS = frozenset(
    {
        FareLineKind.BASE,
        FareLineKind.DISTANCE,
        FareLineKind.TIME,
        FareLineKind.MINIMUM,
        FareLineKind.SURGE,
        FareLineKind.CANCEL_FEE,
        FareLineKind.NO_SHOW_FEE,
        FareLineKind.RETURN_FEE,
    }
)
"""The lines a driver earns from, less the commission. The booking fee is the platform's, the tax the authority's."""


def price_ride(product: Product, tax: Tax, distance_meters: int, trip_seconds: int) -> Fare:
    """Price a trip.

    Distance and time are each rounded half up to the minor unit. When base, distance and time fall short of the
    product's minimum, a line makes up for it. The booking fee comes on top. The tax is on the sum of all these, rounded
    half up once. Lines of zero are left out, save the base.
    """
    if distance_meters < 0 or trip_seconds < 0:
        raise ValueError("a trip has no negative distance or time")
    currency = product.base.currency_code
    distance = _share(product.per_kilometer, distance_meters, 1000)
    time = _share(product.per_minute, trip_seconds, 60)
    plain = product.base + distance + time
    shortfall = max(product.minimum - plain, Money.zero(currency), key=lambda amount: amount.amount_minor)
    before_tax = plain + shortfall + product.booking_fee
    lines = [
        FareLine(FareLineKind.BASE, product.base),
        FareLine(FareLineKind.DISTANCE, distance),
        FareLine(FareLineKind.TIME, time),
        FareLine(FareLineKind.MINIMUM, shortfall),
        FareLine(FareLineKind.BOOKING_FEE, product.booking_fee),
        FareLine(FareLineKind.TAX, _share(before_tax, tax.rate_basis_points, BASIS_POINTS)),
    ]
    kept = [line for line in lines if line.amount.amount_minor or line.kind is FareLineKind.BASE]
    return Fare.of(currency, kept)


def price_fee(kind: FareLineKind, fee: Money) -> Fare:
    """Make the fare of a canceled or missed ride: the fee alone, tax included in it."""
    return Fare.of(fee.currency_code, [FareLine(kind, fee)])


def driver_earnings(fare: Fare, commission_basis_points: int) -> Money:
    """Return what the driver earns from a fare before tips.

    Split as payment_service splits the capture, so that what an offer promises is what the ledger credits: the odd
    minor unit goes to the larger remainder, in a tie to the driver.
    """
    shared = Money.zero(fare.total.currency_code)
    for line in fare.lines:
        if line.kind in EARNING_KINDS:
            shared += line.amount
    earned, _ = shared.split([BASIS_POINTS - commission_basis_points, commission_basis_points])
    return earned


def _share(amount: Money, numerator: int, denominator: int) -> Money:
    """Return numerator / denominator of an amount, rounded half up; all are zero or more."""
    return Money(amount.currency_code, (2 * amount.amount_minor * numerator + denominator) // (2 * denominator))
