"""From the events of identity to the facts that people are told of."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from notification_service.domain.facts import Happening, PersonFact
from notification_service.entrypoints.fact_words import FactReaders
from ridesharing.identity.v1 import accounts_pb2, document_service_pb2
from ridesharing.identity.v1 import events_pb2 as identity

_DRIVER_STATUSES = {
    accounts_pb2.DRIVER_STATUS_APPROVED: Happening.DRIVER_APPROVED,
    accounts_pb2.DRIVER_STATUS_REJECTED: Happening.DRIVER_REJECTED,
    accounts_pb2.DRIVER_STATUS_SUSPENDED: Happening.DRIVER_SUSPENDED,
}


def _driver_status(event: identity.DriverStatusChanged) -> PersonFact | None:
    """Tell a driver what was decided; one who has just applied knows."""
    happening = _DRIVER_STATUSES.get(event.status)
    return PersonFact(happening, UUID(event.driver_id)) if happening else None


def _document(event: identity.DocumentExpiring) -> PersonFact:
    kind = document_service_pb2.DocumentKind.Name(event.kind).removeprefix("DOCUMENT_KIND_").lower()
    expires_on = date.fromisoformat(event.expire_date)
    return PersonFact(Happening.DOCUMENT_EXPIRING, UUID(event.driver_id), document=kind, expires_on=expires_on)


def _sign_in(happening: Happening, account_id: str, device: str) -> PersonFact:
    return PersonFact(happening, UUID(account_id), device=device)


IDENTITY_FACTS: FactReaders = {
    identity.DriverStatusChanged: lambda event, _: _driver_status(event),
    identity.DocumentExpiring: lambda event, _: _document(event),
    identity.NewDeviceSignedIn: lambda event, _: _sign_in(Happening.NEW_DEVICE, event.account_id, event.device_id),
    identity.RefreshTokenReused: lambda event, _: _sign_in(Happening.SIGN_IN_STOLEN, event.account_id, event.device_id),
}
