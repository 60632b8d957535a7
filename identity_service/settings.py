"""Identity's settings."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from chassis.settings import Address, ChassisSettings, parse_address
from identity_service.domain.code_budgets import BudgetLimits
from identity_service.domain.documents import DocumentKind
from identity_service.domain.drivers import ApprovalPolicy

_SECRET_BYTES = 32
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def _is_address(text: str) -> str:
    parse_address(text)
    return text


def _is_secret(secret: SecretStr) -> SecretStr:
    try:
        length = len(bytes.fromhex(secret.get_secret_value()))
    except ValueError:
        length = 0
    if length != _SECRET_BYTES:
        # Written so that it does not repeat the value.
        raise ValueError(f"must be {_SECRET_BYTES} bytes in hexadecimal digits")
    return secret


ListenAddress = Annotated[str, AfterValidator(_is_address)]
Secret = Annotated[SecretStr, AfterValidator(_is_secret)]


def _is_issuer(issuer: str) -> str:
    where = urlsplit(issuer)
    local = where.scheme == "http" and where.hostname in _LOCAL_HOSTS
    if not where.hostname or where.query or where.fragment or not (where.scheme == "https" or local):
        raise ValueError("must be an https address without a query")
    return issuer


class OidcProvider(BaseModel):
    """Who issues ID tokens (OpenID Connect), and for which of our apps, by their client ids there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, AfterValidator(_is_issuer)]
    audiences: list[str] = Field(min_length=1)


class IdentitySettings(ChassisSettings):
    """What identity reads from the environment, beside what every process reads."""

    identity_database_url: SecretStr
    identity_listen: ListenAddress = "127.0.0.1:50050"
    identity_metrics_listen: ListenAddress = "127.0.0.1:9100"
    notification_target: str = "127.0.0.1:50053"
    matching_target: str = "127.0.0.1:50051"
    payment_target: str = "127.0.0.1:50052"
    identity_otp_pepper: Secret
    identity_phone_key: Secret
    identity_driver_approval: ApprovalPolicy = ApprovalPolicy.MANUAL
    identity_required_documents: list[DocumentKind] = Field(default_factory=list[DocumentKind])
    """Without which no operator can approve a driver, for example ["driving_license","vehicle_insurance"]."""
    identity_otp_interval_seconds: int = Field(default=30, ge=0, le=3600)
    """How long a phone waits between two codes."""
    identity_otp_per_phone_per_hour: int = Field(default=10, ge=1, le=1_000_000)
    identity_otp_overall_per_minute: int = Field(default=6_000, ge=1, le=1_000_000)
    """How many codes all phones together may ask for: a brake on what SMS can cost."""
    identity_otp_per_device_per_hour: int = Field(default=10, ge=1, le=1_000_000)
    identity_otp_per_address_per_hour: int = Field(default=60, ge=1, le=1_000_000)
    """By IPv4 address, or IPv6 network of 64 bits. Many phones of a mobile operator share an address."""
    identity_otp_per_block_per_hour: int = Field(default=60, ge=1, le=1_000_000)
    """By block of numbers: the number without its last four digits."""
    identity_otp_per_country_per_hour: int = Field(default=20_000, ge=1, le=10_000_000)
    identity_otp_wrong_guesses_per_address_per_hour: int = Field(default=100, ge=5, le=1_000_000)
    identity_otp_countries: list[str] = Field(default_factory=list[str])
    """ISO 3166 codes of the countries that get codes, for example ["US","MX"]; all where empty."""
    identity_sms_daily_spending_micros: int = Field(default=500_000_000, ge=1, le=10**15)
    """What the codes of a day may cost, SMS and calls, in millionths of the currency that they are paid in."""
    identity_sms_price_micros: int = Field(default=50_000, ge=0, le=10**9)
    """What a code costs where its country has no price of its own."""
    identity_sms_price_micros_by_country: dict[str, int] = Field(default_factory=dict[str, int])
    """For example {"US": 7900, "FR": 69000}."""
    identity_voice_price_micros: int | None = Field(default=None, ge=0, le=10**9)
    """What a call of a minute costs where its country has no price of its own; without it nobody is called there."""
    identity_voice_price_micros_by_country: dict[str, Annotated[int, Field(ge=0, le=10**9)]] = Field(
        default_factory=dict[str, int]
    )
    """For example {"US": 14000}: a code that no SMS brings is told by a call there, and each code reserves both."""
    identity_oidc_providers: list[OidcProvider] = Field(default_factory=list[OidcProvider])
    """Who may sign people in beside us, as [{"issuer": "https://accounts.example.org", "audiences": ["client-id"]}]."""
    identity_database_pool_size: int = Field(default=8, ge=2, le=100)

    @property
    def listen_address(self) -> Address:
        """Where the gRPC server listens."""
        return parse_address(self.identity_listen)

    @property
    def metrics_address(self) -> Address:
        """Where `/metrics` is served."""
        return parse_address(self.identity_metrics_listen)

    @property
    def code_budgets(self) -> BudgetLimits:
        """What codes may use up beyond the limits of a phone."""
        return BudgetLimits(
            per_device_per_hour=self.identity_otp_per_device_per_hour,
            per_address_per_hour=self.identity_otp_per_address_per_hour,
            per_block_per_hour=self.identity_otp_per_block_per_hour,
            per_country_per_hour=self.identity_otp_per_country_per_hour,
            wrong_guesses_per_address_per_hour=self.identity_otp_wrong_guesses_per_address_per_hour,
            daily_spending_micros=self.identity_sms_daily_spending_micros,
            default_price_micros=self.identity_sms_price_micros,
            price_micros_by_country=self.identity_sms_price_micros_by_country,
            countries=frozenset(self.identity_otp_countries),
            default_voice_price_micros=self.identity_voice_price_micros,
            voice_price_micros_by_country=self.identity_voice_price_micros_by_country,
        )

    @property
    def otp_pepper(self) -> bytes:
        """The key of one-time codes' digests."""
        return bytes.fromhex(self.identity_otp_pepper.get_secret_value())

    @property
    def phone_key(self) -> bytes:
        """The key that phone numbers' keys are derived from."""
        return bytes.fromhex(self.identity_phone_key.get_secret_value())
