"""Errors on the wire: DomainError to google.rpc.Status (ErrorInfo, BadRequest, RetryInfo) and back (AIP-193)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from shared_kernel.errors import (
    AlreadyExists,
    Conflict,
    DomainError,
    FieldViolation,
    InFlight,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionRefused,
    Unauthenticated,
    Unavailable,
    Unknown,
)

ERROR_DOMAIN = "jitney"
DETAILS_KEY = "grpc-status-details-bin"
_DEFAULT_RETRY_SECONDS = 0.5

_CODES: dict[type[DomainError], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    PermissionRefused: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Conflict: grpc.StatusCode.FAILED_PRECONDITION,
    AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    InFlight: grpc.StatusCode.ABORTED,
    LimitExceeded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Unknown: grpc.StatusCode.DEADLINE_EXCEEDED,
}
# INTERNAL, UNKNOWN, DATA_LOSS, CANCELLED and UNIMPLEMENTED say nothing about what was done: Unknown, like a deadline.
_KINDS: dict[grpc.StatusCode, type[DomainError]] = {code: kind for kind, code in _CODES.items()} | {
    grpc.StatusCode.OUT_OF_RANGE: InvalidInput
}


def code_of(error: DomainError) -> grpc.StatusCode:
    """Return the gRPC code of an error's kind; a subclass of a kind has its kind's code."""
    for kind in type(error).__mro__:
        code = _CODES.get(kind)
        if code is not None:
            return code
    return grpc.StatusCode.UNKNOWN


def to_status(error: DomainError) -> status_pb2.Status:
    """Write an error as a google.rpc.Status; retryable kinds say when to ask again."""
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=error.metadata)
    ]
    if error.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=item.field, description=item.description)
                    for item in error.violations
                ]
            )
        )
    retry = error.retry_after_seconds
    if retry is None and error.retryable:
        retry = _DEFAULT_RETRY_SECONDS
    if retry is not None:
        delay = Duration()
        delay.FromMilliseconds(round(retry * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    status = status_pb2.Status(code=cast("int", code_of(error).value[0]), message=error.message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def from_rpc_error(error: grpc.RpcError) -> DomainError:
    """Read the error of a failed call, from aio and sync clients alike.

    Errors that are not ours (the transport's, a proxy's) get the reason `rpc_<code>` in lower case; their text, which
    may name addresses, is left out.
    """
    call = cast("Any", error)
    code: grpc.StatusCode = call.code() if callable(getattr(error, "code", None)) else grpc.StatusCode.UNKNOWN
    kind = _KINDS.get(code, Unknown)
    reason, message = f"rpc_{code.name.lower()}", "the service that was asked did not give an answer"
    violations: list[FieldViolation] = []
    metadata: dict[str, str] = {}
    retry_after_seconds: float | None = None
    status = _status_of(call)
    if status is not None:
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(info) and info.domain == ERROR_DOMAIN:
                reason, message, metadata = info.reason, status.message, dict(info.metadata)
            elif detail.Unpack(bad):
                violations = [FieldViolation(item.field, item.description) for item in bad.field_violations]
            elif detail.Unpack(retry):
                retry_after_seconds = retry.retry_delay.ToMilliseconds() / 1000
    return kind(reason, message, violations=violations, metadata=metadata, retry_after_seconds=retry_after_seconds)


def _status_of(call: Any) -> status_pb2.Status | None:
    trailing = call.trailing_metadata() if callable(getattr(call, "trailing_metadata", None)) else None
    for key, value in trailing or ():
        if key == DETAILS_KEY:
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


@contextmanager
def rpc_errors() -> Generator[None]:
    """Turn the errors of calls made within the block into DomainErrors: `with rpc_errors(): await stub.GetRide(…)`."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
