"""How long things take at the processor. Seconds of the sandbox's clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """The delays, as the settings give them."""

    available_seconds: float = 2 * 24 * 3600
    """From a capture until its money may be spent."""
    payout_seconds: float = 2 * 24 * 3600
    """From a payout until it is in the bank."""
    later_seconds: float = 10
    """What Stripe's testing guide calls "some time later": pending and failing refunds, asynchronous captures."""
    settles_daily: bool = True
    """Whether the platform's available balance is paid out to its bank each midnight (UTC)."""
