"""A person's export that comes packed: unpacked whole, and no further than its bound."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from chassis.personal_data import MAX_EXPORT_BYTES
from rider_api.schemas.privacy import account_export
from ridesharing.identity.v1 import privacy_service_pb2 as pb
from shared_kernel.errors import Conflict


def packed(document: bytes) -> pb.ExportAccountResponse:
    return pb.ExportAccountResponse(packed_document=gzip.compress(document, 1))


def test_an_export_of_as_much_as_may_be_is_unpacked_whole() -> None:
    words = "x" * (MAX_EXPORT_BYTES - len('{"a": ""}'))
    assert account_export(packed(f'{{"a": "{words}"}}'.encode())).document == {"a": words}


def test_an_export_that_unpacks_to_more_is_refused_before_it_is_in_memory() -> None:
    message = packed(b" " * (4 * MAX_EXPORT_BYTES) + b"{}")
    tracemalloc.start()
    try:
        with pytest.raises(Conflict) as refused:
            account_export(message)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.reason == "export_too_large"
    assert most_bytes < 3 * MAX_EXPORT_BYTES


def test_an_export_that_is_cut_off_is_not_taken_for_a_whole_one() -> None:
    message = packed(b'{"a": "b"}')
    message.packed_document = message.packed_document[:-9]
    with pytest.raises(ValueError, match="cut off"):
        account_export(message)


def test_an_export_that_stands_plain_is_read_as_it_is() -> None:
    assert account_export(pb.ExportAccountResponse(document='{"a": 1}')).document == {"a": 1}
