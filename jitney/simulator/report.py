"""What came of a simulation: what the people saw, beside what the operator's interface says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from statistics import fmean
from typing import Any

from jitney.distribution import gini, percentile
from jitney.simulator.api import Api
from jitney.simulator.invariants import Verdict, check_invariants
from jitney.simulator.logbook import Logbook
from jitney.simulator.ride_figures import read_ride_figures
from jitney.simulator.world import Tally

PROMISED_SHARE = 0.95
"""Of the requests that had a free driver near, at least so many are to be completed."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run.

    `dispatch_mode` is what the city did: batch, broadcast, or mixed where it changed meanwhile; `offers_per_ride` is of
    the rides that were asked for in the run. Waits are simulated seconds, `request_to_offer_*` and `offer_to_accept_*`
    seconds of the wall's clock. `near_*` and `*with_a_driver_near` are of the requests that had a free driver near: the
    others wait for one to become free. Riders who changed their mind are not among them, since no promise to them was
    broken.
    """

    seed: int
    speed: float
    simulated_minutes: float
    wall_seconds: float
    drivers: int
    requested: int
    completed: int
    completed_by_funding: dict[str, int]
    requested_by_kind: dict[str, int]
    completed_by_kind: dict[str, int]
    pooled_count: int
    """Pooled rides that were completed, and how many of them had another party in the vehicle's run."""
    shared_count: int
    detour_mean_seconds: float | None
    detour_p95_seconds: float | None
    hand_overs: dict[str, int]
    edits: dict[str, int]
    ends: dict[str, int]
    changed_mind_count: int
    """Of those that the rider canceled: without need, when a driver was on the way."""
    with_a_driver_near: int
    completed_with_a_driver_near: int
    dispatch_mode: str
    offers_per_ride: float | None
    wait_mean_seconds: float | None
    wait_p50_seconds: float | None
    wait_p95_seconds: float | None
    request_to_offer_mean_seconds: float | None
    request_to_offer_p50_seconds: float | None
    request_to_offer_p95_seconds: float | None
    near_request_to_offer_p50_seconds: float | None
    near_request_to_offer_p95_seconds: float | None
    offer_to_accept_mean_seconds: float | None
    offer_to_accept_p50_seconds: float | None
    offer_to_accept_p95_seconds: float | None
    cancels: dict[str, int]
    """Rides that came to nothing, and drivers who were lost on the way to a pickup, by their cause."""
    swap_count: int
    most_swaps_of_a_ride: int
    empty_seconds_a_trip: float | None
    """Simulated: all that was driven towards pickups with nobody in the vehicle, over the rides that were completed."""
    earnings_gini: float | None
    """Of what a simulated hour on shift brought each driver: 0 where all earn alike, nearly 1 where one has all."""
    earning_drivers: int
    offers_heard: int
    offers_to_silent_drivers: int
    """Of the offers that live streams brought: those to drivers no place of whom had been taken for 15 s."""
    fares_minor: dict[str, int]
    postings_sum_minor: dict[str, int]
    double_assignment_count: int
    unsettled_payment_count: int
    notifications_owed: int
    deliveries: dict[str, int]
    troubles: dict[str, int]
    after_rides: dict[str, int] = field(default_factory=dict[str, int])
    """Tips and ratings."""
    rest_count: int = 0
    """How often a driver went off shift for a while."""
    tunnel_count: int = 0
    acknowledged_event_count: int = 0
    """Events of live streams that were followed by gRPC."""
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    """What was asked of everything at the end, and what breaks it."""

    @property
    def broken_promises(self) -> list[str]:
        """Name what must hold and does not."""
        broken = [f"postings of {code} sum to {total}" for code, total in self.postings_sum_minor.items() if total]
        if self.double_assignment_count:
            broken.append(f"{self.double_assignment_count} double assignments")
        if self.unsettled_payment_count:
            broken.append(f"{self.unsettled_payment_count} rides ended without their payment settled")
        if self.completed_with_a_driver_near < PROMISED_SHARE * self.with_a_driver_near:
            broken.append(
                f"only {self.completed_with_a_driver_near} of {self.with_a_driver_near} requests "
                "with a free driver near were completed"
            )
        return broken

    @property
    def broken_invariants(self) -> list[str]:
        """Name the invariants that do not hold, each with the first thing that breaks it."""
        return [
            f"not so: {item.name}: {item.broken_count} of {item.checked}, first {item.broken[0]}"
            for item in self.verdicts
            if not item.holds
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {**asdict(self), "broken_promises": self.broken_promises}


async def write_report(
    *,
    api: Api,
    operator_token: str,
    tally: Tally,
    since: datetime,
    seed: int,
    speed: float,
    simulated_minutes: float,
    wall_seconds: float,
    logbooks: Sequence[Logbook],
    earned_an_hour_minor: Sequence[float],
    unsettled_payment_count: int,
) -> Report:
    """Ask the operator's interface for its side and put both together.

    There is a logbook a driver; `earned_an_hour_minor` is of those who were on shift.
    """
    moment = since.isoformat().replace("+00:00", "Z")
    operator = api.as_bearer(operator_token)
    rides = await operator.summarize_rides(since=moment)
    balance = await operator.read_trial_balance()
    notices = await operator.summarize_deliveries(since=moment)
    offers = rides["request_to_offer"]
    near_ids = [ride_id for ride_id in tally.with_a_driver_near if ride_id not in tally.changed_minds]
    told = await read_ride_figures(operator, since)
    first_offers = told.first_offer_seconds
    near = [first_offers[ride_id] for ride_id in near_ids if ride_id in first_offers]
    empty_seconds = sum(logbook.empty_seconds for logbook in logbooks)
    return Report(
        seed=seed,
        speed=speed,
        simulated_minutes=round(simulated_minutes, 1),
        wall_seconds=round(wall_seconds, 1),
        drivers=len(logbooks),
        requested=tally.requested,
        completed=tally.completed,
        completed_by_funding=dict(tally.completed_by_funding.most_common()),
        requested_by_kind=dict(tally.requested_by_kind.most_common()),
        completed_by_kind=dict(tally.completed_by_kind.most_common()),
        edits=dict(tally.edits.most_common()),
        pooled_count=sum(tally.rides_by_run.values()),
        shared_count=sum(parties for parties in tally.rides_by_run.values() if parties > 1),
        detour_mean_seconds=_mean(tally.detours_seconds),
        detour_p95_seconds=_rounded(tally.detours_seconds, 0.95),
        hand_overs=dict(tally.hand_overs.most_common()),
        ends=dict(tally.ends.most_common()),
        changed_mind_count=len(tally.changed_minds),
        with_a_driver_near=len(near_ids),
        completed_with_a_driver_near=tally.completed_with_a_driver_near,
        dispatch_mode=_mode(rides["offer_count"], rides["broadcast_offer_count"]),
        offers_per_ride=round(rides["offer_count"] / tally.requested, 2) if tally.requested else None,
        wait_mean_seconds=_mean(tally.waits_seconds),
        wait_p50_seconds=_rounded(tally.waits_seconds, 0.50),
        wait_p95_seconds=_rounded(tally.waits_seconds, 0.95),
        request_to_offer_mean_seconds=round(offers["mean_seconds"], 2) if offers["count"] else None,
        request_to_offer_p50_seconds=round(offers["p50_seconds"], 2) if offers["count"] else None,
        request_to_offer_p95_seconds=round(offers["p95_seconds"], 2) if offers["count"] else None,
        near_request_to_offer_p50_seconds=_rounded(near, 0.50),
        near_request_to_offer_p95_seconds=_rounded(near, 0.95),
        offer_to_accept_mean_seconds=_mean(told.accept_seconds),
        offer_to_accept_p50_seconds=_rounded(told.accept_seconds, 0.50),
        offer_to_accept_p95_seconds=_rounded(told.accept_seconds, 0.95),
        cancels=dict(told.cancels.most_common()),
        swap_count=told.swap_count,
        most_swaps_of_a_ride=told.most_swaps_of_a_ride,
        empty_seconds_a_trip=round(empty_seconds / tally.completed, 1) if tally.completed else None,
        earnings_gini=round(gini(earned_an_hour_minor), 3) if earned_an_hour_minor else None,
        earning_drivers=len(earned_an_hour_minor),
        offers_heard=sum(logbook.offer_count for logbook in logbooks),
        offers_to_silent_drivers=sum(logbook.silent_offer_count for logbook in logbooks),
        fares_minor=dict(tally.fares_minor),
        postings_sum_minor={item["currency_code"]: item["sum_minor"] for item in balance["currencies"]},
        double_assignment_count=rides["double_assignment_count"],
        unsettled_payment_count=unsettled_payment_count,
        notifications_owed=notices["notification_count"],
        deliveries={f"{item['channel']} {item['state']}": item["count"] for item in notices["deliveries"]},
        troubles=dict(tally.troubles.most_common()),
        after_rides=dict(tally.after_rides.most_common()),
        rest_count=tally.rests,
        tunnel_count=tally.tunnels,
        acknowledged_event_count=tally.acknowledged,
        verdicts=await check_invariants(operator, since),
    )


def _mode(offers: int, broadcast: int) -> str:
    """Name how rides were offered, by the offers that were made."""
    if 0 < broadcast < offers:
        return "mixed"
    return "broadcast" if broadcast else "batch"


def _rounded(values: Sequence[float], share: float) -> float | None:
    """Return the value that a share of all values does not exceed, None for no values."""
    return round(percentile(values, share), 2) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 2) if values else None
