"""The rules of rides, offers and shifts, held by the real store: the tests that run in memory, on Postgres."""

import pytest

from chassis.database import Database
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_cancels import TestCancels
from tests.unit.matching.test_cash_rides import TestCashOffers, TestStandings
from tests.unit.matching.test_deliveries import TestDeliveries
from tests.unit.matching.test_drives import TestDrives, TestOffers, TestShifts
from tests.unit.matching.test_edits import TestEdits
from tests.unit.matching.test_pools import TestPools
from tests.unit.matching.test_requests import TestRequests
from tests.unit.matching.test_ride_reads import TestReads
from tests.unit.matching.test_saga import TestSaga
from tests.unit.matching.test_schedules import TestSchedules
from tests.unit.matching.test_stops import TestStops

__all__ = [
    "TestCancels",
    "TestCashOffers",
    "TestDeliveries",
    "TestDrives",
    "TestEdits",
    "TestOffers",
    "TestPools",
    "TestReads",
    "TestRequests",
    "TestSaga",
    "TestSchedules",
    "TestShifts",
    "TestStandings",
    "TestStops",
]


@pytest.fixture
def payments() -> FakePayments:
    """payment_service, imitated."""
    return FakePayments()


@pytest.fixture
def stage(database: Database, payments: FakePayments) -> Stage:
    """All use cases of rides on a database with nothing in it."""
    return stage_on(database, payments)
