"""Dispatch: how long riders wait, what ticks do, which matcher has which shards, and who tells travel times."""

from __future__ import annotations

from tools.telemetry.panels import Dashboard, Panel
from tools.telemetry.queries import RANGE, quantiles, rate

DISPATCH = Dashboard(
    "dispatch",
    "dispatch",
    (
        (
            "Riders",
            [
                Panel("From searching to an offer", quantiles("matching_offer_wait_seconds"), "s"),
                Panel(
                    "From an offer to its driver's stream",
                    quantiles("stream_latency_seconds", 'type="offer_created"'),
                    "s",
                ),
                Panel(
                    "Offers by their end",
                    [rate("matching_offers_total", "outcome")],
                    "ops",
                ),
                Panel("Waiting rides", [("sum(dispatch_waiting_rides)", "rides")]),
                Panel(
                    "Drivers",
                    [("sum(dispatch_free_drivers)", "free"), ("sum(dispatch_stale_drivers)", "silent")],
                ),
                Panel("Pings by verdict", [rate("matching_pings_total", "verdict")], "ops"),
            ],
        ),
        (
            "Ticks",
            [
                Panel("Time of a tick", quantiles("dispatch_tick_seconds"), "s"),
                Panel("Proposals", [rate("dispatch_offers_total", "outcome")], "ops"),
                Panel(
                    "Pairs weighed",
                    [
                        (f"sum(rate(dispatch_candidates_total{RANGE}))", "weighed"),
                        (f"sum(rate(dispatch_contended_total{RANGE}))", "contended"),
                    ],
                    "ops",
                ),
                Panel(
                    "Given up, or in haste",
                    [
                        ("sum(increase(dispatch_failed_ticks_total[10m]))", "failed ticks"),
                        ("sum(increase(dispatch_failed_beats_total[10m]))", "failed beats"),
                        ("sum(increase(dispatch_greedy_passes_total[10m]))", "greedy passes"),
                        ("sum(increase(dispatch_untraced_ticks_total[10m]))", "without an explanation"),
                    ],
                ),
                Panel("Drivers exchanged", [(f"sum(rate(dispatch_rerouted_total{RANGE}))", "rides")], "ops"),
                Panel("Due rows taken up", [rate("matching_swept_total", "sweep")], "ops"),
            ],
        ),
        (
            "Matchers",
            [
                Panel("Shards by matcher", [("dispatch_owned_shards", "{{instance}}")]),
                Panel("Matchers that live", [("max(dispatch_matchers)", "matchers")]),
                Panel(
                    "Shards changing hands", [("sum by (how) (increase(dispatch_shard_changes_total[10m]))", "{{how}}")]
                ),
            ],
        ),
        (
            "Travel times",
            [
                Panel("Told by", [rate("matching_eta_legs_total", "provider")], "ops"),
                Panel(
                    "Left to the next provider",
                    [rate("matching_eta_fallbacks_total", "provider", "cause")],
                    "ops",
                ),
                Panel("Error", [("max by (provider) (matching_eta_error)", "{{provider}}")], "percentunit"),
            ],
        ),
    ),
)
