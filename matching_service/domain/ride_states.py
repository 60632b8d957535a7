"""Where a ride and its payment can stand and what may follow: the one table that guards, documents and checks.

The database's own check (`legal_ride_move`), the wire mapping's test and docs/ride_states.md derive from `TRANSITIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared_kernel.errors import Conflict


class RideState(StrEnum):
    """Where a ride stands; the names are those of the contract's RideState."""

    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    PAYMENT_FAILED = "payment_failed"
    MATCHING = "matching"
    OFFERED = "offered"
    DRIVER_EN_ROUTE = "driver_en_route"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NO_DRIVER_AVAILABLE = "no_driver_available"
    CANCELED_BY_RIDER = "canceled_by_rider"
    CANCELED_BY_PLATFORM = "canceled_by_platform"
    NO_SHOW = "no_show"
    RETURNING = "returning"
    RETURNED = "returned"


class RideMove(StrEnum):
    """What can happen to a ride."""

    BEGIN_SEARCH = "begin_search"
    AWAIT_HOLD = "await_hold"
    PLACE_HOLD = "place_hold"
    DECLINE_HOLD = "decline_hold"
    MAKE_OFFER = "make_offer"
    CLOSE_OFFER = "close_offer"
    ACCEPT_OFFER = "accept_offer"
    ARRIVE = "arrive"
    START_TRIP = "start_trip"
    COMPLETE_TRIP = "complete_trip"
    SWAP_DRIVER = "swap_driver"
    FAIL_DELIVERY = "fail_delivery"
    BRING_BACK = "bring_back"
    GIVE_BACK = "give_back"
    MOVE_PICKUP_FAR = "move_pickup_far"
    REPORT_NO_SHOW = "report_no_show"
    CANCEL_BY_RIDER = "cancel_by_rider"
    CANCEL_BY_PLATFORM = "cancel_by_platform"
    CLOSE_SEARCH = "close_search"


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal move."""

    source: RideState
    move: RideMove
    target: RideState


_S, _M = RideState, RideMove

INITIAL_STATE: Final = RideState.REQUESTED
INITIAL_STATES: Final = frozenset({INITIAL_STATE, RideState.SCHEDULED})
TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(_S.SCHEDULED, _M.BEGIN_SEARCH, _S.MATCHING),
    Transition(_S.SCHEDULED, _M.AWAIT_HOLD, _S.REQUESTED),
    Transition(_S.SCHEDULED, _M.DECLINE_HOLD, _S.PAYMENT_FAILED),
    Transition(_S.SCHEDULED, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.SCHEDULED, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.REQUESTED, _M.PLACE_HOLD, _S.MATCHING),
    Transition(_S.REQUESTED, _M.DECLINE_HOLD, _S.PAYMENT_FAILED),
    Transition(_S.REQUESTED, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.REQUESTED, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.MATCHING, _M.MAKE_OFFER, _S.OFFERED),
    Transition(_S.MATCHING, _M.CLOSE_SEARCH, _S.NO_DRIVER_AVAILABLE),
    Transition(_S.MATCHING, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.MATCHING, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.OFFERED, _M.ACCEPT_OFFER, _S.DRIVER_EN_ROUTE),
    Transition(_S.OFFERED, _M.CLOSE_OFFER, _S.MATCHING),
    Transition(_S.OFFERED, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.OFFERED, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.DRIVER_EN_ROUTE, _M.ARRIVE, _S.ARRIVED),
    Transition(_S.DRIVER_EN_ROUTE, _M.SWAP_DRIVER, _S.DRIVER_EN_ROUTE),
    Transition(_S.DRIVER_EN_ROUTE, _M.GIVE_BACK, _S.MATCHING),
    Transition(_S.DRIVER_EN_ROUTE, _M.MOVE_PICKUP_FAR, _S.MATCHING),
    Transition(_S.DRIVER_EN_ROUTE, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.DRIVER_EN_ROUTE, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.ARRIVED, _M.START_TRIP, _S.IN_PROGRESS),
    Transition(_S.ARRIVED, _M.GIVE_BACK, _S.MATCHING),
    Transition(_S.ARRIVED, _M.REPORT_NO_SHOW, _S.NO_SHOW),
    Transition(_S.ARRIVED, _M.CANCEL_BY_RIDER, _S.CANCELED_BY_RIDER),
    Transition(_S.ARRIVED, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    Transition(_S.IN_PROGRESS, _M.COMPLETE_TRIP, _S.COMPLETED),
    Transition(_S.IN_PROGRESS, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
    # Deliveries alone: what cannot be handed over goes back to the shop.
    Transition(_S.IN_PROGRESS, _M.FAIL_DELIVERY, _S.RETURNING),
    Transition(_S.RETURNING, _M.BRING_BACK, _S.RETURNED),
    Transition(_S.RETURNING, _M.CANCEL_BY_PLATFORM, _S.CANCELED_BY_PLATFORM),
)

_TARGET_BY_MOVE: Final = {(item.source, item.move): item.target for item in TRANSITIONS}
_TARGETS_OF_MOVE: Final = {
    move: sorted({item.target for item in TRANSITIONS if item.move is move}) for move in RideMove
}

LIVE_STATES: Final = frozenset(item.source for item in TRANSITIONS)
"""States with a way out; all others are ends."""
ACTIVE_STATES: Final = LIVE_STATES - {_S.SCHEDULED}
"""Live states but the one that only waits for its time: a rider has one such ride."""
END_STATES: Final = frozenset(RideState) - LIVE_STATES
DRIVER_STATES: Final = frozenset({_S.DRIVER_EN_ROUTE, _S.ARRIVED, _S.IN_PROGRESS, _S.RETURNING})
"""Live states in which a driver is bound to the ride."""
DISPATCHED_STATES: Final = frozenset({_S.MATCHING, _S.OFFERED, _S.DRIVER_EN_ROUTE})
"""States that dispatch may lead elsewhere: a shard with such rides needs a matcher."""

EDITABLE_STATES: Final = frozenset(
    {_S.SCHEDULED, _S.MATCHING, _S.OFFERED, _S.DRIVER_EN_ROUTE, _S.ARRIVED, _S.IN_PROGRESS}
)
"""States in which the rider may change where the ride goes."""
PICKUP_EDITABLE_STATES: Final = EDITABLE_STATES - {_S.ARRIVED, _S.IN_PROGRESS}
"""States in which the rider may also change where it begins."""


def may_move(state: RideState, move: RideMove) -> bool:
    """Tell whether the table has this move."""
    return (state, move) in _TARGET_BY_MOVE


def next_state(state: RideState, move: RideMove) -> RideState:
    """Return where a move leads.

    Raises:
        Conflict: `invalid_transition`, naming both states, for a move that the table does not have.
    """
    target = _TARGET_BY_MOVE.get((state, move))
    if target is None:
        wanted = " or ".join(_TARGETS_OF_MOVE[move])
        raise Conflict(
            "invalid_transition",
            f"a ride that is {state} cannot become {wanted}",
            metadata={"from_state": state.value, "to_state": wanted, "move": move.value},
        )
    return target


class PaymentState(StrEnum):
    """Where a ride's payment stands, as the ride's saga sees it; the names are those of the contract's PaymentState."""

    HOLD_NOT_DUE = "hold_not_due"
    """Of a ride whose time is far off: nothing is held yet."""
    HOLD_PENDING = "hold_pending"
    HOLD_DECLINED = "hold_declined"
    HELD = "held"
    CAPTURE_PENDING = "capture_pending"
    CAPTURED = "captured"
    VOID_PENDING = "void_pending"
    VOIDED = "voided"


PAYMENT_TRANSITIONS: Final[frozenset[tuple[PaymentState, PaymentState]]] = frozenset(
    {
        (PaymentState.HOLD_NOT_DUE, PaymentState.HOLD_PENDING),
        # The ride ended before anything was held.
        (PaymentState.HOLD_NOT_DUE, PaymentState.VOIDED),
        (PaymentState.HOLD_PENDING, PaymentState.HELD),
        (PaymentState.HOLD_PENDING, PaymentState.HOLD_DECLINED),
        # The ride ended while the hold's outcome was not known, and then the hold turned out to stand.
        (PaymentState.HOLD_PENDING, PaymentState.VOID_PENDING),
        (PaymentState.HELD, PaymentState.CAPTURE_PENDING),
        (PaymentState.HELD, PaymentState.VOID_PENDING),
        (PaymentState.CAPTURE_PENDING, PaymentState.CAPTURED),
        (PaymentState.VOID_PENDING, PaymentState.VOIDED),
    }
)
OWED_PAYMENT_STATES: Final = frozenset(
    {PaymentState.HOLD_PENDING, PaymentState.CAPTURE_PENDING, PaymentState.VOID_PENDING}
)
"""States in which the saga owes payment_service a call."""


def next_payment_state(state: PaymentState, target: PaymentState) -> PaymentState:
    """Return the target of a legal move of the payment; anything else is `invalid_transition`."""
    if (state, target) not in PAYMENT_TRANSITIONS:
        raise Conflict("invalid_transition", f"a payment that is {state} cannot become {target}")
    return target
