"""Which settings every process gets: one environment that describes the whole system, and each process' share of it.

What the person has set wins over what we would choose. A process sees its own settings, those that all share, and the
addresses of the others, but nobody else's passwords.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.addresses import Address, read_addresses
from jitney.stack.credentials import Credentials
from jitney.stack.databases import OWNED_APART, SERVICES, database_of, owner_of
from jitney.stack.folders import DataFolder
from jitney.stack.postgres import Cluster
from jitney.stack.problems import StackError
from jitney.stack.providers import PROVIDERS_NAME
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.replicas import SETTING as REPLICAS
from jitney.stack.replicas import addresses_of, all_listening, read_replicas, target_of

_OWNERS = ("POSTGRES", "REDIS", "SANDBOX", "IDENTITY", "MATCHING", "PAYMENT", "NOTIFICATION", "REST", "STREAM")
_SHARED = ("JITNEY_REDIS_URL",)
_REPEATED = (
    *(f"JITNEY_{service.upper()}_{listener}" for service in SERVICES for listener in ("LISTEN", "METRICS_LISTEN")),
    "JITNEY_REST_LISTEN",
    "JITNEY_STREAM_LISTEN",
)
"""What each replica listens on."""
_CONNECTIONS_A_REPLICA = 120


@dataclass(frozen=True)
class StackSettings:
    """What decides how a stack looks.

    Args:
        data: the data folder.
        addresses: where everything listens, by the name of the setting.
        given: the JITNEY_ variables that were set from outside.
        replicas: how many there are of each service and of each process of the edge.
    """

    data: DataFolder
    addresses: Mapping[str, Address]
    given: Mapping[str, str]
    replicas: int = 1

    @classmethod
    def read(cls, environ: Mapping[str, str], data: Path) -> "StackSettings":
        """Reads the environment.

        Raises:
            StackError: an address is no address, or only some of the services' databases are given.
        """
        given = {name: value for name, value in environ.items() if name.startswith("JITNEY_") and value}
        settings = [_database_setting(service) for service in SERVICES]
        missing = [setting for setting in settings if setting not in given]
        if missing and len(missing) < len(settings):
            raise StackError(
                "Either every service has a database of yours or none has. Not set: " + ", ".join(missing) + "."
            )
        replicas = read_replicas(given.get(REPLICAS, "1"))
        return cls(DataFolder(data.absolute()), read_addresses(given), given, replicas)

    @property
    def embeds_postgres(self) -> bool:
        """False if the services' databases are given."""
        return _database_setting(SERVICES[0]) not in self.given

    @property
    def embeds_redis(self) -> bool:
        """False if a Redis is given."""
        return "JITNEY_REDIS_URL" not in self.given

    def listening(self) -> dict[str, Address]:
        """The addresses that this stack will listen on."""
        outside = {"JITNEY_POSTGRES_LISTEN": self.embeds_postgres, "JITNEY_REDIS_LISTEN": self.embeds_redis}
        ours = {setting: address for setting, address in self.addresses.items() if outside.get(setting, True)}
        return all_listening(ours, self.replicas, _REPEATED)

    def urls(self, edge: str) -> str:
        """Where all replicas of REST or STREAM are, separated by commas, as the simulator takes them."""
        addresses = addresses_of(self.addresses[f"JITNEY_{edge}_LISTEN"], self.replicas)
        return ",".join(f"http://{address.local}" for address in addresses)

    def target(self, service: str) -> str:
        """The gRPC target of all replicas of a service."""
        return target_of(addresses_of(self.addresses[f"JITNEY_{service.upper()}_LISTEN"], self.replicas))

    def cluster(self, credentials: Credentials) -> Cluster:
        """The embedded PostgreSQL."""
        address = self.addresses["JITNEY_POSTGRES_LISTEN"]
        # Each replica holds connections of its own.
        more = {"max_connections": str(_CONNECTIONS_A_REPLICA * self.replicas)} if self.replicas > 1 else {}
        return Cluster(self.data.postgres, address.host, address.port, credentials["postgres_password"], more)

    def redis(self, credentials: Credentials) -> EmbeddedRedis:
        """The embedded Redis."""
        address = self.addresses["JITNEY_REDIS_LISTEN"]
        return EmbeddedRedis(self.data.redis, address.host, address.port, credentials["redis_password"])


def compose(settings: StackSettings, credentials: Credentials) -> dict[str, str]:
    """The JITNEY_ variables of the whole system."""
    addresses = settings.addresses
    sandbox = f"http://{addresses['JITNEY_SANDBOX_LISTEN'].local}"
    whole = {
        "JITNEY_ENVIRONMENT": "local",
        "JITNEY_REDIS_URL": settings.redis(credentials).url(),
        "JITNEY_JWKS_FILE": str(settings.data.keys / "jwks.json"),
        "JITNEY_SIGNING_KEYS_DIR": str(settings.data.keys),
        "JITNEY_LOG_LEVEL_FILE": str(settings.data.log_level),
        "JITNEY_SANDBOX_DATA": str(settings.data.sandbox),
        "JITNEY_IDENTITY_OTP_PEPPER": credentials["identity_otp_pepper"],
        "JITNEY_IDENTITY_PHONE_KEY": credentials["identity_phone_key"],
        "JITNEY_IDENTITY_DRIVER_APPROVAL": "automatic",
        # Simulated people all come from here, with numbers of a few blocks, and their codes cost nothing.
        "JITNEY_IDENTITY_OTP_PER_ADDRESS_PER_HOUR": "1000000",
        "JITNEY_IDENTITY_OTP_PER_BLOCK_PER_HOUR": "1000000",
        "JITNEY_IDENTITY_OTP_PER_COUNTRY_PER_HOUR": "1000000",
        "JITNEY_IDENTITY_OTP_WRONG_GUESSES_PER_ADDRESS_PER_HOUR": "1000000",
        "JITNEY_IDENTITY_SMS_PRICE_MICROS": "0",
        "JITNEY_IDENTITY_VOICE_PRICE_MICROS": "0",
        # Simulated drivers drive many times as fast as life.
        "JITNEY_MATCHING_MAX_SPEED_KMH": "10000",
        # All simulated people sign in from one address, and benchmarks ask as a few accounts all that there is to ask.
        **{f"JITNEY_REST_{name}_PER_MINUTE": "100000000" for name in ("READS", "WRITES", "SIGN_INS", "CODES")},
        "JITNEY_PAYMENT_PSP_URL": f"{sandbox}/psp",
        # Both ends of the webhooks: the sandbox signs, payment_service verifies.
        "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": f"whsec_{credentials['psp_webhook_secret']}",
        "JITNEY_SANDBOX_WEBHOOK_URL": f"http://{addresses['JITNEY_REST_LISTEN'].local}/v1/callbacks/payments/stripe",
        "JITNEY_NOTIFICATION_WEBHOOK_KEY": credentials["notification_webhook_key"],
        "JITNEY_NOTIFICATION_SMS_URL": f"{sandbox}/sms",
        # Both ends again: notification_service signs with the keys in it, the sandbox verifies.
        "JITNEY_NOTIFICATION_PROVIDERS_FILE": str(settings.data.keys / PROVIDERS_NAME),
        # The pages are another origin than the streams that they listen to.
        "JITNEY_REST_PAGES_STREAM_URL": f"http://{addresses['JITNEY_STREAM_LISTEN'].local}",
        "JITNEY_REST_PAGES_SANDBOX_URL": sandbox,
        "JITNEY_STREAM_CORS_ORIGINS": ",".join(
            f"http://{host}:{addresses['JITNEY_REST_LISTEN'].port}" for host in ("127.0.0.1", "localhost")
        ),
    }
    whole |= {setting: str(address) for setting, address in addresses.items()}
    cluster = settings.cluster(credentials)
    for service in SERVICES:
        name = database_of(service)
        whole[_database_setting(service)] = cluster.url(name, credentials[f"{service}_database_password"], name)
        whole[f"JITNEY_{service.upper()}_TARGET"] = settings.target(service)
    if settings.embeds_postgres:
        for service in OWNED_APART:
            password = credentials[f"{service}_owner_database_password"]
            whole[owner_setting(service)] = cluster.url(owner_of(service), password, database_of(service))
    return whole | dict(settings.given)


def environment_of(prefixes: tuple[str, ...], whole: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of one process.

    Args:
        prefixes: which settings it reads besides the shared ones, e.g. `("JITNEY_PAYMENT_",)`.
        whole: what `compose` made.
        inherited: our own environment, whose JITNEY_ variables do not count here.
    """
    base = {name: value for name, value in inherited.items() if not name.startswith("JITNEY_")}
    # Compiled modules make the next start three times as fast.
    base.pop("PYTHONDONTWRITEBYTECODE", None)
    # The gRPC core would write lines of its own between the JSON logs.
    base.setdefault("GRPC_VERBOSITY", "NONE")
    # glibc gives each thread an arena of its own otherwise, and keeps what it freed.
    base.setdefault("MALLOC_ARENA_MAX", "2")
    return base | {name: value for name, value in whole.items() if _is_for(name, prefixes)}


def owner_setting(service: str) -> str:
    """The setting with the database of a service as its owner; told to who names it whole, not to the service."""
    return f"JITNEY_{service.upper()}_OWNER_DATABASE_URL"


def _is_for(name: str, prefixes: tuple[str, ...]) -> bool:
    if "_OWNER_DATABASE_" in name:
        return name in prefixes
    owner = name.removeprefix("JITNEY_").split("_", 1)[0]
    return owner not in _OWNERS or name.startswith(prefixes) or name in _SHARED or name.endswith("_TARGET")


def _database_setting(service: str) -> str:
    return f"JITNEY_{service.upper()}_DATABASE_URL"
