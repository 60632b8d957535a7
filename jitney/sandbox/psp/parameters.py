"""Building blocks of the operations' parameters: each operation declares what it takes; anything else is refused."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MAX_AMOUNT_MINOR = 99_999_999
"""Stripe's own limit: eight digits."""


_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Params(BaseModel):
    """The parameters of an operation, as they came in the form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expand: list[str] = Field(default_factory=list[str], max_length=20)
    """Names of fields whose ids are to be replaced by the objects."""


class Group(BaseModel):
    """A nested group of parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _integer(value: Any) -> Any:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise PydanticCustomError("invalid_integer", "must be an integer")
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str) and value not in {"true", "false"}:
        raise PydanticCustomError("invalid_boolean", "must be true or false")
    return value


def _metadata(value: Any) -> Any:
    return None if value == "" else value


Integer = Annotated[int, BeforeValidator(_integer)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
AmountMinor = Annotated[Integer, Field(ge=1, le=MAX_AMOUNT_MINOR)]
Currency = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
Text = Annotated[str, Field(max_length=1000)]
Identifier = Annotated[str, Field(min_length=1, max_length=255)]
MetadataKey = Annotated[str, Field(min_length=1, max_length=40)]
MetadataValue = Annotated[str, Field(max_length=500)]
_Values = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=50)]
Metadata = Annotated[_Values | None, BeforeValidator(_metadata)]
"""New values by key; an empty value unsets its key, and no mapping at all (an empty text) unsets every key."""


class CreatedRange(Group):
    """Bounds on the time of making, in Unix seconds."""

    gt: Integer | None = None
    gte: Integer | None = None
    lt: Integer | None = None
    lte: Integer | None = None


class ListParams(Params):
    """What every listing takes. Newest first."""

    limit: Annotated[Integer, Field(ge=1, le=100)] = 10
    starting_after: Identifier | None = None
    ending_before: Identifier | None = None
    created: CreatedRange | Integer | None = None


class Description(Params):
    """What may be changed of most objects at any time."""

    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


def described(body: dict[str, Any], params: Description) -> dict[str, Any]:
    """Apply such a change."""
    if "description" in params.model_fields_set:
        body["description"] = params.description
    body["metadata"] = merged_metadata(body["metadata"], params.metadata)
    return body


def merged_metadata(current: dict[str, str], change: dict[str, str] | None) -> dict[str, str]:
    """Apply a change of metadata by Stripe's rule: see `Metadata`."""
    if change is None:
        return {}
    return {key: value for key, value in {**current, **change}.items() if value != ""}
