"""Refusals as clients of payment_service see them."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.rpc import error_details_pb2, status_pb2

from tests.integration.payment.bad_input import Told


@dataclass(frozen=True)
class Refusal:
    """A refusal as a client sees it."""

    told: Told
    retry: bool


async def refusal_of(call: Awaitable[Any]) -> Refusal | None:
    """Return how a call is refused, None if it is not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return read_refusal(error)
    return None


def read_refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """Read a google.rpc.Status of ours; a refusal without one has no reason of ours either."""
    metadata = dict(cast("Any", error.trailing_metadata() or ()))
    if "grpc-status-details-bin" not in metadata:
        return Refusal(Told(error.code().name, error.details() or ""), False)
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    retries = False
    for detail in status.details:
        _ = detail.Unpack(info) or detail.Unpack(bad)
        retries |= detail.Unpack(retry)
    assert (info.domain, status.message) == ("jitney", error.details())
    assert all(item.description for item in bad.field_violations)
    return Refusal(Told(error.code().name, info.reason, tuple(item.field for item in bad.field_violations)), retries)


def complaint(refusal: Refusal | None, wanted: Told) -> str | None:
    """Say what is not as it should be with a refusal; what it names beside the wanted fields is not looked at."""
    if refusal is None:
        return f"was not refused with {wanted.reason}"
    told = refusal.told
    as_wanted = (told.code, told.reason) == (wanted.code, wanted.reason) and set(wanted.fields) <= set(told.fields)
    return None if as_wanted else f"was told {told}, and not {wanted}"
