"""The rules of refunds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.proof.books import share_back
from tests.proof.rules import unreadable
from tests.proof.world import Answer, Ask, Luck, Refund, Step, World, begun, nonsense, not_yet, refusal


def create_refund(world: World, ask: Ask, luck: Luck) -> list[Step]:
    """Refund a ride's own payment: an amount, or (zero) all that is left."""
    del luck
    whole = ask["amount"] == 0
    if not whole and (reason := unreadable(ask["currency"], ask["amount"])):
        return nonsense(world, reason)
    ride = world.rides.get(ask["ride"])
    if ride is None:
        return refusal(world, "payment_not_found")
    if world.is_busy(ask["ride"]):
        return not_yet(world)
    if ride.state != "captured":
        return refusal(world, "not_captured")
    left = ride.captured - ride.refunded
    amount = left if whole else ask["amount"]
    if whole and not left:
        return refusal(world, "exceeds_captured")
    if not whole and ask["currency"] != ride.currency:
        return refusal(world, "currency_mismatch")
    if amount <= 0:
        return refusal(world, "invalid_amount")
    if amount > left:
        return refusal(world, "exceeds_captured")
    shares = (("goodwill", amount),) if ask["borne_by"] == "platform" else share_back(world, ask["ride"], amount)
    refund = Refund(ask["ride"], amount, bool(ride.card), shares, "pending" if ride.card else "paid")
    world = world.with_ride(ask["ride"], replace(ride, refunded=ride.refunded + amount))
    world = replace(world, refunds=world.refunds.having(ask.request, refund))
    return begun(world, ask.request) if ride.card else [Step(world, told(refund))]


def ends_of_refunds(world: World, luck: Luck) -> Iterable[World]:
    """How refunds that are under way end, one of them at a time."""
    del luck
    for name, refund in world.refunds.items():
        if refund.state == "pending":
            paid = replace(refund, state="paid")
            yield replace(world, refunds=world.refunds.having(name, paid)).told(name, told(paid))


def told(refund: Refund) -> Answer:
    """What a caller is told of a refund."""
    return Answer("refund", (refund.amount, refund.state, "card" if refund.to_card else "wallet"))
