"""Identity's events as the messages of the contract."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from chassis.outbox import OutgoingEvent
from identity_service.domain.documents import DocumentKind
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.events import (
    AccountCreated,
    AccountErased,
    AccountUpdated,
    DocumentExpired,
    DocumentExpiring,
    DocumentReviewed,
    DriverStatusChanged,
    Event,
    MailAddressChanged,
    NewDeviceSignedIn,
    OneTimeCodeClosed,
    RefreshTokenReused,
    SessionEnded,
)
from identity_service.domain.one_time_codes import hand_over_key
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2, document_service_pb2, events_pb2

_STATUSES = {
    DriverStatus.PENDING: accounts_pb2.DRIVER_STATUS_PENDING,
    DriverStatus.APPROVED: accounts_pb2.DRIVER_STATUS_APPROVED,
    DriverStatus.REJECTED: accounts_pb2.DRIVER_STATUS_REJECTED,
    DriverStatus.SUSPENDED: accounts_pb2.DRIVER_STATUS_SUSPENDED,
}


def outgoing(event: Event, event_id: UUID, now: datetime) -> OutgoingEvent:
    """Return an event as the outbox takes it."""
    aggregate_id, message = _aggregate_and_message(event)
    return OutgoingEvent(event_id, aggregate_id, event.version, now, message)


def _aggregate_and_message(event: Event) -> tuple[UUID, Message]:  # noqa: PLR0911 (an arm an event)
    match event:
        case AccountCreated(account_id=account_id, locale=locale):
            return account_id, events_pb2.AccountCreated(account_id=str(account_id), locale=locale)
        case AccountUpdated(account_id=account_id, locale=locale):
            return account_id, events_pb2.AccountUpdated(account_id=str(account_id), locale=locale)
        case DriverStatusChanged(driver_id=driver_id, status=status, reason=reason):
            return driver_id, events_pb2.DriverStatusChanged(
                driver_id=str(driver_id), status=_STATUSES[status], reason=reason
            )
        case NewDeviceSignedIn(sign_in_id=sign_in_id, account_id=account_id, device_id=device_id, role=role):
            return sign_in_id, events_pb2.NewDeviceSignedIn(
                account_id=str(account_id),
                session_id=str(sign_in_id),
                device_id=device_id,
                role=access_pb2.Role.Value(f"ROLE_{role.upper()}"),
            )
        case DocumentReviewed() | DocumentExpiring() | DocumentExpired():
            return event.document_id, _document_message(event)
        case MailAddressChanged(account_id=account_id):
            return account_id, events_pb2.MailAddressChanged(account_id=str(account_id))
        case OneTimeCodeClosed(challenge_id=challenge_id):
            return challenge_id, events_pb2.OneTimeCodeClosed(request_id=hand_over_key(challenge_id))
        case AccountErased(account_id=account_id):
            return account_id, events_pb2.AccountErased(account_id=str(account_id))
        case SessionEnded(sign_in_id=sign_in_id, account_id=account_id, reason=reason, replaced_by=replaced_by):
            return sign_in_id, events_pb2.SessionEnded(
                account_id=str(account_id),
                session_id=str(sign_in_id),
                reason=reason.value,
                replaced_by_session_id=str(replaced_by or ""),
            )
        case RefreshTokenReused(sign_in_id=sign_in_id, account_id=account_id, device_id=device_id):
            return sign_in_id, events_pb2.RefreshTokenReused(
                account_id=str(account_id), session_id=str(sign_in_id), device_id=device_id
            )


def _kind(kind: DocumentKind) -> document_service_pb2.DocumentKind.ValueType:
    return document_service_pb2.DocumentKind.Value(f"DOCUMENT_KIND_{kind.upper()}")


def _document_message(event: DocumentReviewed | DocumentExpiring | DocumentExpired) -> Message:
    document_id, driver_id, kind = str(event.document_id), str(event.driver_id), _kind(event.kind)
    if isinstance(event, DocumentReviewed):
        return events_pb2.DocumentReviewed(
            document_id=document_id, driver_id=driver_id, kind=kind, accepted=event.accepted, reason=event.reason
        )
    make = events_pb2.DocumentExpiring if isinstance(event, DocumentExpiring) else events_pb2.DocumentExpired
    return make(document_id=document_id, driver_id=driver_id, kind=kind, expire_date=event.expires_on.isoformat())
