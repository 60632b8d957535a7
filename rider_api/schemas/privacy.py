"""What is kept of people, told and erased."""

from __future__ import annotations

import json
import zlib
from typing import Any

from pydantic import Field

from chassis.personal_data import MAX_EXPORT_BYTES
from rider_api.schemas.common import Answer, Request, Timestamp, public_id, timestamp
from ridesharing.identity.v1 import privacy_service_pb2
from shared_kernel.errors import Conflict

_GZIP = 16 + zlib.MAX_WBITS
"""Tells zlib that what it unpacks stands in gzip's frame."""


class ErasureReason(Request):
    """Why somebody is erased, for the record."""

    reason: str = Field(min_length=1, max_length=500, examples=["asked by letter"])


class AccountExport(Answer):
    """All that the services keep of the caller, a member for each service; ids and names are the services' own."""

    document: dict[str, Any]


class Erasure(Answer):
    """An account on its way to being nobody's."""

    account_id: str
    requested_at: Timestamp
    due_at: Timestamp = Field(description="When the services are asked to erase.")
    erased_services: list[str]
    completed_at: Timestamp | None
    last_error: str | None = Field(description="What held it up at the last attempt.")


def account_export(message: privacy_service_pb2.ExportAccountResponse) -> AccountExport:
    """Convert an export. Raises Conflict `export_too_large`."""
    packed = message.packed_document
    return AccountExport(document=json.loads(_unpacked(packed) if packed else message.document))


def _unpacked(packed: bytes) -> bytes:
    # Not gzip.decompress: four megabytes, which a message may have, can be thousands of them.
    unpacking = zlib.decompressobj(_GZIP)
    document = unpacking.decompress(packed, MAX_EXPORT_BYTES + 1)
    if len(document) > MAX_EXPORT_BYTES:
        raise Conflict("export_too_large", "there is more than can be told at once")
    if not unpacking.eof:
        raise ValueError("a packed export is cut off")
    return document


def erasure(message: privacy_service_pb2.Erasure) -> Erasure:
    """Convert an erasure."""
    return Erasure(
        account_id=public_id("acct", message.account_id),
        requested_at=timestamp(message.request_time),
        due_at=timestamp(message.due_time),
        erased_services=list(message.erased_services),
        completed_at=timestamp(message.complete_time) if message.HasField("complete_time") else None,
        last_error=message.last_error or None,
    )
