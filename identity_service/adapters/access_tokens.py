"""Access tokens, signed in identity's name."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.auth import Role, TokenSigner
from identity_service.domain.sign_ins import ACCESS_LIFETIME_SECONDS, SignInRole


class SignedAccessTokens:
    """Makes ES256 tokens; the claim `sid` is the sign-in."""

    def __init__(self, signer: TokenSigner) -> None:
        self._signer = signer

    def make(self, account_id: UUID, role: SignInRole, sign_in_id: UUID) -> str:
        """Make an access token for a person on a device."""
        return self._signer.sign(str(account_id), Role(role.value), ACCESS_LIFETIME_SECONDS, str(sign_in_id))

    def make_for_partner(self, api_key_id: UUID, scopes: Sequence[str]) -> str:
        """Make an access token for a partner's program, good for scopes alone."""
        return self._signer.sign(str(api_key_id), Role.PARTNER, ACCESS_LIFETIME_SECONDS, scopes=scopes)
