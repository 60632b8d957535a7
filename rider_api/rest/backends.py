"""The services behind the edge: one channel a target and process, made when first needed.

Lazily, because the process forks before it serves, and a channel made before a fork can hang silently.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import grpc

from chassis.clients import open_sync_channel
from chassis.tls import certificates_for
from rider_api.settings import EdgeSettings
from ridesharing.common.v1.dead_letter_service_pb2_grpc import DeadLetterServiceStub
from ridesharing.identity.v1.api_key_service_pb2_grpc import ApiKeyServiceStub
from ridesharing.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from ridesharing.identity.v1.document_service_pb2_grpc import DocumentServiceStub
from ridesharing.identity.v1.federation_service_pb2_grpc import FederationServiceStub
from ridesharing.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from ridesharing.identity.v1.mail_address_service_pb2_grpc import MailAddressServiceStub
from ridesharing.identity.v1.person_service_pb2_grpc import PersonServiceStub
from ridesharing.identity.v1.place_service_pb2_grpc import PlaceServiceStub
from ridesharing.identity.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from ridesharing.identity.v1.role_service_pb2_grpc import RoleServiceStub
from ridesharing.identity.v1.session_service_pb2_grpc import SessionServiceStub
from ridesharing.matching.v1.city_service_pb2_grpc import CityServiceStub
from ridesharing.matching.v1.complaint_service_pb2_grpc import ComplaintServiceStub
from ridesharing.matching.v1.dispatch_operator_service_pb2_grpc import DispatchOperatorServiceStub
from ridesharing.matching.v1.driver_service_pb2_grpc import DriverServiceStub
from ridesharing.matching.v1.fleet_service_pb2_grpc import FleetServiceStub
from ridesharing.matching.v1.map_service_pb2_grpc import MapServiceStub
from ridesharing.matching.v1.mds_service_pb2_grpc import MdsServiceStub
from ridesharing.matching.v1.product_service_pb2_grpc import ProductServiceStub
from ridesharing.matching.v1.promotion_service_pb2_grpc import PromotionServiceStub
from ridesharing.matching.v1.rating_service_pb2_grpc import RatingServiceStub
from ridesharing.matching.v1.ride_service_pb2_grpc import RideServiceStub
from ridesharing.matching.v1.share_service_pb2_grpc import ShareServiceStub
from ridesharing.notification.v1.campaign_service_pb2_grpc import CampaignServiceStub
from ridesharing.notification.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from ridesharing.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from ridesharing.notification.v1.reach_service_pb2_grpc import ReachServiceStub
from ridesharing.notification.v1.safety_service_pb2_grpc import SafetyServiceStub
from ridesharing.notification.v1.webhook_service_pb2_grpc import WebhookServiceStub
from ridesharing.payment.v1.dispute_service_pb2_grpc import DisputeServiceStub
from ridesharing.payment.v1.driver_account_service_pb2_grpc import DriverAccountServiceStub
from ridesharing.payment.v1.payment_service_pb2_grpc import PaymentServiceStub
from ridesharing.payment.v1.payout_service_pb2_grpc import PayoutServiceStub
from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub
from ridesharing.payment.v1.refund_service_pb2_grpc import RefundServiceStub
from ridesharing.payment.v1.statement_service_pb2_grpc import StatementServiceStub
from ridesharing.payment.v1.wallet_service_pb2_grpc import WalletServiceStub
from ridesharing.payment.v1.webhook_service_pb2_grpc import PspEventServiceStub

S = TypeVar("S")


class Backends:
    """Stubs of all services, kept once made."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._targets = {
            "identity": settings.identity_target,
            "matching": settings.matching_target,
            "payment": settings.payment_target,
            "notification": settings.notification_target,
        }
        self._certificates = certificates_for(settings)
        self._lock = Lock()
        self._channels: dict[str, grpc.Channel] = {}
        self._stubs: dict[tuple[str, object], object] = {}

    @property
    def services(self) -> tuple[str, ...]:
        """Names of all services."""
        return tuple(self._targets)

    def channel(self, service: str) -> grpc.Channel:
        """Return the channel to a service."""
        with self._lock:
            channel = self._channels.get(service)
            if channel is None:
                channel = self._channels[service] = open_sync_channel(
                    self._targets[service], certificates=self._certificates
                )
            return channel

    def stub(self, service: str, make: Callable[[grpc.Channel], S]) -> S:
        """Return a stub on the channel to a service."""
        known = self._stubs.get((service, make))
        if known is None:
            # Two threads may make one each; the stub that stays is as good as the other.
            known = self._stubs[(service, make)] = make(self.channel(service))
        return known  # pyright: ignore[reportReturnType] (kept under the function that made it)

    @property
    def identity(self) -> IdentityServiceStub:
        return self.stub("identity", IdentityServiceStub)

    @property
    def sessions(self) -> SessionServiceStub:
        return self.stub("identity", SessionServiceStub)

    @property
    def roles(self) -> RoleServiceStub:
        return self.stub("identity", RoleServiceStub)

    @property
    def audit(self) -> AuditServiceStub:
        return self.stub("identity", AuditServiceStub)

    @property
    def people(self) -> PersonServiceStub:
        return self.stub("identity", PersonServiceStub)

    @property
    def privacy(self) -> PrivacyServiceStub:
        return self.stub("identity", PrivacyServiceStub)

    @property
    def mail_addresses(self) -> MailAddressServiceStub:
        return self.stub("identity", MailAddressServiceStub)

    @property
    def places(self) -> PlaceServiceStub:
        return self.stub("identity", PlaceServiceStub)

    @property
    def federation(self) -> FederationServiceStub:
        return self.stub("identity", FederationServiceStub)

    @property
    def api_keys(self) -> ApiKeyServiceStub:
        return self.stub("identity", ApiKeyServiceStub)

    @property
    def documents(self) -> DocumentServiceStub:
        return self.stub("identity", DocumentServiceStub)

    @property
    def rides(self) -> RideServiceStub:
        return self.stub("matching", RideServiceStub)

    @property
    def products(self) -> ProductServiceStub:
        return self.stub("matching", ProductServiceStub)

    @property
    def cities(self) -> CityServiceStub:
        return self.stub("matching", CityServiceStub)

    @property
    def shares(self) -> ShareServiceStub:
        return self.stub("matching", ShareServiceStub)

    @property
    def complaints(self) -> ComplaintServiceStub:
        return self.stub("matching", ComplaintServiceStub)

    @property
    def promotions(self) -> PromotionServiceStub:
        return self.stub("matching", PromotionServiceStub)

    @property
    def ratings(self) -> RatingServiceStub:
        return self.stub("matching", RatingServiceStub)

    @property
    def drivers(self) -> DriverServiceStub:
        return self.stub("matching", DriverServiceStub)

    @property
    def dispatch(self) -> DispatchOperatorServiceStub:
        return self.stub("matching", DispatchOperatorServiceStub)

    @property
    def fleet(self) -> FleetServiceStub:
        return self.stub("matching", FleetServiceStub)

    @property
    def mds(self) -> MdsServiceStub:
        return self.stub("matching", MdsServiceStub)

    @property
    def maps(self) -> MapServiceStub:
        return self.stub("matching", MapServiceStub)

    @property
    def payments(self) -> PaymentServiceStub:
        return self.stub("payment", PaymentServiceStub)

    @property
    def wallets(self) -> WalletServiceStub:
        return self.stub("payment", WalletServiceStub)

    @property
    def refunds(self) -> RefundServiceStub:
        return self.stub("payment", RefundServiceStub)

    @property
    def disputes(self) -> DisputeServiceStub:
        return self.stub("payment", DisputeServiceStub)

    @property
    def payouts(self) -> PayoutServiceStub:
        return self.stub("payment", PayoutServiceStub)

    @property
    def driver_accounts(self) -> DriverAccountServiceStub:
        return self.stub("payment", DriverAccountServiceStub)

    @property
    def statements(self) -> StatementServiceStub:
        return self.stub("payment", StatementServiceStub)

    @property
    def reconciliation(self) -> ReconciliationServiceStub:
        return self.stub("payment", ReconciliationServiceStub)

    @property
    def psp_events(self) -> PspEventServiceStub:
        return self.stub("payment", PspEventServiceStub)

    @property
    def notifications(self) -> NotificationServiceStub:
        return self.stub("notification", NotificationServiceStub)

    @property
    def reach(self) -> ReachServiceStub:
        return self.stub("notification", ReachServiceStub)

    @property
    def safety(self) -> SafetyServiceStub:
        return self.stub("notification", SafetyServiceStub)

    @property
    def deliveries(self) -> DeliveryServiceStub:
        return self.stub("notification", DeliveryServiceStub)

    @property
    def campaigns(self) -> CampaignServiceStub:
        return self.stub("notification", CampaignServiceStub)

    @property
    def webhooks(self) -> WebhookServiceStub:
        return self.stub("notification", WebhookServiceStub)

    def dead_letters(self, service: str) -> DeadLetterServiceStub:
        """Return the stub for the parked events of a service."""
        return self.stub(service, DeadLetterServiceStub)

    def close(self) -> None:
        """Close all channels."""
        with self._lock:
            channels, self._channels = self._channels, {}
            self._stubs.clear()
        for channel in channels.values():
            channel.close()
