"""Accounts, applications, decisions, and who may see what."""

import asyncio
from uuid import UUID, uuid4

import grpc
import pytest

from chassis.auth import Role
from chassis.calls import Metadata
from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2, events_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from shared_kernel.errors import (
    AlreadyExists,
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
    PermissionRefused,
)
from tests.integration.identity.conftest import Runner, RunningIdentity, new_phone

PENDING, APPROVED, REJECTED, SUSPENDED = (
    accounts_pb2.DRIVER_STATUS_PENDING,
    accounts_pb2.DRIVER_STATUS_APPROVED,
    accounts_pb2.DRIVER_STATUS_REJECTED,
    accounts_pb2.DRIVER_STATUS_SUSPENDED,
)


def application(
    name: str = "Ana Lima", plate: str = "7abc123", request_id: str = ""
) -> pb.SubmitDriverApplicationRequest:
    return pb.SubmitDriverApplicationRequest(
        request_id=str(uuid4()),
        display_name=name,
        vehicle=accounts_pb2.Vehicle(
            model="Toyota Prius", color="silver", plate=plate, vehicle_class=accounts_pb2.VEHICLE_CLASS_ECONOMY
        ),
    )


async def new_driver(identity: RunningIdentity) -> tuple[str, Metadata]:
    signed_in = await identity.sign_in(role=access_pb2.ROLE_DRIVER)
    return signed_in.account.account_id, forward_token(signed_in.tokens.access_token)


async def apply(
    identity: RunningIdentity, token: Metadata, request: pb.SubmitDriverApplicationRequest | None = None
) -> accounts_pb2.Driver:
    with rpc_errors():
        return (await identity.stub.SubmitDriverApplication(request or application(), metadata=token)).driver


async def get_driver(identity: RunningIdentity, driver_id: str, token: Metadata) -> accounts_pb2.Driver:
    with rpc_errors():
        return (await identity.stub.GetDriver(pb.GetDriverRequest(driver_id=driver_id), metadata=token)).driver


async def decide(
    identity: RunningIdentity, driver_id: str, status: accounts_pb2.DriverStatus.ValueType, request_id: str = ""
) -> accounts_pb2.Driver:
    request = pb.SetDriverStatusRequest(
        request_id=request_id or str(uuid4()), driver_id=driver_id, status=status, reason="papers checked"
    )
    with rpc_errors():
        return (await identity.stub.SetDriverStatus(request, metadata=identity.operator)).driver


async def test_an_account_is_read_and_changed_by_its_owner(identity: RunningIdentity) -> None:
    signed_in = await identity.sign_in()
    token = forward_token(signed_in.tokens.access_token)
    request = pb.UpdateAccountRequest(request_id=str(uuid4()), display_name="  Ana  ", locale="pt-BR")
    changed = (await identity.stub.UpdateAccount(request, metadata=token)).account
    assert (changed.display_name, changed.locale, changed.version) == ("Ana", "pt-BR", 2)
    assert (await identity.stub.GetAccount(pb.GetAccountRequest(), metadata=token)).account == changed
    created, updated = await identity.events(changed.account_id, 2)
    assert (created[b"type"], updated[b"type"]) == (
        b"ridesharing.identity.v1.AccountCreated",
        b"ridesharing.identity.v1.AccountUpdated",
    )
    assert events_pb2.AccountUpdated.FromString(updated[b"payload"]).locale == "pt-BR"
    assert updated[b"aggregate_version"] == b"2"


async def test_a_repeated_update_replays_its_answer_and_changes_nothing_more(identity: RunningIdentity) -> None:
    token = forward_token((await identity.sign_in()).tokens.access_token)
    request = pb.UpdateAccountRequest(request_id=str(uuid4()), display_name="Ana")
    answers = await asyncio.gather(*(identity.stub.UpdateAccount(request, metadata=token) for _ in range(10)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    later = pb.UpdateAccountRequest(request_id=str(uuid4()), display_name="Bea")
    assert (await identity.stub.UpdateAccount(later, metadata=token)).account.version == 3
    assert (await identity.stub.UpdateAccount(request, metadata=token)).account == answers[0].account


async def test_an_update_key_with_other_fields_is_refused(identity: RunningIdentity) -> None:
    token = forward_token((await identity.sign_in()).tokens.access_token)
    request = pb.UpdateAccountRequest(request_id=str(uuid4()), display_name="Ana")
    await identity.stub.UpdateAccount(request, metadata=token)
    request.display_name = "Bea"
    with pytest.raises(Conflict) as caught, rpc_errors():
        await identity.stub.UpdateAccount(request, metadata=token)
    assert caught.value.reason == "idempotency_key_reused"


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "   ", "a\nb", "a\u202eb"])
async def test_a_name_that_deceives_or_cannot_be_stored_is_refused(identity: RunningIdentity, name: str) -> None:
    token = forward_token((await identity.sign_in()).tokens.access_token)
    with pytest.raises(InvalidInput) as caught, rpc_errors():
        await identity.stub.UpdateAccount(
            pb.UpdateAccountRequest(request_id=str(uuid4()), display_name=name), metadata=token
        )
    assert [violation.field for violation in caught.value.violations] == ["display_name"]


async def test_an_operator_without_an_account_has_none_to_read(identity: RunningIdentity) -> None:
    with pytest.raises(NotFound) as caught, rpc_errors():
        await identity.stub.GetAccount(pb.GetAccountRequest(), metadata=identity.operator)
    assert caught.value.reason == "account_not_found"


async def test_a_contact_is_for_services_alone(identity: RunningIdentity) -> None:
    phone = new_phone()
    signed_in = await identity.sign_in(phone)
    request = pb.GetContactRequest(account_id=signed_in.account.account_id)
    service = identity.bearer(Role.SERVICE, "notification", issuer="notification")
    assert (await identity.stub.GetContact(request, metadata=service)).phone_number == phone
    with pytest.raises(NotFound), rpc_errors():
        await identity.stub.GetContact(pb.GetContactRequest(account_id=str(uuid4())), metadata=service)
    for token in (forward_token(signed_in.tokens.access_token), identity.operator):
        with pytest.raises(PermissionRefused), rpc_errors():
            await identity.stub.GetContact(request, metadata=token)


async def test_an_application_waits_for_a_decision_and_names_the_account(identity: RunningIdentity) -> None:
    driver_id, token = await new_driver(identity)
    driver = await apply(identity, token)
    assert (driver.driver_id, driver.status, driver.version) == (driver_id, PENDING, 1)
    assert driver.vehicle.plate == "7ABC123"
    account = (await identity.stub.GetAccount(pb.GetAccountRequest(), metadata=token)).account
    assert account.display_name == "Ana Lima"
    kinds = [event[b"type"].rpartition(b".")[2] for event in await identity.events(driver_id, 2)]
    assert kinds == [b"AccountCreated", b"AccountUpdated"]


async def test_the_same_application_again_returns_the_standing_and_another_one_is_refused(
    identity: RunningIdentity,
) -> None:
    driver_id, token = await new_driver(identity)
    request = application()
    first = await apply(identity, token, request)
    await decide(identity, driver_id, APPROVED)
    assert await apply(identity, token, request) == first  # the same request: its own answer
    assert (await apply(identity, token, application())).status == APPROVED  # the same contents: as it stands now
    with pytest.raises(AlreadyExists) as caught:
        await apply(identity, token, application(plate="8XYZ999"))
    assert caught.value.reason == "application_exists"


async def test_applications_made_at_once_make_one_driver(identity: RunningIdentity) -> None:
    driver_id, token = await new_driver(identity)
    requests = [application(plate=plate) for plate in ("ONE", "TWO") for _ in range(5)]
    outcomes = await asyncio.gather(*(apply(identity, token, request) for request in requests), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
    assert {error.reason for error in refused} == {"application_exists"}
    assert len(refused) == 5
    assert (await get_driver(identity, driver_id, token)).version == 1


async def test_automatic_approval_approves_and_tells(run_identity: Runner) -> None:
    async with run_identity(identity_driver_approval="automatic") as identity:
        driver_id, token = await new_driver(identity)
        driver = await apply(identity, token)
        assert (driver.status, driver.version) == (APPROVED, 2)
        told = (await identity.events(driver_id, 3))[-1]
        event = events_pb2.DriverStatusChanged.FromString(told[b"payload"])
        assert (told[b"type"], told[b"aggregate_version"]) == (b"ridesharing.identity.v1.DriverStatusChanged", b"2")
        assert (event.driver_id, event.status, event.reason) == (driver_id, APPROVED, "approved by policy")


async def test_decisions_follow_the_table_and_each_is_told(identity: RunningIdentity) -> None:
    driver_id, token = await new_driver(identity)
    await apply(identity, token)
    with pytest.raises(Conflict) as caught:
        await decide(identity, driver_id, SUSPENDED)
    assert (caught.value.reason, caught.value.metadata) == (
        "invalid_transition",
        {"from": "pending", "to": "suspended"},
    )
    for status in (APPROVED, SUSPENDED, APPROVED):
        assert (await decide(identity, driver_id, status)).status == status
    assert (await decide(identity, driver_id, APPROVED)).version == 4  # stands already: nothing changes
    told = (await identity.events(driver_id, 5))[2:]
    statuses = [events_pb2.DriverStatusChanged.FromString(event[b"payload"]).status for event in told]
    assert statuses == [APPROVED, SUSPENDED, APPROVED]
    assert [event[b"aggregate_version"] for event in told] == [b"2", b"3", b"4"]


async def test_a_repeated_decision_replays_its_answer(identity: RunningIdentity) -> None:
    driver_id, token = await new_driver(identity)
    await apply(identity, token)
    request_id = str(uuid4())
    approved = await decide(identity, driver_id, APPROVED, request_id)
    await decide(identity, driver_id, SUSPENDED)
    assert await decide(identity, driver_id, APPROVED, request_id) == approved
    assert (await get_driver(identity, driver_id, token)).status == SUSPENDED


async def test_a_foreign_driver_is_as_unknown_as_none(identity: RunningIdentity) -> None:
    mine, my_token = await new_driver(identity)
    foreign, foreign_token = await new_driver(identity)
    for token in (my_token, foreign_token):
        await apply(identity, token)
    assert (await get_driver(identity, mine, my_token)).driver_id == mine
    answers: set[tuple[str, str]] = set()
    for driver_id in (foreign, str(uuid4())):
        with pytest.raises(NotFound) as caught:
            await get_driver(identity, driver_id, my_token)
        answers.add((caught.value.reason, caught.value.message))
    assert len(answers) == 1
    for token in (identity.operator, identity.bearer(Role.SERVICE, "matching", issuer="matching")):
        assert (await get_driver(identity, foreign, token)).driver_id == foreign


async def test_riders_read_no_drivers_and_only_operators_list_and_decide(identity: RunningIdentity) -> None:
    driver_id, token = await new_driver(identity)
    rider = forward_token((await identity.sign_in()).tokens.access_token)
    with pytest.raises(PermissionRefused):
        await get_driver(identity, driver_id, rider)
    for caller in (rider, token, identity.bearer(Role.SERVICE, "matching", issuer="matching")):
        with pytest.raises(PermissionRefused), rpc_errors():
            await identity.stub.ListDrivers(pb.ListDriversRequest(), metadata=caller)
        with pytest.raises(PermissionRefused), rpc_errors():
            await identity.stub.SetDriverStatus(
                pb.SetDriverStatusRequest(request_id="one", driver_id=driver_id, status=APPROVED), metadata=caller
            )


async def test_pages_list_every_driver_once_newest_first(run_identity: Runner) -> None:
    async with run_identity() as identity:
        made: list[str] = []
        for _ in range(7):
            driver_id, token = await new_driver(identity)
            await apply(identity, token)
            identity.clock.advance(seconds=1)
            made.append(driver_id)
        listed: list[str] = []
        page_token = ""
        while True:
            request = pb.ListDriversRequest(page_size=3, page_token=page_token)
            page = await identity.stub.ListDrivers(request, metadata=identity.operator)
            listed += [driver.driver_id for driver in page.drivers]
            page_token = page.next_page_token
            if not page_token:
                break
        assert listed == made[::-1]
        await decide(identity, made[2], REJECTED)
        rejected = await identity.stub.ListDrivers(pb.ListDriversRequest(status=REJECTED), metadata=identity.operator)
        assert [driver.driver_id for driver in rejected.drivers] == [made[2]]


async def test_a_made_up_page_token_is_refused(identity: RunningIdentity) -> None:
    for page_token in ("x", "AAAA", "%%%%"):
        with pytest.raises(InvalidInput) as caught, rpc_errors():
            await identity.stub.ListDrivers(pb.ListDriversRequest(page_token=page_token), metadata=identity.operator)
        assert caught.value.reason == "invalid_page_token"


async def test_a_decision_on_nobody_is_not_found(identity: RunningIdentity) -> None:
    with pytest.raises(NotFound) as caught:
        await decide(identity, str(UUID(int=3)), APPROVED)
    assert caught.value.reason == "driver_not_found"


async def test_a_request_the_contract_refuses_does_not_reach_the_service(identity: RunningIdentity) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await identity.stub.RequestOtp(pb.RequestOtpRequest(request_id="one", phone_number="0415 555 0100"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
