"""Errors on the wire: every kind there and back, and strangers' errors read with care."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import status_pb2
from grpc.aio import AioRpcError, Metadata
from hypothesis import given
from hypothesis import strategies as st

from chassis.status import DETAILS_KEY, code_of, from_rpc_error, to_status
from shared_kernel import errors
from shared_kernel.errors import DomainError, FieldViolation

KINDS = [
    errors.InvalidInput,
    errors.Unauthenticated,
    errors.PermissionRefused,
    errors.NotFound,
    errors.Conflict,
    errors.AlreadyExists,
    errors.InFlight,
    errors.LimitExceeded,
    errors.Unavailable,
    errors.Unknown,
]
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


def over_the_wire(error: DomainError) -> DomainError:
    status = to_status(error)
    trailing = Metadata((DETAILS_KEY, status.SerializeToString()))
    return from_rpc_error(AioRpcError(code_of(error), Metadata(), trailing, details=status.message))


@given(
    st.sampled_from(KINDS),
    st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True),
    words,
    st.lists(st.builds(FieldViolation, words, words), max_size=3),
    st.dictionaries(words, words, max_size=3),
    st.none() | st.integers(0, 10**6).map(lambda millis: millis / 1000),
)
def test_an_error_survives_the_wire(
    kind: type[DomainError],
    reason: str,
    message: str,
    violations: list[FieldViolation],
    metadata: dict[str, str],
    retry_after_seconds: float | None,
) -> None:
    error = kind(reason, message, violations=violations, metadata=metadata, retry_after_seconds=retry_after_seconds)
    back = over_the_wire(error)

    assert type(back) is kind
    assert (back.reason, back.message, back.violations, back.metadata) == (reason, message, tuple(violations), metadata)
    if retry_after_seconds is None:
        assert (back.retry_after_seconds is not None) == kind.retryable
    else:
        assert back.retry_after_seconds == retry_after_seconds


def test_every_kind_has_a_code_of_its_own() -> None:
    assert len({code_of(kind("a", "b")) for kind in KINDS}) == len(KINDS)
    assert set(KINDS) == set(DomainError.__subclasses__())


def test_a_subclass_travels_as_its_kind() -> None:
    class CardDeclined(errors.Conflict):
        pass

    assert type(over_the_wire(CardDeclined("card_declined", "declined"))) is errors.Conflict


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.OUT_OF_RANGE, errors.InvalidInput),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.Unknown),
        (grpc.StatusCode.INTERNAL, errors.Unknown),
        (grpc.StatusCode.UNKNOWN, errors.Unknown),
        (grpc.StatusCode.CANCELLED, errors.Unknown),
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable),
        (grpc.StatusCode.UNAUTHENTICATED, errors.Unauthenticated),
    ],
)
def test_a_strangers_error_has_the_kind_of_its_code_and_none_of_its_text(
    code: grpc.StatusCode, kind: type[DomainError]
) -> None:
    error = from_rpc_error(AioRpcError(code, Metadata(), Metadata(), details="at 10.0.0.7"))

    assert type(error) is kind
    assert error.reason == f"rpc_{code.name.lower()}"
    assert "10.0.0.7" not in str(error)


def test_details_that_cannot_be_read_are_left_out() -> None:
    broken = Metadata((DETAILS_KEY, b"\xff\xff"))
    foreign = status_pb2.Status(code=9, message="no")
    foreign.details.add(type_url="type.googleapis.com/unknown.Thing", value=b"x")

    for trailing in (broken, Metadata((DETAILS_KEY, foreign.SerializeToString()))):
        error = from_rpc_error(AioRpcError(grpc.StatusCode.FAILED_PRECONDITION, Metadata(), trailing))
        assert error.reason == "rpc_failed_precondition"
