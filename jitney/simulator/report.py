"""What came of a simulation: what the people saw, beside what the operator's interface says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import ceil
from statistics import fmean
from typing import Any

from jitney.simulator.api import Api
from jitney.simulator.invariants import Verdict, check_invariants
from jitney.simulator.world import Tally
from jitney_client import Client
from shared_kernel.money import Money

PROMISED_SHARE = 0.95
"""Of the requests that had a free driver near, at least so many are to be completed."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run.

    `dispatch_mode` is what the city did: batch, broadcast, or mixed where it changed meanwhile; `offers_per_ride` is of
    the rides that were asked for in the run. Waits are simulated seconds, `request_to_offer_*` seconds of the wall's
    clock. `near_*` and `*with_a_driver_near` are of the requests that had a free driver near: the others wait for one
    to become free. Riders who changed their mind are not among them, since no promise to them was broken.
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
    request_to_offer_p50_seconds: float | None
    request_to_offer_p95_seconds: float | None
    near_request_to_offer_p50_seconds: float | None
    near_request_to_offer_p95_seconds: float | None
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
    drivers: int,
    unsettled_payment_count: int,
) -> Report:
    """Ask the operator's interface for its side and put both together."""
    moment = since.isoformat().replace("+00:00", "Z")
    operator = api.as_bearer(operator_token)
    rides = await operator.summarize_rides(since=moment)
    balance = await operator.read_trial_balance()
    notices = await operator.summarize_deliveries(since=moment)
    offers = rides["request_to_offer"]
    near_ids = [ride_id for ride_id in tally.with_a_driver_near if ride_id not in tally.changed_minds]
    near = await _seconds_to_first_offer(operator, near_ids)
    return Report(
        seed=seed,
        speed=speed,
        simulated_minutes=round(simulated_minutes, 1),
        wall_seconds=round(wall_seconds, 1),
        drivers=drivers,
        requested=tally.requested,
        completed=tally.completed,
        completed_by_funding=dict(tally.completed_by_funding.most_common()),
        requested_by_kind=dict(tally.requested_by_kind.most_common()),
        completed_by_kind=dict(tally.completed_by_kind.most_common()),
        edits=dict(tally.edits.most_common()),
        pooled_count=sum(tally.rides_by_run.values()),
        shared_count=sum(parties for parties in tally.rides_by_run.values() if parties > 1),
        detour_mean_seconds=round(fmean(tally.detours_seconds), 1) if tally.detours_seconds else None,
        detour_p95_seconds=percentile(tally.detours_seconds, 0.95),
        hand_overs=dict(tally.hand_overs.most_common()),
        ends=dict(tally.ends.most_common()),
        changed_mind_count=len(tally.changed_minds),
        with_a_driver_near=len(near_ids),
        completed_with_a_driver_near=tally.completed_with_a_driver_near,
        dispatch_mode=_mode(rides["offer_count"], rides["broadcast_offer_count"]),
        offers_per_ride=round(rides["offer_count"] / tally.requested, 2) if tally.requested else None,
        wait_mean_seconds=round(fmean(tally.waits_seconds), 2) if tally.waits_seconds else None,
        wait_p50_seconds=percentile(tally.waits_seconds, 0.50),
        wait_p95_seconds=percentile(tally.waits_seconds, 0.95),
        request_to_offer_p50_seconds=round(offers["p50_seconds"], 2) if offers["count"] else None,
        request_to_offer_p95_seconds=round(offers["p95_seconds"], 2) if offers["count"] else None,
        near_request_to_offer_p50_seconds=percentile(near, 0.50),
        near_request_to_offer_p95_seconds=percentile(near, 0.95),
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


async def _seconds_to_first_offer(operator: Client, ride_ids: Sequence[str]) -> list[float]:
    """Return how long each ride took from the request to its first offer; one that never had any is left out."""
    waits: list[float] = []
    for ride_id in ride_ids:
        history = await operator.read_ride_history(ride_id)
        requested_at = datetime.fromisoformat(history["ride"]["requested_at"])
        offered = (move["occurred_at"] for move in history["transitions"] if move["to_state"] == "offered")
        first = next(offered, None)
        if first is not None:
            waits.append((datetime.fromisoformat(first) - requested_at).total_seconds())
    return waits


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that a share of all values does not exceed (nearest rank), None for no values."""
    if not values:
        return None
    ranked = sorted(values)
    return round(ranked[max(0, ceil(len(ranked) * share) - 1)], 2)


def lines_of(report: Report) -> list[tuple[str, str]]:
    """Return the report as a person reads it: what, and how much."""
    share = 100 * report.completed_with_a_driver_near / report.with_a_driver_near if report.with_a_driver_near else 0.0
    ended = ", ".join(f"{count} {end}" for end, count in report.ends.items() if end != "completed") or "none"
    paid = ", ".join(f"{funding} {count}" for funding, count in report.completed_by_funding.items()) or "none"
    kinds = ", ".join(
        f"{kind} {report.completed_by_kind.get(kind, 0)} of {count}" for kind, count in report.requested_by_kind.items()
    )
    kinds = kinds or "none"
    edits = ", ".join(f"{count} {state}" for state, count in report.edits.items()) or "none"
    fares = ", ".join(str(Money(code, amount)) for code, amount in report.fares_minor.items()) or "none"
    sums = ", ".join(f"{code} {amount}" for code, amount in report.postings_sum_minor.items()) or "no postings"
    delivered = ", ".join(f"{count} {what}" for what, count in report.deliveries.items()) or "none"
    troubles = ", ".join(f"{count} {what}" for what, count in report.troubles.items()) or "none"
    return [
        (
            "Simulated",
            f"{report.simulated_minutes:g} min at speed {report.speed:g} in {report.wall_seconds:g} s, "
            f"seed {report.seed}",
        ),
        ("Drivers", str(report.drivers)),
        ("Requested", str(report.requested)),
        ("Completed", str(report.completed)),
        ("  paid by", paid),
        ("  of a kind", kinds),
        ("  edits", edits),
        (
            "  pooled",
            f"{report.pooled_count}, of which {report.shared_count} shared a run; longer than alone by "
            f"mean {_seconds(report.detour_mean_seconds)}, p95 {_seconds(report.detour_p95_seconds)} (simulated)",
        ),
        ("  orders", ", ".join(f"{count} {how}" for how, count in report.hand_overs.items()) or "none"),
        ("Other ends", ended),
        ("  minds changed", str(report.changed_mind_count)),
        ("With a free driver near", f"{report.with_a_driver_near}, of which {share:.1f} % completed"),
        (
            "Wait for the driver",
            f"mean {_seconds(report.wait_mean_seconds)}, p50 {_seconds(report.wait_p50_seconds)}, "
            f"p95 {_seconds(report.wait_p95_seconds)} (simulated)",
        ),
        (
            "Offers a ride",
            f"{'none' if report.offers_per_ride is None else f'{report.offers_per_ride:g}'}, "
            f"mode {report.dispatch_mode}",
        ),
        (
            "Request to offer",
            f"p50 {_seconds(report.request_to_offer_p50_seconds)}, "
            f"p95 {_seconds(report.request_to_offer_p95_seconds)} (wall)",
        ),
        (
            "  with a free driver near",
            f"p50 {_seconds(report.near_request_to_offer_p50_seconds)}, "
            f"p95 {_seconds(report.near_request_to_offer_p95_seconds)} (wall)",
        ),
        ("Fares", fares),
        ("Σ postings", sums),
        ("Double assignments", str(report.double_assignment_count)),
        ("Unsettled payments", str(report.unsettled_payment_count)),
        ("Notifications", f"{report.notifications_owed} owed; deliveries: {delivered}"),
        ("  acknowledged", f"{report.acknowledged_event_count} events, on live streams by gRPC"),
        ("Refused steps", troubles),
        ("Invariants", f"{sum(item.holds for item in report.verdicts)} of {len(report.verdicts)} hold"),
    ]


def _seconds(value: float | None) -> str:
    return "none" if value is None else f"{value:g} s"
