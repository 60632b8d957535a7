"""Page cursors: a service's page token, signed, bound to the list and to who reads it.

Opaque to clients, so its inside may change; signed, so that a service is never handed a token it did not make.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from pathlib import Path

from shared_kernel.errors import FieldViolation, InvalidInput

_TAG_BYTES = 16


class Cursors:
    """Makes and reads cursors with one key; all replicas of a deployment share it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_dir(cls, signing_keys_dir: Path) -> Cursors:
        """Derive the key from the edge's own signing key, so that a deployment has one secret less to keep."""
        secret = (signing_keys_dir / "rider_api.pem").read_bytes()
        return cls(hmac.digest(secret, b"jitney page cursors", hashlib.sha256))

    def seal(self, scope: str, subject: str, page_token: str) -> str | None:
        """Return the cursor of a page token; None for the empty one, which means that there is no next page."""
        if not page_token:
            return None
        content = page_token.encode()
        return base64.urlsafe_b64encode(self._tag(scope, subject, content) + content).decode().rstrip("=")

    def open(self, scope: str, subject: str, cursor: str) -> str:
        """Return the page token of a cursor; the empty cursor is the first page.

        Raises:
            InvalidInput: `invalid_cursor` for one that was not made for this list and this reader.
        """
        if not cursor:
            return ""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _invalid() from None
        tag, content = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not content or not hmac.compare_digest(tag, self._tag(scope, subject, content)):
            raise _invalid()
        return content.decode()

    def _tag(self, scope: str, subject: str, content: bytes) -> bytes:
        message = b"\x00".join((scope.encode(), subject.encode(), content))
        return hmac.digest(self._key, message, hashlib.sha256)[:_TAG_BYTES]


def _invalid() -> InvalidInput:
    return InvalidInput(
        "invalid_cursor",
        "the cursor was not made for this list",
        violations=[FieldViolation("cursor", "must be the next_cursor of the page before")],
    )
