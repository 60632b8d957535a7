"""A person's export as a message: plain, packed, or too large."""

from __future__ import annotations

import gzip
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.auth import ANONYMOUS, Actor, Role, set_current_actor
from chassis.personal_data import MAX_EXPORT_BYTES
from chassis.server import MAX_MESSAGE_BYTES
from identity_service.entrypoints.privacy_servicer import PrivacyServicer
from identity_service.use_cases.erase_account import EraseAccount
from ridesharing.identity.v1 import privacy_service_pb2 as pb
from shared_kernel.errors import Conflict

RIDER_ID = UUID(int=7)


class Kept:
    """All that is kept of somebody."""

    def __init__(self, document: bytes) -> None:
        self._document = document

    async def export(self, account_id: UUID) -> bytes:
        assert account_id == RIDER_ID
        return self._document


async def export(document: bytes) -> pb.ExportAccountResponse:
    servicer = PrivacyServicer(cast("EraseAccount", Kept(document)))
    set_current_actor(Actor(Role.RIDER, str(RIDER_ID), "token", "jitney"))
    try:
        return await servicer.ExportAccount(pb.ExportAccountRequest(), cast("Any", None))
    finally:
        set_current_actor(ANONYMOUS)


async def test_what_one_message_holds_is_told_as_it_is_and_what_is_more_packed() -> None:
    assert await export(b"{}") == pb.ExportAccountResponse(document="{}")
    more = b"{}".ljust(MAX_MESSAGE_BYTES)
    assert gzip.decompress((await export(more)).packed_document) == more


async def test_what_nobody_could_unpack_is_refused_however_small_it_packs() -> None:
    assert (await export(b"{}".ljust(MAX_EXPORT_BYTES))).packed_document
    with pytest.raises(Conflict) as refused:
        await export(b"{}".ljust(MAX_EXPORT_BYTES + 1))
    assert refused.value.reason == "export_too_large"
