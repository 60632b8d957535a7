"""Delivery orders: what is carried, for whom, and how it is handed over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from rider_api.schemas.common import Answer, Money, OpenEnum, Request, money
from ridesharing.matching.v1 import driver_service_pb2, rides_pb2

RIDE_KINDS = OpenEnum(rides_pb2.RideKind.items(), "RIDE_KIND")
CAPABILITIES = OpenEnum(rides_pb2.Capability.items(), "CAPABILITY")
ITEM_SIZES = OpenEnum(rides_pb2.ItemSize.items(), "ITEM_SIZE")
PROOF_KINDS = OpenEnum(rides_pb2.ProofKind.items(), "PROOF_KIND")
DELIVERY_FAILURES = OpenEnum(rides_pb2.DeliveryFailure.items(), "DELIVERY_FAILURE")

Capability = Literal["delivery", "thermal_bag", "age_check", "heavy_load"]
_Phone = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14})?$", description="E.164, or empty.")]
_ProofKind = Literal["pin", "photo", "signature"]


def capability_numbers(names: list[Capability]) -> list[rides_pb2.Capability.ValueType]:
    """Write capabilities for the contracts; one that is named twice counts once."""
    return sorted({rides_pb2.Capability.Value(f"CAPABILITY_{name.upper()}") for name in names})


class DeliveryOrderRequest(Request):
    """What is to be carried. The quote's pickup is the shop, its dropoff the recipient's place."""

    shop_name: str = Field(min_length=1, max_length=80, examples=["Corner Bakery"])
    shop_phone: _Phone = Field(default="", examples=["+14155550111"])
    order_reference: str = Field(min_length=1, max_length=40, examples=["A-1042"])
    recipient_name: str = Field(min_length=1, max_length=80, examples=["Robin"])
    recipient_phone: _Phone = Field(default="", examples=["+14155550122"])
    items: str = Field(min_length=1, max_length=200, examples=["2 loaves of bread"])
    size: Literal["small", "medium", "large"] = Field(examples=["small"])
    capabilities: list[Capability] = Field(
        default=[], max_length=4, description="What the courier must be able to do.", examples=[["thermal_bag"]]
    )
    pickup_code_required: bool = Field(default=False, description="The courier brings the ride's `start_pin`.")
    proof_required: _ProofKind = Field(default="pin", description="How the hand-over is to be shown.")

    def message(self) -> rides_pb2.DeliveryOrder:
        """Write it for the contracts."""
        return rides_pb2.DeliveryOrder(
            shop_name=self.shop_name,
            shop_phone=self.shop_phone,
            order_reference=self.order_reference,
            recipient_name=self.recipient_name,
            recipient_phone=self.recipient_phone,
            items=self.items,
            size=rides_pb2.ItemSize.Value(f"ITEM_SIZE_{self.size.upper()}"),
            capabilities=capability_numbers(self.capabilities),
            pickup_code_required=self.pickup_code_required,
            proof_required=rides_pb2.ProofKind.Value(f"PROOF_KIND_{self.proof_required.upper()}"),
        )


class DeliveryOrder(Answer):
    """What is carried, and for whom."""

    shop_name: str
    shop_phone: str | None = Field(description="Null where nobody told it, or the caller may not have it.")
    order_reference: str
    recipient_name: str
    recipient_phone: str | None = Field(description="Null where nobody told it, or the caller may not have it.")
    items: str
    size: str
    capabilities: list[str]
    pickup_code_required: bool
    proof_required: str


def delivery_order(message: rides_pb2.DeliveryOrder) -> DeliveryOrder:
    """Convert an order."""
    return DeliveryOrder(
        shop_name=message.shop_name,
        shop_phone=message.shop_phone or None,
        order_reference=message.order_reference,
        recipient_name=message.recipient_name,
        recipient_phone=message.recipient_phone or None,
        items=message.items,
        size=ITEM_SIZES.text(message.size),
        capabilities=[CAPABILITIES.text(number) for number in message.capabilities],
        pickup_code_required=message.pickup_code_required,
        proof_required=PROOF_KINDS.text(message.proof_required),
    )


class Delivery(Answer):
    """An order on its way."""

    order: DeliveryOrder
    hand_over_pin: str | None = Field(description="For the recipient to tell the courier; whoever ordered is told it.")
    proof_kind: str | None
    proof_reference: str | None
    failure: str | None = Field(description="Why it could not be handed over.")
    return_fee: Money = Field(description="What a return to the shop costs beside the fare.")


def delivery(message: rides_pb2.Delivery, *, with_pin: bool, with_phones: bool) -> Delivery:
    """Convert a delivery: the PIN is for whoever ordered, whatever the message carries."""
    order = delivery_order(message.order)
    if not with_phones:
        order = order.model_copy(update={"shop_phone": None, "recipient_phone": None})
    return Delivery(
        order=order,
        hand_over_pin=(message.hand_over_pin or None) if with_pin else None,
        proof_kind=PROOF_KINDS.text_or_none(message.proof_kind),
        proof_reference=message.proof_reference or None,
        failure=DELIVERY_FAILURES.text_or_none(message.failure),
        return_fee=money(message.return_fee),
    )


class OrderCollection(Request):
    """Takes an order along from the shop."""

    code: str = Field(
        default="", pattern="^([0-9]{4})?$", description="Where the order asks for one.", examples=["4821"]
    )


class HandOver(Request):
    """Shows that the recipient has the goods."""

    proof_kind: _ProofKind = Field(examples=["pin"])
    pin: str = Field(
        default="",
        pattern="^([0-9]{4})?$",
        validate_default=True,
        description="With the proof pin, and no other.",
        examples=["4821"],
    )
    proof_reference: str = Field(
        default="",
        max_length=200,
        validate_default=True,
        description="Names the photo or who signed; not with a PIN.",
        examples=[""],
    )
    age_checked: bool = Field(default=False, description="Where the order asks for it.")

    @field_validator("pin")
    @classmethod
    def _pin_with_a_pin(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("proof_kind") is not None and (info.data["proof_kind"] == "pin") != bool(value):
            raise ValueError("goes with the proof pin, and with no other")
        return value

    @field_validator("proof_reference")
    @classmethod
    def _reference_with_the_others(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("proof_kind") is not None and (info.data["proof_kind"] != "pin") != bool(value):
            raise ValueError("goes with a photo or a signature, and not with a PIN")
        return value

    def message(self, request_id: str, ride_id: str) -> driver_service_pb2.HandOverOrderRequest:
        """Write it for the contracts."""
        return driver_service_pb2.HandOverOrderRequest(
            request_id=request_id,
            ride_id=ride_id,
            proof_kind=rides_pb2.ProofKind.Value(f"PROOF_KIND_{self.proof_kind.upper()}"),
            hand_over_pin=self.pin,
            proof_reference=self.proof_reference,
            age_checked=self.age_checked,
        )


class FailedDelivery(Request):
    """Says that the goods go back to the shop."""

    failure: Literal["recipient_absent", "refused", "address_wrong", "age_not_shown", "pin_not_known"]
    reason: str = Field(default="", max_length=200)

    def number(self) -> rides_pb2.DeliveryFailure.ValueType:
        """Write the cause for the contracts."""
        return rides_pb2.DeliveryFailure.Value(f"DELIVERY_FAILURE_{self.failure.upper()}")


class OrderReturn(Request):
    """Says that the shop has the goods again."""

    received_by: str = Field(min_length=1, max_length=80, examples=["Kim"])
