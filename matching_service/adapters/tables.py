"""The tables of matching_service. What must never be true at once, the unique indexes and checks refuse."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.database import new_metadata
from chassis.dead_letters import dead_letter_table
from chassis.idempotency import idempotency_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table
from matching_service.adapters.complaint_table import complaint_table
from matching_service.adapters.edit_rows import edit_table
from matching_service.adapters.postgres_quotes import quote_table
from matching_service.adapters.promotion_tables import promotion_table, redemption_table, try_table
from matching_service.domain.city import VehicleClass
from matching_service.domain.delivery import DeliveryFailure, ProofKind
from matching_service.domain.destination_values import MOST_SECONDS, QUARTERS
from matching_service.domain.explanation import Fate
from matching_service.domain.offer import MAX_BROADCAST_OFFERS, ExclusionCause, OfferState
from matching_service.domain.pooling import MAX_PARTIES
from matching_service.domain.rating import MAX_COMMENT_LENGTH, RatedPart
from matching_service.domain.ride_kind import Capability, RideKind
from matching_service.domain.ride_states import (
    ACTIVE_STATES,
    DISPATCHED_STATES,
    DRIVER_STATES,
    INITIAL_STATES,
    LIVE_STATES,
    OWED_PAYMENT_STATES,
    PaymentState,
    RideState,
)
from matching_service.domain.share import MAX_SENT
from matching_service.domain.shift import MAX_BREAK_SECONDS, EndReason
from matching_service.domain.stops import StopState
from matching_service.domain.terms import Funding
from matching_service.domain.trip_watch import MOST_ALERTS, AlertKind


def _among(column: str, values: frozenset[RideState] | frozenset[PaymentState] | type[StrEnum]) -> str:
    listed = ", ".join(f"'{value}'" for value in sorted(str(value) for value in values))
    return f"{column} IN ({listed})"


metadata = new_metadata()

quotes = quote_table(metadata)
outbox = outbox_table(metadata)
idempotency_keys = idempotency_table(metadata)
inbox_events = inbox_table(metadata)
dead_letters = dead_letter_table(metadata)
complaints = complaint_table(metadata)
promotions = promotion_table(metadata)
promotion_redemptions = redemption_table(metadata)
promotion_tries = try_table(metadata)

legal_ride_moves = Table(
    "legal_ride_move",
    metadata,
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    PrimaryKeyConstraint("from_state", "to_state"),
    comment="The state machine of rides as the database holds it: ride_states.TRANSITIONS",
)

runs = Table(
    "run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("parties", Integer, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("plan", JSONB, nullable=False, server_default=text("'[]'")),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    UniqueConstraint("id", "driver_id"),
    CheckConstraint(f"parties BETWEEN 1 AND {MAX_PARTIES}", "parties"),
    CheckConstraint("seats > 0", "seats"),
    CheckConstraint("closed_at >= opened_at", "closed_after_opened"),
    Index("uq_run_open_driver", "driver_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    comment="What a driver has taken on; opened and closed by triggers on ride, so whoever binds a driver has one",
)

rides = Table(
    "ride",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("state", Text, nullable=False),
    Column("payment_state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("rider_id", Uuid, nullable=False),
    Column("rider_name", Text, nullable=False),
    Column("quote_id", Uuid, nullable=False),
    # Empty and 0 for rides of the time before cities had keys and versions.
    Column("city", Text, nullable=False, server_default=text("''")),
    Column("policy_version", Integer, nullable=False, server_default=text("0")),
    # A default, so that replicas of the release before go on asking for rides by card while this one is rolled out.
    Column("funding", Text, nullable=False, server_default=text("'card'")),
    Column("payment_method_id", Uuid),
    Column("product", Text, nullable=False),
    # Of the pickup. Rides that a replica of the release before asked for have none until a matcher sees them.
    Column("shard", Text),
    Column("pickup_latitude", Float(53), nullable=False),
    Column("pickup_longitude", Float(53), nullable=False),
    Column("pickup_address", Text, nullable=False),
    Column("dropoff_latitude", Float(53), nullable=False),
    Column("dropoff_longitude", Float(53), nullable=False),
    Column("dropoff_address", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("fare_total_minor", BigInteger, nullable=False),
    Column("fare_lines", JSONB, nullable=False),
    Column("fee_kind", Text),
    Column("fee_minor", BigInteger),
    Column("distance_meters", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("start_pin", Text, nullable=False),
    Column("pin_failures", Integer, nullable=False, server_default=text("0")),
    Column("driver_id", Uuid),
    Column("driver_name", Text),
    Column("vehicle_model", Text),
    Column("vehicle_color", Text),
    Column("vehicle_plate", Text),
    Column("pickup_eta_seconds", Integer),
    Column("promised_pickup_at", DateTime(timezone=True)),
    Column("swap_count", Integer, nullable=False, server_default=text("0")),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    Column("search_until", DateTime(timezone=True), nullable=False),
    Column("assigned_at", DateTime(timezone=True)),
    Column("arrived_at", DateTime(timezone=True)),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("words", Text, nullable=False, server_default=text("''")),
    Column("passengers", Integer, nullable=False, server_default=text("1")),
    # How many rows of ride_stop there are: most rides have none, and then none are looked for.
    Column("stop_count", Integer, nullable=False, server_default=text("0")),
    Column("trip_seconds", Integer, nullable=False, server_default=text("0")),
    Column("surge_permille", Integer, nullable=False, server_default=text("1000")),
    # A default, so that replicas of the release before go on asking for private rides.
    Column("kind", Text, nullable=False, server_default=text("'private'")),
    # Of a delivery alone: what was ordered, the recipient's PIN, and how it ended.
    Column("delivery", JSONB(none_as_null=True)),
    Column("hand_over_pin", Text),
    Column("hand_over_failures", Integer, nullable=False, server_default=text("0")),
    Column("proof_kind", Text),
    Column("proof_reference", Text),
    Column("delivery_failure", Text),
    Column("held_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("route_version", Integer, nullable=False, server_default=text("1")),
    Column("driven_meters", Integer, nullable=False, server_default=text("0")),
    Column("driven_seconds", Integer, nullable=False, server_default=text("0")),
    Column("driven_to_latitude", Float(53)),
    Column("driven_to_longitude", Float(53)),
    Column("driven_at", DateTime(timezone=True)),
    # Of a ride that was asked for ahead: its time, and what is to be seen to before; timer_at is the next of these.
    # No two of a rider overlap: the exclusion constraint ex_ride_schedule, which the migration makes.
    Column("pickup_at", DateTime(timezone=True)),
    Column("hold_at", DateTime(timezone=True)),
    Column("remind_at", DateTime(timezone=True)),
    Column("dispatch_at", DateTime(timezone=True)),
    Column("timer_at", DateTime(timezone=True)),
    Column("sharing", JSONB(none_as_null=True)),
    # Filled in by a trigger where whoever binds the driver does not: a run of its own.
    Column("run_id", Uuid),
    Column("run_slot", Integer),
    # Of a rider who redeemed it; its terms stand in `terms`, what it takes off in the fare and here.
    Column("promotion_id", Uuid),
    Column("promotion_minor", BigInteger, nullable=False, server_default=text("0")),
    # The saga: a step is owed while the payment is pending, and then there is a time for the next attempt.
    Column("saga_next_attempt_at", DateTime(timezone=True)),
    Column("saga_leased_until", DateTime(timezone=True)),
    Column("saga_attempts", Integer, nullable=False, server_default=text("0")),
    Column("saga_error", Text, nullable=False, server_default=text("''")),
    # Of the request for the ride: what is done about it later shows in that trace.
    Column("traceparent", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("quote_id"),
    CheckConstraint(_among("state", RideState), "state"),
    CheckConstraint(_among("payment_state", PaymentState), "payment_state"),
    CheckConstraint(_among("funding", Funding), "funding"),
    CheckConstraint("(funding = 'card') = (payment_method_id IS NOT NULL)", "card_named"),
    CheckConstraint("swap_count BETWEEN 0 AND 10", "swap_count"),
    CheckConstraint("start_pin ~ '^[0-9]{4}$'", "start_pin"),
    CheckConstraint(_among("kind", RideKind), "kind"),
    CheckConstraint(
        "(kind = 'delivery') = (delivery IS NOT NULL) AND (kind = 'delivery') = (hand_over_pin IS NOT NULL)",
        "order_of_a_delivery",
    ),
    CheckConstraint("hand_over_pin ~ '^[0-9]{4}$'", "hand_over_pin"),
    CheckConstraint(_among("proof_kind", ProofKind), "proof_kind"),
    CheckConstraint("(proof_kind IS NULL) = (proof_reference IS NULL)", "proof_whole"),
    CheckConstraint("kind <> 'delivery' OR state <> 'completed' OR proof_kind IS NOT NULL", "delivered_with_proof"),
    CheckConstraint("(kind = 'pooled') = (sharing IS NOT NULL)", "sharing_of_a_pooled_ride"),
    ForeignKeyConstraint(["run_id", "driver_id"], ["run.id", "run.driver_id"], name="fk_ride_run"),
    CheckConstraint("(run_id IS NULL) = (run_slot IS NULL)", "run_whole"),
    ForeignKeyConstraint(
        ["promotion_id", "rider_id"],
        ["promotion_redemption.promotion_id", "promotion_redemption.rider_id"],
        name="fk_ride_promotion",
    ),
    CheckConstraint("promotion_minor = 0 OR (promotion_minor > 0 AND promotion_id IS NOT NULL)", "promotion"),
    CheckConstraint(f"NOT ({_among('state', DRIVER_STATES)}) OR run_id IS NOT NULL", "driver_on_a_run"),
    CheckConstraint("run_slot >= 0 AND (kind = 'pooled' OR run_slot = 0)", "run_slot"),
    CheckConstraint(_among("delivery_failure", DeliveryFailure), "delivery_failure"),
    CheckConstraint(
        "state NOT IN ('returning', 'returned') OR (kind = 'delivery' AND delivery_failure IS NOT NULL)",
        "returns_a_failed_delivery",
    ),
    CheckConstraint("fare_total_minor > 0", "fare_above_zero"),
    CheckConstraint("fee_minor > 0 AND fee_minor <= fare_total_minor", "fee_within_fare"),
    CheckConstraint("(fee_kind IS NULL) = (fee_minor IS NULL)", "fee_whole"),
    CheckConstraint(f"NOT ({_among('state', DRIVER_STATES)}) OR driver_id IS NOT NULL", "driver_bound"),
    CheckConstraint(f"({_among('state', LIVE_STATES)}) = (ended_at IS NULL)", "ended"),
    CheckConstraint(
        f"({_among('payment_state', OWED_PAYMENT_STATES)}) = (saga_next_attempt_at IS NOT NULL)", "saga_step_owed"
    ),
    CheckConstraint("payment_state <> 'capture_pending' OR driver_id IS NOT NULL", "capture_has_a_driver"),
    CheckConstraint("passengers > 0", "passengers"),
    CheckConstraint("stop_count >= 0", "stop_count"),
    CheckConstraint("held_minor >= 0", "held_not_negative"),
    CheckConstraint("(state = 'scheduled') = (timer_at IS NOT NULL)", "timer_while_scheduled"),
    CheckConstraint("(pickup_at IS NULL) = (dispatch_at IS NULL)", "schedule_whole"),
    CheckConstraint("timer_at IS NULL OR pickup_at IS NOT NULL", "timer_of_a_schedule"),
    CheckConstraint("payment_state <> 'hold_not_due' OR state = 'scheduled'", "hold_due_once_begun"),
    # Whoever rides has one ride at a time; orders may be under way beside it.
    Index(
        "uq_ride_live_rider",
        "rider_id",
        unique=True,
        postgresql_where=text(f"{_among('state', ACTIVE_STATES)} AND kind <> 'delivery'"),
    ),
    # Of rides that share no vehicle; of all, a driver's one open run with a slot a ride.
    Index(
        "uq_ride_live_driver",
        "driver_id",
        unique=True,
        postgresql_where=text(f"{_among('state', DRIVER_STATES)} AND kind <> 'pooled'"),
    ),
    Index(
        "uq_ride_live_run_slot",
        "run_id",
        "run_slot",
        unique=True,
        postgresql_where=text(_among("state", DRIVER_STATES)),
    ),
    Index("ix_ride_run", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    Index("ix_ride_promotion", "promotion_id", "rider_id", postgresql_where=text("promotion_id IS NOT NULL")),
    Index("ix_ride_rider", "rider_id", "id"),
    Index("ix_ride_driver", "driver_id", "id", postgresql_where=text("driver_id IS NOT NULL")),
    Index("ix_ride_requested_at", "requested_at"),
    Index("ix_ride_completed_at", "ended_at", postgresql_where=text("state = 'completed'")),
    Index("ix_ride_waiting", "state", "search_until", postgresql_where=text("state IN ('requested', 'matching')")),
    Index("ix_ride_shard_dispatched", "shard", postgresql_where=text(_among("state", DISPATCHED_STATES))),
    Index("ix_ride_timer", "timer_at", postgresql_where=text("timer_at IS NOT NULL")),
    Index("ix_ride_saga", "saga_next_attempt_at", postgresql_where=text("saga_next_attempt_at IS NOT NULL")),
)

city_policies = Table(
    "city_policy",
    metadata,
    Column("city", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_at", DateTime(timezone=True), nullable=False),
    Column("document", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("made_by", Uuid),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("city", "version"),
    CheckConstraint("version > 0", "version_counts"),
    CheckConstraint("effective_at >= made_at", "not_in_the_past"),
    comment="Append-only: what a city charged when can be told for ever. made_by is null for the city's file",
)

ride_stops = Table(
    "ride_stop",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("latitude", Float(53), nullable=False),
    Column("longitude", Float(53), nullable=False),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reached_at", DateTime(timezone=True)),
    Column("left_at", DateTime(timezone=True)),
    UniqueConstraint("ride_id", "position", deferrable=True, initially="DEFERRED"),
    CheckConstraint(_among("state", StopState), "state"),
    CheckConstraint("position > 0", "position"),
    CheckConstraint("(state IN ('reached', 'left')) = (reached_at IS NOT NULL)", "reached"),
    CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", "left"),
    CheckConstraint("left_at >= reached_at", "left_after_reached"),
    # A driver waits at one stop at a time.
    Index("uq_ride_stop_reached", "ride_id", unique=True, postgresql_where=text("state = 'reached'")),
    comment="The stops between a ride's pickup and its dropoff, in the order of their positions",
)

travel_times = Table(
    "travel_times",
    metadata,
    Column("provider", Text, nullable=False),
    Column("map_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("learned_at", DateTime(timezone=True), nullable=False),
    Column("trips", Integer, nullable=False),
    Column("error_before", Float(53), nullable=False),
    Column("error_after", Float(53), nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("start_seconds", Float(53), nullable=False),
    Column("factors", ARRAY(Float(53)), nullable=False),
    PrimaryKeyConstraint("provider", "map_id", "version"),
    CheckConstraint("version > 0", "version_counts"),
    CheckConstraint("trips > 0", "taught"),
    CheckConstraint("start_seconds BETWEEN 0 AND 3600", "start_bounded"),
    # One for each hour of the week, every one above zero: what no hour of travel can be stretched by.
    CheckConstraint(
        "cardinality(factors) = 168 AND array_position(factors, NULL) IS NULL"
        " AND 0 < ALL (factors) AND 100 > ALL (factors)",
        "factors_whole",
    ),
    comment="Append-only: what trips taught of travel times; of a provider and map the newest in force counts",
)

ride_edits = edit_table(metadata)

destination_values = Table(
    "destination_value",
    metadata,
    Column("city", Text, nullable=False),
    Column("cell", Text, nullable=False),
    Column("quarter", SmallInteger, nullable=False),
    Column("extra_idle_seconds", Float(53), nullable=False),
    Column("learned_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("city", "cell", "quarter"),
    CheckConstraint(f"quarter BETWEEN 0 AND {QUARTERS - 1}", "quarter"),
    CheckConstraint(f"abs(extra_idle_seconds) <= {MOST_SECONDS:.0f}", "seconds"),
    comment="How much longer than the city's mean drivers wait for the next passenger, by where and when",
)

surge_controls = Table(
    "surge_control",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("city", Text, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("cap_permille", Integer),
    Column("made_by", Uuid, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("cap_permille >= 1000", "cap_at_least_none"),
    Index("ix_surge_control_city", "city", "id"),
    comment="Append-only: the newest of a city holds",
)

ride_transitions = Table(
    "ride_transition",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("driver_id", Uuid),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("ride_id", "version"),
    ForeignKeyConstraint(
        ["from_state", "to_state"],
        ["legal_ride_move.from_state", "legal_ride_move.to_state"],
        name="fk_ride_transition_legal_ride_move",
    ),
    CheckConstraint(f"from_state IS NOT NULL OR {_among('to_state', INITIAL_STATES)}", "begins_requested"),
    comment="Written by a trigger on ride, so that no move of a ride goes unrecorded or unjudged",
)

assignments = Table(
    "assignment",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True)),
    # Copied from the ride by a trigger.
    Column("run_id", Uuid),
    Column("run_slot", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("released_at >= assigned_at", "released_after_assigned"),
    Index("uq_assignment_open_ride", "ride_id", unique=True, postgresql_where=text("released_at IS NULL")),
    Index(
        "uq_assignment_open_driver",
        "driver_id",
        "run_slot",
        unique=True,
        postgresql_where=text("released_at IS NULL"),
    ),
    Index("ix_assignment_driver", "driver_id", "assigned_at"),
    Index("ix_assignment_ride", "ride_id", "assigned_at"),
    Index("ix_assignment_released_at", "released_at"),
)

offers = Table(
    "offer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("pickup_eta_seconds", Integer, nullable=False),
    Column("cost", Float(53), nullable=False),
    Column("earnings_minor", BigInteger, nullable=False),
    # Of a pooled ride that joins a run.
    Column("run_id", Uuid),
    Column("plan", JSONB(none_as_null=True)),
    # The assignment an accepted offer became is over: the ride was given back.
    Column("given_back", Boolean, nullable=False, server_default=text("false")),
    # 0 for a ride's only offer; offers of a broadcast, which are open together, are numbered from 1 on.
    Column("slot", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint(_among("state", OfferState), "state"),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", "closed"),
    Index("uq_offer_open_driver", "driver_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("uq_offer_open_ride", "ride_id", unique=True, postgresql_where=text("state = 'open' AND slot = 0")),
    Index("uq_offer_open_slot", "ride_id", "slot", unique=True, postgresql_where=text("state = 'open' AND slot > 0")),
    CheckConstraint(f"slot BETWEEN 0 AND {MAX_BROADCAST_OFFERS}", "slot"),
    Index(
        "uq_offer_accepted_ride",
        "ride_id",
        unique=True,
        postgresql_where=text("state = 'accepted' AND NOT given_back"),
    ),
    Index("ix_offer_ride", "ride_id", "created_at"),
    Index("ix_offer_due", "expires_at", postgresql_where=text("state = 'open'")),
)

exclusions = Table(
    "ride_exclusion",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("excluded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("ride_id", "driver_id"),
    CheckConstraint(_among("cause", ExclusionCause), "cause"),
)

driver_standings = Table(
    "driver_standing",
    metadata,
    Column("driver_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("cash_allowed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("driver_id", "currency_code"),
    Index("ix_driver_standing_no_cash", "currency_code", "driver_id", postgresql_where=text("NOT cash_allowed")),
    comment="What payment_service told last of each driver; one that it never spoke of may take cash",
)

shifts = Table(
    "shift",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("driver_name", Text, nullable=False),
    Column("vehicle_model", Text, nullable=False),
    Column("vehicle_color", Text, nullable=False),
    Column("vehicle_plate", Text, nullable=False),
    Column("vehicle_class", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ends_after_ride", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("last_ride", Boolean, nullable=False, server_default=text("false")),
    Column("break_since", DateTime(timezone=True)),
    Column("break_until", DateTime(timezone=True)),
    Column("heading_latitude", Float(53)),
    Column("heading_longitude", Float(53)),
    Column("silent_since", DateTime(timezone=True)),
    Column("silent_until", DateTime(timezone=True)),
    Column("end_reason", Text),
    Column("paused_seconds", Integer, nullable=False, server_default=text("0")),
    # The shift in figures, for dispatch: counted by statements of their own, not with the rest of the row.
    Column("earned_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("earned_currency_code", Text),
    Column("offers_accepted", Integer, nullable=False, server_default=text("0")),
    Column("offers_missed", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("paused_seconds >= 0", "paused"),
    CheckConstraint("earned_minor >= 0 AND offers_accepted >= 0 AND offers_missed >= 0", "figures"),
    CheckConstraint("earned_currency_code IS NOT NULL OR earned_minor = 0", "earned_in_a_currency"),
    CheckConstraint(_among("vehicle_class", VehicleClass), "vehicle_class"),
    CheckConstraint(_among("end_reason", EndReason), "end_reason"),
    CheckConstraint("(break_since IS NULL) = (break_until IS NULL)", "break_whole"),
    CheckConstraint(f"break_until <= break_since + interval '{MAX_BREAK_SECONDS} seconds'", "break_bounded"),
    CheckConstraint("(heading_latitude IS NULL) = (heading_longitude IS NULL)", "heading_whole"),
    CheckConstraint("(silent_since IS NULL) = (silent_until IS NULL)", "silence_whole"),
    Index("ix_shift_break", "break_until", postgresql_where=text("ended_at IS NULL AND break_until IS NOT NULL")),
    Index("ix_shift_silent", "silent_until", postgresql_where=text("ended_at IS NULL AND silent_until IS NOT NULL")),
    Index("ix_shift_heading", "driver_id", postgresql_where=text("ended_at IS NULL AND heading_latitude IS NOT NULL")),
    Column("capabilities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    CheckConstraint(
        "capabilities <@ ARRAY[" + ", ".join(f"'{name}'" for name in sorted(Capability)) + "]", "capabilities"
    ),
    Index("uq_shift_open_driver", "driver_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_shift_driver", "driver_id", "id"),
)

shift_headings = Table(
    "shift_heading",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("driver_id", Uuid, nullable=False),
    Column("latitude", Float(53), nullable=False),
    Column("longitude", Float(53), nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False),
    Index("ix_shift_heading_driver", "driver_id", "set_at"),
    Index("ix_shift_heading_set_at", "set_at"),
    comment="Each destination that a driver set to go home by, for the limit a day; kept for two days",
)

matchers = Table(
    "matcher",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_matcher_expires_at", "expires_at"),
    comment="The processes that dispatch, by the heartbeat of each life of them",
)

shard_leases = Table(
    "shard_lease",
    metadata,
    Column("shard", Text, primary_key=True),
    Column("owner_id", Uuid),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("fence > 0", "fence_above_zero"),
    # Makes the fence a part of a key: to change it takes a lock that an offer's FOR KEY SHARE holds off, to renew the
    # lease does not.
    UniqueConstraint("shard", "fence"),
    comment="Which matcher dispatches which shard; a trigger lets the fence grow alone",
)

dispatch_traces = Table(
    "dispatch_trace",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ride_id", Uuid, nullable=False),
    Column("ticked_at", DateTime(timezone=True), nullable=False),
    Column("fate", Text, nullable=False),
    Column("driver_id", Uuid),
    Column("waited_seconds", Integer, nullable=False),
    Column("drivers_seen", Integer, nullable=False),
    Column("drivers_free", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("candidates", JSONB, nullable=False),
    CheckConstraint(_among("fate", Fate), "fate"),
    Index("ix_dispatch_trace_ride", "ride_id", "id"),
    Index("ix_dispatch_trace_ticked_at", "ticked_at"),
    comment="Why dispatch did what it did, for operators; judges nothing, is kept for three days, and may be lost",
)

cancel_consents = Table(
    "cancel_consent",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("token", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

ride_shares = Table(
    "ride_share",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # How often it was sent to trusted contacts.
    Column("sent_count", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint("octet_length(token_hash) = 32", name="hash"),
    CheckConstraint(f"sent_count BETWEEN 0 AND {MAX_SENT}", name="sent"),
    CheckConstraint("expires_at > created_at", name="lives"),
    Index("uq_ride_share_token_hash", "token_hash", unique=True),
    Index("ix_ride_share_expires_at", "expires_at"),
)

trip_watches = Table(
    "trip_watch",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), primary_key=True),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("still_latitude", Float(53), nullable=False),
    Column("still_longitude", Float(53), nullable=False),
    Column("still_since", DateTime(timezone=True), nullable=False),
    Column("still_told", Boolean, nullable=False),
    Column("stray_since", DateTime(timezone=True)),
    Column("stray_told", Boolean, nullable=False),
    CheckConstraint("stray_since IS NOT NULL OR NOT stray_told", name="stray"),
    Index("ix_trip_watch_began_at", "began_at"),
    comment="What is remembered of trips under way between two looks at them",
)

trip_alerts = Table(
    "trip_alert",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("rider_id", Uuid, nullable=False),
    Column("driver_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    # Of the ride's alerts of its kind.
    Column("number", SmallInteger, nullable=False),
    Column("latitude", Float(53), nullable=False),
    Column("longitude", Float(53), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(_among("kind", AlertKind), name="kind"),
    CheckConstraint(f"number BETWEEN 1 AND {MOST_ALERTS}", name="number"),
    UniqueConstraint("ride_id", "kind", "number"),
    UniqueConstraint("ride_id", "kind", "since"),
    Index("ix_trip_alert_raised_at", "raised_at"),
    comment="Trips that left their way or stood still, as their riders were asked",
)

ride_ratings = Table(
    "ride_rating",
    metadata,
    Column("ride_id", Uuid, ForeignKey("ride.id"), nullable=False),
    Column("rated_part", Text, nullable=False),
    Column("rated_id", Uuid, nullable=False),
    Column("rater_id", Uuid, nullable=False),
    Column("stars", SmallInteger, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("ride_id", "rated_part"),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    CheckConstraint(f"char_length(comment) <= {MAX_COMMENT_LENGTH}", name="comment"),
    CheckConstraint(_among("rated_part", RatedPart), name="rated_part"),
    Index("ix_ride_rating_rated", "rated_id", "rated_part", "created_at"),
)
