"""What all subjects share: strict requests, money, places, ids, times, pages, open enumerations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp as TimestampMessage
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ridesharing.common.v1 import geo_point_pb2, money_pb2
from shared_kernel.errors import InvalidInput
from shared_kernel.ids import from_public_id, to_public_id

_EXAMPLE_UUID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MAX_AMOUNT_MINOR = 10**15
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


class Request(BaseModel):
    """A body as clients send it: unknown fields, `true` for a number, NaN and infinities are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Parameters(BaseModel):
    """What stands in the path or the query: text, read as what it stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Answer(BaseModel):
    """A body as the edge sends it. Fields may be added, never taken away."""

    model_config = ConfigDict(frozen=True)


class NoBody(Request):
    """For routes that take none: an empty object at most."""


def _reader(prefix: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return from_public_id(prefix, value)
        except InvalidInput as error:
            raise ValueError(error.violations[0].description) from None

    return read


def _form(prefix: str) -> WithJsonSchema:
    pattern = f"^{prefix}_[0-7][0-9abcdefghjkmnpqrstvwxyz]{{25}}$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [to_public_id(prefix, _EXAMPLE_UUID)]})


AccountId = Annotated[UUID, BeforeValidator(_reader("acct")), _form("acct")]
RideId = Annotated[UUID, BeforeValidator(_reader("ride")), _form("ride")]
QuoteId = Annotated[UUID, BeforeValidator(_reader("quote")), _form("quote")]
OfferId = Annotated[UUID, BeforeValidator(_reader("offer")), _form("offer")]
EditId = Annotated[UUID, BeforeValidator(_reader("edit")), _form("edit")]
StopId = Annotated[UUID, BeforeValidator(_reader("stop")), _form("stop")]
PaymentMethodId = Annotated[UUID, BeforeValidator(_reader("pm")), _form("pm")]
PaymentId = Annotated[UUID, BeforeValidator(_reader("pay")), _form("pay")]
SetupId = Annotated[UUID, BeforeValidator(_reader("setup")), _form("setup")]
RefundId = Annotated[UUID, BeforeValidator(_reader("rfnd")), _form("rfnd")]
DisputeId = Annotated[UUID, BeforeValidator(_reader("disp")), _form("disp")]
PayoutId = Annotated[UUID, BeforeValidator(_reader("pout")), _form("pout")]
ReconciliationRunId = Annotated[UUID, BeforeValidator(_reader("recon")), _form("recon")]
ReconciliationItemId = Annotated[UUID, BeforeValidator(_reader("item")), _form("item")]
SessionId = Annotated[UUID, BeforeValidator(_reader("sess")), _form("sess")]
DocumentId = Annotated[UUID, BeforeValidator(_reader("doc")), _form("doc")]
IdentityId = Annotated[UUID, BeforeValidator(_reader("idn")), _form("idn")]
PlaceId = Annotated[UUID, BeforeValidator(_reader("plc")), _form("plc")]
ApiKeyId = Annotated[UUID, BeforeValidator(_reader("key")), _form("key")]
NotificationId = Annotated[UUID, BeforeValidator(_reader("ntf")), _form("ntf")]
DeviceId = Annotated[UUID, BeforeValidator(_reader("dev")), _form("dev")]
ComplaintId = Annotated[UUID, BeforeValidator(_reader("cmpl")), _form("cmpl")]
PromotionId = Annotated[UUID, BeforeValidator(_reader("promo")), _form("promo")]
CampaignId = Annotated[UUID, BeforeValidator(_reader("camp")), _form("camp")]
ContactId = Annotated[UUID, BeforeValidator(_reader("tc")), _form("tc")]
DeliveryId = Annotated[UUID, BeforeValidator(_reader("dlv")), _form("dlv")]
EndpointId = Annotated[UUID, BeforeValidator(_reader("wep")), _form("wep")]
WebhookId = Annotated[UUID, BeforeValidator(_reader("whk")), _form("whk")]


def public_id(prefix: str, text: str) -> str:
    """Write a contract's UUID text as a public id."""
    return to_public_id(prefix, UUID(text))


def public_id_or_none(prefix: str, text: str) -> str | None:
    """The same, where an empty text stands for none."""
    return to_public_id(prefix, UUID(text)) if text else None


Timestamp = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-01T12:00:00.000000Z"]})
]


def timestamp(message: TimestampMessage) -> str:
    """Write a time by RFC 3339, in UTC, to the microsecond."""
    return rfc3339(datetime.fromtimestamp(message.seconds, UTC).replace(microsecond=message.nanos // 1000))


def timestamp_or_none(message: Message, name: str) -> str | None:
    """Write a time of a message; None where it is not set."""
    return timestamp(getattr(message, name)) if message.HasField(name) else None


def rfc3339(moment: datetime) -> str:
    """Write a time by RFC 3339, in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_moment(value: object) -> object:
    """Read RFC 3339 with an offset; the date must exist."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("must be a time by RFC 3339 with an offset, for example 2030-01-01T12:00:00Z")


Moment = Annotated[
    datetime,
    BeforeValidator(read_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-01T12:00:00Z"]}),
]


def timestamp_message(moment: datetime) -> TimestampMessage:
    """Write a time for the contracts."""
    message = TimestampMessage()
    message.FromDatetime(moment)
    return message


class Money(Answer):
    """An amount in the currency's minor unit (cents for USD)."""

    currency_code: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    amount_minor: int = Field(examples=[1850])


def money(message: money_pb2.Money) -> Money:
    """Convert an amount."""
    return Money(currency_code=message.currency_code, amount_minor=message.amount_minor)


class MoneyRequest(Request):
    """An amount above zero, in the currency's minor unit (cents for USD)."""

    currency_code: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    amount_minor: int = Field(ge=1, le=MAX_AMOUNT_MINOR, examples=[500])

    def message(self) -> money_pb2.Money:
        """Write it for the contracts."""
        return money_pb2.Money(currency_code=self.currency_code, amount_minor=self.amount_minor)


class PlaceRequest(Request):
    """A place as a client names it (WGS 84)."""

    latitude: float = Field(ge=-90, le=90, examples=[37.7793])
    longitude: float = Field(ge=-180, le=180, examples=[-122.4193])
    address: str = Field(default="", max_length=200, examples=["1 Dr Carlton B Goodlett Pl"])

    def message(self) -> geo_point_pb2.Place:
        """Write it for the contracts."""
        point = geo_point_pb2.GeoPoint(latitude=self.latitude, longitude=self.longitude)
        return geo_point_pb2.Place(point=point, address=self.address)


class Place(Answer):
    """A place (WGS 84) and the words for it."""

    latitude: float
    longitude: float
    address: str | None = Field(description="Null when nobody named it.")


def place(message: geo_point_pb2.Place) -> Place:
    """Convert a place."""
    return Place(latitude=message.point.latitude, longitude=message.point.longitude, address=message.address or None)


class PageQuery(Parameters):
    """Which page of a list."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str = Field(default="", max_length=512, description="The `next_cursor` of the page before.")


class CurrencyQuery(Parameters):
    """In which currency."""

    currency_code: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code.", examples=["USD"])


class OpenEnum:
    """Names of a contract's enumeration as the public API spells them: lower case, without the type's prefix.

    A number that this edge does not know yet is told as `unknown`; clients must expect new names at any time.
    """

    def __init__(self, items: Iterable[tuple[str, int]], prefix: str) -> None:
        """Take the enumeration's own `items()` and the prefix that its names share."""
        self._names: dict[int, str] = {}
        for name, number in items:
            self._names[number] = name.removeprefix(f"{prefix}_").lower()

    def text(self, number: int) -> str:
        """Return the public name of a value."""
        return self._names.get(number, "unknown")

    def number(self, name: str | None) -> int:
        """Return the value of a public name that a request's own schema allows; the zero value for none."""
        return 0 if name is None else next(number for number, known in self._names.items() if known == name)

    def text_or_none(self, number: int) -> str | None:
        """Return the public name of a value, None for the zero value."""
        return self._names.get(number, "unknown") if number else None
