"""What any QuoteStore does: the one in memory and the one in Postgres."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.postgres_quotes import PostgresQuotes
from matching_service.domain.quote import Fare, FareLine, FareLineKind, Place, Quote
from matching_service.use_cases.dispatch_ports import QuoteStore
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money
from tests.fakes.matching_dispatch import NOON, FakeQuotes


@pytest.fixture(params=["memory", "postgres"])
async def quotes(request: pytest.FixtureRequest) -> AsyncIterator[QuoteStore]:
    if request.param == "memory":
        yield FakeQuotes()
        return
    url_of: Callable[[str], str] = request.getfixturevalue("postgres_url")
    database = Database(url_of(f"quotes_{uuid4().hex[:8]}"))
    try:
        async with database.transaction() as connection:
            await connection.run_sync(tables.quotes.create)
        yield PostgresQuotes(database)
    finally:
        await database.dispose()


def quote(rider_id: UUID) -> Quote:
    lines = [
        FareLine(FareLineKind.BASE, Money("JPY", 500)),
        FareLine(FareLineKind.DISTANCE, Money("JPY", 1_230)),
        FareLine(FareLineKind.TAX, Money("JPY", 173)),
    ]
    return Quote(
        id=uuid4(),
        rider_id=rider_id,
        product="economy",
        pickup=Place(GeoPoint(37.7793000001, -122.4193), "City Hall, “west” entrance"),
        dropoff=Place(GeoPoint(37.8087, -122.4098)),
        fare=Fare.of("JPY", lines),
        distance_meters=4_044,
        trip_eta_seconds=731,
        pickup_eta_seconds=None,
        expires_at=NOON + timedelta(seconds=300),
        surge_permille=1_000,
        stops=(Place(GeoPoint(37.8, -122.41), "Corner"), Place(GeoPoint(37.81, -122.4))),
        passengers=3,
    )


async def test_a_quote_is_read_back_as_it_was_promised(quotes: QuoteStore) -> None:
    rider = uuid4()
    first, second = quote(rider), replace(quote(rider), product="xl", pickup_eta_seconds=90)
    await quotes.add([first, second])
    assert await quotes.get(first.id, rider) == first
    assert await quotes.get(second.id, rider) == second


async def test_a_quote_of_somebody_else_is_not_found(quotes: QuoteStore) -> None:
    mine = quote(uuid4())
    await quotes.add([mine])
    for quote_id, rider in ((mine.id, uuid4()), (uuid4(), mine.rider_id)):
        with pytest.raises(NotFound) as caught:
            await quotes.get(quote_id, rider)
        assert caught.value.reason == "quote_not_found"


async def test_no_quotes_are_stored_as_nothing(quotes: QuoteStore) -> None:
    await quotes.add([])


async def test_quotes_are_stored_together_or_not_at_all(quotes: QuoteStore) -> None:
    rider = uuid4()
    first, known = quote(rider), quote(rider)
    await quotes.add([known])

    with pytest.raises(Exception, match="duplicate key"):
        await quotes.add([first, known])

    with pytest.raises(NotFound):
        await quotes.get(first.id, rider)
