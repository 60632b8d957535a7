"""Live events on the wire, and what waits for a client."""

import asyncio
from datetime import UTC, datetime

import pytest

from chassis.auth import Actor, Role
from chassis.live_entries import EntryId, LiveEvent, live_events, read_entry_id
from chassis.live_subscription import Ending, Sign, Subscription
from rider_api.stream.frames import RESYNC, end_frame, frame, frames_of
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


def live(number: int) -> LiveEvent:
    (event,) = live_events([an_entry(f"{number}-1")])
    return event


def test_an_event_names_its_notification() -> None:
    assert live(1).notification_id == "x"


async def test_what_waits_is_taken_in_one_piece_or_so_much_of_it() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 10)
    assert all(subscription.offer(live(number)) for number in (1, 2, 3))
    assert await subscription.stirring(60)
    assert subscription.take(most=1) == ([live(1)], True)
    assert subscription.take() == ([live(2), live(3)], True)


async def test_what_waits_is_sent_before_the_end() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 10)
    subscription.offer(live(1))
    subscription.offer(Sign.RESYNC)
    subscription.end(Ending.SUPERSEDED)
    assert subscription.take(most=1) == ([live(1)], True)
    assert await subscription.stirring(60)
    assert subscription.take(most=1) == ([Sign.RESYNC], False)


async def test_who_waits_hears_of_the_first_thing_or_that_nothing_came() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 10)
    now = asyncio.get_running_loop().time()
    nothing = subscription.stirring(60)
    subscription.lapse(now + 59)
    assert not nothing.done()
    subscription.lapse(now + 61)
    assert not await nothing
    stirring, ended = subscription.stirring(60), asyncio.ensure_future(subscription.until_ended())
    subscription.offer(live(1))
    assert await stirring
    assert subscription.take() == ([live(1)], True)
    left_alone, stirring = subscription.stirring(60), subscription.stirring(60)
    assert not await left_alone
    await asyncio.sleep(0)
    assert not ended.done()
    subscription.end(Ending.GONE)
    assert await stirring
    await ended
    await subscription.until_ended()


async def test_the_first_end_counts_and_drops_what_waits_where_too_much_did() -> None:
    subscription = Subscription("a", "me", 1, (0, 0), 2)
    assert [subscription.offer(live(1)) for _ in range(3)] == [True, True, False]
    subscription.end(Ending.SLOW, drop_waiting=True)
    subscription.end(Ending.SHUTDOWN)
    assert await subscription.stirring(60)
    assert subscription.take() == ([], False)
    assert (subscription.ending, end_frame(subscription.ending)) == (Ending.SLOW, RESYNC)


def test_what_waits_is_written_in_its_order() -> None:
    written = frames_of([live(1), Sign.RESYNC])
    assert written == frame("ride_updated", "{}", (1, 1)) + RESYNC


def test_a_ticket_is_kept_by_its_hash_and_stands_for_its_actor() -> None:
    ticket = new_ticket()
    ends_at = datetime(2030, 1, 1, 0, 10, 30, tzinfo=UTC)
    actor = Actor(Role.RIDER, "01890a5d-ac96-774b-bcce-b302099a8057", "jti", "identity", ends_at=ends_at)
    assert ticket not in ticket_key(ticket)
    read = actor_of_ticket(ticket_value(actor).encode())
    assert (read.role, read.subject, read.token_id) == (actor.role, actor.subject, actor.token_id)
    assert read.ends_at == ends_at


def test_a_ticket_that_does_not_tell_when_its_token_ends_still_stands_for_its_actor() -> None:
    """As processes of before write them, while a release is rolled out."""
    read = actor_of_ticket(b'{"subject": "s", "role": "driver", "token_id": "jti"}')
    assert (read.role, read.subject, read.ends_at) == (Role.DRIVER, "s", None)
