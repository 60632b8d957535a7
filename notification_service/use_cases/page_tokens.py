"""Where a page ended: a moment and an id, in one text."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

from shared_kernel.errors import FieldViolation, InvalidInput

Place = tuple[datetime, UUID]


def write_token(moment: datetime, identity: UUID) -> str:
    """Write a place as a token."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{identity}".encode()).decode()


def read_token(token: str) -> Place | None:
    """Read a token; None for the empty one; InvalidInput `invalid_page_token`."""
    if not token:
        return None
    try:
        moment, _, identity = base64.urlsafe_b64decode(token).decode().partition("|")
        before = datetime.fromisoformat(moment)
        if before.tzinfo is None:
            raise ValueError("a page begins at a moment with its zone")
        return before, UUID(identity)
    except (ValueError, binascii.Error):
        raise invalid_token() from None


def invalid_token() -> InvalidInput:
    """Make the refusal of a token that was never told."""
    return InvalidInput(
        "invalid_page_token",
        "the page token is not one of ours",
        violations=[FieldViolation("page_token", "must be the next_page_token of an earlier page")],
    )
