"""Cities and the versions of their policies, for operators."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import Answer, Moment, Parameters, Request, Timestamp, public_id_or_none, timestamp
from ridesharing.matching.v1 import city_service_pb2

_DOCUMENT = "The policy (TOML), at most 60,000 characters; larger ones go by gRPC or `jitney city put`."


class CityPath(Parameters):
    """Names a city."""

    city: str = Field(pattern="^[a-z][a-z0-9_]{0,39}$", examples=["san_francisco"])


class CityPolicyPath(CityPath):
    """Names a version of a city's policy."""

    version: int = Field(ge=0, le=2_147_483_647, description="0 is the one in force.")


class CityPolicyDiffQuery(Parameters):
    """What to compare with."""

    since: int = Field(ge=0, le=2_147_483_647, description="The version before; 0 is the one in force.")


class City(Answer):
    """What is in force in a city."""

    city: str
    name: str
    version: int
    currency_code: str
    time_zone: str
    products: list[str]


class Cities(Answer):
    """The cities in the order of their keys."""

    items: list[City]


def cities(message: city_service_pb2.ListCitiesResponse) -> Cities:
    """Convert the cities."""
    return Cities(
        items=[
            City(
                city=item.city,
                name=item.name,
                version=item.version,
                currency_code=item.currency_code,
                time_zone=item.time_zone,
                products=list(item.products),
            )
            for item in message.cities
        ]
    )


class CityPolicy(Answer):
    """One version of a city's policy."""

    city: str
    version: int
    effective_at: Timestamp
    created_at: Timestamp
    operator_id: str | None = Field(description="Null where the deployment's city file was taken over.")
    note: str | None
    document: str | None = Field(description="Null in lists.")


def city_policy(message: city_service_pb2.CityPolicy) -> CityPolicy:
    """Convert a version."""
    return CityPolicy(
        city=message.city,
        version=message.version,
        effective_at=timestamp(message.effective_time),
        created_at=timestamp(message.create_time),
        operator_id=public_id_or_none("acct", message.operator_id),
        note=message.note or None,
        document=message.document or None,
    )


class CityPolicies(Answer):
    """A page of versions, newest first."""

    items: list[CityPolicy]
    next_cursor: str | None


class CityPolicyChange(Answer):
    """One key that two documents differ in; values as JSON."""

    key: str = Field(examples=["fees.cancel_fee_minor"])
    before: str | None
    after: str | None


class CityPolicyDiff(Answer):
    """What two versions differ in, in the order of the keys."""

    changes: list[CityPolicyChange]


def city_policy_changes(messages: list[city_service_pb2.CityPolicyChange]) -> list[CityPolicyChange]:
    """Convert changes."""
    return [
        CityPolicyChange(key=change.key, before=change.before or None, after=change.after or None)
        for change in messages
    ]


class CityPolicyCheck(Request):
    """A document to try out."""

    document: str = Field(min_length=1, max_length=60_000, description=_DOCUMENT)


class CheckedCityPolicy(Answer):
    """A document that can be put, and what it would change."""

    city: str
    latest_version: int = Field(description="What to name as `base_version`; 0 where there is no such city yet.")
    changes: list[CityPolicyChange]


class CityPolicyPut(Request):
    """A new version of a city's policy."""

    document: str = Field(min_length=1, max_length=60_000, description=_DOCUMENT)
    effective_at: Moment | None = Field(default=None, description="From when on; at once when absent.")
    base_version: int = Field(ge=0, le=2_147_483_646, description="The newest version that you know; 0 for a new city.")
    note: str = Field(default="", max_length=500)


class SurgeQuery(Parameters):
    """How many cells."""

    limit: int = Field(default=100, ge=1, le=1000)


class SurgeControl(Answer):
    """What an operator laid on a city's surge."""

    frozen: bool
    cap_permille: int | None


class SurgeCell(Answer):
    """One H3 cell of resolution 8."""

    cell: str
    latitude: float
    longitude: float
    surge_permille: int = Field(description="The multiplier in prices now.", examples=[1500])
    mean_permille: int = Field(description="The moving average that it follows.", examples=[1480])


class Surge(Answer):
    """A city's surge."""

    computed_at: Timestamp | None = Field(description="Null where none is known, and then prices have none.")
    control: SurgeControl
    cells: list[SurgeCell]


class SurgeControlChange(Request):
    """Takes the place of what was laid before."""

    frozen: bool = Field(default=False, description="The multipliers stand still.")
    cap_permille: int | None = Field(
        default=None, ge=1000, le=10_000, description="No multiplier is above this; 1000 ends all surge."
    )
    note: str = Field(default="", max_length=500)


def surge_control(message: city_service_pb2.SurgeControl) -> SurgeControl:
    """Convert a control."""
    cap = message.cap_permille if message.HasField("cap_permille") else None
    return SurgeControl(frozen=message.frozen, cap_permille=cap)


def surge(message: city_service_pb2.GetSurgeResponse) -> Surge:
    """Convert a city's surge."""
    return Surge(
        computed_at=timestamp(message.compute_time) if message.HasField("compute_time") else None,
        control=surge_control(message.control),
        cells=[
            SurgeCell(
                cell=cell.cell,
                latitude=cell.center.latitude,
                longitude=cell.center.longitude,
                surge_permille=cell.surge_permille,
                mean_permille=cell.mean_permille,
            )
            for cell in message.cells
        ],
    )
