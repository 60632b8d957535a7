"""Links to rides and ratings after them, on a real database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.letters import LetterReader, LetterWriter
from matching_service.adapters.postgres_after_rides import PostgresRatings, PostgresShares
from matching_service.domain.edit import EditState
from matching_service.domain.locations import GONE_SECONDS
from matching_service.domain.rating import RATE_WITHIN, RatedPart
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.share import LINK_LIVES, MAX_SENT, SEEN_AFTER_END
from matching_service.use_cases.quote_ride_edit import EditCommand
from matching_service.use_cases.rate_rides import RateRide, ReadRating
from matching_service.use_cases.share_rides import ReadSharedRide, ShareRide
from ridesharing.matching.v1.events_pb2 import RideShared
from shared_kernel.errors import DomainError
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import DROPOFF, ORDER, PICKUP, Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_edits import edited
from tests.unit.matching.test_shift_wishes import hear


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database of its own; people are new each time."""
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


class After:
    """What is done with rides beside riding."""

    def __init__(self, stage: Stage, database: Database) -> None:
        shares, ratings, numbers = PostgresShares(database), PostgresRatings(database), count()
        key, own = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
        writer, self.letters = LetterWriter(key.public_key()), LetterReader(key)
        to_itself, from_itself = LetterWriter(own.public_key()), LetterReader(own)
        self.share = ShareRide(
            stage.store,
            stage.reader,
            shares,
            stage.clock,
            lambda: f"{stage.new_id()}-{next(numbers)}",
            lambda token, ride_id: writer.seal(token, ride_id.bytes),
            lambda answer, ride_id: to_itself.seal(answer, ride_id.bytes),
            lambda answer, ride_id: from_itself.open(answer, ride_id.bytes),
        )
        self.shown = ReadSharedRide(stage.reader, shares, stage.locations, stage.clock)
        self.rate = RateRide(stage.reader, ratings, stage.clock)
        self.rating = ReadRating(ratings)


@pytest.fixture
def after(stage: Stage, database: Database) -> After:
    return After(stage, database)


async def completed(stage: Stage) -> Ride:
    ride, driver_id = await stage.under_way()
    return await stage.complete(stage.key(), driver_id, ride.id)


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(DomainError) as error:
        await call
    return error.value.reason


async def test_who_has_the_link_sees_about_where_the_ride_is_and_nothing_of_its_rider(
    stage: Stage, after: After
) -> None:
    ride, driver_id = await stage.assigned()
    hear(stage, driver_id)
    token, expires_at = await after.share(stage.key(), ride.rider_id, ride.id)
    shown = await after.shown(token)
    assert (shown.ride.id, shown.expires_at) == (ride.id, expires_at)
    for place, true in ((shown.pickup, PICKUP.point), (shown.dropoff, DROPOFF.point)):
        assert place == GeoPoint(round(true.latitude, 3), round(true.longitude, 3)) != true
    assert shown.location is not None
    assert shown.measured_at is not None
    stage.clock.advance(GONE_SECONDS + 1)
    assert (await after.shown(token)).location is None


async def test_a_link_ends_by_its_rider_by_another_link_by_time_and_with_the_ride(stage: Stage, after: After) -> None:
    ride, driver_id = await stage.under_way()
    first, _ = await after.share(stage.key(), ride.rider_id, ride.id)
    second, _ = await after.share(stage.key(), ride.rider_id, ride.id)
    assert await refused(after.shown(first)) == "share_not_found"
    await after.share.revoke(ride.id, ride.rider_id)
    assert await refused(after.shown(second)) == "share_not_found"
    third, _ = await after.share(stage.key(), ride.rider_id, ride.id)
    done = await stage.complete(stage.key(), driver_id, ride.id)
    shown = await after.shown(third)
    assert (shown.ride.state, shown.location) == (RideState.COMPLETED, None)
    stage.clock.advance(SEEN_AFTER_END.total_seconds() + 1)
    assert await refused(after.shown(third)) == "share_not_found"
    assert await refused(after.share(stage.key(), done.rider_id, done.id)) == "ride_over"
    waiting = await stage.ride()
    old, _ = await after.share(stage.key(), waiting.rider_id, waiting.id)
    stage.clock.advance(LINK_LIVES.total_seconds())
    assert await refused(after.shown(old)) == "share_not_found"


async def test_a_link_to_a_ride_that_was_put_off_lives_until_after_it(stage: Stage, after: After) -> None:
    day = timedelta(days=1)
    ride, begin = await stage.scheduled(day), stage.clock.now()
    token, expires_at = await after.share(stage.key(), ride.rider_id, ride.id)
    assert expires_at == begin + day + LINK_LIVES
    for days in (4, 3):
        edit = await edited(stage, ride, EditCommand(pickup_at=begin + days * day))
        assert edit.state is EditState.APPLIED
    stage.clock.time = begin + 3 * day
    shown = await after.shown(token)
    assert (shown.ride.id, shown.expires_at) == (ride.id, begin + 4 * day + LINK_LIVES)


async def test_a_link_is_sent_to_contacts_with_the_ride_five_times_whatever_is_revoked(
    stage: Stage, after: After, database: Database
) -> None:
    ride, _ = await stage.assigned()
    contacts = [stage.new_id(), stage.new_id()]
    token = ""
    for _ in range(MAX_SENT):
        token, _ = await after.share(stage.key(), ride.rider_id, ride.id, contacts)
        await after.share.revoke(ride.id, ride.rider_id)
        await after.share(stage.key(), ride.rider_id, ride.id)
    assert await refused(after.share(stage.key(), ride.rider_id, ride.id, contacts)) == "link_sent_too_often"
    async with database.connect() as connection:
        told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%RideShared' ORDER BY seq")
        payloads = list(await connection.scalars(told, {"id": ride.id}))
    events = [RideShared.FromString(payload) for payload in payloads]
    assert len(events) == MAX_SENT
    # Who reads the outbox or the stream cannot follow the ride; who sends the link can read it.
    assert token.encode() not in b"".join(payloads)
    assert after.letters.open(events[-1].sealed_token, ride.id.bytes) == token
    assert (events[-1].token, list(events[-1].contact_ids)) == ("", [str(contact) for contact in contacts])
    assert (events[-1].ride.ride_id, events[-1].ride.start_pin) == (str(ride.id), "")
    assert events[-1].ride.rider_name == ride.rider_name != ""


async def test_the_link_of_an_order_is_sent_without_the_phones_of_shop_and_recipient(
    stage: Stage, after: After, database: Database
) -> None:
    order, _ = await stage.carrying()
    await after.share(stage.key(), order.rider_id, order.id, [stage.new_id()])
    told = text("SELECT payload FROM outbox WHERE aggregate_id = :id")
    async with database.connect() as connection:
        payloads = list(await connection.scalars(told, {"id": order.id}))
    shared = RideShared.FromString(payloads[-1])
    assert shared.ride.rider_name == order.rider_name != ""
    for phone in (ORDER.shop_phone, ORDER.recipient_phone):
        assert phone.encode() not in b"".join(payloads)


async def test_a_link_asked_for_again_with_its_key_is_the_same_and_is_sent_once(
    stage: Stage, after: After, database: Database
) -> None:
    ride, key, contact_id = await stage.ride(), stage.key(), stage.new_id()
    made = await after.share(key, ride.rider_id, ride.id, [contact_id])
    stage.clock.advance(1)
    assert await after.share(key, ride.rider_id, ride.id, [contact_id]) == made
    assert (await after.shown(made[0])).ride.id == ride.id
    assert await refused(after.share(key, ride.rider_id, ride.id)) == "idempotency_key_reused"
    sent = text("SELECT sent_count FROM ride_share WHERE ride_id = :id")
    told = text("SELECT count(*) FROM outbox WHERE aggregate_id = :id AND type LIKE '%RideShared'")
    async with database.connect() as connection:
        counts = [await connection.scalar(count_of, {"id": ride.id}) for count_of in (sent, told)]
    assert counts == [1, 1]


async def test_who_sends_no_key_gets_a_link_each_time(stage: Stage, after: After) -> None:
    ride = await stage.ride()
    first, _ = await after.share("", ride.rider_id, ride.id)
    second, _ = await after.share("", ride.rider_id, ride.id)
    assert first != second
    assert (await after.shown(second)).ride.id == ride.id


async def test_only_the_rider_shares_a_ride(stage: Stage, after: After) -> None:
    ride = await stage.ride()
    stranger = stage.new_id()
    assert await refused(after.share(stage.key(), stranger, ride.id)) == "ride_not_found"
    assert await refused(after.share.revoke(ride.id, stranger)) == "ride_not_found"
    assert await refused(after.shown("a-made-up-token-of-nobody")) == "share_not_found"


async def test_the_secret_of_a_link_is_not_kept(stage: Stage, after: After, database: Database) -> None:
    ride = await stage.ride()
    token, _ = await after.share(stage.key(), ride.rider_id, ride.id)
    async with database.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM ride_share WHERE ride_id = :id"), {"id": ride.id})).one()
        kept = text("SELECT response FROM idempotency_keys WHERE principal = :id AND method = 'ShareRide'")
        answer = await connection.scalar(kept, {"id": str(ride.rider_id)})
    assert token not in str(row)
    assert token.encode() not in row.token_hash
    assert answer is not None
    assert token.encode() not in answer


async def test_both_sides_rate_a_ride_once(stage: Stage, after: After) -> None:
    ride = await completed(stage)
    assert ride.driver is not None
    driver_id = ride.driver.driver_id
    by_rider = await after.rate(ride.id, 5, "kind", rider_id=ride.rider_id)
    assert (by_rider.rated_part, by_rider.rated_id) == (RatedPart.DRIVER, driver_id)
    stage.clock.advance(60)
    assert await after.rate(ride.id, 5, "kind", rider_id=ride.rider_id) == by_rider
    assert await refused(after.rate(ride.id, 1, "kind", rider_id=ride.rider_id)) == "rating_exists"
    by_driver = await after.rate(ride.id, 4, "", driver_id=driver_id)
    assert (by_driver.rated_part, by_driver.rated_id) == (RatedPart.RIDER, ride.rider_id)
    of_driver = await after.rating(driver_id, RatedPart.DRIVER)
    of_rider = await after.rating(ride.rider_id, RatedPart.RIDER)
    assert (of_driver.count, of_driver.mean_milli_stars) == (1, 5000)
    assert (of_rider.count, of_rider.mean_milli_stars) == (1, 4000)
    assert (await after.rating(ride.rider_id, RatedPart.DRIVER)).count == 0


async def test_what_is_not_over_too_old_or_not_ones_own_is_not_rated(stage: Stage, after: After) -> None:
    live, driver_id = await stage.under_way()
    assert await refused(after.rate(live.id, 5, "", rider_id=live.rider_id)) == "ride_not_completed"
    done = await stage.complete(stage.key(), driver_id, live.id)
    assert await refused(after.rate(done.id, 5, "", rider_id=stage.new_id())) == "ride_not_found"
    assert await refused(after.rate(done.id, 5, "", driver_id=done.rider_id)) == "ride_not_found"
    stage.clock.advance((RATE_WITHIN + timedelta(seconds=1)).total_seconds())
    assert await refused(after.rate(done.id, 5, "", rider_id=done.rider_id)) == "rating_window_over"


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ("'driver', :other, :other, 6, ''", "ck_ride_rating_stars"),
        ("'driver', :other, :other, 0, ''", "ck_ride_rating_stars"),
        ("'driver', :other, :other, 3, repeat('x', 501)", "ck_ride_rating_comment"),
        ("'operator', :other, :other, 3, ''", "ck_ride_rating_rated_part"),
    ],
)
async def test_the_database_refuses_ratings_that_must_not_be(
    stage: Stage, database: Database, values: str, check: str
) -> None:
    ride = await stage.ride()
    statement = f"INSERT INTO ride_rating VALUES (:id, {values}, now())"  # noqa: S608 (the values are those above)
    async with database.connect() as connection:
        with pytest.raises(DBAPIError, match=check):
            await connection.execute(text(statement), {"id": ride.id, "other": stage.new_id()})


async def test_the_database_refuses_a_second_link_and_a_secret_in_the_clear(stage: Stage, database: Database) -> None:
    ride = await stage.ride()
    statement = "INSERT INTO ride_share VALUES (:id, :hash, now(), now() + interval '1 hour')"
    async with database.connect() as connection:
        with pytest.raises(DBAPIError, match="ck_ride_share_hash"):
            await connection.execute(text(statement), {"id": ride.id, "hash": b"secret"})
        await connection.rollback()
        await connection.execute(text(statement), {"id": ride.id, "hash": b"x" * 32})
        with pytest.raises(DBAPIError, match="pk_ride_share"):
            await connection.execute(text(statement), {"id": ride.id, "hash": b"y" * 32})
