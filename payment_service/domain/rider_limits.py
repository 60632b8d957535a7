"""How much riders may move by themselves. Amounts are minor units of whatever currency is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class RiderLimits:
    """The operator's limits.

    `arrears_minor` is what a rider may owe and still ride. A tip may be as much as `tip_percent` of the ride's charge,
    or `tip_floor_minor` where that is more, until `tip_window` after the capture.
    """

    arrears_minor: int
    tip_window: timedelta
    tip_percent: int
    tip_floor_minor: int
    top_up_least_minor: int
    top_up_most_minor: int
    wallet_most_minor: int

    def refuse_tip(self, tip: Money, total: Money, captured_at: datetime, now: datetime) -> None:
        """Refuse a tip that comes too late or is too much for a ride's total.

        Raises:
            InvalidInput: `currency_mismatch`, `invalid_amount`.
            Conflict: `tip_window_over`.
        """
        if tip.currency_code != total.currency_code:
            violation = FieldViolation("amount.currency_code", f"must be {total.currency_code}, as the ride's is")
            raise InvalidInput("currency_mismatch", f"the ride is in {total.currency_code}", violations=[violation])
        _refuse_outside(tip, 1, max(total.amount_minor * self.tip_percent // 100, self.tip_floor_minor))
        if now - captured_at > self.tip_window:
            raise Conflict("tip_window_over", f"a tip is taken until {self.tip_window.days} days after the ride")

    def refuse_top_up(self, amount: Money) -> None:
        """Refuse an amount outside the limits of one top-up: InvalidInput `invalid_amount`."""
        _refuse_outside(amount, self.top_up_least_minor, self.top_up_most_minor)

    def refuse_wallet_above(self, after: Money) -> None:
        """Refuse a wallet that would hold too much: Conflict `wallet_full`."""
        if after.amount_minor > self.wallet_most_minor:
            most = Money(after.currency_code, self.wallet_most_minor)
            raise Conflict(
                "wallet_full",
                f"a wallet holds no more than {most}",
                metadata={"most_minor": str(self.wallet_most_minor)},
            )

    def blocks_rides(self, owed: Money) -> bool:
        """Tell whether a rider owes too much to ride."""
        return owed.amount_minor > self.arrears_minor

    def refuse_rider_who_owes(self, owed: Money) -> None:
        """Refuse a ride to a rider who owes too much that is not being collected: Conflict `rider_in_arrears`."""
        if self.blocks_rides(owed):
            raise Conflict(
                "rider_in_arrears",
                f"the rider owes {owed}, which has to be paid first",
                metadata={"currency_code": owed.currency_code, "amount_minor": str(owed.amount_minor)},
            )


def _refuse_outside(amount: Money, least_minor: int, most_minor: int) -> None:
    if not least_minor <= amount.amount_minor <= most_minor:
        violation = FieldViolation("amount.amount_minor", f"must be from {least_minor} to {most_minor}")
        raise InvalidInput("invalid_amount", "the amount is outside the limits", violations=[violation])
