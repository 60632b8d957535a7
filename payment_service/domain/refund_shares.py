"""Who bears a refund: the shares of a charge taken back in parts that always add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from payment_service.domain.ledger import Account, Posting, merged
from shared_kernel.money import Money


def proportional(shares: Sequence[Posting], taken: Iterable[Posting], amount: Money) -> tuple[Posting, ...]:
    """Return what each share gives back for a refund: postings that add up to its amount.

    Args:
        shares: who got what of the charge (credits below zero, a promotion's cost above); they add up to its total,
            which is below zero.
        taken: what refunds took back before.
        amount: of the refund; all refunds together must not exceed the total (ValueError).

    What all refunds together take is the split of their sum by largest remainder, so a charge that is refunded whole,
    in whatever parts, leaves nothing in any account.
    """
    code = amount.currency_code
    shares = merged(shares)
    weights = [-posting.amount.amount_minor for posting in shares]
    total, before = sum(weights), merged(taken)
    refunded = sum(posting.amount.amount_minor for posting in before) + amount.amount_minor
    if not 0 < refunded <= total:
        raise ValueError(f"refunds of {refunded} out of {total}")
    taken_minor: dict[Account, int] = {posting.account: posting.amount.amount_minor for posting in before}
    due = dict(zip((posting.account for posting in shares), _largest_remainder(weights, refunded, total), strict=True))
    return tuple(
        merged(
            Posting(account, Money(code, due.get(account, 0) - taken_minor.get(account, 0)))
            for account in {**due, **taken_minor}
        )
    )


def _largest_remainder(weights: Sequence[int], amount: int, total: int) -> list[int]:
    # Floor division also of weights below zero, so that what is left over is never below zero.
    parts = [divmod(weight * amount, total) for weight in weights]
    result = [whole for whole, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: -parts[index][1])
    for index in by_remainder[: amount - sum(result)]:
        result[index] += 1
    return result
