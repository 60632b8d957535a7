"""Promotions on a real database: it counts, and judges the limits, whoever writes and how many at once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_promotions import LOOK_SECONDS, PostgresPromotions
from matching_service.adapters.tables.promotions import MOST_TRIES
from matching_service.domain.promotion import Promotion
from matching_service.domain.quote import Discount
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.terms import ChargeKind
from matching_service.use_cases.create_quotes import CreateQuotes, CreateQuotesCommand
from matching_service.use_cases.manage_promotions import (
    CreatePromotion,
    CreatePromotionCommand,
    EndPromotion,
    ReadPromotions,
)
from matching_service.use_cases.redeem_promotion import ListRedemptions, RedeemPromotion
from matching_service.use_cases.service_ports import PaymentStatus
from shared_kernel.errors import DomainError, LimitExceeded
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, DROPOFF, FARE, PICKUP, Stage
from tests.integration.matching.stage import open_database, stage_on

OPERATOR = UUID(int=7)
_codes = count()


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database of its own; people and codes are new each time."""
    async with open_database(migrated_postgres_url("matching"), pool_size=16) as database:
        yield database


@pytest.fixture
def payments() -> FakePayments:
    return FakePayments()


@pytest.fixture
def stage(database: Database, payments: FakePayments) -> Stage:
    """All use cases on that database."""
    return stage_on(database, payments)


class Desk:
    """What is done with promotions."""

    def __init__(self, stage: Stage, database: Database) -> None:
        assert isinstance(stage.store, PostgresStore)
        self.seconds = 0.0
        self.stage, self.reader = stage, PostgresPromotions(database, lambda: self.seconds)
        self.create = CreatePromotion(stage.store, self.reader, stage.cities, stage.clock, stage.new_id)
        self.end = EndPromotion(stage.store, self.reader, stage.clock)
        self.read = ReadPromotions(self.reader)
        self.redeem = RedeemPromotion(stage.store, stage.clock)
        self.redeemed = ListRedemptions(self.reader)
        self.quote = CreateQuotes(
            cities=stage.cities,
            eta=stage.quote_edit.eta,
            free_drivers=stage.free_drivers,
            quotes=stage.quotes,
            clock=stage.clock,
            new_id=stage.new_id,
            promotions=self.reader,
        )

    def command(self, **changes: object) -> CreatePromotionCommand:
        """20 % off, for a week."""
        made = CreatePromotionCommand(
            discount=Discount(f"CODE-{next(_codes)}", "USD", 2_000, 0, None, 100),
            starts_at=None,
            ends_at=self.stage.clock.now() + timedelta(days=7),
            city="",
            products=(),
            redemption_limit=0,
            uses_per_rider=1,
            first_ride_only=False,
            note="a test",
        )
        return replace(made, **changes)  # pyright: ignore[reportArgumentType]

    async def made(self, **changes: object) -> Promotion:
        return (await self.create(self.stage.key(), OPERATOR, self.command(**changes))).promotion

    async def put_on(self, promotion: Promotion, rider_id: UUID | None = None) -> UUID:
        """Have a rider redeem it."""
        rider_id = rider_id or self.stage.new_id()
        await self.redeem(self.stage.key(), rider_id, promotion.code)
        return rider_id

    async def ask(self, rider_id: UUID, *, ahead: timedelta | None = None) -> Ride:
        """Quote and request an economy ride."""
        pickup_at = None if ahead is None else self.stage.clock.now() + ahead
        [quote] = await self.quote(CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy", pickup_at=pickup_at))
        return await self.stage.request_ride(self.stage.key(), rider_id, quote.id, self.stage.card(), "")

    async def left(self, rider_id: UUID) -> list[int]:
        return [redemption.uses_left for redemption in await self.redeemed(rider_id)]


@pytest.fixture
def desk(stage: Stage, database: Database) -> Desk:
    return Desk(stage, database)


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(DomainError) as error:
        await call
    return error.value.reason


async def completed(stage: Stage, ride: Ride) -> Ride:
    driver_id = await stage.driver()
    offer = await stage.offer(ride, driver_id)
    await stage.accept(stage.key(), driver_id, offer.id)
    await stage.arrive(stage.key(), driver_id, ride.id)
    await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
    return await stage.complete(stage.key(), driver_id, ride.id)


async def test_a_code_goes_from_the_operator_to_the_capture(desk: Desk, stage: Stage, payments: FakePayments) -> None:
    promotion = await desk.made(uses_per_rider=2)
    rider_id = await desk.put_on(promotion)
    plain, with_code = [
        (await desk.quote(CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy", without_promotion=without)))[0]
        for without in (True, False)
    ]
    off = promotion.discount.off(plain.fare)
    assert (plain.promotion_id, with_code.promotion_id) == (None, promotion.id)
    assert with_code.fare.total == plain.fare.total - off
    kept = await stage.quotes.get(with_code.id, rider_id)
    assert (kept.discount, kept.fare) == (promotion.discount, with_code.fare)

    ride = await desk.ask(rider_id)
    assert (ride.fare, ride.terms.discount) == (with_code.fare, promotion.discount)
    assert await desk.left(rider_id) == [1]
    await completed(stage, ride)
    await stage.settle()
    _, lines = payments.captured[ride.id]
    assert [line.amount for line in lines if line.kind is ChargeKind.PROMOTION] == [off]
    record = await desk.read.get(promotion.id)
    assert (record.use_count, record.taken_off, record.promotion.redemption_count) == (1, off, 1)
    assert await desk.left(rider_id) == [1]


@pytest.mark.parametrize("end", ["canceled", "no_driver", "declined", "forced"])
async def test_a_ride_that_costs_no_fare_gives_its_use_back(
    desk: Desk, stage: Stage, payments: FakePayments, end: str
) -> None:
    rider_id = await desk.put_on(await desk.made())
    if end == "declined":
        payments.declines = "card_declined"
        assert await refused(desk.ask(rider_id)) == "payment_declined"
        payments.declines = ""
    else:
        ride = await desk.ask(rider_id)
        assert await desk.left(rider_id) == [0]
        if end == "canceled":
            await stage.cancel(stage.key(), rider_id, ride.id, "", "")
        elif end == "forced":
            await stage.force_cancel(stage.key(), OPERATOR, ride.id, "a test")
        else:
            stage.clock.advance(CITY.dispatch.search_window_seconds + 1)
            assert await stage.close_searches()
            assert (await stage.now(ride)).state is RideState.NO_DRIVER_AVAILABLE
    assert await desk.left(rider_id) == [1]
    again = await desk.ask(rider_id)
    assert again.promotion_id is not None
    assert await desk.left(rider_id) == [0]


async def test_codes_that_cannot_be_redeemed_say_why(desk: Desk, stage: Stage) -> None:
    rider_id, now = stage.new_id(), stage.clock.now()
    assert await refused(desk.redeem(stage.key(), rider_id, "NO-SUCH")) == "promotion_not_found"
    later = await desk.made(starts_at=now + timedelta(hours=1))
    assert await refused(desk.redeem(stage.key(), rider_id, later.code)) == "promotion_not_begun"
    ended = await desk.made()
    await desk.end(stage.key(), OPERATOR, ended.id, "spent")
    assert await refused(desk.redeem(stage.key(), rider_id, ended.code)) == "promotion_ended"
    assert await refused(desk.end(stage.key(), OPERATOR, ended.id, "")) == "promotion_ended"
    one = await desk.made(redemption_limit=1)
    await desk.put_on(one)
    assert await refused(desk.redeem(stage.key(), rider_id, one.code)) == "promotion_used_up"
    mine = await desk.made()
    await desk.put_on(mine, rider_id)
    assert await refused(desk.redeem(stage.key(), rider_id, mine.code.lower())) == "promotion_redeemed"
    first = await desk.made(first_ride_only=True)
    ridden = await completed(stage, await desk.ask(stage.new_id()))
    assert await refused(desk.redeem(stage.key(), ridden.rider_id, first.code)) == "promotion_first_ride_only"
    twice = desk.command(discount=mine.discount)
    assert await refused(desk.create(stage.key(), OPERATOR, twice)) == "promotion_code_taken"
    assert await refused(desk.made(city="nowhere")) == "city_not_found"
    assert await refused(desk.made(city=CITY.city, products=("rickshaw",))) == "invalid_promotion"
    assert await refused(desk.read.get(stage.new_id())) == "promotion_not_found"


async def test_each_request_happens_once(desk: Desk, stage: Stage) -> None:
    key, command = stage.key(), desk.command()
    made = await desk.create(key, OPERATOR, command)
    assert await desk.create(key, OPERATOR, command) == made
    assert await refused(desk.create(key, OPERATOR, replace(command, note="other"))) == "idempotency_key_reused"
    rider_id, redeeming = stage.new_id(), stage.key()
    first = await desk.redeem(redeeming, rider_id, made.promotion.code)
    for _ in range(MOST_TRIES + 2):  # a repeat is no guess
        assert await desk.redeem(redeeming, rider_id, made.promotion.code) == first
    ending = stage.key()
    ended = await desk.end(ending, OPERATOR, made.promotion.id, "spent")
    assert await desk.end(ending, OPERATOR, made.promotion.id, "spent") == ended
    assert (ended.promotion.version, ended.promotion.ended_by, ended.promotion.redemption_count) == (2, OPERATOR, 1)
    # What was quoted by it before is kept; new quotes are without it.
    ride = await desk.ask(rider_id)
    assert ride.promotion_id is None


async def test_a_promotion_that_another_process_made_is_quoted_after_its_next_look(
    desk: Desk, stage: Stage, migrated_postgres_url: Callable[[str], str]
) -> None:
    async with open_database(migrated_postgres_url("matching")) as fresh:
        other_stage = stage_on(fresh, FakePayments(), stage.clock)
        maker, other = Desk(other_stage, fresh), Desk(other_stage, fresh)
        rider_id = stage.new_id()
        asked = CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy")
        assert [quote.promotion_id for quote in await other.quote(asked)] == [None]
        promotion = await maker.made()
        await maker.put_on(promotion, rider_id)
        assert [quote.promotion_id for quote in await maker.quote(asked)] == [promotion.id]
        other.seconds += LOOK_SECONDS
        assert [quote.promotion_id for quote in await other.quote(asked)] == [promotion.id]


async def test_a_quote_of_before_the_end_keeps_its_price(desk: Desk, stage: Stage) -> None:
    promotion = await desk.made()
    rider_id = await desk.put_on(promotion)
    [quote] = await desk.quote(CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy"))
    await desk.end(stage.key(), OPERATOR, promotion.id, "spent")
    ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
    assert (ride.promotion_id, ride.fare) == (promotion.id, quote.fare)


async def test_of_a_hundred_riders_at_once_ten_redeem_a_code_for_ten(desk: Desk, stage: Stage) -> None:
    promotion = await desk.made(redemption_limit=10)
    tries = [desk.redeem(stage.key(), stage.new_id(), promotion.code) for _ in range(100)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refusals) == 90
    assert {getattr(refusal, "reason", refusal) for refusal in refusals} == {"promotion_used_up"}
    assert (await desk.read.get(promotion.id)).promotion.redemption_count == 10


async def test_of_many_rides_at_once_with_one_use_one_has_it(desk: Desk, stage: Stage) -> None:
    rider_id = await desk.put_on(await desk.made(uses_per_rider=2))
    hours = [timedelta(hours=hour) for hour in range(3, 11)]
    quotes = [
        (
            await desk.quote(
                CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy", pickup_at=stage.clock.now() + ahead)
            )
        )[0]
        for ahead in hours
    ]
    asked = [stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "") for quote in quotes]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refusals = [getattr(outcome, "reason", outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == ["promotion_used_up"] * 6
    assert await desk.left(rider_id) == [0]


async def test_of_two_first_rides_at_once_by_two_codes_one_is_the_first(desk: Desk, stage: Stage) -> None:
    one = await desk.made(first_ride_only=True)
    other = await desk.made(first_ride_only=True, discount=Discount(f"HALF-{next(_codes)}", "USD", 5_000, 0, None, 100))
    rider_id = await desk.put_on(one)
    quotes = [(await desk.quote(_ahead(desk, rider_id, 3)))[0]]
    await desk.put_on(other, rider_id)
    quotes.append((await desk.quote(_ahead(desk, rider_id, 6)))[0])
    assert [quote.promotion_id for quote in quotes] == [one.id, other.id]
    asked = [stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "") for quote in quotes]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refusals = [getattr(outcome, "reason", outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == ["promotion_first_ride_only"]
    [quote] = await desk.quote(_ahead(desk, rider_id, 9))
    assert quote.promotion_id is None


def _ahead(desk: Desk, rider_id: UUID, hours: int) -> CreateQuotesCommand:
    at = desk.stage.clock.now() + timedelta(hours=hours)
    return CreateQuotesCommand(rider_id, PICKUP, DROPOFF, "economy", pickup_at=at)


async def test_a_promotion_in_a_currency_that_there_is_not_is_refused_and_all_others_are_listed(desk: Desk) -> None:
    made = await desk.made()
    mistyped = replace(made.discount, code=f"CODE-{next(_codes)}", currency_code="USB")
    assert await refused(desk.made(discount=mistyped)) == "invalid_promotion"
    assert made.id in [record.promotion.id for record in (await desk.read.page(100, None)).records]


async def test_guessing_is_counted_also_when_all_guesses_come_at_once(desk: Desk, stage: Stage) -> None:
    rider_id, promotion = stage.new_id(), await desk.made()
    guesses = [desk.redeem(stage.key(), rider_id, f"GUESS-{number}") for number in range(40)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    reasons = [getattr(outcome, "reason", outcome) for outcome in outcomes]
    assert reasons.count("promotion_not_found") == MOST_TRIES
    assert reasons.count("too_many_codes") == 40 - MOST_TRIES
    with pytest.raises(LimitExceeded) as error:
        await desk.redeem(stage.key(), rider_id, promotion.code)
    assert error.value.retry_after_seconds == 3_600
    await desk.put_on(promotion)  # others go on
    stage.clock.advance(3_600)
    await desk.put_on(promotion, rider_id)


async def test_a_right_code_that_cannot_be_redeemed_is_no_guess(desk: Desk, stage: Stage) -> None:
    tomorrow = stage.clock.now() + timedelta(days=1)
    upcoming, other = await desk.made(starts_at=tomorrow), await desk.made()
    rider_id = stage.new_id()
    for _ in range(MOST_TRIES + 1):
        assert await refused(desk.redeem(stage.key(), rider_id, upcoming.code)) == "promotion_not_begun"
    await desk.put_on(other, rider_id)


async def test_what_was_redeemed_is_told_to_who_asks_for_their_data(
    desk: Desk, stage: Stage, database: Database
) -> None:
    promotion = await desk.made()
    rider_id = await desk.put_on(promotion)
    assert await refused(desk.redeem(stage.key(), rider_id, "WRONG-ONE")) == "promotion_not_found"
    lists, _ = await MatchingPersonalData(database).export(rider_id, 0)
    assert [row["promotion_id"] for row in lists["promotions_redeemed"]] == [promotion.id]
    await MatchingPersonalData(database).erase(rider_id, "key")
    async with database.connect() as connection:
        tries = text("SELECT count(*) FROM promotion_try WHERE rider_id = :rider")
        assert await connection.scalar(tries, {"rider": rider_id}) == 0


@pytest.mark.parametrize(
    ("attack", "constraint"),
    [
        ("UPDATE promotion SET percent_off_basis_points = 9000 WHERE id = :promotion", "ck_promotion_kept"),
        ("UPDATE promotion SET redemption_limit = 99 WHERE id = :promotion", "ck_promotion_kept"),
        ("UPDATE promotion SET redemption_count = 0 WHERE id = :promotion", "ck_promotion_kept"),
        ("UPDATE promotion SET redemption_count = redemption_count + 1 WHERE id = :promotion", "_redemptions"),
        ("DELETE FROM promotion WHERE id = :promotion", "ck_promotion_kept"),
        (
            "INSERT INTO promotion_redemption (promotion_id, rider_id, redeemed_at)"
            " VALUES (:promotion, gen_random_uuid(), :now)",
            "ck_promotion_redemptions",
        ),
        (
            "INSERT INTO promotion_redemption (promotion_id, rider_id, redeemed_at)"
            " VALUES (:ended, gen_random_uuid(), :now)",
            "ck_promotion_redemption_in_force",
        ),
        ("UPDATE promotion_redemption SET uses_per_rider = 9 WHERE rider_id = :rider", "ck_promotion_redemption_kept"),
        ("DELETE FROM promotion_redemption WHERE rider_id = :rider", "ck_promotion_redemption_kept"),
        ("UPDATE ride SET promotion_id = NULL WHERE id = :ride", "ck_ride_promotion_kept"),
        ("UPDATE ride SET promotion_id = :ended WHERE id = :ride", "ck_ride_promotion_kept"),
        ("UPDATE ride SET promotion_minor = -1 WHERE id = :ride", "ck_ride_promotion"),
        ("UPDATE ride SET promotion_minor = 1 WHERE id = :plain", "ck_ride_promotion"),
        ("UPDATE promotion SET ended_at = NULL, ended_by = NULL, version = 1 WHERE id = :ended", "ck_promotion_kept"),
    ],
)
async def test_the_database_refuses(desk: Desk, stage: Stage, database: Database, attack: str, constraint: str) -> None:
    promotion, ended = await desk.made(redemption_limit=1), await desk.made()
    await desk.end(stage.key(), OPERATOR, ended.id, "")
    rider_id = await desk.put_on(promotion)
    ride, plain = await desk.ask(rider_id), await desk.ask(stage.new_id())
    names = {"promotion": promotion.id, "ended": ended.id, "rider": rider_id, "ride": ride.id, "plain": plain.id}
    values = {name: value for name, value in (*names.items(), ("now", stage.clock.now())) if f":{name}" in attack}
    with pytest.raises(DBAPIError) as error:
        async with database.transaction() as connection:
            await connection.execute(text(attack), values)
    assert error.value.orig is not None
    assert constraint in str(getattr(error.value.orig.__cause__, "constraint_name", ""))


async def test_the_uses_are_what_the_rides_say_whatever_is_written(
    desk: Desk, stage: Stage, database: Database
) -> None:
    rider_id = await desk.put_on(await desk.made())
    ride = await desk.ask(rider_id)
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE promotion_redemption SET uses = 0 WHERE rider_id = :r"), {"r": rider_id})
    assert await desk.left(rider_id) == [0]
    # Of somebody else's promotion nobody has a ride.
    stolen = replace(await stage.quote(stage.new_id(), FARE), id=stage.new_id())
    stolen = replace(stolen, promotion_id=ride.promotion_id, discount=ride.terms.discount)
    await stage.quotes.add([stolen])
    with pytest.raises(DBAPIError, match="fk_ride_promotion"):
        await stage.request_ride(stage.key(), stolen.rider_id, stolen.id, stage.card(), "")


async def test_a_hold_that_stands_is_of_the_price_after_the_promotion(
    desk: Desk, stage: Stage, payments: FakePayments
) -> None:
    ride = await desk.ask(await desk.put_on(await desk.made()))
    assert payments.holds[ride.id] is PaymentStatus.HELD
    assert ride.held_minor == ride.fare.total.amount_minor
