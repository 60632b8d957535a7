"""The composition root: the only place that names identity's concrete classes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from chassis import idempotency, outbox
from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel
from chassis.database import Database
from chassis.logs import configure_logging
from chassis.redis_client import open_redis, ping
from chassis.relay import OutboxRelay
from chassis.retention import Keep, trim_forever
from chassis.revisions import head_revision
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer, run_workers
from chassis.telemetry import configure_telemetry
from chassis.tls import certificates_for
from identity_service.adapters import sign_in_tables, tables
from identity_service.adapters.access_tokens import SignedAccessTokens
from identity_service.adapters.ciphers import CodeAndTokenCiphers, PhoneVault, SystemRandom
from identity_service.adapters.id_tokens import OidcTokens
from identity_service.adapters.notification_client import GrpcCodeSender
from identity_service.adapters.personal_data_clients import GrpcPersonalData
from identity_service.adapters.postgres import PostgresStore
from identity_service.bootstrap_people import (
    add_erasure,
    add_federation,
    add_mail_addresses,
    add_people_services,
    add_places_and_keys,
)
from identity_service.bootstrap_staff import add_staff_services
from identity_service.domain.one_time_codes import CodeLimits
from identity_service.domain.phone_numbers import country_of
from identity_service.entrypoints.grpc_servicer import SERVICE_NAME, IdentityServicer, UseCases
from identity_service.entrypoints.workers import (
    end_documents,
    forget_expired_codes,
    reseal_phones,
    sweep_owed_codes,
    work_erasures,
)
from identity_service.settings import IdentitySettings
from identity_service.use_cases.begin_sign_in import BeginSignIn
from identity_service.use_cases.end_documents import EndDocuments
from identity_service.use_cases.erase_account import EraseAccount
from identity_service.use_cases.federate import Federate
from identity_service.use_cases.hand_over_codes import HandOverCodes
from identity_service.use_cases.keep_mail_address import KeepMailAddress
from identity_service.use_cases.list_drivers import ListDrivers
from identity_service.use_cases.ports import Store
from identity_service.use_cases.read_account import ReadAccount
from identity_service.use_cases.read_contact import ReadContact
from identity_service.use_cases.read_driver import ReadDriver
from identity_service.use_cases.refresh_tokens import RefreshTokens
from identity_service.use_cases.register_guest import RegisterGuest
from identity_service.use_cases.request_mail_code import RequestMailCode
from identity_service.use_cases.request_otp import RequestOtp
from identity_service.use_cases.secret_ports import Ciphers, CodeSender
from identity_service.use_cases.set_driver_status import SetDriverStatus
from identity_service.use_cases.sign_out import SignOut
from identity_service.use_cases.submit_driver_application import SubmitDriverApplication
from identity_service.use_cases.token_pairs import TokenPairs
from identity_service.use_cases.update_account import UpdateAccount
from identity_service.use_cases.use_api_keys import UseApiKeys
from identity_service.use_cases.verify_otp import VerifyOtp
from ridesharing.identity.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from shared_kernel.clock import Clock, SystemClock
from shared_kernel.ids import IdSource, Uuid7Source

ISSUER = "identity"
STREAM = "events:identity"
STREAM_GROUPS = ("matching", "notification")
"""Who takes the events in: what they have not is kept, also while they are away."""
PACKAGE = "identity_service"
_DAY_SECONDS = 86_400
_PROVIDER_SECONDS = 3.0
_KEEPS = (
    # Longer than any limit or code looks back.
    Keep(sign_in_tables.otp_allowances, "hour_started_at", _DAY_SECONDS),
    Keep(sign_in_tables.otp_challenges, "created_at", _DAY_SECONDS),
    Keep(sign_in_tables.otp_budgets, "window_started_at", 2 * _DAY_SECONDS),
    # As long as the reuse of a spent token is to raise the alarm; afterwards it is merely unknown.
    Keep(sign_in_tables.refresh_tokens, "spent_at", 7 * _DAY_SECONDS),
    Keep(sign_in_tables.spent_id_tokens, "expires_at", 0),
    Keep(sign_in_tables.sign_ins, "expires_at", 7 * _DAY_SECONDS),
    Keep(tables.idempotency, "claimed_at", idempotency.KEEP_SECONDS),
    Keep(tables.outbox, "published_at", outbox.KEEP_SECONDS),
)


def build_use_cases(
    settings: IdentitySettings,
    store: Store,
    hand_over: HandOverCodes,
    signer: TokenSigner,
    *,
    clock: Clock,
    new_id: IdSource,
) -> UseCases:
    """Put the use cases together."""
    random = SystemRandom()
    ciphers: Ciphers = CodeAndTokenCiphers(settings.otp_pepper)
    pairs = TokenPairs(SignedAccessTokens(signer), ciphers, random)
    limits = _code_limits(settings)
    return UseCases(
        request_otp=RequestOtp(
            store=store,
            hand_over=hand_over,
            ciphers=ciphers,
            random=random,
            limits=limits,
            budgets=settings.code_budgets,
            clock=clock,
            new_id=new_id,
            fictional_numbers_allowed=settings.environment == "local",
        ),
        verify_otp=VerifyOtp(store, ciphers, BeginSignIn(pairs, new_id), settings.code_budgets, clock, new_id),
        refresh_tokens=RefreshTokens(store, ciphers, pairs, clock),
        sign_out=SignOut(store, clock),
        read_account=ReadAccount(store),
        update_account=UpdateAccount(store),
        submit_driver_application=SubmitDriverApplication(store, settings.identity_driver_approval, clock),
        read_driver=ReadDriver(store),
        list_drivers=ListDrivers(store),
        set_driver_status=SetDriverStatus(store, frozenset(settings.identity_required_documents)),
        read_contact=ReadContact(store),
    )


def _code_limits(settings: IdentitySettings) -> CodeLimits:
    return CodeLimits(
        interval_seconds=settings.identity_otp_interval_seconds,
        per_phone_per_hour=settings.identity_otp_per_phone_per_hour,
        overall_per_minute=settings.identity_otp_overall_per_minute,
    )


class Identity:
    """The service in one process: its resources, its workers and its use cases. Made within the running loop."""

    def __init__(self, settings: IdentitySettings, *, clock: Clock | None = None) -> None:
        if settings.signing_keys_dir is None:
            raise ValueError("JITNEY_SIGNING_KEYS_DIR is needed to sign access tokens")
        self._settings = settings
        clock, new_id = clock or SystemClock(), Uuid7Source()
        self._clock, self._new_id = clock, new_id
        signer = TokenSigner.from_dir(settings.signing_keys_dir, ISSUER, clock)
        self._verifier = TokenVerifier.from_file(settings.jwks_file, clock)
        self._database = Database(
            settings.identity_database_url.get_secret_value(),
            settings.identity_database_pool_size,
            name="identity",
            pooler=settings.database_pooler,
        )
        self._redis = open_redis(settings.redis_url)
        certificates = certificates_for(settings)
        self._channel = open_channel(settings.notification_target, signer, certificates)
        self._channels = {
            "matching": open_channel(settings.matching_target, signer, certificates),
            "payment": open_channel(settings.payment_target, signer, certificates),
            "notification": self._channel,
        }
        relay_wakeup = Wakeup()
        store = PostgresStore(self._database, PhoneVault(settings.phone_key), clock, new_id, relay_wakeup)
        self.store: Store = store
        budgets = settings.code_budgets
        sender: CodeSender = GrpcCodeSender(self._channel, lambda number: budgets.may_call(country_of(number)))
        hand_over = HandOverCodes(store, sender, clock)
        relay = OutboxRelay(
            self._database, tables.outbox, self._redis, STREAM, relay_wakeup, groups=STREAM_GROUPS, clock=clock
        )
        self._use_cases = build_use_cases(settings, store, hand_over, signer, clock=clock, new_id=new_id)
        self._api_keys = UseApiKeys(
            store,
            CodeAndTokenCiphers(settings.otp_pepper),
            SystemRandom(),
            SignedAccessTokens(signer),
            clock,
            new_id,
        )
        pairs = TokenPairs(SignedAccessTokens(signer), CodeAndTokenCiphers(settings.otp_pepper), SystemRandom())
        self._providers = httpx.AsyncClient(timeout=_PROVIDER_SECONDS, follow_redirects=False)
        audiences = {provider.issuer: provider.audiences for provider in settings.identity_oidc_providers}
        self._federate = Federate(
            store,
            OidcTokens(audiences, self._providers, clock),
            BeginSignIn(pairs, new_id),
            clock,
            new_id,
            fictional_numbers_allowed=settings.environment == "local",
        )
        self._request_mail_code = RequestMailCode(
            store=store,
            hand_over=hand_over,
            ciphers=CodeAndTokenCiphers(settings.otp_pepper),
            random=SystemRandom(),
            limits=_code_limits(settings),
            budgets=settings.code_budgets,
            clock=clock,
            new_id=new_id,
        )
        self._workers = Workers()
        self._workers.add("outbox relay", relay.run)
        self._workers.add("owed codes", lambda: sweep_owed_codes(hand_over))
        self._workers.add("expired codes", lambda: forget_expired_codes(hand_over))
        self._workers.add("documents' timers", lambda: end_documents(EndDocuments(store, clock)))
        self.erase_account = erase = EraseAccount(store, GrpcPersonalData(self._channels), clock)
        self._workers.add("erasures", lambda: work_erasures(erase))
        self._workers.add("older seals", lambda: reseal_phones(store, clock))
        self._workers.add("retention", lambda: trim_forever(self._database, _KEEPS, clock))

    def server(self) -> ServiceServer:
        """Return the gRPC server with the workers beside it."""
        head = head_revision(PACKAGE)
        server = ServiceServer(
            self._settings,
            self._verifier,
            workers=self._workers,
            probes=[
                ("database", lambda: self._database.schema_suffices(head)),
                ("redis", lambda: ping(self._redis)),
            ],
            closers=self._closers,
        )
        server.add(add_IdentityServiceServicer_to_server, IdentityServicer(self._use_cases), SERVICE_NAME)
        add_staff_services(server, self.store, self._clock)
        guests = RegisterGuest(
            self.store, self._clock, self._new_id, fictional_numbers_allowed=self._settings.environment == "local"
        )
        add_people_services(server, self.store, guests, self._clock, self._new_id)
        ciphers = CodeAndTokenCiphers(self._settings.otp_pepper)
        keep_mail = KeepMailAddress(self.store, ciphers, self._settings.code_budgets, self._clock)
        add_mail_addresses(server, self._request_mail_code, keep_mail)
        add_erasure(server, self.erase_account)
        add_federation(server, self._federate)
        add_places_and_keys(server, self.store, self._api_keys, self._clock, self._new_id)
        return server

    @property
    def _closers(self) -> list[Callable[[], Awaitable[object]]]:
        channels = (channel.close for channel in self._channels.values())
        return [*channels, self._providers.aclose, self._redis.aclose, self._database.dispose]

    async def serve(self) -> None:
        """Serve until SIGTERM."""
        await self.server().run(self._settings.listen_address, self._settings.metrics_address)

    async def work(self) -> None:
        """Run the workers alone until SIGTERM."""
        await run_workers(self._settings, self._workers, self._closers)


def configure_process(settings: IdentitySettings) -> None:
    """Set up logs and telemetry of a process."""
    configure_logging(ISSUER, settings.log_level, settings.log_level_file)
    configure_telemetry(ISSUER, settings)
