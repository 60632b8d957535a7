"""A pooled ride takes its place in its driver's run, or begins one."""

from __future__ import annotations

from datetime import datetime

from matching_service.domain import ride_search
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.run import Run, RunView, Sharing, alone, merged
from matching_service.use_cases.store_ports import Transaction
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


async def join_run(
    tx: Transaction, ride: Ride, offer: Offer, sharing: Sharing, view: RunView | None, new_id: IdSource, now: datetime
) -> Ride:
    """Return the ride, just assigned, on its run; `view` is the driver's open run, locked.

    Raises Conflict `run_full` when others have come along meanwhile, which one open offer a driver rules out.
    """
    if view is None:
        # Also where the offer was to join a run that has ended since: then the ride begins one.
        run = Run(new_id(), offer.driver_id, sharing.parties, sharing.seats, now, alone(ride.id))
        await tx.add_run(run)
        return ride_search.on_run(ride, run.id, 0)
    slot = view.free_slot()
    if slot is None or view.run.id != offer.run_id:
        raise Conflict("run_full", "the vehicle has no place left")
    await tx.save_plan(view.run.with_plan(merged(offer.plan, view, ride.id)))
    return ride_search.on_run(ride, view.run.id, slot)
