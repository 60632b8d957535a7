"""Settings of the sandbox: environment variables only. Production is refused, and so is any address but loopback unless
it is told by which names a private network knows it."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import ENV_PREFIX, Address, parse_address
from jitney.sandbox.policy import Policy

_STANDARD = Policy()
HANDLED_EVENTS = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "payout.canceled",
    "payout.created",
    "payout.failed",
    "payout.paid",
    "payout.reconciliation_completed",
    "payout.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""What payment_service takes in; whatever else an endpoint is told of costs both sides and changes nothing."""


class SandboxSettings(BaseSettings):
    """What the sandbox reads. The names of other parts' variables are theirs: both ends of a wire must agree."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    environment: Literal["local", "production"] = "local"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    sandbox_network_names: str = Field(default="", pattern=r"^([A-Za-z0-9.-]+(,[A-Za-z0-9.-]+)*)?$")
    """By which names, separated by commas, the other containers of a private network reach it; it listens elsewhere
    than on loopback only with these."""
    sandbox_listen: str = "127.0.0.1:8090"
    sandbox_smtp_listen: str = ""
    """Where mail is taken; empty: nowhere."""
    sandbox_data: Path = Path(".jitney/sandbox")
    sandbox_webhook_url: str = ""
    """Where the processor's events are posted; empty: they are only listed."""
    sandbox_webhook_events: str = Field(default=",".join(HANDLED_EVENTS), pattern=r"^(\*|[a-z_.]+(,[a-z_.]+)*)$")
    """Which types of events are posted, separated by commas, as an endpoint at Stripe names them; `*`: all."""
    sandbox_available_seconds: float = Field(default=_STANDARD.available_seconds, ge=0)
    """From a capture until its money may be spent, by the sandbox's clock."""
    sandbox_payout_seconds: float = Field(default=_STANDARD.payout_seconds, ge=0)
    """From a payout until it is in the bank."""
    sandbox_later_seconds: float = Field(default=_STANDARD.later_seconds, ge=0)
    """What Stripe's testing guide calls "some time later"."""
    sandbox_settlement: Literal["daily", "manual"] = "daily"
    """Whether the platform's available balance is paid out to its bank each midnight, or only on `/_sim/settle`."""
    payment_psp_webhook_secret: SecretStr = SecretStr("whsec_sandbox")
    notification_providers_file: Path | None = None
    """The file with the keys by which notification_service makes itself known to the push providers."""
    notification_sms_account: str = "AC_sandbox"
    notification_sms_token: SecretStr = SecretStr("sandbox_token")

    @field_validator("environment")
    @classmethod
    def _never_in_production(cls, value: str) -> str:
        if value == "production":
            raise ValueError("the sandbox imitates money and does not run in production")
        return value

    @field_validator("sandbox_listen", "sandbox_smtp_listen")
    @classmethod
    def _is_on_loopback_or_named(cls, value: str, info: ValidationInfo) -> str:
        host = parse_address(value).host if value else "localhost"
        named = bool(info.data.get("sandbox_network_names"))
        if not named and host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ValueError(
                "the sandbox shows one-time codes to whoever asks, so it listens on loopback only, "
                "unless JITNEY_SANDBOX_NETWORK_NAMES says who it is on a private network"
            )
        return value

    @field_validator("sandbox_webhook_url")
    @classmethod
    def _http_or_empty(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be empty or an http(s) address")
        return value

    @property
    def listen(self) -> Address:
        return parse_address(self.sandbox_listen)

    @property
    def smtp_listen(self) -> Address | None:
        return parse_address(self.sandbox_smtp_listen) if self.sandbox_smtp_listen else None

    @property
    def network_names(self) -> list[str]:
        """The names by which others than this machine reach it."""
        return self.sandbox_network_names.split(",") if self.sandbox_network_names else []

    @property
    def signing_secret(self) -> str:
        """What webhooks are signed with: the first of those that the receiver takes."""
        return self.payment_psp_webhook_secret.get_secret_value().split(",")[0].strip()

    @property
    def webhook_events(self) -> frozenset[str] | None:
        """The types of which the receiver is told; None: all."""
        return None if self.sandbox_webhook_events == "*" else frozenset(self.sandbox_webhook_events.split(","))

    @property
    def policy(self) -> Policy:
        return Policy(
            available_seconds=self.sandbox_available_seconds,
            payout_seconds=self.sandbox_payout_seconds,
            later_seconds=self.sandbox_later_seconds,
            settles_daily=self.sandbox_settlement == "daily",
        )
