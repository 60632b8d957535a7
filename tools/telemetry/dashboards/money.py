"""Money: payments of rides, what the PSP does, and whether the books are right."""

from __future__ import annotations

from tools.telemetry.panels import Dashboard, Panel
from tools.telemetry.queries import RANGE, quantiles, rate

MONEY = Dashboard(
    "money",
    "money",
    (
        (
            "Payments",
            [
                Panel(
                    "From a ride's end to its payment's",
                    quantiles("matching_payment_settled_seconds", 'outcome="captured"'),
                    "s",
                ),
                Panel("Oldest owed step", [("max(matching_saga_oldest_owed_seconds)", "age")], "s"),
                Panel(
                    "Payments by outcome",
                    [rate("matching_payment_settled_seconds_count", "outcome")],
                    "ops",
                ),
            ],
        ),
        (
            "The PSP",
            [
                Panel(
                    "Calls",
                    [rate("psp_calls_total", "operation", "outcome")],
                    "reqps",
                ),
                Panel(
                    "Time to answer (p95)",
                    [
                        (
                            f"histogram_quantile(0.95, sum by (le, operation) (rate(psp_call_seconds_bucket{RANGE})))",
                            "{{operation}}",
                        )
                    ],
                    "s",
                ),
                Panel(
                    "In doubt",
                    [("max(jitney_payment_unknown_operations)", "operations")],
                    why="Operations whose outcome the PSP has not told.",
                ),
                Panel("Oldest in doubt", [("max(jitney_payment_unknown_oldest_age_seconds)", "age")], "s"),
                Panel("Parked events of the PSP", [("max(jitney_payment_psp_events_parked)", "parked")]),
            ],
        ),
        (
            "The books",
            [
                Panel(
                    "Contradictions of the ledger", [("max(jitney_payment_ledger_differences)", "found")], kind="stat"
                ),
                Panel("Open items", [("max by (kind) (jitney_payment_open_items)", "{{kind}}")]),
                Panel(
                    "Clearing accounts",
                    [
                        (
                            "max by (account, currency) (jitney_payment_clearing_balance_minor)",
                            "{{account}} {{currency}}",
                        )
                    ],
                ),
                Panel(
                    "Too long in clearing",
                    [("max by (account, currency) (jitney_payment_clearing_aged_minor)", "{{account}} {{currency}}")],
                ),
                Panel("Changes not rolled up", [("max(jitney_payment_balance_deltas)", "changes")]),
            ],
        ),
    ),
)
