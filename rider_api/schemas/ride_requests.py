"""How a ride is named in an address, and what it takes to ask for one."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from rider_api.schemas.common import Parameters, PaymentMethodId, QuoteId, Request, RideId, StopId
from rider_api.schemas.deliveries import DeliveryOrderRequest
from ridesharing.matching.v1 import rides_pb2


class QuoteAcceptance(Request):
    """Says yes to a quote."""

    quote_id: QuoteId
    note: str = Field(default="", max_length=200, description="Words for the driver.")
    surge_consent_token: str | None = Field(
        default=None, max_length=64, description="Of a quote that has one: the rider said yes to its surge."
    )
    accepted_detour_seconds: int = Field(
        default=0, ge=0, le=86_400, description="Of a pooled quote: its `max_detour_seconds`, or more."
    )


class RideRequest(QuoteAcceptance):
    """Asks for the ride of a quote."""

    funding: Literal["card", "wallet", "cash"] = Field(default="card", description="Where the money comes from.")
    payment_method_id: PaymentMethodId | None = Field(
        default=None, validate_default=True, description="The card; only, and always, with the funding card."
    )
    delivery: DeliveryOrderRequest | None = Field(
        default=None, description="What is carried; with a product of the kind delivery, and with no other."
    )

    @field_validator("payment_method_id")
    @classmethod
    def _names_a_card_where_one_pays(cls, value: UUID | None, info: ValidationInfo) -> UUID | None:
        funding = info.data.get("funding")  # None when it was refused itself
        if funding == "card" and value is None:
            raise ValueError("is required where the funding is card")
        if funding in ("wallet", "cash") and value is not None:
            raise ValueError("is for the funding card alone")
        return value

    def funding_number(self) -> rides_pb2.Funding.ValueType:
        """Write the funding for the contracts."""
        return rides_pb2.Funding.Value(f"FUNDING_{self.funding.upper()}")


class RidePath(Parameters):
    """Names a ride."""

    ride_id: RideId


class StopPath(Parameters):
    """Names a stop of a ride."""

    ride_id: RideId
    stop_id: StopId
