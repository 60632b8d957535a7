"""The page about the states of a ride says what the table says."""

from matching_service.domain.ride_states import TRANSITIONS
from tools import ride_states


def test_the_committed_page_is_what_the_table_says():
    assert ride_states.main(["--check"]) == 0


def test_the_page_shows_every_move():
    page = ride_states.draw()
    assert all(f"    {item.source} --> {item.target}: {item.move}\n" in page for item in TRANSITIONS)
