"""In memory: the rows of rides, offers and shifts, and what several look for in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer, OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.run import Run, RunRide, RunView
from matching_service.domain.shift import Shift
from matching_service.use_cases.reader_ports import RideMoveRecord
from matching_service.use_cases.store_ports import FeeConsent
from matching_service.use_cases.surge_ports import SurgeControlSet
from shared_kernel.money import Money


@dataclass
class SagaRow:
    """The saga's columns of a ride."""

    next_attempt_at: datetime
    leased_until: datetime | None
    attempts: int = 0
    error: str = ""


@dataclass
class AssignmentRow:
    """One row of the history of assignments."""

    ride_id: UUID
    driver_id: UUID
    assigned_at: datetime
    released_at: datetime | None = None
    run_id: UUID | None = None
    run_slot: int = 0


@dataclass
class Tables:
    """All rows; values are frozen or copied, so that a rollback puts the old ones back."""

    rides: dict[UUID, Ride] = field(default_factory=dict[UUID, Ride])
    moves: dict[UUID, list[RideMoveRecord]] = field(default_factory=dict[UUID, list[RideMoveRecord]])
    sagas: dict[UUID, SagaRow] = field(default_factory=dict[UUID, SagaRow])
    assignments: list[AssignmentRow] = field(default_factory=list[AssignmentRow])
    offers: dict[UUID, Offer] = field(default_factory=dict[UUID, Offer])
    exclusions: dict[tuple[UUID, UUID], ExclusionCause] = field(default_factory=dict[tuple[UUID, UUID], ExclusionCause])
    standings: dict[tuple[UUID, str], tuple[int, bool]] = field(
        default_factory=dict[tuple[UUID, str], tuple[int, bool]]
    )
    edits: dict[UUID, RideEdit] = field(default_factory=dict[UUID, RideEdit])
    edit_timers: dict[UUID, SagaRow] = field(default_factory=dict[UUID, SagaRow])
    runs: dict[UUID, Run] = field(default_factory=dict[UUID, Run])
    shifts: dict[UUID, Shift] = field(default_factory=dict[UUID, Shift])
    answers: list[tuple[UUID, bool]] = field(default_factory=list[tuple[UUID, bool]])
    earnings: list[tuple[UUID, Money]] = field(default_factory=list[tuple[UUID, Money]])
    headings: list[tuple[UUID, datetime]] = field(default_factory=list[tuple[UUID, datetime]])
    consents: dict[UUID, FeeConsent] = field(default_factory=dict[UUID, FeeConsent])
    keys: dict[tuple[UUID, str, str], tuple[tuple[str, ...], bytes]] = field(
        default_factory=dict[tuple[UUID, str, str], tuple[tuple[str, ...], bytes]]
    )
    fences: dict[UUID, int] = field(default_factory=dict[UUID, int])
    taken_in: set[UUID] = field(default_factory=set[UUID])
    policies: dict[tuple[str, int], PolicyVersion] = field(default_factory=dict[tuple[str, int], PolicyVersion])
    surge_controls: list[SurgeControlSet] = field(default_factory=list[SurgeControlSet])
    ratings_due: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    events: list[Event] = field(default_factory=list[Event])

    def run_of(self, driver_id: UUID) -> RunView | None:
        for run in self.runs.values():
            live = [ride for ride in self.rides.values() if ride.run_id == run.id and ride.has_driver]
            if run.driver_id == driver_id and live:
                return RunView(run, tuple(map(_run_ride, sorted(live, key=lambda ride: ride.run_slot or 0))))
        return None

    def open_offers(self) -> list[Offer]:
        return [offer for offer in self.offers.values() if offer.state is OfferState.OPEN]

    def open_shift(self, driver_id: UUID) -> Shift | None:
        mine = (shift for shift in self.shifts.values() if shift.driver_id == driver_id and shift.ended_at is None)
        return next(mine, None)


def _run_ride(ride: Ride) -> RunRide:
    assert ride.sharing is not None
    assert ride.run_slot is not None
    assert ride.assigned_at is not None
    return RunRide(
        ride.id,
        ride.state,
        ride.run_slot,
        ride.passengers,
        ride.pickup,
        ride.dropoff,
        ride.sharing,
        ride.assigned_at,
        ride.pickup_eta_seconds or 0,
        ride.started_at,
    )
