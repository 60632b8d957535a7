"""What the use cases need for secrets: chance, digests and seals, access tokens, and the way of a code to its phone."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from identity_service.domain.one_time_codes import OwedCode
from identity_service.domain.sign_ins import SignInRole


class CodeSender(Protocol):
    """Takes over one-time codes and gets them to phones."""

    async def send(self, owed: OwedCode) -> None:
        """Hand a code over; the same challenge is sent once, however often it is handed over.

        Raises:
            Unavailable: nothing was done.
            Unknown: no answer in time.
            DomainError: it was refused.
        """
        ...


class AccessTokens(Protocol):
    """Makes access tokens."""

    def make(self, account_id: UUID, role: SignInRole, sign_in_id: UUID) -> str: ...


class Ciphers(Protocol):
    """Digests and seals of what must not be kept in clear."""

    def code_digest(self, challenge_id: UUID, code: str) -> bytes:
        """Digest a code under the pepper: six digits are found at once from a digest without a key."""
        ...

    def refresh_digest(self, token: str) -> bytes:
        """Digest a refresh token for looking it up."""
        ...

    def seal_successor(self, token: str, successor: str) -> bytes:
        """Seal a refresh token with its predecessor, so that only who shows that one can be given it again."""
        ...

    def open_successor(self, token: str, sealed: bytes) -> str: ...

    def seal_api_key(self, api_key_id: UUID, secret: str) -> bytes:
        """Seal a partner's key for who repeats the request that made it."""
        ...

    def open_api_key(self, api_key_id: UUID, sealed: bytes) -> str: ...


class RandomSource(Protocol):
    """Unpredictable values."""

    def code(self) -> str:
        """Make a one-time code, each of the million equally likely."""
        ...

    def refresh_token(self) -> str:
        """Make a token of 256 bits in letters that are safe in a header."""
        ...
