"""The report of a run as a person reads it."""

from __future__ import annotations

from jitney.simulator.report import Report
from shared_kernel.money import Money


def lines_of(report: Report) -> list[tuple[str, str]]:
    """Return the report as a person reads it: what, and how much."""
    near = _share(report.completed_with_a_driver_near, report.with_a_driver_near)
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
        ("Completed", f"{report.completed}, {_share(report.completed, report.requested)}"),
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
        ("  canceled or lost", ", ".join(f"{count} {cause}" for cause, count in report.cancels.items()) or "none"),
        ("With a free driver near", f"{report.with_a_driver_near}, of which {near} completed"),
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
            f"mean {_seconds(report.request_to_offer_mean_seconds)}, "
            f"p50 {_seconds(report.request_to_offer_p50_seconds)}, "
            f"p95 {_seconds(report.request_to_offer_p95_seconds)} (wall)",
        ),
        (
            "  with a free driver near",
            f"p50 {_seconds(report.near_request_to_offer_p50_seconds)}, "
            f"p95 {_seconds(report.near_request_to_offer_p95_seconds)} (wall)",
        ),
        (
            "Offer to accept",
            f"mean {_seconds(report.offer_to_accept_mean_seconds)}, "
            f"p50 {_seconds(report.offer_to_accept_p50_seconds)}, "
            f"p95 {_seconds(report.offer_to_accept_p95_seconds)} (wall)",
        ),
        ("Offers to silent drivers", f"{report.offers_to_silent_drivers} of {report.offers_heard}"),
        ("Swaps of drivers", f"{report.swap_count}, at most {report.most_swaps_of_a_ride} of one ride"),
        ("Driven empty a trip", f"{_seconds(report.empty_seconds_a_trip)} (simulated)"),
        (
            "Gini of earnings an hour",
            f"{'none' if report.earnings_gini is None else f'{report.earnings_gini:g}'}, "
            f"{report.earning_drivers} drivers",
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


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0.0:.1f} %"
