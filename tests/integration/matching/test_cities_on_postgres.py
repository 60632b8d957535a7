"""Versions of cities' policies on a real database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.runtime import Wakeup
from matching_service.adapters.city_file import CityFile, parse_city
from matching_service.adapters.city_new_document import read_new_document
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_cities import MOST_STALE_SECONDS, STALE_SECONDS, PostgresCities
from matching_service.adapters.postgres_policy_archive import PostgresPolicyArchive
from matching_service.entrypoints import wire_events
from matching_service.use_cases.city_policies import ReadCityPolicies
from matching_service.use_cases.put_city_policy import PutCityPolicy, PutCityPolicyCommand
from shared_kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_dispatch import HandClock

DEFAULT = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")
OPERATOR = UUID(int=9)


def city_file(city: str, cancel_fee_minor: int = 500) -> CityFile:
    """The packaged policy under another key."""
    document = DEFAULT.replace('"san_francisco"', f'"{city}"')
    document = document.replace("cancel_fee_minor = 500", f"cancel_fee_minor = {cancel_fee_minor}")
    return CityFile(document, parse_city(document, city))


class Desk:
    """Reading and putting policies, of one replica."""

    def __init__(self, database: Database, *files: CityFile, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.new_id = Uuid7Source()
        archive = PostgresPolicyArchive(database)
        self.cities = PostgresCities(database, files, self.clock, self.clock.monotonic)
        store = PostgresStore(database, wire_events.event_message, self.clock, self.new_id, Wakeup())
        self.read = ReadCityPolicies(self.cities, archive, read_new_document)
        self.put_policy = PutCityPolicy(store, archive, read_new_document, self.clock)

    async def put(self, file: CityFile, base: int, *, hours: float | None = None, key: str = "") -> int:
        """Put a file's text as the next version; return its number."""
        effective_at = None if hours is None else self.clock.now() + timedelta(hours=hours)
        command = PutCityPolicyCommand(file.text, effective_at, base, "a note")
        return (await self.put_policy(key or str(self.new_id()), OPERATOR, command)).version

    async def fee(self, city: str) -> int:
        """The cancel fee in force."""
        policy = (await self.cities.in_force()).named(city)
        assert policy is not None
        return policy.fees.cancel_fee.amount_minor


async def test_files_become_the_first_versions_and_change_nothing_when_they_are_read_again(database: Database) -> None:
    files = [city_file("first_a"), city_file("first_b")]
    await asyncio.gather(*(Desk(database, *files).cities.in_force() for _ in range(4)))
    atlas = await Desk(database, *files).cities.in_force()
    assert [(each.city, each.version) for each in atlas.policies if each.city.startswith("first")] == [
        ("first_a", 1),
        ("first_b", 1),
    ]


async def test_a_file_that_was_changed_is_a_new_version_at_the_next_start(database: Database) -> None:
    await Desk(database, city_file("edited")).cities.in_force()
    later = Desk(database, city_file("edited", 600))
    assert await later.fee("edited") == 600
    kept = await later.cities.version("edited", 1)
    assert kept.fees.cancel_fee.amount_minor == 500


async def test_replicas_with_different_files_do_not_take_turns(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a rollout that goes on, or was left half done: whichever restarts, what changed last stays."""
    former, changed = city_file("torn"), city_file("torn", 600)
    assert [await Desk(database, file).fee("torn") for file in (former, changed)] == [500, 600]
    caplog.clear()
    for file in (former, changed, former):
        assert await Desk(database, file).fee("torn") == 600
    assert await PostgresPolicyArchive(database).latest_version("torn") == 2
    told = [record.__dict__ for record in caplog.records if "is an earlier one" in record.message]
    assert [(each["city"], each["file_version"], each["newer_file_version"]) for each in told] == [("torn", 1, 2)] * 2


async def test_different_files_of_replicas_that_start_at_once_are_all_taken_over(database: Database) -> None:
    files = [city_file("rushed", 500 + number) for number in range(4)]
    await asyncio.gather(*(Desk(database, file).cities.in_force() for file in files))
    page = await PostgresPolicyArchive(database).page("rushed", 10, None)
    assert [version.version for version in page.versions] == [4, 3, 2, 1]
    for version in page.versions:
        read = await PostgresPolicyArchive(database).get("rushed", version.version)
        files = [file for file in files if file.text != read.document]
    assert files == []


async def test_an_unchanged_file_does_not_undo_what_an_operator_put(database: Database) -> None:
    file = city_file("operated")
    desk = Desk(database, file)
    await desk.cities.in_force()
    assert await desk.put(city_file("operated", 700), 1) == 2
    assert await Desk(database, file).fee("operated") == 700


async def test_a_version_comes_into_force_at_its_time_in_a_process_that_knows_it(database: Database) -> None:
    desk = Desk(database, city_file("timed"))
    await desk.cities.in_force()
    await desk.put(city_file("timed", 800), 1, hours=2)
    desk.clock.advance(STALE_SECONDS)
    assert await desk.fee("timed") == 500
    desk.clock.advance(7_200 - STALE_SECONDS - 1)
    assert await desk.fee("timed") == 500
    desk.clock.advance(1)
    assert await desk.fee("timed") == 800


async def test_another_replica_knows_a_new_version_within_the_bound(database: Database) -> None:
    clock = HandClock()
    one, other = (Desk(database, city_file("two_replicas"), clock=clock) for _ in range(2))
    await asyncio.gather(one.cities.in_force(), other.cities.in_force())
    await one.put(city_file("two_replicas", 900), 1)
    clock.advance(STALE_SECONDS)
    assert await other.fee("two_replicas") == 900


async def test_of_many_who_put_at_once_on_the_same_version_one_does(database: Database) -> None:
    desk = Desk(database, city_file("crowded"))
    await desk.cities.in_force()
    tries = [desk.put(city_file("crowded", 500 + number), 1) for number in range(6)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [2]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, int)]
    assert {getattr(error, "reason", error) for error in refused} == {"policy_moved_on"}


async def test_a_repeated_request_puts_once(database: Database) -> None:
    desk = Desk(database, city_file("repeated"))
    await desk.cities.in_force()
    assert [await desk.put(city_file("repeated", 510), 1, key="one-key") for _ in range(2)] == [2, 2]
    with pytest.raises(Conflict) as reused:
        await desk.put(city_file("repeated", 520), 1, key="one-key")
    assert reused.value.reason == "idempotency_key_reused"


async def test_a_policy_cannot_start_in_the_past_or_be_unreadable(database: Database) -> None:
    desk = Desk(database, city_file("refused"))
    await desk.cities.in_force()
    with pytest.raises(InvalidInput) as past:
        await desk.put(city_file("refused"), 1, hours=-0.1)
    assert past.value.reason == "effective_in_the_past"
    broken = city_file("refused")
    with pytest.raises(InvalidInput) as unreadable:
        await desk.put(replace(broken, text=broken.text.replace("[fees]", "[feeds]")), 1)
    assert unreadable.value.reason == "invalid_city_policy"
    assert {violation.field for violation in unreadable.value.violations} == {"fees", "feeds"}
    assert await desk.read.archive.latest_version("refused") == 1


async def test_versions_are_listed_newest_first_and_compared(database: Database) -> None:
    desk = Desk(database, city_file("listed"))
    await desk.cities.in_force()
    for base in (1, 2, 3):
        await desk.put(city_file("listed", 500 + base), base)
    page = await desk.read.page("listed", 3, None)
    assert [version.version for version in page.versions] == [4, 3, 2]
    assert page.next_before == 2
    rest = await desk.read.page("listed", 3, page.next_before)
    assert ([version.version for version in rest.versions], rest.next_before) == ([1], None)
    assert [tuple(change) for change in await desk.read.changes("listed", 1, 4)] == [
        ("fees.cancel_fee_minor", "500", "503")
    ]
    checked = await desk.read.check(city_file("listed", 999).text)
    assert (checked.latest_version, [change.after for change in checked.changes]) == (4, ["999"])
    with pytest.raises(NotFound):
        await desk.read.page("nowhere", 3, None)


async def test_a_document_of_a_later_release_is_not_in_force_here(database: Database) -> None:
    desk = Desk(database, city_file("later"))
    await desk.cities.in_force()
    async with database.transaction() as connection:
        statement = "INSERT INTO city_policy VALUES ('later', 2, :now, 'from_the_future = 1', :now, NULL, '')"
        await connection.execute(text(statement), {"now": desk.clock.now()})
    desk.clock.advance(STALE_SECONDS)
    assert await desk.fee("later") == 500
    with pytest.raises(Unavailable):
        await desk.cities.version("later", 2)


async def test_documents_of_a_later_release_leave_in_force_what_was_before_them(database: Database) -> None:
    """Also where a version before them is yet to come."""
    desk = Desk(database, city_file("overtaken"))
    await desk.cities.in_force()
    await desk.put(city_file("overtaken", 700), 1, hours=48)
    for version in (3, 4):
        async with database.transaction() as connection:
            statement = "INSERT INTO city_policy VALUES ('overtaken', :version, :now, :text, :now, NULL, '')"
            values = {"version": version, "now": desk.clock.now(), "text": f"from_the_future = {version}"}
            await connection.execute(text(statement), values)
        desk.clock.advance(STALE_SECONDS)
        assert await desk.fee("overtaken") == 500


async def test_while_the_database_does_not_answer_one_looks_and_the_others_go_by_the_last_picture(
    migrated_postgres_url: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(migrated_postgres_url("matching"), pool_size=1, name="cut off", pool_timeout_seconds=0.2)
    try:
        desk = Desk(database, city_file("cut_off"))
        known = await desk.cities.in_force()
        desk.clock.advance(STALE_SECONDS)
        caplog.clear()
        async with database.connect():  # the only one there is
            assert await asyncio.gather(*(desk.cities.in_force() for _ in range(20))) == [known] * 20
            assert len([record for record in caplog.records if "some time ago" in record.message]) == 1
            desk.clock.advance(MOST_STALE_SECONDS)
            outcomes = await asyncio.gather(*(desk.cities.in_force() for _ in range(3)), return_exceptions=True)
        assert [getattr(outcome, "reason", "") for outcome in outcomes] == ["city_policies_unknown"] * 3
        assert len([record for record in caplog.records if "some time ago" in record.message]) == 2
        desk.clock.advance(STALE_SECONDS)
        assert await desk.fee("cut_off") == 500
    finally:
        await database.dispose()


_COPY = "INSERT INTO city_policy SELECT city"


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE city_policy SET document = 'x'",
        "DELETE FROM city_policy",
        "TRUNCATE city_policy",
        f"{_COPY}, version, effective_at, '', made_at, made_by, '' FROM city_policy",
        f"{_COPY}, 0, effective_at, '', made_at, made_by, '' FROM city_policy LIMIT 1",
        f"{_COPY}, 900, made_at - interval '1 s', '', made_at, NULL, '' FROM city_policy LIMIT 1",
    ],
)
async def test_the_database_keeps_what_was_in_force(database: Database, attack: str) -> None:
    await Desk(database, city_file("attacked")).cities.in_force()
    with pytest.raises(DBAPIError):
        async with database.transaction() as connection:
            await connection.execute(text(attack))
