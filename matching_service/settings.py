"""Settings of matching_service, from the environment."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ChassisSettings

SERVICE = "matching"


class MatchingSettings(ChassisSettings):
    """What the service needs to know at its start; `JITNEY_` goes before each name in the environment."""

    model_config = SettingsConfigDict(env_prefix="JITNEY_", frozen=True, extra="ignore")

    # Narrower than the chassis': this service signs its own calls.
    signing_keys_dir: Path = Field()  # pyright: ignore[reportIncompatibleVariableOverride]
    matching_database_url: str = Field(repr=False)
    matching_read_database_url: str | None = Field(default=None, repr=False, pattern=r"^postgres(ql)?://")
    """A replica that follows the database: old pages of rides, figures and exports are read there while it is up."""
    matching_moves_keep_months: int = Field(default=0, ge=0, le=1_200)
    """For how many whole months the moves of rides are kept before this one; 0 is for ever."""
    matching_listen: str = "127.0.0.1:50051"
    matching_metrics_listen: str = "127.0.0.1:9101"
    matching_city_file: Path | None = None
    matching_osrm_url: str | None = Field(default=None, pattern=r"^https?://[^/]+")
    """An OSRM server with the city's streets, asked before the map."""
    matching_map_file: Path | None = None
    """The city's streets, made by `jitney map build`; without it travel times go by the great circle."""
    matching_database_connections: int = Field(default=16, ge=4, le=200)
    matching_pings_per_second: float = Field(default=20.0, gt=0, le=100_000)
    """Mean rate of pings that one driver may keep up."""
    matching_max_speed_kmh: float | None = Field(default=None, gt=0)
    """In place of the city's: a stack that replays a city faster than life moves its drivers faster too."""
    matching_trip_corridor_meters: float = Field(default=1_500.0, gt=0)
    """How far a trip may be from the straight legs between its places before its rider is asked whether all is well."""
    matching_trip_corridor_share: float = Field(default=0.3, ge=0, le=10)
    """And how far as a share of a leg's length, where that is more."""
    matching_trip_stray_seconds: float = Field(default=180.0, gt=0)
    """How long it may be further away."""
    matching_trip_still_meters: float = Field(default=60.0, gt=0)
    """Within how much a trip stands still."""
    matching_trip_still_seconds: float = Field(default=300.0, gt=0)
    """How long it may stand still."""
    matching_trip_near_meters: float = Field(default=150.0, ge=0)
    """Around pickup, stops and dropoff it may stand for any time."""
    matching_mds_provider_id: UUID | None = None
    """The provider's id in the list of the Mobility Data Specification; without it nothing is exported."""
    identity_target: str = "127.0.0.1:50050"
    payment_target: str = "127.0.0.1:50052"
