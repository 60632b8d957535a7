"""Settings of notification_service, from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.seals import KeyRing
from chassis.settings import ChassisSettings

SERVICE = "notification"


class NotificationSettings(ChassisSettings):
    """What the service needs to know at its start; `JITNEY_` goes before each name in the environment."""

    model_config = SettingsConfigDict(env_prefix="JITNEY_", frozen=True, extra="ignore")

    signing_keys_dir: Path = Field()  # pyright: ignore[reportIncompatibleVariableOverride]
    """This service asks identity for numbers, so it must be able to sign as `notification`."""
    notification_database_url: str
    notification_database_pool_size: int = Field(default=12, ge=2, le=100)
    notification_listen: str = "127.0.0.1:50053"
    notification_metrics_listen: str = "127.0.0.1:9103"
    notification_providers_file: Path | None = None
    """Which providers there are, in their order; without it there is one of SMS, by the settings below."""
    notification_sms_url: str = "http://127.0.0.1:8090/sms"
    notification_sms_account: str = "AC_sandbox"
    notification_sms_token: str = Field(default="sandbox_token", repr=False)
    notification_sms_sender: str = "Jitney"
    notification_sms_status_url: str = ""
    """Where the provider posts its signed receipts: the edge's /v1/callbacks/notifications/sms as seen from outside."""
    notification_sms_timeout_seconds: float = Field(default=10.0, gt=0, le=25)
    notification_webhook_key: SecretStr
    """What secrets of endpoints, and the words of calls that wait, are sealed with: 32 bytes in hexadecimal. Two, with
    a comma between, while one is replaced: the first seals, both open."""
    notification_webhooks_to_private_addresses: bool = False
    """For a stack on one machine alone: webhooks may go to its own addresses, and without TLS."""
    notification_share_url: str = Field(default="http://127.0.0.1:8080/v1/shared-rides/", pattern=r"^https?://[^/]+/")
    """Where links of shared rides are followed, as seen by who is sent one; the link's secret is put behind it."""
    notification_stream_connections_max: int = Field(default=10_000, ge=1)
    """Live streams by gRPC that one process serves."""
    notification_stream_queue_size: int = Field(default=256, ge=1)
    """Events that may wait for one slow client before it is sent away."""
    notification_stream_unacknowledged_max: int = Field(default=64, ge=1, le=500)
    """Events that may be sent to one client before it acknowledges some."""
    notification_stream_patience_seconds: float = Field(default=30.0, gt=0)
    """How long a client may read nothing, or acknowledge nothing of as many, before it is sent away."""
    notification_stream_heartbeat_seconds: float = Field(default=15.0, gt=0)
    notification_stream_max_age_seconds: float = Field(default=1800.0, gt=0)
    """When a live stream is closed at the latest; sooner where the token that it was opened with is over."""
    identity_target: str = "127.0.0.1:50050"

    @model_validator(mode="after")
    def _reaches_the_world(self) -> Self:
        self.refuse_plain_in_production("notification_share_url")
        if self.notification_providers_file is None:
            self.refuse_plain_in_production("notification_sms_url")
        return self

    @field_validator("notification_webhook_key")
    @classmethod
    def _are_keys(cls, keys: SecretStr) -> SecretStr:
        KeyRing(keys.get_secret_value(), "")
        return keys

    @property
    def webhook_keys(self) -> KeyRing:
        """What secrets of endpoints are sealed with."""
        return KeyRing(self.notification_webhook_key.get_secret_value(), "webhook secrets")

    @property
    def word_keys(self) -> KeyRing:
        """What the words of calls are sealed with while they wait."""
        return KeyRing(self.notification_webhook_key.get_secret_value(), "words of calls")
