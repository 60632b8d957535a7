"""Live events on the wire, and what waits for a client."""

from datetime import UTC, datetime

import pytest

from chassis.auth import Actor, Role
from rider_api.stream.events import EntryId, frame, live_events, read_entry_id
from rider_api.stream.subscription import Subscription
from rider_api.tickets import actor_of_ticket, new_ticket, ticket_key, ticket_value

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def an_entry(entry_id: str = "5-1", **fields: str) -> tuple[bytes, dict[bytes, bytes]]:
    values = {"id": "x", "type": "ride_updated", "data": "{}", "expires_at": "", **fields}
    return entry_id.encode(), {name.encode(): value.encode() for name, value in values.items()}


def test_a_frame_has_id_event_and_data() -> None:
    assert frame("ride_updated", '{"a":1}', (5, 1)) == b'id: 5-1\nevent: ride_updated\ndata: {"a":1}\n\n'


def test_line_breaks_cannot_smuggle_in_fields() -> None:
    assert frame("a\nid: 9-9", "x\nevent: y\r\n") == b"event: a id: 9-9\ndata: x\ndata: event: y\n\n"


@pytest.mark.parametrize(
    ("text", "expected"), [("5-1", (5, 1)), ("0-0", (0, 0)), ("5", None), ("a-b", None), ("", None)]
)
def test_only_ids_of_redis_are_ids(text: str, expected: EntryId | None) -> None:
    assert read_entry_id(text) == expected


def test_an_entry_that_is_not_well_formed_is_left_out() -> None:
    broken = (b"6-1", {b"data": b"{}"})
    naive = an_entry("7-1", expires_at="2030-01-01T00:00:00")
    assert [event.id for event in live_events([an_entry(), broken, (b"6-2", None), naive])] == [(5, 1)]


def test_an_event_matters_until_its_end() -> None:
    (event,) = live_events([an_entry(expires_at="2030-01-01T00:00:00Z")])
    assert not event.matters(NOW)
    assert event.matters(datetime(2029, 12, 31, tzinfo=UTC))
    (endless,) = live_events([an_entry()])
    assert endless.matters(NOW)


async def test_frames_that_wait_are_taken_in_one_piece() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 10)
    assert subscription.offer(b"1")
    assert subscription.offer(b"2")
    assert await subscription.take() == (b"12", True)


async def test_what_waits_is_sent_before_the_end() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 10)
    subscription.offer(b"1")
    subscription.end(b"last")
    assert await subscription.take() == (b"1last", False)


async def test_a_slow_client_has_room_for_its_end_alone() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 2)
    assert [subscription.offer(b"x") for _ in range(3)] == [True, True, False]
    subscription.end(b"resync", drop_waiting=True)
    subscription.end(b"again")
    assert await subscription.take() == (b"resync", False)


def test_a_ticket_is_kept_by_its_hash_and_stands_for_its_actor() -> None:
    ticket = new_ticket()
    actor = Actor(Role.RIDER, "01890a5d-ac96-774b-bcce-b302099a8057", "jti", "identity")
    assert ticket not in ticket_key(ticket)
    read = actor_of_ticket(ticket_value(actor).encode())
    assert (read.role, read.subject, read.token_id) == (actor.role, actor.subject, actor.token_id)
