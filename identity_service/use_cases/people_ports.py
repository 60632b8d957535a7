"""What the use cases need of what is people's own: documents, places, identities elsewhere, and all of it erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from identity_service.domain.documents import Document, DocumentStatus
from identity_service.domain.erasures import Erasure
from identity_service.domain.external_identities import ExternalIdentity, IdToken
from identity_service.domain.mail_addresses import MailAddress
from identity_service.domain.places import SavedPlace


class Documents(Protocol):
    """Documents of drivers."""

    async def add(self, document: Document, number: str, content: bytes) -> bool:
        """Add a document, its number and bytes sealed; False if its driver was erased."""
        ...

    async def of_driver(
        self, driver_id: UUID, at_most: int, status: DocumentStatus | None = None
    ) -> Sequence[Document]: ...

    async def count_open(self, driver_id: UUID) -> int: ...

    async def lock(self, document_id: UUID) -> Document | None: ...

    async def read(self, document_id: UUID) -> tuple[Document, str, bytes] | None:
        """Return a document with its number and bytes; None also where they were erased."""
        ...

    async def save(self, document: Document) -> None: ...

    async def claim_due(self, now: datetime) -> Document | None:
        """Return a document whose timer is due, locked with its driver; those others work on are passed over."""
        ...


class Erasures(Protocol):
    """Erasures of accounts, and what they take away here."""

    async def find(self, account_id: UUID, *, lock: bool = False) -> Erasure | None: ...

    async def add(self, erasure: Erasure) -> None: ...

    async def save(self, erasure: Erasure) -> None: ...

    async def claim_due(self, now: datetime) -> Erasure | None:
        """Return an erasure whose turn it is, locked; those others work on are passed over."""
        ...

    async def empty_account(self, account_id: UUID, now: datetime) -> None:
        """Destroy the person's key and take away all that names them."""
        ...

    async def own_rows(self, account_id: UUID) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what identity keeps of a person beside their number."""
        ...


class PersonalDataKeepers(Protocol):
    """The other services, as keepers of what they know of people."""

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        """Ask all services what stands in the way of an erasure."""
        ...

    async def erase(self, service: str, account_id: UUID) -> None:
        """Have a service erase a person; once more changes nothing.

        Raises:
            DomainError: it refused, or did not answer.
        """
        ...

    async def export(self, account_id: UUID) -> Mapping[str, Mapping[str, Sequence[Any]]]:
        """Return what each service keeps of a person, by its name."""
        ...


class Places(Protocol):
    """Places that people keep, sealed with their own keys."""

    async def of(self, account_id: UUID) -> Sequence[SavedPlace]: ...

    async def put(self, account_id: UUID, place: SavedPlace, now: datetime) -> bool:
        """Keep a place, or change it; False where the person was erased, or the place is somebody else's."""
        ...

    async def remove(self, account_id: UUID, place_id: UUID) -> bool: ...


class MailAddresses(Protocol):
    """Where people are written to, sealed with their own keys; an address is one account's at most."""

    async def keep(self, account_id: UUID, address: str, now: datetime) -> bool:
        """Keep a person's address in place of a former one; False where another account has it, or the person was
        erased."""
        ...

    async def of(self, account_id: UUID) -> MailAddress | None: ...

    async def remove(self, account_id: UUID) -> bool: ...


class IdTokenVerifier(Protocol):
    """Checks ID tokens of external providers."""

    async def verify(self, id_token: str, nonce: str) -> IdToken:
        """Return what a token says.

        Raises:
            Unauthenticated: `id_token_invalid`.
            Unavailable: `identity_provider_unavailable`.
        """
        ...


class Identities(Protocol):
    """Identities at external providers, and the ID tokens that were used."""

    async def spend(self, digest: bytes, expires_at: datetime) -> bool:
        """Write down that a token was used; False where it was before."""
        ...

    async def find(self, issuer: str, subject: str) -> ExternalIdentity | None: ...

    async def add(self, identity: ExternalIdentity) -> ExternalIdentity:
        """Add an identity; return the one that stands, which may be somebody else's."""
        ...

    async def of(self, account_id: UUID) -> Sequence[ExternalIdentity]: ...

    async def remove(self, account_id: UUID, identity_id: UUID) -> bool: ...
