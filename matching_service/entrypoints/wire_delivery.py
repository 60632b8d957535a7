"""Delivery orders and capabilities between the contract's messages and the domain."""

from __future__ import annotations

from collections.abc import Iterable

from matching_service.domain.delivery import Delivery, DeliveryFailure, DeliveryOrder, ItemSize, ProofKind
from matching_service.domain.ride_kind import Capability, RideKind
from ridesharing.matching.v1 import rides_pb2

# By name: the domain's enums carry the contract's names, and a test compares both sides.
RIDE_KINDS = {kind: rides_pb2.RideKind.Value(f"RIDE_KIND_{kind.name}") for kind in RideKind}
CAPABILITIES = {each: rides_pb2.Capability.Value(f"CAPABILITY_{each.name}") for each in Capability}
ITEM_SIZES = {size: rides_pb2.ItemSize.Value(f"ITEM_SIZE_{size.name}") for size in ItemSize}
PROOF_KINDS = {kind: rides_pb2.ProofKind.Value(f"PROOF_KIND_{kind.name}") for kind in ProofKind}
DELIVERY_FAILURES = {
    failure: rides_pb2.DeliveryFailure.Value(f"DELIVERY_FAILURE_{failure.name}") for failure in DeliveryFailure
}
_CAPABILITY_BY_NUMBER: dict[int, Capability] = {number: each for each, number in CAPABILITIES.items()}
_SIZE_BY_NUMBER: dict[int, ItemSize] = {number: size for size, number in ITEM_SIZES.items()}
_PROOF_BY_NUMBER: dict[int, ProofKind] = {number: kind for kind, number in PROOF_KINDS.items()}
_FAILURE_BY_NUMBER: dict[int, DeliveryFailure] = {number: failure for failure, number in DELIVERY_FAILURES.items()}


def capabilities_from(numbers: Iterable[int]) -> frozenset[Capability]:
    """Read what a driver declares or an order asks for, which the contract's rules have passed."""
    return frozenset(_CAPABILITY_BY_NUMBER[number] for number in numbers)


def capability_numbers(capabilities: frozenset[Capability]) -> list[rides_pb2.Capability.ValueType]:
    """Write what a driver declared or an order asks for."""
    return sorted(CAPABILITIES[each] for each in capabilities)


def proof_kind_from(number: int) -> ProofKind:
    """Read how a hand-over is shown; what is not told is a PIN."""
    return _PROOF_BY_NUMBER.get(number, ProofKind.PIN)


def failure_from(number: int) -> DeliveryFailure:
    """Read a cause that the contract's rules have passed."""
    return _FAILURE_BY_NUMBER[number]


def order_from(message: rides_pb2.DeliveryOrder) -> DeliveryOrder:
    """Read an order that the contract's rules have passed."""
    return DeliveryOrder(
        shop_name=message.shop_name,
        shop_phone=message.shop_phone,
        order_reference=message.order_reference,
        recipient_name=message.recipient_name,
        recipient_phone=message.recipient_phone,
        items=message.items,
        size=_SIZE_BY_NUMBER[message.size],
        capabilities=capabilities_from(message.capabilities),
        pickup_code_required=message.pickup_code_required,
        proof_required=proof_kind_from(message.proof_required),
    )


def order_message(order: DeliveryOrder) -> rides_pb2.DeliveryOrder:
    """Write an order, phone numbers included: whoever may not have them is given it without."""
    return rides_pb2.DeliveryOrder(
        shop_name=order.shop_name,
        shop_phone=order.shop_phone,
        order_reference=order.order_reference,
        recipient_name=order.recipient_name,
        recipient_phone=order.recipient_phone,
        items=order.items,
        size=ITEM_SIZES[order.size],
        capabilities=capability_numbers(order.capabilities),
        pickup_code_required=order.pickup_code_required,
        proof_required=PROOF_KINDS[order.proof_required],
    )


def delivery_message(delivery: Delivery, *, with_pin: bool, with_phones: bool) -> rides_pb2.Delivery:
    """Write a delivery without its return fee."""
    order = delivery.order if with_phones else delivery.order.without_phones()
    return rides_pb2.Delivery(
        order=order_message(order),
        hand_over_pin=delivery.hand_over_pin if with_pin else "",
        proof_kind=PROOF_KINDS[delivery.proof.kind] if delivery.proof else rides_pb2.PROOF_KIND_UNSPECIFIED,
        proof_reference=delivery.proof.reference if delivery.proof else "",
        failure=DELIVERY_FAILURES[delivery.failure] if delivery.failure else rides_pb2.DELIVERY_FAILURE_UNSPECIFIED,
    )
