"""What matching counts on of identity_service: held by the fake, and by the client over real gRPC."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from uuid import UUID

import pytest

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from matching_service.adapters.identity_client import IdentityClient
from matching_service.domain.city import VehicleClass
from matching_service.domain.shift import DriverFacts
from matching_service.use_cases.service_ports import Accounts, DriverRecord
from shared_kernel.errors import Unavailable
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_other_services import FakeAccounts
from tests.fakes.matching_servers import FakeIdentityServer, serving

_new_id = Uuid7Source()
Side = tuple[Accounts, Callable[[UUID], object]]


@pytest.fixture(params=["fake", "grpc"])
async def side(request: pytest.FixtureRequest, signing_keys: Path, jwks_file: Path) -> AsyncGenerator[Side]:
    """The fake, then the client, each with the way to approve a driver."""
    if request.param == "fake":
        fake = FakeAccounts()
        yield fake, fake.approve
        return
    server = FakeIdentityServer()
    signer = TokenSigner.from_dir(signing_keys, "matching")
    async with serving(jwks_file, identity=server) as target, open_channel(target, signer) as channel:
        yield IdentityClient(channel), server.approved.add


async def test_an_approved_driver_comes_with_name_and_vehicle(side: Side):
    accounts, approve = side
    driver_id = _new_id()
    approve(driver_id)
    facts = DriverFacts(driver_id, "Grace", "Prius", "white", "8ABC123")
    assert await accounts.driver(driver_id) == DriverRecord(facts, VehicleClass.ECONOMY, approved=True)


async def test_who_never_applied_is_no_driver(side: Side):
    accounts, _ = side
    assert await accounts.driver(_new_id()) is None


async def test_a_rider_is_told_by_the_first_name(side: Side):
    accounts, _ = side
    assert await accounts.first_name(_new_id(), 60.0) == "Ada"


async def test_an_identity_service_that_is_away_hides_names_and_refuses_shifts(signing_keys: Path, jwks_file: Path):
    async with serving(jwks_file, identity=FakeIdentityServer()) as target:
        pass
    async with open_channel(target, TokenSigner.from_dir(signing_keys, "matching")) as channel:
        accounts = IdentityClient(channel)
        assert await accounts.first_name(_new_id(), 1.0) == ""
        with pytest.raises(Unavailable):
            await accounts.driver(_new_id())
