"""A pooled ride takes its place in its driver's run, or begins one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.offer import Offer
from matching_service.domain.pooling import Party, has_seats
from matching_service.domain.ride import Ride
from matching_service.domain.run import Run, RunView, Sharing, alone, merged
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


async def join_run(
    tx: Transaction, ride: Ride, offer: Offer, sharing: Sharing, view: RunView | None, new_id: IdSource, now: datetime
) -> Ride:
    """Return the ride, just assigned, on its run; `view` is the driver's open run, locked.

    Raises Conflict `run_full` when others have come along meanwhile, which one open offer a driver rules out, or when a
    party that is waited for by now leaves no seat.
    """
    if view is None:
        # Also where the offer was to join a run that has ended since: then the ride begins one.
        run = Run(new_id(), offer.driver_id, sharing.parties, sharing.seats, now, alone(ride.id))
        await tx.add_run(run)
        return ride_search.on_run(ride, run.id, 0)
    slot, plan = view.free_slot(), merged(offer.plan, view, ride.id)
    seated = has_seats(plan, _parties(view, ride, sharing, now), view.run.seats)
    if slot is None or view.run.id != offer.run_id or not seated:
        raise Conflict("run_full", "the vehicle has no place left")
    await tx.save_plan(view.run.with_plan(plan))
    return ride_search.on_run(ride, view.run.id, slot)


def _parties(view: RunView, ride: Ride, sharing: Sharing, now: datetime) -> dict[UUID, Party]:
    newcomer = Party(ride.id, ride.passengers, sharing.direct_seconds, sharing.max_ride_seconds, 0.0)
    return {each.ride_id: each.party(now) for each in view.rides} | {ride.id: newcomer}
