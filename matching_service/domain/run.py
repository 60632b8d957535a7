"""A run: what a driver has taken on from the first rider to the last. One open run a driver is the whole of
exclusivity: a private ride or a delivery is a run of its own, parties who share a vehicle are slots of one run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from matching_service.domain.city import Product, SharingPolicy
from matching_service.domain.pooling import Party, PlanStop, StopAction, pending
from matching_service.domain.quote import Place
from matching_service.domain.ride_states import RideState

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the rider of a pooled ride agreed to, kept with the ride when the city's policy changes."""

    direct_seconds: int
    """The ride alone, as it was quoted."""
    max_detour_seconds: int
    """How much longer the ride may become for others."""
    max_wait_seconds: int
    """How much later the pickup may become, for others who come along after the driver accepted."""
    parties: int
    """How many share the vehicle at most."""
    seats: int
    """Of the vehicle."""

    @classmethod
    def of(cls, product: Product, direct_seconds: int) -> Self | None:
        """Take the terms of a pooled product for a ride; None for a product of another kind."""
        policy = product.sharing
        if policy is None:
            return None
        detour = max_detour_seconds(policy, direct_seconds)
        return cls(direct_seconds, detour, policy.max_wait_seconds, policy.parties, product.seats)

    @property
    def max_ride_seconds(self) -> int:
        """How long the ride may take in all."""
        return self.direct_seconds + self.max_detour_seconds


def max_detour_seconds(policy: SharingPolicy, direct_seconds: int) -> int:
    """Return how much longer a ride may become: a share of it, and no more than so much; rounded down."""
    return min(direct_seconds * policy.max_detour_basis_points // BASIS_POINTS, policy.max_detour_seconds)


@dataclass(frozen=True, slots=True)
class Run:
    """A driver's run, as the store keeps it. `plan` may name stops that are past; `pending` leaves them out."""

    id: UUID
    driver_id: UUID
    parties: int
    seats: int
    opened_at: datetime
    plan: tuple[PlanStop, ...] = ()

    def with_plan(self, plan: tuple[PlanStop, ...]) -> Run:
        """Change the order of stops."""
        return replace(self, plan=plan)


@dataclass(frozen=True, slots=True)
class RunRide:
    """A live ride of a run, as planning sees it."""

    ride_id: UUID
    state: RideState
    slot: int
    passengers: int
    pickup: Place
    dropoff: Place
    sharing: Sharing
    assigned_at: datetime
    pickup_eta_seconds: int
    started_at: datetime | None

    @property
    def on_board(self) -> bool:
        """Whether the party sits in the vehicle."""
        return self.state is RideState.IN_PROGRESS

    def place_of(self, stop: PlanStop) -> Place:
        """Return where a stop of this ride is."""
        return self.pickup if stop.action is StopAction.PICK_UP else self.dropoff

    def party(self, now: datetime) -> Party:
        """Write what is left of its promises at a moment."""
        latest = self.assigned_at + timedelta(seconds=self.pickup_eta_seconds + self.sharing.max_wait_seconds)
        ridden = (now - self.started_at).total_seconds() if self.started_at is not None else 0.0
        return Party(
            self.ride_id,
            self.passengers,
            self.sharing.direct_seconds,
            self.sharing.max_ride_seconds,
            (latest - now).total_seconds(),
            self.on_board,
            max(ridden, 0.0),
        )


@dataclass(frozen=True, slots=True)
class RunView:
    """An open run with its live rides."""

    run: Run
    rides: tuple[RunRide, ...]

    @property
    def pending(self) -> tuple[PlanStop, ...]:
        """The stops that are left, in the order in which they are driven to."""
        waiting = frozenset(ride.ride_id for ride in self.rides if not ride.on_board)
        on_board = frozenset(ride.ride_id for ride in self.rides if ride.on_board)
        return pending(self.run.plan, waiting, on_board)

    @property
    def waits_at_first_stop(self) -> bool:
        """Whether the driver stands at the first stop already."""
        stops = self.pending
        return bool(stops) and any(
            ride.ride_id == stops[0].ride_id and ride.state is RideState.ARRIVED for ride in self.rides
        )

    @property
    def has_room(self) -> bool:
        """Whether another party may be asked for: nobody shares with more than they agreed to."""
        return len(self.rides) < min([self.run.parties, *(ride.sharing.parties for ride in self.rides)])

    def has_room_for(self, sharing: Sharing) -> bool:
        """Whether a party that agreed to so much may come along."""
        return self.has_room and len(self.rides) < sharing.parties

    def free_slot(self) -> int | None:
        """Return the first slot that nobody has; None when the run is full."""
        taken = {ride.slot for ride in self.rides}
        return next((slot for slot in range(self.run.parties) if slot not in taken), None)


def merged(plan: tuple[PlanStop, ...], view: RunView, newcomer: UUID) -> tuple[PlanStop, ...]:
    """Return a plan that was made some seconds ago, as it is now: without what is past, and with everybody who stays.

    Parties of a run may have gone since and stops been made, which delays nobody; none can have come along, since an
    offer is opened with everybody in its plan, and a driver has one open offer at a time. A party at whose pickup the
    driver has come to stand gets in first: its wait is counted, and nobody is fetched before it.
    """
    waiting = frozenset(ride.ride_id for ride in view.rides if not ride.on_board) | {newcomer}
    on_board = frozenset(ride.ride_id for ride in view.rides if ride.on_board)
    here = {PlanStop(ride.ride_id, StopAction.PICK_UP) for ride in view.rides if ride.state is RideState.ARRIVED}
    return tuple(sorted(pending(plan, waiting, on_board), key=lambda stop: stop not in here))


def alone(ride_id: UUID) -> tuple[PlanStop, ...]:
    """Return the plan of a run with one party."""
    return (PlanStop(ride_id, StopAction.PICK_UP), PlanStop(ride_id, StopAction.DROP_OFF))
