"""A person told whole and erased, over the databases of all four services and real gRPC between them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from redis.asyncio import Redis

from chassis.auth import Role, TokenVerifier
from chassis.clients import forward_token
from chassis.database import Database
from chassis.interceptors import ServiceInterceptor
from chassis.personal_data import PersonalDataServicer
from chassis.server import KEEPALIVE_OPTIONS
from chassis.status import rpc_errors
from matching_service.adapters.personal_data import MatchingPersonalData
from notification_service.adapters import people_tables
from notification_service.adapters.personal_data import NotificationPersonalData
from payment_service.adapters.personal_data import PaymentPersonalData
from payment_service.use_cases.repositories import RequestKey
from rider_api.schemas.privacy import account_export
from ridesharing.common.v1 import access_pb2, personal_data_service_pb2_grpc
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1 import mail_address_service_pb2 as mail_pb
from ridesharing.identity.v1 import privacy_service_pb2 as pb
from ridesharing.identity.v1.mail_address_service_pb2_grpc import MailAddressServiceStub
from ridesharing.identity.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from shared_kernel.errors import Conflict, InvalidInput, NotFound, PermissionRefused, Unauthenticated
from tests.integration.identity.conftest import PATIENCE_SECONDS, Runner, RunningIdentity, new_phone

PLACE = (37.774929, -122.419416)


@dataclass
class Whole:
    """Identity, and the databases of the other three."""

    identity: RunningIdentity
    urls: dict[str, str]
    removed_cards: list[UUID] = field(default_factory=list[UUID])

    @property
    def privacy(self) -> Any:
        return PrivacyServiceStub(self.identity.channel)

    async def sql(self, service: str, statement: str, *values: object) -> Sequence[Any]:
        connection = await asyncpg.connect(self.urls[service])
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def ride(self, rider: str, *, state: str = "completed", driver: str | None = None) -> UUID:
        """A ride as matching keeps it."""
        ride_id, over = uuid4(), state == "completed"
        connection = await asyncpg.connect(self.urls["matching"])
        try:
            await connection.execute("ALTER TABLE ride DISABLE TRIGGER USER")
            await connection.execute(
                "INSERT INTO ride (id, state, payment_state, version, rider_id, rider_name, quote_id, funding, product,"
                " pickup_latitude, pickup_longitude, pickup_address, dropoff_latitude, dropoff_longitude,"
                " dropoff_address, currency_code, fare_total_minor, fare_lines, distance_meters, note, terms,"
                " start_pin, driver_id, driver_name, requested_at, moved_at, search_until, ended_at)"
                " VALUES ($1, $2, $3, 1, $4, 'Robin', $5, 'cash', 'economy', $6, $7, '1 Home Street', $6, $7,"
                " '2 Work Street', 'USD', 1000, '[]', 100, 'the red door', '{}', '4821', $8, 'Sam', now(), now(),"
                " now(), $9)",
                ride_id,
                state,
                "captured" if over else "held",
                UUID(rider),
                uuid4(),
                *PLACE,
                UUID(driver) if driver else None,
                self.identity.clock.now() if over else None,
            )
        finally:
            await connection.close()
        return ride_id

    async def rated_and_shared(self, ride: UUID, rider: str) -> None:
        """The rider's words on the driver, and a link to the ride."""
        await self.sql(
            "matching",
            "INSERT INTO ride_rating VALUES ($1, 'driver', $2, $3, 5, 'drove me to my mother', now())",
            ride,
            uuid4(),
            UUID(rider),
        )
        await self.sql(
            "matching",
            "INSERT INTO ride_share VALUES ($1, $2, now(), now() + interval '1 hour')",
            ride,
            ride.bytes * 2,
        )

    async def edited(self, ride: UUID, rider: str) -> None:
        """Another way that the ride could have gone."""
        await self.sql(
            "matching",
            "INSERT INTO ride_edit (id, ride_id, made_by, state, pickup, dropoff, stops, currency_code,"
            " fare_total_minor, fare_lines, fare_before_minor, distance_meters, trip_seconds, driven_meters,"
            " driven_seconds, added_seconds, route_version, created_at, expires_at, closed_at)"
            " VALUES ($1, $2, $3, 'lapsed', '[]', '[1, 2, \"3 Other Street\"]', '[]', 'USD', 1, '[]', 1, 1, 1, 0, 0,"
            " 0, 1, now(), now(), now())",
            uuid4(),
            ride,
            UUID(rider),
        )

    async def card(self, rider: str) -> UUID:
        card = uuid4()
        await self.sql("payment", "INSERT INTO rider (id) VALUES ($1) ON CONFLICT DO NOTHING", UUID(rider))
        await self.sql(
            "payment",
            "INSERT INTO payment_method (id, rider_id, psp_card_id, brand, last_digits, expire_month, expire_year,"
            " created_at) VALUES ($1, $2, $3, 'visa', '4242', 1, 2031, now())",
            card,
            UUID(rider),
            f"pm_{card}",
        )
        return card

    async def told(self, account: str) -> None:
        await self.sql("notification", "INSERT INTO recipient VALUES ($1, 'en')", UUID(account))
        await self.sql(
            "notification",
            "INSERT INTO preference VALUES ($1, 'marketing', 'push', false, now())",
            UUID(account),
        )

    async def parked(self, account: str) -> None:
        """News of an account that two services could not take in."""
        for service in ("matching", "notification"):
            await self.sql(
                service,
                "INSERT INTO dead_letters VALUES ($1, $2, 'events:identity', 'AccountCreated', $3, 1, now(), '', '', 8,"
                " 'ValueError', now())",
                uuid4(),
                service,
                UUID(account),
            )

    async def mailed(self, signed_in: identity_pb.VerifyOtpResponse) -> str:
        """Somebody proves a mail address; it is returned."""
        address, token = "ada@example.org", forward_token(signed_in.tokens.access_token)
        stub: Any = MailAddressServiceStub(self.identity.channel)
        with rpc_errors():
            await stub.RequestMailCode(
                mail_pb.RequestMailCodeRequest(request_id="m", mail_address=address), metadata=token
            )
            code = self.identity.notifications.codes_for(address)[-1]
            await stub.VerifyMailAddress(
                mail_pb.VerifyMailAddressRequest(mail_address=address, code=code), metadata=token
            )
        return address

    async def remove_card(self, key: RequestKey, rider: UUID, card: UUID) -> None:
        """Stands for the use case that asks the PSP, which has tests of its own."""
        self.removed_cards.append(card)
        await self.sql("payment", "UPDATE payment_method SET removed_at = now() WHERE id = $1", card)

    async def work_off(self, account: str, **later: float) -> pb.Erasure:
        """Move the clock and have due erasures worked off, by us or by the service's own worker; how far it came."""
        self.identity.clock.advance(**later)
        while await self.identity.erase_account.one():
            pass
        under_way = "SELECT 1 FROM erasures WHERE attempts > 0 AND completed_at IS NULL AND last_error = ''"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if not await self.identity.fetch(under_way):
                    break
                await asyncio.sleep(0.02)
        return await self.progress(account)

    async def progress(self, account: str) -> pb.Erasure:
        with rpc_errors():
            answer = await self.privacy.GetErasure(
                pb.GetErasureRequest(account_id=account), metadata=self.identity.operator
            )
        return answer.erasure


@asynccontextmanager
async def serving(data: Any, jwks_file: Path, clock: Any) -> AsyncGenerator[str]:
    """Serve a PersonalData, or who stands in for one that is made later, at the address."""
    interceptor = ServiceInterceptor(TokenVerifier.from_file(jwks_file, clock))
    server = grpc.aio.server(interceptors=(interceptor,), options=KEEPALIVE_OPTIONS)
    personal_data_service_pb2_grpc.add_PersonalDataServiceServicer_to_server(PersonalDataServicer(data), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


class Late:
    """Asks whoever is put in; the clock of the tokens is only known later."""

    inner: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.fixture
async def whole(
    run_identity: Runner, migrated_postgres_url: Callable[[str], str], redis_url: str, jwks_file: Path
) -> AsyncGenerator[Whole]:
    urls = {name: migrated_postgres_url(name) for name in ("matching", "payment", "notification")}
    async with AsyncExitStack() as stack:
        databases = {name: Database(url, 4, name=f"erasure {name}") for name, url in urls.items()}
        for database in databases.values():
            stack.push_async_callback(database.dispose)
        redis = Redis.from_url(redis_url)
        stack.push_async_callback(redis.aclose)
        matching, payment, clock = Late(), Late(), Late()
        targets = [await stack.enter_async_context(serving(data, jwks_file, clock)) for data in (matching, payment)]
        identity = await stack.enter_async_context(run_identity(matching_target=targets[0], payment_target=targets[1]))
        clock.inner = identity.clock
        found = Whole(identity, urls)
        matching.inner = MatchingPersonalData(databases["matching"])
        payment.inner = PaymentPersonalData(databases["payment"], found.remove_card)
        identity.notifications.personal_data.inner = NotificationPersonalData(
            databases["notification"], redis, people_tables.metadata
        )
        yield found


async def test_a_person_is_told_all_that_four_services_keep(whole: Whole) -> None:
    phone = new_phone()
    signed_in = await whole.identity.sign_in(phone)
    account = signed_in.account.account_id
    ride = await whole.ride(account)
    await whole.rated_and_shared(ride, account)
    await whole.ride(str(uuid4()))  # somebody else's
    await whole.card(account)
    await whole.told(account)
    mail_address = await whole.mailed(signed_in)
    with rpc_errors():
        answer = await whole.privacy.ExportAccount(
            pb.ExportAccountRequest(), metadata=forward_token(signed_in.tokens.access_token)
        )
    document = json.loads(answer.document)
    assert document["account_id"] == account
    assert document["identity"]["phone_number"] == phone
    assert document["identity"]["mail_address"] == mail_address
    assert [row["device_id"] for row in document["identity"]["sessions"]] == ["device-1"]
    assert [row["id"] for row in document["matching"]["rides"]] == [str(ride)]
    assert document["matching"]["rides"][0]["pickup_address"] == "1 Home Street"
    assert [row["comment"] for row in document["matching"]["ratings_given"]] == ["drove me to my mother"]
    assert [row["last_digits"] for row in document["payment"]["payment_methods"]] == ["4242"]
    assert [row["subject"] for row in document["notification"]["preference"]] == ["marketing"]
    for secret in ("4821", "pm_", "start_pin", "phone_index"):
        assert secret not in answer.document


async def test_what_is_more_than_a_message_may_hold_is_told_all_the_same(whole: Whole) -> None:
    signed_in = await whole.identity.sign_in(new_phone())
    await whole.sql(
        "notification",
        "INSERT INTO notification (notification_id, dedupe_key, account_id, topic, priority, in_inbox, title, body,"
        " live_type, live_data, created_at, expires_at)"
        " SELECT gen_random_uuid(), $1::text || n, $1::uuid, 'offer_created', 1, true, 'A ride', 'words', 'x',"
        " repeat(md5(n::text), 60), now(), now() FROM generate_series(1, 3000) AS n",
        signed_in.account.account_id,
    )
    with rpc_errors():
        answer = await whole.privacy.ExportAccount(
            pb.ExportAccountRequest(), metadata=forward_token(signed_in.tokens.access_token)
        )
    document = account_export(answer).document
    assert document["account_id"] == signed_in.account.account_id
    assert len(document["notification"]["notification"]) == 3000


async def test_a_person_is_erased_everywhere_and_the_number_is_free_again(whole: Whole) -> None:
    phone = new_phone()
    signed_in = await whole.identity.sign_in(phone)
    account, token = signed_in.account.account_id, forward_token(signed_in.tokens.access_token)
    ride, driven = await whole.ride(account), await whole.ride(str(uuid4()), driver=account)
    await whole.rated_and_shared(ride, account)
    await whole.edited(ride, account)
    card = await whole.card(account)
    await whole.told(account)
    await whole.mailed(signed_in)
    with rpc_errors():
        asked = (await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="e"), metadata=token)).erasure
        again = (await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="f"), metadata=token)).erasure
    assert asked == again
    # At once: signed out, and not let in again.
    with pytest.raises(Unauthenticated):
        await whole.identity.refresh(signed_in.tokens.refresh_token)
    with pytest.raises(PermissionRefused) as closed:
        await whole.identity.sign_in(phone)
    assert closed.value.reason == "account_being_erased"
    # While a token of theirs may still count, nothing is erased.
    assert not (await whole.work_off(account, minutes=10)).erased_services
    done = await whole.work_off(account, minutes=1)
    assert list(done.erased_services) == ["matching", "payment", "notification"]
    assert done.HasField("complete_time")

    [kept] = await whole.sql("matching", "SELECT * FROM ride WHERE id = $1", ride)
    assert (kept["rider_name"], kept["note"], kept["pickup_address"], kept["dropoff_address"]) == ("", "", "", "")
    assert (kept["pickup_latitude"], kept["pickup_longitude"]) == (37.77, -122.42)
    assert (kept["fare_total_minor"], str(kept["rider_id"])) == (1000, account)  # the books, under nobody's id
    [rating] = await whole.sql("matching", "SELECT stars, comment FROM ride_rating WHERE ride_id = $1", ride)
    assert (rating["stars"], rating["comment"]) == (5, "")
    assert await whole.sql("matching", "SELECT FROM ride_share") == []
    assert await whole.sql("matching", "SELECT FROM ride_edit") == []
    [other] = await whole.sql("matching", "SELECT * FROM ride WHERE id = $1", driven)
    assert (other["driver_name"], other["rider_name"], other["pickup_latitude"]) == ("", "Robin", PLACE[0])
    assert whole.removed_cards == [card]
    [method] = await whole.sql("payment", "SELECT * FROM payment_method WHERE id = $1", card)
    assert (method["brand"], method["last_digits"]) == ("", "0000")
    for table in ("recipient", "preference", "notification", "delivery", "device"):
        query = f"SELECT count(*) AS n FROM {table} WHERE account_id = $1"  # noqa: S608 (named above)
        assert (await whole.sql("notification", query, UUID(account)))[0]["n"] == 0
    [row] = await whole.identity.fetch(
        "SELECT a.*, k.wrapped_key FROM accounts a JOIN person_keys k USING (account_id) WHERE account_id = $1", account
    )
    assert (row["wrapped_key"], row["display_name"], row["phone_last_digits"], row["phone_sealed"]) == (
        None,
        "",
        "",
        b"\x00",
    )
    assert await whole.identity.fetch("SELECT FROM mail_addresses") == []
    service = whole.identity.bearer(Role.SERVICE, "notification", "notification")
    with pytest.raises(NotFound), rpc_errors():
        await whole.identity.stub.GetContact(identity_pb.GetContactRequest(account_id=account), metadata=service)
    fresh = await whole.identity.sign_in(phone)
    assert (fresh.new_account, fresh.account.account_id != account) == (True, True)
    events = await whole.identity.events(account, 2)
    assert events[-1][b"type"].endswith(b"AccountErased")
    acts = await whole.identity.fetch("SELECT act FROM audit_entries ORDER BY sequence")
    assert [entry["act"] for entry in acts] == ["erasure_requested", "account_erased"]


async def test_parked_news_of_an_account_go_with_it_and_those_of_others_stay(whole: Whole) -> None:
    signed_in, stranger = await whole.identity.sign_in(), str(uuid4())
    account, token = signed_in.account.account_id, forward_token(signed_in.tokens.access_token)
    for of in (account, stranger):
        await whole.parked(of)
    with rpc_errors():
        await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="e"), metadata=token)
    assert (await whole.work_off(account, minutes=11)).HasField("complete_time")
    for service in ("matching", "notification"):
        parked = await whole.sql(service, "SELECT aggregate_id FROM dead_letters")
        assert [str(letter["aggregate_id"]) for letter in parked] == [stranger]


async def test_a_live_ride_and_owed_money_stand_in_the_way(whole: Whole) -> None:
    signed_in = await whole.identity.sign_in()
    account, token = signed_in.account.account_id, forward_token(signed_in.tokens.access_token)
    ride = await whole.ride(account, state="matching")
    [wallet] = await whole.sql(
        "payment",
        "INSERT INTO account (kind, owner, currency_code) VALUES ('rider_wallet', $1, 'USD') RETURNING id",
        account,
    )
    await whole.sql("payment", "INSERT INTO balance_delta (account_id, amount_minor) VALUES ($1, -500)", wallet["id"])
    with pytest.raises(Conflict) as refused, rpc_errors():
        await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="e"), metadata=token)
    assert refused.value.reason == "erasure_blocked"
    assert refused.value.metadata["blockers"] == "live_ride,money_owed"
    assert (await whole.identity.refresh(signed_in.tokens.refresh_token)).refresh_token
    await whole.sql("matching", "DELETE FROM ride WHERE id = $1", ride)
    await whole.sql("payment", "DELETE FROM balance_delta")
    with rpc_errors():
        await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="e"), metadata=token)


async def test_an_erasure_that_is_held_up_goes_on_where_it_was(whole: Whole) -> None:
    signed_in = await whole.identity.sign_in()
    account, token = signed_in.account.account_id, forward_token(signed_in.tokens.access_token)
    card = await whole.card(account)
    with rpc_errors():
        await whole.privacy.RequestErasure(pb.RequestErasureRequest(request_id="e"), metadata=token)
    [wallet] = await whole.sql(
        "payment",
        "INSERT INTO account (kind, owner, currency_code) VALUES ('rider_wallet', $1, 'USD') RETURNING id",
        account,
    )
    await whole.sql("payment", "INSERT INTO balance_delta (account_id, amount_minor) VALUES ($1, -500)", wallet["id"])
    held = await whole.work_off(account, minutes=11)
    assert (list(held.erased_services), held.last_error) == (["matching"], "payment: erasure_blocked")
    assert (whole.removed_cards, held.HasField("complete_time")) == ([], False)
    await whole.sql("payment", "DELETE FROM balance_delta")
    while not (done := await whole.work_off(account, minutes=2)).HasField("complete_time"):
        pass
    assert (len(done.erased_services), done.last_error, whole.removed_cards) == (3, "", [card])


async def test_operators_erase_with_a_reason_and_drivers_stop_driving(whole: Whole) -> None:
    signed_in = await whole.identity.sign_in(role=access_pb2.ROLE_DRIVER)
    account, token = signed_in.account.account_id, forward_token(signed_in.tokens.access_token)
    vehicle = accounts_pb2.Vehicle(model="Prius", color="red", plate="A 1", vehicle_class=accounts_pb2.VEHICLE_CLASS_XL)
    await whole.identity.stub.SubmitDriverApplication(
        identity_pb.SubmitDriverApplicationRequest(request_id="a", display_name="Sam", vehicle=vehicle), metadata=token
    )
    await whole.identity.stub.SetDriverStatus(
        identity_pb.SetDriverStatusRequest(
            request_id="s", driver_id=account, status=accounts_pb2.DRIVER_STATUS_APPROVED
        ),
        metadata=whole.identity.operator,
    )
    with pytest.raises(InvalidInput), rpc_errors():
        await whole.privacy.RequestErasure(
            pb.RequestErasureRequest(request_id="e", account_id=account), metadata=whole.identity.operator
        )
    with pytest.raises(NotFound), rpc_errors():  # somebody else's account is not there
        await whole.privacy.RequestErasure(
            pb.RequestErasureRequest(request_id="e", account_id=str(uuid4())), metadata=token
        )
    with rpc_errors():
        await whole.privacy.RequestErasure(
            pb.RequestErasureRequest(request_id="e", account_id=account, reason="asked by letter"),
            metadata=whole.identity.operator,
        )
    [row] = await whole.identity.fetch("SELECT status FROM drivers WHERE driver_id = $1", account)
    assert row["status"] == "suspended"
    await whole.work_off(account, minutes=11)
    [row] = await whole.identity.fetch("SELECT display_name, vehicle_plate FROM drivers WHERE driver_id = $1", account)
    assert (row["display_name"], row["vehicle_plate"]) == ("", "")
