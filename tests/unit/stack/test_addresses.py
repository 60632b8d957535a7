"""Addresses to listen on."""

import pytest

from jitney.stack.addresses import Address, parse, read_addresses
from jitney.stack.problems import StackError


@pytest.mark.parametrize("text", ["8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "h:0", "h:65536"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(StackError, match=r"JITNEY_REST_LISTEN is .*it should look like 127\.0\.0\.1:8080"):
        parse("JITNEY_REST_LISTEN", text)


def test_an_address_of_all_interfaces_is_reached_through_the_local_one() -> None:
    assert parse("X", "0.0.0.0:80").local == "127.0.0.1:80"
    assert parse("X", "[::]:80").local == "[::1]:80"
    assert parse("X", "localhost:80") == Address("localhost", 80)


def test_one_port_for_two_is_refused_by_the_names_of_both() -> None:
    with pytest.raises(StackError, match="JITNEY_REST_LISTEN and JITNEY_STREAM_LISTEN name the same port, 8081"):
        read_addresses({"JITNEY_REST_LISTEN": "127.0.0.1:8081"})
