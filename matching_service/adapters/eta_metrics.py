"""How many travel times each provider told, and why it could not."""

from __future__ import annotations

from prometheus_client import Counter

LEGS = Counter("matching_eta_legs_total", "Travel times told, by the provider that told them", ["provider"])
FALLBACKS = Counter(
    "matching_eta_fallbacks_total", "Travel times that a provider left to the next one, by cause", ["provider", "cause"]
)


def count_told(provider: str, legs: int) -> None:
    """Count travel times that a provider told."""
    if legs:
        LEGS.labels(provider).inc(legs)


def count_fallback(provider: str, cause: str, legs: int) -> None:
    """Count travel times that a provider left to the next one."""
    if legs:
        FALLBACKS.labels(provider, cause).inc(legs)
