"""The settings of the service, from the environment."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chassis.settings import ChassisSettings, parse_address
from payment_service.domain.payout_schedule import PayoutInterval
from shared_kernel.money import MAX_AMOUNT_MINOR


def _address(text: str) -> str:
    parse_address(text)
    return text


_LEAST_LEASE_MARGIN_SECONDS = 5.0


class PaymentSettings(ChassisSettings):
    """What payment_service reads: `JITNEY_PAYMENT_…`, beside what every service reads."""

    payment_database_url: Annotated[str, Field(pattern=r"^postgres(ql)?://")]
    payment_owner_database_url: Annotated[str, Field(pattern=r"^(postgres(ql)?://.*)?$")] = ""
    """Read by `migrate` alone: the same database as a role that owns what is in it. The service's own role is then
    given what it needs and no more: it cannot touch the ledger but through the ledger's functions."""
    payment_database_pool_size: Annotated[int, Field(ge=2, le=100)] = 8
    payment_listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1:50052"
    payment_metrics_listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1:9102"
    payment_psp_url: Annotated[str, Field(pattern=r"^https?://")] = "http://127.0.0.1:8090/psp"
    payment_psp_api_key: SecretStr = SecretStr("sk_test_sandbox")
    payment_psp_webhook_secret: SecretStr = SecretStr("whsec_sandbox")
    """What the PSP signs its events with; several, separated by commas, while one is replaced."""
    payment_psp_timeout_seconds: Annotated[float, Field(ge=0.1, le=60)] = 3.5
    """Bound of one try at the PSP; below the deadline that callers set (5 s unless they say otherwise)."""
    payment_lease_seconds: Annotated[float, Field(ge=1, le=600)] = 30.0
    """After which a try counts as abandoned by a process that died."""
    failpoint: Annotated[str, Field(pattern=r"^([A-Za-z_]+\.[a-z_]+(:[1-9][0-9]{0,4})?)?$")] = ""
    """Where to die, for tests: see `chassis.failpoints`."""
    payment_psp_event_poll_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    """How often the PSP's events are looked for that came by another process, or that rest."""
    payment_psp_look_seconds: Annotated[float, Field(ge=0.05, le=3600)] = 60.0
    """How often the PSP is asked for what its events should have told: expired holds, refunds, disputes."""
    payment_dispute_borne_by: Literal["platform", "driver"] = "platform"
    """Whose loss a lost dispute is, unless an operator decides otherwise."""
    payment_sweep_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    """How often unknown outcomes are looked for; each rests 10 s before its first try."""
    payment_reconciliation_hour: Annotated[int, Field(ge=0, le=23)] = 4
    """Hour of the day (UTC) at which the daily reconciliation and audit begin."""
    payment_reconciliation_unknown_hours: Annotated[float, Field(ge=0, le=720)] = 24.0
    """How long the PSP may list a charge that the ledger does not have before it is an open item."""
    payment_reconciliation_wait_days: Annotated[float, Field(ge=0, le=60)] = 3.0
    """How long either side may be behind with anything else: what is booked has to come to the PSP's list."""
    payment_clearing_days: Annotated[float, Field(ge=0, le=365)] = 10.0
    """How long money may stay in a clearing account before it is an open item."""
    payment_reconciliation_poll_seconds: Annotated[float, Field(ge=0.05, le=600)] = 5.0
    """How often a run to be taken up is looked for; one that is asked for is taken up at once where it is asked."""

    payment_rider_arrears_limit_minor: Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)] = 0
    """What a rider may owe, in minor units of the ride's currency, and still ride."""
    payment_tip_window_days: Annotated[int, Field(ge=1, le=365)] = 30
    payment_tip_percent: Annotated[int, Field(ge=0, le=1000)] = 100
    """The most of a ride's charge that its tip may be."""
    payment_tip_floor_minor: Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)] = 2_000
    """What a tip may be in any case, in minor units of the ride's currency."""
    payment_top_up_least_minor: Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)] = 500
    payment_top_up_most_minor: Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)] = 50_000
    payment_wallet_most_minor: Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)] = 200_000
    """Limits of one top-up, and of what a wallet may hold after it, in minor units of any currency."""

    payment_driver_cash_floor_minor: Annotated[int, Field(ge=-(10**12), le=10**12)] = -5000
    """The lowest balance of a driver, in minor units of any currency, with which cash rides may still be taken."""
    payment_payout_schedule: PayoutInterval = PayoutInterval.WEEKLY
    payment_payout_weekday: Annotated[int, Field(ge=0, le=6)] = 0
    """0 is Monday; counts with a weekly schedule."""
    payment_payout_hour: Annotated[int, Field(ge=0, le=23)] = 4
    """UTC."""
    payment_payout_minimum_minor: Annotated[int, Field(ge=1, le=10**12)] = 100
    """The least that is paid out, in minor units of any currency."""
    payment_payouts_a_day: Annotated[int, Field(ge=0, le=100)] = 3
    """How many payouts a driver may ask for within 24 hours, beside the scheduled ones."""
    payment_payout_look_seconds: Annotated[float, Field(ge=1, le=86_400)] = 900.0
    """How long a payout that is with a bank rests between two looks at the PSP."""

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.payment_lease_seconds < self.payment_psp_timeout_seconds + _LEAST_LEASE_MARGIN_SECONDS:
            raise ValueError("JITNEY_PAYMENT_LEASE_SECONDS must exceed JITNEY_PAYMENT_PSP_TIMEOUT_SECONDS by 5 or more")
        if self.payment_top_up_most_minor < self.payment_top_up_least_minor:
            raise ValueError("JITNEY_PAYMENT_TOP_UP_MOST_MINOR must not be below JITNEY_PAYMENT_TOP_UP_LEAST_MINOR")
        self.refuse_plain_in_production("payment_psp_url")
        if self.environment == "production" and self.payment_psp_api_key.get_secret_value() == "sk_test_sandbox":
            raise ValueError("JITNEY_PAYMENT_PSP_API_KEY must be set in production")
        if not self.webhook_secrets:
            raise ValueError("JITNEY_PAYMENT_PSP_WEBHOOK_SECRET must not be empty")
        if self.environment == "production" and "whsec_sandbox" in self.webhook_secrets:
            raise ValueError("JITNEY_PAYMENT_PSP_WEBHOOK_SECRET must be set in production")
        if self.environment == "production" and self.failpoint:
            raise ValueError("JITNEY_FAILPOINT is for tests and refused in production")
        return self

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that may have signed an event."""
        given = self.payment_psp_webhook_secret.get_secret_value().split(",")
        return tuple(secret.strip() for secret in given if secret.strip())
