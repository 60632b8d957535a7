"""URLs of Redis: what each kind says, and what is refused at the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.live_entries import STRANDS, strand_of, stream_key
from chassis.redis_urls import RedisKind, RedisPlace, read_redis_url
from chassis.settings import ChassisSettings


@pytest.mark.parametrize("url", ["redis://:p@h:1/3", "rediss://h:1?ssl_ca_certs=/ca.crt", "unix:///run/redis.sock"])
def test_a_url_of_one_server_is_left_to_the_library(url: str) -> None:
    assert read_redis_url(url) == RedisPlace(RedisKind.SERVER, url)


def test_a_cluster_is_named_by_some_of_its_nodes() -> None:
    place = read_redis_url("redis+cluster://:se%40cret@a.internal:7000,[::1]:7001,b:7002")
    assert place.kind is RedisKind.CLUSTER
    assert place.nodes == (("a.internal", 7000), ("::1", 7001), ("b", 7002))
    assert place.access == {"password": "se@cret"}


def test_sentinels_name_a_service_and_have_a_password_of_their_own() -> None:
    url = "rediss+sentinel://app:pw@a:26379,b:26379/my%20rides/2?sentinel_password=sp&ssl_ca_certs=/ca.crt"
    place = read_redis_url(url)
    tls = {"ssl": True, "ssl_ca_certs": "/ca.crt"}
    assert (place.kind, place.service, place.database) == (RedisKind.SENTINEL, "my rides", 2)
    assert place.access == {**tls, "username": "app", "password": "pw"}
    assert place.sentinel_access == {**tls, "password": "sp"}


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(read_redis_url("redis+cluster://:s3cret@a:1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://a:1",
        "redis+ring://a:1",
        "redis+cluster://a",
        "redis+cluster://a:1,",
        "redis+cluster://a:0",
        "redis+cluster://a:1/1",
        "redis+cluster://a:1?timeout=5",
        "redis+sentinel://a:1",
        "redis+sentinel://a:1/rides/x",
        "redis+sentinel://a:1/rides/1/2",
    ],
)
def test_what_names_no_redis_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="redis_url"):
        ChassisSettings(jwks_file=Path("/keys"), redis_url=url)


def test_a_strand_lies_in_one_slot_and_others_are_used_evenly() -> None:
    accounts = [f"01890a5d-ac96-774b-bcce-{number:012x}" for number in range(3200)]
    counts = [sum(strand_of(account) == strand for account in accounts) for strand in range(STRANDS)]
    assert 50 < min(counts) <= max(counts) < 150
    assert stream_key(accounts[7]) == f"live:{{{strand_of(accounts[7])}}}:{accounts[7]}"
