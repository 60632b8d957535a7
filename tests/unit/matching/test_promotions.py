"""What a promotion takes off, and what it leaves alone."""

from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.domain.pricing import driver_earnings, with_waiting
from matching_service.domain.promotion import Promotion, PromotionState, best_of, check_promotion, normal_code
from matching_service.domain.quote import BASIS_POINTS, Discount, Fare, FareLine, FareLineKind, without_promotion
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import canceled_by_rider
from matching_service.domain.terms import ChargeKind, RideTerms
from matching_service.entrypoints import wire_rides
from matching_service.use_cases.quote_ride_edit import EditCommand
from payment_service.domain.charge import ChargeLine, ChargeLineKind, charge_total, shares
from payment_service.domain.ledger import AccountKind
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money
from tests.fakes.matching_dispatch import NOON
from tests.fakes.matching_stage import DROPOFF, FARE, Stage, usd

CITY = load_city(None)
OPERATOR, DRIVER = UUID(int=1), UUID(int=2)
A_FIFTH = Discount("FIFTH", "USD", 2_000, 0, None, 100)
THREE_OFF = Discount("THREE", "USD", 0, 300, None, 100)
LINES = st.sampled_from([kind for kind in FareLineKind if kind is not FareLineKind.PROMOTION])


def promotion(discount: Discount = A_FIFTH, **changes: object) -> Promotion:
    made = Promotion(
        id=UUID(int=3),
        discount=discount,
        starts_at=NOON,
        ends_at=NOON + timedelta(days=7),
        city="",
        products=frozenset(),
        redemption_limit=None,
        uses_per_rider=1,
        first_ride_only=False,
        note="",
        made_by=OPERATOR,
        made_at=NOON,
    )
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]


@st.composite
def fares(draw: st.DrawFn) -> Fare:
    parts = draw(st.lists(st.tuples(LINES, st.integers(0, 50_000)), min_size=1, max_size=8))
    return Fare.of("USD", [FareLine(kind, usd(minor)) for kind, minor in parts])


@st.composite
def discounts(draw: st.DrawFn) -> Discount:
    by_part = draw(st.booleans())
    return Discount(
        "CODE",
        "USD",
        draw(st.integers(1, BASIS_POINTS)) if by_part else 0,
        0 if by_part else draw(st.integers(1, 100_000)),
        draw(st.none() | st.integers(1, 20_000)),
        draw(st.integers(1, 5_000)),
    )


def charged(terms: RideTerms, fare: Fare) -> list[ChargeLine]:
    """The lines of a capture, as payment_service reads them."""
    return [
        ChargeLine(ChargeLineKind(line.kind.value), line.amount, line.commission_basis_points, line.tax_jurisdiction)
        for line in terms.charge_lines(fare)
    ]


@given(fare=fares(), discount=discounts())
def test_a_promotion_never_takes_more_than_it_may(fare: Fare, discount: Discount) -> None:
    off, after = discount.off(fare).amount_minor, discount.applied(fare)
    base = fare.total.amount_minor - fare.amount_of(FareLineKind.TOLL).amount_minor
    assert 0 <= off <= base
    assert after.total.amount_minor == fare.total.amount_minor - off
    assert off == 0 or after.total.amount_minor >= discount.least_paid_minor > 0
    assert discount.most_off_minor is None or off <= discount.most_off_minor
    exact = base * discount.percent_off_basis_points / BASIS_POINTS + discount.amount_off_minor
    assert off <= exact + 0.5
    if off < exact - 0.5:  # something bounds it
        left = fare.total.amount_minor - off
        assert off in (0, discount.most_off_minor, base) or left == discount.least_paid_minor
    assert without_promotion(after) == fare
    assert discount.applied(after) == after


@given(fare=fares(), discount=discounts(), rate=st.integers(0, BASIS_POINTS))
def test_the_platform_bears_it_and_the_driver_earns_as_without(fare: Fare, discount: Discount, rate: int) -> None:
    assume(fare.total.amount_minor > 0)
    terms = replace(RideTerms.of(CITY, "economy"), commission_basis_points=rate, tax_jurisdiction="here")
    after = discount.applied(fare)
    assert driver_earnings(after, rate) == driver_earnings(fare, rate)
    lines = charged(terms, after)
    assert charge_total(lines) == after.total
    by_account = {posting.account: posting.amount for posting in shares(lines, DRIVER)}
    plain = {posting.account: posting.amount for posting in shares(charged(terms, fare), DRIVER)}
    promo = next((amount for account, amount in by_account.items() if account.kind is AccountKind.PROMO), usd(0))
    assert promo == discount.off(fare)
    assert {account: amount for account, amount in by_account.items() if account.kind is not AccountKind.PROMO} == plain


@given(fare=fares(), discount=discounts(), seconds=st.integers(0, 3_600))
def test_waiting_is_charged_and_taxed_as_without_a_promotion(fare: Fare, discount: Discount, seconds: int) -> None:
    taxes = CITY.fares.taxes
    plain = with_waiting(fare, usd(40), seconds, taxes)
    after = with_waiting(discount.applied(fare), usd(40), seconds, taxes)
    assert sorted(without_promotion(after).lines, key=str) == sorted(plain.lines, key=str)
    assert after.amount_of(FareLineKind.PROMOTION) == discount.off(fare)


@pytest.mark.parametrize(
    ("discount", "fare_minor", "toll_minor", "off_minor"),
    [
        (A_FIFTH, 1_003, 0, 201),  # 200.6
        (A_FIFTH, 1_002, 0, 200),  # 200.4
        (replace(A_FIFTH, percent_off_basis_points=5_000), 1_001, 0, 501),  # half up
        (A_FIFTH, 1_000, 500, 200),  # not of the toll
        (replace(A_FIFTH, most_off_minor=150), 1_000, 0, 150),
        (replace(A_FIFTH, percent_off_basis_points=10_000), 1_000, 0, 900),  # a dollar is left to pay
        (replace(A_FIFTH, percent_off_basis_points=10_000), 1_000, 500, 1_000),  # the toll is
        (THREE_OFF, 1_000, 0, 300),
        (THREE_OFF, 250, 0, 150),
        (THREE_OFF, 90, 0, 0),
        (replace(THREE_OFF, currency_code="EUR"), 1_000, 0, 0),
    ],
)
def test_what_is_taken_off(discount: Discount, fare_minor: int, toll_minor: int, off_minor: int) -> None:
    lines = [FareLine(FareLineKind.BASE, usd(fare_minor)), FareLine(FareLineKind.TOLL, usd(toll_minor), "Bridge")]
    assert discount.off(Fare.of("USD", lines)).amount_minor == off_minor


def test_the_one_that_takes_the_most_off_is_used_and_of_equal_ones_that_which_ends_first() -> None:
    fifth, three = promotion(A_FIFTH), promotion(THREE_OFF)
    small, large = Fare.of("USD", [FareLine(FareLineKind.FLAT, usd(1_000))]), FARE
    assert best_of([fifth, three], "somewhere", "economy", small) is three
    assert best_of([fifth, three], "somewhere", "economy", large) is fifth
    sooner = replace(three, id=UUID(int=9), ends_at=NOON + timedelta(days=1))
    assert best_of([three, sooner], "somewhere", "economy", small) is sooner
    elsewhere, other = replace(fifth, city="elsewhere"), replace(fifth, products=frozenset({"xl"}))
    assert best_of([elsewhere, other], "somewhere", "economy", large) is None
    assert best_of([elsewhere, other], "elsewhere", "economy", large) is elsewhere
    assert best_of([promotion(replace(THREE_OFF, currency_code="EUR"))], "somewhere", "economy", large) is None


def test_a_promotion_is_in_force_from_its_start_up_to_its_end_or_until_it_is_ended() -> None:
    made = promotion()
    states = [made.state(NOON + timedelta(seconds=s)) for s in (-1, 0, 7 * 86_400 - 1, 7 * 86_400)]
    assert states == [
        PromotionState.UPCOMING,
        PromotionState.IN_FORCE,
        PromotionState.IN_FORCE,
        PromotionState.ENDED,
    ]
    ended = made.ended(OPERATOR, "spent", NOON + timedelta(hours=1))
    assert (ended.state(NOON + timedelta(hours=1)), ended.version) == (PromotionState.ENDED, 2)
    with pytest.raises(Conflict, match="ended before"):
        ended.ended(OPERATOR, "", NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        promotion(replace(A_FIFTH, amount_off_minor=100)),
        promotion(replace(A_FIFTH, percent_off_basis_points=0)),
        promotion(ends_at=NOON),
        promotion(starts_at=NOON - timedelta(days=9), ends_at=NOON - timedelta(days=2)),
        promotion(first_ride_only=True, uses_per_rider=2),
    ],
)
def test_a_promotion_that_makes_no_sense_is_not_made(wrong: Promotion) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_promotion(wrong)
    assert caught.value.reason == "invalid_promotion"
    assert caught.value.violations
    check_promotion(promotion())


def test_a_code_is_one_in_capitals_or_not() -> None:
    assert normal_code(" welcome-20") == "WELCOME-20"


def test_the_terms_of_a_ride_are_read_as_they_were_stored() -> None:
    terms = replace(RideTerms.of(CITY, "economy"), discount=A_FIFTH)
    assert RideTerms.read(asdict(terms)) == terms
    stored_before = asdict(terms)
    del stored_before["discount"]
    assert RideTerms.read(stored_before).discount is None


async def with_promotion(stage: Stage, discount: Discount = A_FIFTH) -> Ride:
    rider_id = stage.new_id()
    quote = await stage.quote(rider_id, discount.applied(FARE))
    quote = replace(quote, id=stage.new_id(), promotion_id=stage.new_id(), discount=discount)
    await stage.quotes.add([quote])
    return await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")


async def test_a_ride_keeps_the_promotion_of_its_quote_and_an_edit_is_priced_by_it(stage: Stage) -> None:
    ride = await with_promotion(stage)
    assert (ride.fare.total, ride.held_minor) == (usd(1_640), 1_640)
    edit = await stage.quote_edit(
        stage.key(),
        ride.rider_id,
        ride.id,
        EditCommand(dropoff=replace(DROPOFF, point=GeoPoint(37.6213, -122.3790))),
        rider_id=ride.rider_id,
    )
    plain = without_promotion(edit.plan.fare)
    assert plain.total > usd(1_640)
    assert edit.plan.fare == A_FIFTH.applied(plain)


async def test_a_late_cancel_costs_its_fee_without_a_promotion(stage: Stage) -> None:
    ride = await with_promotion(stage)
    driver_id = await stage.driver()
    offer = await stage.offer(ride, driver_id)
    ride = await stage.accept(stage.key(), driver_id, offer.id)
    stage.clock.advance(170)
    canceled = canceled_by_rider(ride, "", stage.clock.now())
    assert canceled.owed.amount_of(FareLineKind.PROMOTION) == usd(0)
    assert ChargeKind.PROMOTION not in {line.kind for line in canceled.terms.charge_lines(canceled.owed)}


async def test_a_driver_is_not_shown_the_code(stage: Stage) -> None:
    ride = await with_promotion(stage)
    told = wire_rides.ride_message(ride)
    assert (told.promotion.code, told.promotion.amount_off.amount_minor) == ("FIFTH", 410)
    assert told.promotion.price_before.amount_minor == FARE.total.amount_minor
    of_driver = wire_rides.ride_message(ride, with_rider_name=True)
    assert not of_driver.HasField("promotion")
    assert "FIFTH" not in str(of_driver)
    assert of_driver.fare.total.amount_minor == ride.fare.total.amount_minor


async def test_a_driver_who_gives_a_ride_back_is_not_shown_the_code(stage: Stage) -> None:
    ride, driver_id = await with_promotion(stage), await stage.driver()
    offer = await stage.offer(ride, driver_id)
    await stage.accept(stage.key(), driver_id, offer.id)
    told = wire_rides.given_back_message(await stage.give_back(stage.key(), driver_id, ride.id, ""))
    assert (told.ride_id, told.rider_name, told.HasField("promotion")) == (str(ride.id), "", False)
    assert "FIFTH" not in str(told)


def test_a_fare_of_another_currency_is_left_alone() -> None:
    yen = Fare.of("JPY", [FareLine(FareLineKind.FLAT, Money("JPY", 3_000))])
    assert A_FIFTH.applied(yen) == yen
