"""Documents of drivers: taken in, looked at, decided on, and ended by time."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.auth import Role
from chassis.calls import Metadata
from chassis.clients import forward_token
from chassis.status import rpc_errors
from identity_service.use_cases.end_documents import EndDocuments
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2, events_pb2
from ridesharing.identity.v1 import audit_service_pb2 as audit_pb
from ridesharing.identity.v1 import document_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from ridesharing.identity.v1.document_service_pb2_grpc import DocumentServiceStub
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound
from tests.integration.identity.conftest import PATIENCE_SECONDS, Runner, RunningIdentity

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
LICENSE = pb.DOCUMENT_KIND_DRIVING_LICENSE
INSURANCE = pb.DOCUMENT_KIND_VEHICLE_INSURANCE
ACCEPTED, REJECTED = pb.DOCUMENT_STATUS_ACCEPTED, pb.DOCUMENT_STATUS_REJECTED


class Applicant:
    """A driver who has applied."""

    def __init__(self, identity: RunningIdentity, driver_id: str, token: Metadata) -> None:
        self.identity, self.driver_id, self.token = identity, driver_id, token
        self.stub: Any = DocumentServiceStub(identity.channel)

    async def submit(
        self,
        kind: int = LICENSE,
        *,
        days: int | None = 365,
        content: bytes = JPEG,
        key: str = "",
        number: str = "D1234567",
    ) -> pb.Document:
        day = (self.identity.clock.now().date() + timedelta(days=days)).isoformat() if days is not None else ""
        request = pb.SubmitDocumentRequest(
            request_id=key or str(uuid4()),
            kind=pb.DocumentKind.ValueType(kind),
            number=number,
            expire_date=day,
            content=content,
        )
        with rpc_errors():
            answer = await self.stub.SubmitDocument(request, metadata=self.token, timeout=PATIENCE_SECONDS)
        return answer.document

    async def review(self, document_id: str, status: int = ACCEPTED, reason: str = "", key: str = "") -> pb.Document:
        request = pb.ReviewDocumentRequest(
            request_id=key or str(uuid4()),
            document_id=document_id,
            status=pb.DocumentStatus.ValueType(status),
            reason=reason,
        )
        with rpc_errors():
            return (await self.stub.ReviewDocument(request, metadata=self.identity.operator)).document

    async def accepted(self, kind: int = LICENSE, *, days: int | None = 365) -> pb.Document:
        return await self.review((await self.submit(kind, days=days)).document_id)

    async def statuses(self) -> list[int]:
        with rpc_errors():
            answer = await self.stub.ListDocuments(pb.ListDocumentsRequest(), metadata=self.token)
        return [item.status for item in answer.documents]

    async def decide(self, status: int, reason: str = "") -> accounts_pb2.Driver:
        request = identity_pb.SetDriverStatusRequest(
            request_id=str(uuid4()),
            driver_id=self.driver_id,
            status=accounts_pb2.DriverStatus.ValueType(status),
            reason=reason,
        )
        with rpc_errors():
            return (await self.identity.stub.SetDriverStatus(request, metadata=self.identity.operator)).driver

    async def standing(self) -> int:
        answer = await self.identity.stub.GetDriver(
            identity_pb.GetDriverRequest(driver_id=self.driver_id), metadata=self.token
        )
        return answer.driver.status

    async def time_passes(self, days: float) -> None:
        """Move the clock, and work off what is due."""
        self.identity.clock.advance(days=days)
        end = EndDocuments(self.identity.store, self.identity.clock)
        while await end.one():
            pass
        # The service's own worker may have taken one; what it does is seen once it is done.
        due = "SELECT count(*) AS n FROM driver_documents WHERE next_timer_at <= $1"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if not (await self.identity.fetch(due, self.identity.clock.now()))[0]["n"]:
                    break
                await asyncio.sleep(0.02)
        # A token of the time before is of no use any more.
        self.token = self.identity.bearer(Role.DRIVER, self.driver_id)


async def applicant(identity: RunningIdentity) -> Applicant:
    signed_in = await identity.sign_in(role=access_pb2.ROLE_DRIVER)
    token = forward_token(signed_in.tokens.access_token)
    vehicle = accounts_pb2.Vehicle(model="Prius", color="red", plate="A 1", vehicle_class=accounts_pb2.VEHICLE_CLASS_XL)
    await identity.stub.SubmitDriverApplication(
        identity_pb.SubmitDriverApplicationRequest(request_id="a", display_name="Sam", vehicle=vehicle), metadata=token
    )
    return Applicant(identity, signed_in.account.account_id, token)


async def test_a_document_is_taken_in_sealed_and_read_back_by_operators_alone(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    content = JPEG + b"a face that nobody else may see"
    document = await driver.submit(content=content)
    assert (document.content_type, document.size_bytes) == ("image/jpeg", len(content))
    assert document.content_sha256 == hashlib.sha256(content).hexdigest()
    assert document.number_last_digits == "4567"
    [row] = await identity.fetch("SELECT * FROM driver_documents WHERE document_id = $1", document.document_id)
    assert b"a face" not in row["content_sealed"]
    assert b"D1234567" not in row["number_sealed"]
    with rpc_errors():
        read = await driver.stub.ReadDocument(
            pb.ReadDocumentRequest(document_id=document.document_id), metadata=identity.operator
        )
    assert (read.number, read.content) == ("D1234567", content)
    audit: Any = AuditServiceStub(identity.channel)
    log = await audit.ListAuditEntries(
        audit_pb.ListAuditEntriesRequest(subject_id=document.document_id), metadata=identity.operator
    )
    assert [entry.act for entry in log.entries] == ["document_read"]
    for role in (Role.DRIVER, Role.SUPPORT, Role.RIDER):
        with pytest.raises(DomainError) as caught, rpc_errors():
            await driver.stub.ReadDocument(
                pb.ReadDocumentRequest(document_id=document.document_id), metadata=identity.bearer(role, uuid4())
            )
        assert caught.value.reason == "role_not_allowed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"#!/bin/sh\nrm -rf /\n", "document_type_refused"),
        (b"<svg onload=alert(1)></svg>", "document_type_refused"),
        (b"GIF89a" + bytes(20), "document_type_refused"),
        (b"\xff\xd8\xff" + bytes(3 * 1024 * 1024), "invalid_argument"),
        (b"", "invalid_argument"),
    ],
    ids=["script", "svg", "gif", "too-large", "empty"],
)
async def test_only_pictures_and_pdfs_of_a_size_are_taken_in(
    identity: RunningIdentity, content: bytes, reason: str
) -> None:
    driver = await applicant(identity)
    with pytest.raises(InvalidInput) as caught:
        await driver.submit(content=content)
    assert caught.value.reason == reason
    assert await driver.statuses() == []


async def test_a_number_that_is_a_path_is_a_number_and_names_no_file(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    document = await driver.submit(number="../../../etc/passwd")
    with rpc_errors():
        read = await driver.stub.ReadDocument(
            pb.ReadDocumentRequest(document_id=document.document_id), metadata=identity.operator
        )
    assert read.content == JPEG
    for name in ("../../etc/passwd", document.document_id + "/..", ""):
        with pytest.raises(InvalidInput), rpc_errors():
            await driver.stub.ReadDocument(pb.ReadDocumentRequest(document_id=name), metadata=identity.operator)


async def test_the_same_request_submits_once_and_too_many_wait_for_nobody(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    answers = await asyncio.gather(*(driver.submit(key="one") for _ in range(8)))
    assert len({answer.document_id for answer in answers}) == 1
    with pytest.raises(Conflict) as reused:
        await driver.submit(key="one", content=JPEG + b"other")
    assert reused.value.reason == "idempotency_key_reused"
    outcomes = await asyncio.gather(*(driver.submit() for _ in range(30)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert {outcome.reason for outcome in refused} == {"too_many_documents"}
    assert (len(refused), len(await driver.statuses())) == (11, 20)


async def test_who_has_not_applied_shows_nothing_and_others_documents_are_not_there(identity: RunningIdentity) -> None:
    driver, other = await applicant(identity), await applicant(identity)
    await driver.submit()
    stranger = Applicant(identity, str(uuid4()), identity.bearer(Role.DRIVER, uuid4()))
    with pytest.raises(NotFound):
        await stranger.submit()
    with pytest.raises(NotFound), rpc_errors():
        await other.stub.ListDocuments(pb.ListDocumentsRequest(driver_id=driver.driver_id), metadata=other.token)
    assert await other.statuses() == []


async def test_a_review_is_one_way_with_a_reason_to_reject(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    document = await driver.submit()
    with pytest.raises(InvalidInput):
        await driver.review(document.document_id, REJECTED)
    rejected = await driver.review(document.document_id, REJECTED, "blurred", key="r")
    assert (rejected.status, rejected.reason) == (REJECTED, "blurred")
    assert await driver.review(document.document_id, REJECTED, "blurred", key="r") == rejected
    with pytest.raises(Conflict) as caught:
        await driver.review(document.document_id, ACCEPTED)
    assert caught.value.reason == "invalid_transition"
    [event] = await identity.events(document.document_id, 1)
    told = events_pb2.DocumentReviewed.FromString(event[b"payload"])
    assert (told.driver_id, told.accepted, told.reason) == (driver.driver_id, False, "blurred")


async def test_nobody_is_approved_without_the_required_documents(run_identity: Runner) -> None:
    async with run_identity(identity_required_documents=["driving_license", "vehicle_insurance"]) as identity:
        driver = await applicant(identity)
        await driver.accepted(LICENSE)
        with pytest.raises(Conflict) as caught:
            await driver.decide(accounts_pb2.DRIVER_STATUS_APPROVED)
        assert (caught.value.reason, caught.value.metadata) == ("documents_missing", {"kinds": "vehicle_insurance"})
        await driver.accepted(INSURANCE)
        approved = await driver.decide(accounts_pb2.DRIVER_STATUS_APPROVED)
        assert approved.status == accounts_pb2.DRIVER_STATUS_APPROVED


async def test_an_expired_document_warns_suspends_and_its_renewal_restores(run_identity: Runner) -> None:
    async with run_identity() as identity:
        driver = await applicant(identity)
        document = await driver.accepted(days=20)
        await driver.decide(accounts_pb2.DRIVER_STATUS_APPROVED)
        await driver.time_passes(5)
        assert len(await identity.events(document.document_id, 1)) == 1  # the review alone
        await driver.time_passes(2)
        warning = (await identity.events(document.document_id, 2))[1]
        assert warning[b"type"].endswith(b"DocumentExpiring")
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_APPROVED
        await driver.time_passes(13)  # its last day
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_APPROVED
        await driver.time_passes(1)
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_SUSPENDED
        assert await driver.statuses() == [pb.DOCUMENT_STATUS_EXPIRED]
        expired = (await identity.events(document.document_id, 3))[2]
        assert expired[b"type"].endswith(b"DocumentExpired")
        last = (await identity.events(driver.driver_id, 4))[-1]
        told = events_pb2.DriverStatusChanged.FromString(last[b"payload"])
        assert (told.status, told.reason) == (
            accounts_pb2.DRIVER_STATUS_SUSPENDED,
            "document expired: driving_license",
        )
        await driver.accepted(days=365)
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_APPROVED
        assert await driver.statuses() == [ACCEPTED, pb.DOCUMENT_STATUS_SUPERSEDED]
        await driver.time_passes(30)
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_APPROVED


async def test_a_renewed_document_does_not_lift_what_staff_decided(run_identity: Runner) -> None:
    async with run_identity() as identity:
        driver = await applicant(identity)
        await driver.accepted(days=1)
        await driver.decide(accounts_pb2.DRIVER_STATUS_APPROVED)
        await driver.time_passes(3)
        await driver.decide(accounts_pb2.DRIVER_STATUS_SUSPENDED, "a complaint too")
        await driver.accepted(days=365)
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_SUSPENDED
        await driver.decide(accounts_pb2.DRIVER_STATUS_APPROVED, "cleared")
        assert await driver.standing() == accounts_pb2.DRIVER_STATUS_APPROVED


async def test_timers_worked_off_by_many_at_once_expire_each_document_once(run_identity: Runner) -> None:
    async with run_identity() as identity:
        drivers = [await applicant(identity) for _ in range(4)]
        for driver in drivers:
            await driver.accepted(days=1)
        identity.clock.advance(days=3)

        async def work() -> None:
            end = EndDocuments(identity.store, identity.clock)
            while await end.one():
                pass

        await asyncio.gather(*(work() for _ in range(5)))
        rows = await identity.fetch("SELECT count(*) AS told FROM outbox WHERE type LIKE '%DocumentExpired'")
        assert rows[0]["told"] == 4


async def test_the_database_holds_one_accepted_document_of_a_kind_and_no_stray_timer(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    await driver.accepted()
    other = await driver.submit()
    connection = await asyncpg.connect(identity.database_url)
    try:
        for change, error in {
            "status = 'accepted', reviewed_at = now()": asyncpg.UniqueViolationError,
            "next_timer_at = now()": asyncpg.CheckViolationError,
            "size_bytes = 0": asyncpg.CheckViolationError,
            "content_type = 'text/html'": asyncpg.CheckViolationError,
            "reviewed_at = now()": asyncpg.CheckViolationError,
        }.items():
            with pytest.raises(error):
                await connection.execute(
                    f"UPDATE driver_documents SET {change} WHERE document_id = $1",  # noqa: S608 (written above)
                    other.document_id,
                )
    finally:
        await connection.close()


async def test_a_day_that_is_past_or_none_is_refused(identity: RunningIdentity) -> None:
    driver = await applicant(identity)
    with pytest.raises(InvalidInput) as past:
        await driver.submit(days=-2)
    assert past.value.reason == "document_expired"
    request = pb.SubmitDocumentRequest(
        request_id="x",
        kind=LICENSE,
        number="1",
        expire_date="2090-02-30",
        content=JPEG,
    )
    with pytest.raises(InvalidInput) as none, rpc_errors():
        await driver.stub.SubmitDocument(request, metadata=driver.token)
    assert none.value.violations[0].field == "expire_date"
