"""Making token pairs; shared by signing in and refreshing."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity_service.domain.sign_ins import ACCESS_LIFETIME_SECONDS, RefreshToken, SignIn, TokenPair
from identity_service.use_cases.secret_ports import AccessTokens, Ciphers, RandomSource


class TokenPairs:
    """Makes refresh tokens and the pairs that carry them."""

    def __init__(self, access_tokens: AccessTokens, ciphers: Ciphers, random: RandomSource) -> None:
        self._access_tokens = access_tokens
        self._ciphers = ciphers
        self._random = random

    def first_token(self, sign_in: SignIn, now: datetime) -> tuple[RefreshToken, str]:
        """Make the first refresh token of a family, as it is kept and in clear."""
        return self._token(sign_in, 1, now)

    def next_token(self, sign_in: SignIn, now: datetime) -> tuple[RefreshToken, str]:
        """Make the refresh token that follows a family's newest, as it is kept and in clear."""
        return self._token(sign_in, sign_in.last_sequence + 1, now)

    def pair(self, sign_in: SignIn, refresh_token: str, refresh_expires_at: datetime, now: datetime) -> TokenPair:
        """Make a fresh access token and put it beside a refresh token."""
        return TokenPair(
            self._access_tokens.make(sign_in.account_id, sign_in.role, sign_in.sign_in_id),
            now + timedelta(seconds=ACCESS_LIFETIME_SECONDS),
            refresh_token,
            refresh_expires_at,
            sign_in.role,
        )

    def _token(self, sign_in: SignIn, sequence: int, now: datetime) -> tuple[RefreshToken, str]:
        text = self._random.refresh_token()
        digest = self._ciphers.refresh_digest(text)
        return RefreshToken(digest, sign_in.sign_in_id, sequence, now + sign_in.role.refresh_lifetime), text
