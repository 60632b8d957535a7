"""Mail addresses: what is one, what is shown of it, and that it is proved by a code before anything goes there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_kernel.errors import AlreadyExists, FieldViolation, InvalidInput

MOST_CHARACTERS = 254
"""RFC 5321 allows no longer path."""
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")
_MOST_LOCAL = 64


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address that is its person's, as a code has proved."""

    address: str
    verified_at: datetime


def clean_mail_address(text: str) -> str:
    """Return an address with its domain in small letters.

    Raises:
        InvalidInput: `invalid_argument`, for what no mail server outside takes: quoted or international local parts,
            addresses in brackets, domains without a dot.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or len(text) > MOST_CHARACTERS or len(match["local"]) > _MOST_LOCAL:
        violation = FieldViolation("mail_address", "must be a mail address such as ada@example.org")
        raise InvalidInput("invalid_argument", "this is no mail address", violations=[violation])
    return f"{match['local']}@{match['domain'].lower()}"


def same_mailbox(address: str) -> str:
    """Return what two spellings of one mailbox share: hardly a server tells small letters from capitals."""
    return address.lower()


def challenge_subject(account_id: UUID, address: str) -> str:
    """Return whose limits and codes a request counts among: a person's about one address, so that nobody closes the
    code of somebody else who is asked about the same one. It has a space, which no phone number has.
    """
    return f"mail {account_id} {same_mailbox(address)}"


def taken() -> AlreadyExists:
    """Make the error of an address that is another account's; told to who has proved that it is theirs."""
    return AlreadyExists("mail_address_taken", "another account has this mail address: remove it there first")
