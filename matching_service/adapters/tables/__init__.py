"""The tables of matching_service. What must never be true at once, the unique indexes and checks refuse."""

from __future__ import annotations

from chassis.dead_letters import dead_letter_table
from chassis.idempotency import idempotency_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table
from matching_service.adapters.tables.after_rides import (
    cancel_consents,
    ratings_due,
    ride_ratings,
    ride_shares,
    told_arrivals,
    trip_alerts,
    trip_watches,
)
from matching_service.adapters.tables.base import metadata
from matching_service.adapters.tables.cities import city_policies, surge_controls
from matching_service.adapters.tables.complaints import complaints
from matching_service.adapters.tables.dispatch import (
    destination_values,
    dispatch_traces,
    matchers,
    shard_leases,
    travel_times,
)
from matching_service.adapters.tables.drivers import driver_standings, shift_headings, shifts
from matching_service.adapters.tables.offers import assignments, exclusions, offers
from matching_service.adapters.tables.promotions import promotion_redemptions, promotion_tries, promotions
from matching_service.adapters.tables.quotes import quotes, ride_edits
from matching_service.adapters.tables.ride_moves import legal_ride_moves, ride_transitions, ride_words
from matching_service.adapters.tables.rides import ride_stops, rides
from matching_service.adapters.tables.runs import runs

outbox = outbox_table(metadata)
idempotency_keys = idempotency_table(metadata)
inbox_events = inbox_table(metadata)
dead_letters = dead_letter_table(metadata)

__all__ = [
    "assignments",
    "cancel_consents",
    "city_policies",
    "complaints",
    "dead_letters",
    "destination_values",
    "dispatch_traces",
    "driver_standings",
    "exclusions",
    "idempotency_keys",
    "inbox_events",
    "legal_ride_moves",
    "matchers",
    "metadata",
    "offers",
    "outbox",
    "promotion_redemptions",
    "promotion_tries",
    "promotions",
    "quotes",
    "ratings_due",
    "ride_edits",
    "ride_ratings",
    "ride_shares",
    "ride_stops",
    "ride_transitions",
    "ride_words",
    "rides",
    "runs",
    "shard_leases",
    "shift_headings",
    "shifts",
    "surge_controls",
    "told_arrivals",
    "travel_times",
    "trip_alerts",
    "trip_watches",
]
