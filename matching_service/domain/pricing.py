"""What a ride costs and what its driver earns: whole minor units, each rounding stated.

flat price, or base + distance + time, brought up to the minimum
+ surge                   on the above, not on a flat price
+ surcharges + booking fee
+ taxes                   each on the sum of all above
+ tolls                   as the driver pays them
+ waiting                 once the trip begins; the taxes are then those of the sum with it
- promotion               by the rider's code, on the above but the waiting and the tolls (`quote.Discount`)

Each line is rounded to what can be charged in its currency (`charge_step`): whole minor units, whole tens of them where
there are three decimals. So their sums can be held, captured and given back to the last unit, and the ledger has what
the PSP has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from matching_service.domain.city import CityPolicy, Product
from matching_service.domain.fare_book import Moment, PaidBy, Rates, Tax
from matching_service.domain.quote import Fare, FareLine, FareLineKind
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money, charge_step

BASIS_POINTS = 10_000
NO_SURGE_PERMILLE = 1000

_UNTAXED_KINDS = (FareLineKind.TAX, FareLineKind.TOLL, FareLineKind.PROMOTION)
"""A promotion lowers no tax: the platform bears it as an expense of its own, the ride costs what it costs."""
SPLIT_KINDS = (
    frozenset(
        {
            FareLineKind.FLAT,
            FareLineKind.BASE,
            FareLineKind.DISTANCE,
            FareLineKind.TIME,
            FareLineKind.MINIMUM,
            FareLineKind.SURGE,
            FareLineKind.RETURN_FEE,
        }
    ),
    frozenset({FareLineKind.WAITING}),
    frozenset({FareLineKind.CANCEL_FEE, FareLineKind.NO_SHOW_FEE}),
)
"""The lines a driver earns from, less the commission; each group is one line of the capture, rounded by itself. A toll
is the driver's whole. Booking fee and surcharge are the platform's, taxes the authorities'."""


class PricedTrip(NamedTuple):
    """What a price is asked for: when the ride begins, its places in their order, and the way through them.

    `line` is where the way runs, as far as it is known: through a street graph, or straight from place to place.
    """

    at: datetime
    places: Sequence[GeoPoint]
    meters: int
    seconds: int
    line: Sequence[GeoPoint]


def moment_of(city: CityPolicy, at: datetime, pickup: GeoPoint, dropoff: GeoPoint | None = None) -> Moment:
    """Return what the scopes of the city's policy are held against."""
    return city.fares.moment(at.astimezone(ZoneInfo(city.time_zone)), pickup, dropoff)


def is_sold(city: CityPolicy, product: Product, at: datetime, pickup: GeoPoint) -> bool:
    """Tell whether a product can be had from a place at a time."""
    return product.available.covers(product.name, moment_of(city, at, pickup))


def price_trip(city: CityPolicy, product: Product, trip: PricedTrip, surge_permille: int = NO_SURGE_PERMILLE) -> Fare:
    """Price a trip.

    Distance, time and surge are each rounded half up to what can be charged, so are the amounts of the policy, and each
    tax once on the sum it is on. When base, distance and time fall short of the minimum, a line makes up for it. Lines
    of zero are left out, save the base.
    """
    if trip.meters < 0 or trip.seconds < 0:
        raise ValueError("a trip has no negative distance or time")
    if surge_permille < NO_SURGE_PERMILLE:
        raise ValueError("a surge is 1000 or more")
    moment = moment_of(city, trip.at, trip.places[0], trip.places[-1])
    rates = next((rule.rates for rule in city.fares.rules if rule.scope.covers(product.name, moment)), Rates())
    untaxed = _ride_lines(product, rates, trip.meters, trip.seconds, surge_permille)
    passed_on: list[FareLine] = []
    for surcharge in city.fares.surcharges:
        if surcharge.scope.covers(product.name, moment):
            if surcharge.paid_by is PaidBy.DRIVER:
                passed_on.append(FareLine(FareLineKind.TOLL, surcharge.amount.charged(), surcharge.name))
            else:
                untaxed.append(FareLine(FareLineKind.SURCHARGE, surcharge.amount.charged(), surcharge.name))
    booking_fee = product.booking_fee if rates.booking_fee is None else rates.booking_fee
    untaxed.append(FareLine(FareLineKind.BOOKING_FEE, booking_fee.charged()))
    passed_on += [
        FareLine(FareLineKind.TOLL, toll.amount.charged(), toll.name)
        for toll in city.fares.tolls
        if toll.scope.covers(product.name, moment) and toll.is_due(trip.line)
    ]
    taxes = tax_lines(untaxed, [tax for tax in city.fares.taxes if tax.scope.covers(product.name, moment)])
    lines = [*untaxed, *taxes, *passed_on]
    kept = [line for line in lines if line.amount.amount_minor or line.kind is FareLineKind.BASE]
    return Fare.of(city.currency_code, kept)


def _ride_lines(product: Product, rates: Rates, meters: int, seconds: int, surge_permille: int) -> list[FareLine]:
    if rates.flat is not None:
        return [FareLine(FareLineKind.FLAT, rates.flat.charged())]
    base = (product.base if rates.base is None else rates.base).charged()
    per_kilometer = product.per_kilometer if rates.per_kilometer is None else rates.per_kilometer
    per_minute = product.per_minute if rates.per_minute is None else rates.per_minute
    distance, time = _share(per_kilometer, meters, 1000), _share(per_minute, seconds, 60)
    minimum = (product.minimum if rates.minimum is None else rates.minimum).charged()
    plain = base + distance + time
    shortfall = max(minimum - plain, Money.zero(base.currency_code), key=lambda amount: amount.amount_minor)
    surge = _share(plain + shortfall, surge_permille - NO_SURGE_PERMILLE, NO_SURGE_PERMILLE)
    return [
        FareLine(FareLineKind.BASE, base),
        FareLine(FareLineKind.DISTANCE, distance),
        FareLine(FareLineKind.TIME, time),
        FareLine(FareLineKind.MINIMUM, shortfall),
        FareLine(FareLineKind.SURGE, surge),
    ]


def least_fare(product: Product, rates: Rates, meters: int) -> Money:
    """Return what a trip of so many meters costs at least, by these rates: before taxes, tolls and surcharges."""
    booking_fee = product.booking_fee if rates.booking_fee is None else rates.booking_fee
    lines = _ride_lines(product, rates, meters, 0, NO_SURGE_PERMILLE)
    return sum((line.amount for line in lines), booking_fee.charged())


def tax_lines(taxed: Sequence[FareLine], taxes: Iterable[Tax]) -> list[FareLine]:
    """Make the tax lines on these lines, one a tax, named by its jurisdiction."""
    if not taxed:
        return []
    total = sum((line.amount for line in taxed), Money.zero(taxed[0].amount.currency_code))
    return [
        FareLine(FareLineKind.TAX, _share(total, tax.rate_basis_points, BASIS_POINTS), tax.jurisdiction)
        for tax in taxes
    ]


def with_waiting(fare: Fare, per_minute: Money, waited_seconds: int, taxes: Sequence[Tax]) -> Fare:
    """Add the driver's wait at the pickup, rounded half up, and tax the sum anew; nothing else changes.

    `taxes` are those the fare was made with; a tax line of another jurisdiction stays as it is.
    """
    amount = _share(per_minute, max(0, waited_seconds), 60)
    if not amount.amount_minor:
        return fare
    waiting = FareLine(FareLineKind.WAITING, amount)
    taxed = [line for line in fare.lines if line.kind not in _UNTAXED_KINDS]
    anew = {line.name: line for line in tax_lines([*taxed, waiting], taxes)}
    kept = [
        anew.pop(line.name, line) if line.kind is FareLineKind.TAX else line
        for line in fare.lines
        if line.kind is not FareLineKind.WAITING
    ]
    late = [line for line in anew.values() if line.amount.amount_minor]
    return Fare.of(fare.total.currency_code, [*kept, waiting, *late])


def price_fee(kind: FareLineKind, fee: Money) -> Fare:
    """Make the fare of a canceled or missed ride: the fee alone, tax included in it."""
    return Fare.of(fee.currency_code, [FareLine(kind, fee.charged())])


def driver_earnings(fare: Fare, commission_basis_points: int) -> Money:
    """Return what the driver earns from a fare before tips, tolls included.

    Split as payment_service splits the capture, so that what an offer promises is what the ledger credits: in each of
    its lines the odd minor unit goes to the larger remainder, in a tie to the driver.
    """
    earned = fare.amount_of(FareLineKind.TOLL)
    for kinds in SPLIT_KINDS:
        shared = Money.zero(fare.total.currency_code)
        for line in fare.lines:
            if line.kind in kinds:
                shared += line.amount
        earned += shared.split([BASIS_POINTS - commission_basis_points, commission_basis_points])[0]
    return earned


def _share(amount: Money, numerator: int, denominator: int) -> Money:
    """Return numerator / denominator of an amount, rounded half up to what can be charged; all are zero or more."""
    step = charge_step(amount.currency_code)
    whole = denominator * step
    return Money(amount.currency_code, (2 * amount.amount_minor * numerator + whole) // (2 * whole) * step)
